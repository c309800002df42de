"""Whether a pod may run despite a node's taints.

Source: k8s.io/component-helpers/scheduling/corev1: ToleratesTaint.
"""

from collections.abc import Sequence

from steersman.api.core.reference import Taint, Toleration

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """One toleration covers one taint: empty effect and empty key mean any."""
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    match toleration.operator or "Equal":
        case "Exists":
            return True
        case "Equal":
            return bool(toleration.key) and toleration.value == taint.value
        case "Lt" | "Gt" as operator:
            return _compares(taint.value, operator, toleration.value)
        case _:
            return False


def is_tolerated(taint: Taint, tolerations: Sequence[Toleration]) -> bool:
    """Some toleration covers the taint."""
    return any(tolerates(toleration, taint) for toleration in tolerations)


def untolerated(taints: Sequence[Taint], tolerations: Sequence[Toleration], effects: Sequence[str]) -> Taint | None:
    """The first taint with one of these effects that nothing covers."""
    return next((taint for taint in taints if taint.effect in effects and not is_tolerated(taint, tolerations)), None)


def _compares(node_value: str, operator: str, wanted: str) -> bool:
    try:
        node_number, number = int(node_value), int(wanted)
    except ValueError:
        return False
    return node_number < number if operator == "Lt" else node_number > number
