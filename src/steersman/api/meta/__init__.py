"""meta/v1: what every object carries, and the shapes requests and answers share."""

from steersman.api.meta.discovery import (
    APIGroup,
    APIGroupList,
    APIResource,
    APIResourceList,
    APIVersions,
    GroupVersionForDiscovery,
    ServerAddressByClientCIDR,
)
from steersman.api.meta.kind import Kind
from steersman.api.meta.listmeta import Condition, FieldSelectorRequirement, ListMeta, ShardInfo
from steersman.api.meta.objectmeta import (
    LabelSelector,
    LabelSelectorRequirement,
    ManagedFieldsEntry,
    ObjectMeta,
    OwnerReference,
)
from steersman.api.meta.options import DeleteOptions, Preconditions
from steersman.api.meta.partial import PartialObjectMetadata
from steersman.api.meta.status import Status, StatusCause, StatusDetails

__all__ = [
    "APIGroup",
    "APIGroupList",
    "APIResource",
    "APIResourceList",
    "APIVersions",
    "Condition",
    "DeleteOptions",
    "FieldSelectorRequirement",
    "GroupVersionForDiscovery",
    "Kind",
    "LabelSelector",
    "LabelSelectorRequirement",
    "ListMeta",
    "ManagedFieldsEntry",
    "ObjectMeta",
    "OwnerReference",
    "PartialObjectMetadata",
    "Preconditions",
    "ServerAddressByClientCIDR",
    "ShardInfo",
    "Status",
    "StatusCause",
    "StatusDetails",
]
