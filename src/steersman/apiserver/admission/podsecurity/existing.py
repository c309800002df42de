"""What a namespace's new level means for the pods it has: they stay, but whoever sets it is told.

Source: k8s.io/pod-security-admission/admission: EvaluatePodsInNamespace.
"""

from collections.abc import Iterable, Sequence

from steersman.api.core import Pod
from steersman.apiserver.admission.podsecurity.findings import Finding
from steersman.apiserver.admission.podsecurity.levels import LevelVersion
from steersman.apiserver.admission.podsecurity.standards import in_short

Judged = tuple[Pod, Sequence[Finding]]


def prioritized(pods: Iterable[Pod], exempt_runtime_classes: frozenset[str]) -> list[Pod]:
    """One pod of each controller first: their others are most likely the same."""
    first: list[Pod] = []
    others: list[Pod] = []
    controllers: set[str] = set()
    for pod in pods:
        if pod.spec.runtimeClassName in exempt_runtime_classes:
            continue
        owner = next((one.uid for one in pod.metadata.ownerReferences if one.controller), None)
        (others if owner is not None and owner in controllers else first).append(pod)
        if owner is not None:
            controllers.add(owner)
    return first + others


def warnings(namespace: str, enforce: LevelVersion, judged: Sequence[Judged], total: int) -> list[str]:
    """What to tell: violations with the pods they were found in, which are counted, not listed."""
    by_violation: dict[str, list[str]] = {}
    for pod, findings in judged:
        if findings:
            by_violation.setdefault(in_short(findings), []).append(pod.metadata.name)
    told = []
    if len(judged) < total:
        checked = f"the first {len(judged)} of {total} existing pods"
        told.append(f"new PodSecurity enforce level only checked against {checked}")
    if by_violation:
        told.append(f'existing pods in namespace "{namespace}" violate the new PodSecurity enforce level "{enforce}"')
    return told + sorted(f"{_named(names)}: {violation}" for violation, names in by_violation.items())


def _named(names: Sequence[str]) -> str:
    match len(names) - 1:
        case 0:
            return names[0]
        case 1:
            return f"{min(names)} (and 1 other pod)"
        case others:
            return f"{min(names)} (and {others} other pods)"
