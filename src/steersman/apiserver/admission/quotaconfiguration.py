"""ResourceQuota's configuration: what may be used only where a quota covers it.

Source: apiserver/pkg/admission/plugin/resourcequota/apis/resourcequota.
"""

from collections.abc import Mapping
from typing import Any

from steersman.api.core import ScopedResourceSelectorRequirement
from steersman.api.quota.limited import LimitedResource
from steersman.apimachinery.fielderrors import required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import Object
from steersman.apiserver.admission.configuration import Expected

EXPECTED = Expected(
    "ResourceQuota",
    frozenset({
        ("apiserver.config.k8s.io/v1", "ResourceQuotaConfiguration"),
        ("resourcequota.admission.k8s.io/v1beta1", "Configuration"),
        ("resourcequota.admission.k8s.io/v1alpha1", "Configuration"),
    }),
)  # fmt: skip


class LimitedResourceItem(Object, package="k8s.io.apiserver.resourcequota.v1"):
    """A limit as it is written."""

    apiGroup: str = ""
    resource: str = ""
    matchContains: tuple[str, ...] = ()
    matchScopes: tuple[ScopedResourceSelectorRequirement, ...] = ()


class ResourceQuotaConfiguration(Object, api="apiserver.config.k8s.io/v1", package="k8s.io.apiserver.resourcequota.v1"):
    """The configuration as it is written."""

    limitedResources: tuple[LimitedResourceItem, ...] = ()


def read_limited(tree: Mapping[str, Any] | None) -> tuple[LimitedResource, ...]:
    """The limits. ConfigurationError for what can't be used."""
    if tree is None:
        return ()
    items = EXPECTED.read(tree, ResourceQuotaConfiguration).limitedResources
    path = Path("limitedResources")
    EXPECTED.check([required(path.at(at).child("resource")) for at, one in enumerate(items) if not one.resource])
    return tuple(LimitedResource(one.apiGroup, one.resource, one.matchContains, one.matchScopes) for one in items)
