"""What a definition adds to the resource table: a resource for each served version. Pure."""

from dataclasses import dataclass

from steersman.api import autoscaling
from steersman.api.apiextensions import CustomResourceDefinition, CustomResourceDefinitionVersion
from steersman.api.meta import Kind
from steersman.api.resources import Resource, Subresource
from steersman.apiserver.crd.kinds import custom_kind
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
    kind, names = custom_kind(crd, version), crd.status.acceptedNames
    resource = Resource(
        kind,
        names.plural,
        namespaced=crd.spec.scope == "Namespaced",
        short_names=names.shortNames,
        categories=names.categories,
        subresources=_subresources(kind, version),
        custom=True,
        singular_name=names.singular,
        list_kind=names.listKind,
    )
    return ServedVersion(resource, CustomStrategy(crd, version, kind), version.storage, version.served)


def _subresources(kind: type[Kind], version: CustomResourceDefinitionVersion) -> tuple[Subresource, ...]:
    declared = version.subresources
    if declared is None:
        return ()
    status = (Subresource("status", kind),) if declared.status is not None else ()
    scale = (Subresource("scale", autoscaling.Scale),) if declared.scale is not None else ()
    return (*status, *scale)
