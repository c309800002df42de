"""Asking whether somebody may do something. Source: apiserver/pkg/cel/library/authz.go.

An environment with the variable `authorizer` gives it an `Authorizer`; what is asked is asked at once, in this process.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from steersman.apimachinery.cel.signatures import Function
from steersman.apimachinery.cel.values import Fields, no_such_key


@dataclass(frozen=True, slots=True)
class Question:
    """What `check(verb)` asks: about a resource, or about a path."""

    service_account: tuple[str, str] | None = None  # namespace and name; None: the user of the request
    path: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    field_selector: str = ""
    label_selector: str = ""
    verb: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. error: why none could be had."""

    is_allowed: bool
    reason: str = ""
    error: str = ""
    type_name: ClassVar[str] = "kubernetes.authorization.Decision"


Ask = Callable[[Question], Decision]


@dataclass(frozen=True, slots=True)
class Authorizer(Fields):
    """The variable `authorizer`; where there is a request, `authorizer.requestResource` asks about what it is for."""

    ask: Ask
    question: Question = Question()
    requested: Question | None = None
    type_name: ClassVar[str] = "kubernetes.authorization.Authorizer"

    def has(self, field: str) -> bool:
        """It has no field but `requestResource`."""
        return field == "requestResource" and self.requested is not None

    def get(self, field: str) -> "ResourceCheck":
        """`requestResource`."""
        if field != "requestResource" or self.requested is None:
            raise no_such_key(field)
        return ResourceCheck(self.ask, self.requested)


@dataclass(frozen=True, slots=True)
class PathCheck:
    """A question about a path."""

    ask: Ask
    question: Question
    type_name: ClassVar[str] = "kubernetes.authorization.PathCheck"


@dataclass(frozen=True, slots=True)
class GroupCheck:
    """A question about an API group, not yet about a resource."""

    ask: Ask
    question: Question
    type_name: ClassVar[str] = "kubernetes.authorization.GroupCheck"


@dataclass(frozen=True, slots=True)
class ResourceCheck:
    """A question about a resource."""

    ask: Ask
    question: Question
    type_name: ClassVar[str] = "kubernetes.authorization.ResourceCheck"


def _service_account(found: Authorizer, namespace: str, name: str) -> Authorizer:
    return replace(found, question=replace(found.question, service_account=(namespace, name)))


def _with(field: str) -> Callable[[GroupCheck | ResourceCheck, str], ResourceCheck]:
    def more(found: GroupCheck | ResourceCheck, text: str) -> ResourceCheck:
        changes: dict[str, Any] = {field: text}
        return ResourceCheck(found.ask, replace(found.question, **changes))

    return more


def _check(found: PathCheck | ResourceCheck, verb: str) -> Decision:
    return found.ask(replace(found.question, verb=verb))


_P = "kubernetes.authorization"
FUNCTIONS = (
    Function(
        f"{_P}.Authorizer.path(string): {_P}.PathCheck",
        lambda found, path: PathCheck(found.ask, replace(found.question, path=path)),
    ),
    Function(
        f"{_P}.Authorizer.group(string): {_P}.GroupCheck",
        lambda found, group: GroupCheck(found.ask, replace(found.question, group=group)),
    ),
    Function(f"{_P}.Authorizer.serviceAccount(string, string): {_P}.Authorizer", _service_account),
    Function(f"{_P}.GroupCheck.resource(string): {_P}.ResourceCheck", _with("resource")),
    Function(f"{_P}.ResourceCheck.subresource(string): {_P}.ResourceCheck", _with("subresource")),
    Function(f"{_P}.ResourceCheck.namespace(string): {_P}.ResourceCheck", _with("namespace")),
    Function(f"{_P}.ResourceCheck.name(string): {_P}.ResourceCheck", _with("name")),
    Function(f"{_P}.ResourceCheck.fieldSelector(string): {_P}.ResourceCheck", _with("field_selector")),
    Function(f"{_P}.ResourceCheck.labelSelector(string): {_P}.ResourceCheck", _with("label_selector")),
    Function(f"{_P}.PathCheck.check(string): {_P}.Decision", _check),
    Function(f"{_P}.ResourceCheck.check(string): {_P}.Decision", _check),
    Function(f"{_P}.Decision.errored(): bool", lambda found: bool(found.error)),
    Function(f"{_P}.Decision.error(): string", lambda found: found.error),
    Function(f"{_P}.Decision.allowed(): bool", lambda found: found.is_allowed),
    Function(f"{_P}.Decision.reason(): string", lambda found: found.reason),
)
