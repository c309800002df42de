"""What a definition adds to the resource table: a resource for each served version. Pure."""

from dataclasses import dataclass

from steersman.api.apiextensions import CustomResourceDefinition, CustomResourceDefinitionVersion
from steersman.api.customresources import custom_kind, custom_resource
from steersman.api.resources import Resource
from steersman.apiserver.crd.strategy import CustomStrategy


@dataclass(frozen=True, slots=True)
class ServedVersion:
    """A version with all that is needed to serve it."""

    resource: Resource
    strategy: CustomStrategy
    is_stored: bool
    is_served: bool


def versions_of(crd: CustomResourceDefinition) -> tuple[ServedVersion, ...]:
    """Every version that is served or stored, the stored one first."""
    made = [_version(crd, one) for one in crd.spec.versions if one.served or one.storage]
    return tuple(sorted(made, key=lambda one: not one.is_stored))


def _version(crd: CustomResourceDefinition, version: CustomResourceDefinitionVersion) -> ServedVersion:
    kind = custom_kind(crd, version)
    resource = custom_resource(crd, version, kind)
    return ServedVersion(resource, CustomStrategy(crd, version, kind), version.storage, version.served)
