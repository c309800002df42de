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
from steersman.api.autoscaling import v2 as autoscaling_v2
from steersman.api.meta import Kind
from steersman.api.older.version import Older
from steersman.api.resources import Resource, resource_for
from steersman.apimachinery.object import GroupVersionKind, ObjectType


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


# A version of a kind: its name and its end.
Version = tuple[Older, str, End]


@cache
def older_resources() -> tuple[Resource, ...]:
    """The lines of all older versions. Their types are made here: most differ from the newest by their name alone."""
    return tuple(
        _line(_renamed(older.hub, version), older, end)
        for older, version, end in (*_replaced_versions(), *_ended_versions())
    )


def _replaced_versions() -> list[Version]:
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
    return [(Older(kind), version, _replaced(kind, deprecated, gone)) for kind, version, deprecated, gone in kinds]


def _ended_versions() -> list[Version]:
    """Of these upstream names no replacement, and of the class of ingresses it names the list."""
    kinds: tuple[tuple[type[Kind], End], ...] = (
        (admissionregistration.ValidatingAdmissionPolicy, End(31, 34)),
        (admissionregistration.ValidatingAdmissionPolicyBinding, End(31, 34)),
        (authentication.SelfSubjectReview, End(30, 33)),
        (networking.IngressClass, End(19, 22, "networking.k8s.io/v1 IngressClassList")),
        (networking.IPAddress, End(34, 37)),
        (networking.ServiceCIDR, End(34, 37)),
        (node.RuntimeClass, End(22, 25)),
    )
    return [(Older(kind), "v1beta1", end) for kind, end in kinds]


def _replaced(hub: type[Kind], deprecated: int, gone: int) -> End:
    gvk = resource_for(hub).gvk
    return End(deprecated, gone, f"{gvk.api_version} {gvk.kind}")


def _renamed(hub: type[Kind], version: str) -> type[Kind]:
    """The type in another version of its group, which has the same fields."""
    gvk, package = resource_for(hub).gvk, hub.__facts__.package.rpartition(".")[0]
    members = {"__module__": __name__, "__doc__": hub.__doc__}
    api = f"{gvk.group}/{version}"
    made: type[Kind] = ObjectType(hub.__name__, (hub,), members, api=api, kind=gvk.kind, package=f"{package}.{version}")
    return made


def _line(kind: type[Kind], older: Older, end: End) -> Resource:
    """The line of a version: that of the stored one, with the types and the warning of its own."""
    line = resource_for(older.hub)
    subresources = tuple(replace(sub, kind=kind) if sub.kind is older.hub else sub for sub in line.subresources)
    gvk = kind.__facts__.gvk
    assert gvk is not None, f"{kind.__name__} declares no api"
    made = replace(
        line, object_type=kind, subresources=subresources, stored_as=None, older=older, warning=end.warning(gvk)
    )
    # As it stands in no fixed table, the type knows its line itself.
    setattr(kind, "__facts__", replace(kind.__facts__, resource=made))  # noqa: B010  # declared on Object
    return made
