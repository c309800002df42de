"""What a check says of a pod, and the words that all checks are made of.

Source: k8s.io/pod-security-admission/policy: checks.go, helpers.go, visitor.go.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from steersman.api.core import Container, EphemeralContainer, PodSpec, SecurityContext
from steersman.api.meta import ObjectMeta

AnyContainer = Container | EphemeralContainer


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a pod isn't allowed, in short and in full."""

    reason: str
    detail: str = ""


CheckPod = Callable[[ObjectMeta, PodSpec], Finding | None]


def containers_of(spec: PodSpec) -> tuple[AnyContainer, ...]:
    """Every container of a pod, in the order they are told of."""
    return (*spec.initContainers, *spec.containers, *spec.ephemeralContainers)


def names_of(spec: PodSpec, is_bad: Callable[[AnyContainer], bool]) -> list[str]:
    """The names of the containers that something is wrong with."""
    return [one.name for one in containers_of(spec) if is_bad(one)]


def secured(container: AnyContainer) -> SecurityContext:
    """Its security context, also when it has none."""
    return container.securityContext or SecurityContext()


def plural(count: int, word: str, words: str = "") -> str:
    """`container` or `containers`."""
    return word if count == 1 else words or f"{word}s"


def quoted(items: Iterable[str]) -> str:
    """`"a", "b"`."""
    return ", ".join(f'"{item}"' for item in items)


def named(names: Sequence[str], what: str = "container") -> str:
    """`containers "a", "b"`."""
    return f"{plural(len(names), what)} {quoted(names)}"


def setters(is_pod: bool, containers: Sequence[str]) -> list[str]:
    """Who has set something: the pod, containers, or both."""
    return [*(["pod"] if is_pod else []), *([named(containers)] if containers else [])]


def is_windows(spec: PodSpec) -> bool:
    """The pod is for Windows, whose containers can't have what Linux calls for."""
    return spec.os is not None and spec.os.name == "windows"


def is_in_user_namespace(spec: PodSpec) -> bool:
    """The pod's root isn't the node's."""
    return spec.hostUsers is False
