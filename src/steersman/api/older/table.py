"""Which older versions there are, and when upstream gave each up.

Source: k8s.io/api: zz_generated.prerelease-lifecycle.go; apiserver/pkg/endpoints/deprecation.
"""

from dataclasses import dataclass, replace
from functools import cache

from steersman.api import (
    admissionregistration,
    apiregistration,
    authentication,
    authorization,
    batch,
    coordination,
    networking,
    node,
    rbac,
    scheduling,
    storage,
)
from steersman.api import events as events_v1
from steersman.api.autoscaling import v2 as autoscaling_v2
from steersman.api.meta import Kind
from steersman.api.older import access, budgets, certificates, customresources, endpointslice, events, ingress, webhooks
from steersman.api.older.variant import variant
from steersman.api.older.version import Older
from steersman.api.resources import Resource, resource_for
from steersman.apimachinery.object import GroupVersionKind


@dataclass(frozen=True, slots=True)
class End:
    """The minor versions of Kubernetes 1 that deprecated it and that were first without it; what replaces it.

    use: `group/version Kind`; empty where upstream names nothing.
    """

    deprecated: int
    gone: int
    use: str = ""

    def warning(self, gvk: GroupVersionKind) -> str:
        """What clients are told."""
        text = f"{gvk.api_version} {gvk.kind} is deprecated in v1.{self.deprecated}+, unavailable in v1.{self.gone}+"
        return f"{text}; use {self.use}" if self.use else text


# A version of a kind, its type, and its end.
Version = tuple[Older, type[Kind], End]


@cache
def older_resources() -> tuple[Resource, ...]:
    """The lines of all older versions. Their types are made here: most differ from the newest by their name alone."""
    return tuple(_line(kind, older, end) for older, kind, end in (*_same(), *_ended(), *_different()))


def _same() -> list[Version]:
    """Versions with the very fields of the one that replaced them."""
    kinds: tuple[tuple[type[Kind], str, int, int], ...] = (
        (admissionregistration.MutatingAdmissionPolicy, "v1beta1", 37, 40),
        (admissionregistration.MutatingAdmissionPolicyBinding, "v1beta1", 37, 40),
        (apiregistration.APIService, "v1beta1", 19, 22),
        (authentication.TokenReview, "v1beta1", 19, 22),
        (authorization.SelfSubjectAccessReview, "v1beta1", 19, 22),
        (authorization.SelfSubjectRulesReview, "v1beta1", 19, 22),
        (autoscaling_v2.HorizontalPodAutoscaler, "v2beta2", 23, 26),
        (batch.CronJob, "v1beta1", 21, 25),
        (coordination.Lease, "v1beta1", 19, 22),
        (rbac.ClusterRole, "v1beta1", 17, 22),
        (rbac.ClusterRoleBinding, "v1beta1", 17, 22),
        (rbac.Role, "v1beta1", 17, 22),
        (rbac.RoleBinding, "v1beta1", 17, 22),
        (scheduling.PriorityClass, "v1beta1", 14, 22),
        (storage.CSIDriver, "v1beta1", 19, 22),
        (storage.CSINode, "v1beta1", 17, 22),
        (storage.CSIStorageCapacity, "v1beta1", 24, 27),
        (storage.StorageClass, "v1beta1", 19, 22),
        (storage.VolumeAttachment, "v1beta1", 19, 22),
        (storage.VolumeAttributesClass, "v1beta1", 34, 37),
    )
    return [(Older(hub), _in_version(hub, version), _replaced(hub, *end)) for hub, version, *end in kinds]


def _ended() -> list[Version]:
    """The same, but upstream names no replacement of these, and of the class of ingresses it names the list."""
    kinds: tuple[tuple[type[Kind], End], ...] = (
        (admissionregistration.ValidatingAdmissionPolicy, End(31, 34)),
        (admissionregistration.ValidatingAdmissionPolicyBinding, End(31, 34)),
        (authentication.SelfSubjectReview, End(30, 33)),
        (networking.IngressClass, End(19, 22, "networking.k8s.io/v1 IngressClassList")),
        (networking.IPAddress, End(34, 37)),
        (networking.ServiceCIDR, End(34, 37)),
        (node.RuntimeClass, End(22, 25)),
    )
    return [(Older(hub), _in_version(hub, "v1beta1"), end) for hub, end in kinds]


def _different() -> list[Version]:
    """Versions that say things otherwise, or leave other things out."""
    kinds: tuple[tuple[Older, type[Kind], int, int], ...] = (
        (webhooks.OLDER_MUTATING, webhooks.mutating_type(), 16, 22),
        (webhooks.OLDER_VALIDATING, webhooks.validating_type(), 16, 22),
        (customresources.OLDER, customresources.CustomResourceDefinition, 16, 22),
        (access.OLDER, access.SubjectAccessReview, 19, 22),
        (access.OLDER_LOCAL, access.LocalSubjectAccessReview, 19, 22),
        (certificates.OLDER, certificates.request_type(), 19, 22),
        (endpointslice.OLDER, endpointslice.EndpointSlice, 21, 25),
        (ingress.OLDER, ingress.Ingress, 19, 22),
        (ingress.OLDER, ingress.of_extensions(), 14, 22),
        (budgets.OLDER, budgets.budget_type(), 21, 25),
    )
    made: list[Version] = [(older, kind, _replaced(older.hub, *end)) for older, kind, *end in kinds]
    return [*made, (events.OLDER, _in_version(events_v1.Event, "v1beta1"), End(22, 25))]


def _replaced(hub: type[Kind], deprecated: int, gone: int) -> End:
    gvk = resource_for(hub).gvk
    return End(deprecated, gone, f"{gvk.api_version} {gvk.kind}")


def _in_version(hub: type[Kind], version: str) -> type[Kind]:
    """The type in another version of its group, with the same fields."""
    package = hub.__facts__.package.rpartition(".")[0]
    made: type[Kind] = variant(hub, f"{package}.{version}", api=f"{resource_for(hub).group}/{version}")
    return made


def _line(kind: type[Kind], older: Older, end: End) -> Resource:
    """The line of a version: that of the stored one, with the types and the warning of its own."""
    line = resource_for(older.hub)
    subresources = tuple(replace(sub, kind=kind) if sub.kind is older.hub else sub for sub in line.subresources)
    if older.hub is storage.VolumeAttachment:
        subresources = ()  # its status had no door of its own then
    gvk = kind.__facts__.gvk
    assert gvk is not None, f"{kind.__name__} declares no api"
    made = replace(line, object_type=kind, subresources=subresources, older=older, warning=end.warning(gvk))
    # As it stands in no fixed table, the type knows its line itself.
    setattr(kind, "__facts__", replace(kind.__facts__, resource=made))  # noqa: B010  # declared on Object
    return made
