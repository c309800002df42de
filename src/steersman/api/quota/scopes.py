"""Which objects a quota is about: its scopes, and the selector of scopes.

Source: pkg/quota/v1/evaluator/core/pods.go: podMatchesScopeFunc; apiserver/pkg/quota/v1/generic/evaluator.go.
"""

from steersman.api.core import (
    PersistentVolumeClaim,
    Pod,
    PodAffinityTerm,
    ResourceQuota,
    ResourceQuotaScope,
    ScopedResourceSelectorRequirement,
)
from steersman.api.core.pod import PodQOSClass
from steersman.api.core.qos import compute_qos_class
from steersman.api.meta import Kind

Requirement = ScopedResourceSelectorRequirement
Scope = ResourceQuotaScope


def requirements_of(quota: ResourceQuota) -> tuple[Requirement, ...]:
    """All scopes as requirements: a bare scope is one that must exist."""
    bare = tuple(Requirement(scopeName=scope, operator="Exists") for scope in quota.spec.scopes)
    selector = quota.spec.scopeSelector
    return bare if selector is None else (*bare, *selector.matchExpressions)


def concerns(quota: ResourceQuota, obj: Kind) -> bool:
    """Whether the quota counts this object, by its scopes."""
    return all(meets(one, obj) for one in requirements_of(quota))


def meets(requirement: Requirement, obj: Kind) -> bool:
    """Whether an object is in a scope, as a single requirement has it."""
    if isinstance(obj, PersistentVolumeClaim):
        return requirement.scopeName == Scope.VOLUME_ATTRIBUTES_CLASS and _compares(
            requirement, obj.spec.volumeAttributesClassName or ""
        )
    if not isinstance(obj, Pod):
        return False  # scopes are about pods
    spec = obj.spec
    match requirement.scopeName:
        case Scope.TERMINATING:
            return spec.activeDeadlineSeconds is not None
        case Scope.NOT_TERMINATING:
            return spec.activeDeadlineSeconds is None
        case Scope.BEST_EFFORT:
            return compute_qos_class(obj) is PodQOSClass.BEST_EFFORT
        case Scope.NOT_BEST_EFFORT:
            return compute_qos_class(obj) is not PodQOSClass.BEST_EFFORT
        case Scope.PRIORITY_CLASS:
            return _compares(requirement, spec.priorityClassName)
        case Scope.CROSS_NAMESPACE_POD_AFFINITY:
            return _reaches_out(obj)
        case _:
            return False


def _compares(requirement: Requirement, value: str) -> bool:
    match requirement.operator:
        case "In":
            return bool(value) and value in requirement.values
        case "NotIn":
            return value not in requirement.values
        case "Exists":
            return bool(value)
        case _:
            return not value


def _reaches_out(pod: Pod) -> bool:
    """The pod's affinity looks at pods of other namespaces."""
    affinity = pod.spec.affinity
    if affinity is None:
        return False
    terms: list[PodAffinityTerm] = []
    for side in (affinity.podAffinity, affinity.podAntiAffinity):
        if side is not None:
            terms += side.requiredDuringSchedulingIgnoredDuringExecution
            terms += [one.podAffinityTerm for one in side.preferredDuringSchedulingIgnoredDuringExecution]
    return any(term.namespaces or term.namespaceSelector is not None for term in terms)
