"""Several authorizers, asked in order: the first that allows or denies a request decides.

Members of system:masters may do everything, whoever is asked. Source: apiserver/pkg/authorization/union,
authorizerfactory: NewPrivilegedGroups.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

from steersman.api.rbac import PolicyRule
from steersman.apimachinery.gotext import aggregate
from steersman.apiserver.attributes import Authorizer, Decision
from steersman.apiserver.metrics.authorizers import AuthorizerMetrics
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import MASTERS_GROUP, UserInfo
from steersman.component.metrics import Value

EVERYTHING = (
    PolicyRule(verbs=("*",), apiGroups=("*",), resources=("*",)),
    PolicyRule(verbs=("*",), nonResourceURLs=("*",)),
)


@runtime_checkable
class Explained(Protocol):
    """An authorizer that can tell the rules it goes by."""

    def rules_for(self, user: UserInfo, namespace: str) -> Iterable[PolicyRule]:
        """What allows a user something, cluster-wide and in one namespace."""
        ...


@runtime_checkable
class Unexplained(Protocol):
    """An authorizer that can't."""

    def untold(self, user: UserInfo) -> str:
        """That it can't, if it has anything to say about the user."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """One of the authorizers. kind: of the mode it stands for."""

    kind: str
    name: str
    authorizer: Authorizer


class UnionAuthorizer:
    """Allows what one of several allows; otherwise all of them say why they don't."""

    def __init__(self, members: Sequence[Member], metrics: AuthorizerMetrics | None = None) -> None:
        self._metrics = metrics
        self.replace(members)

    def replace(self, members: Sequence[Member]) -> None:
        """Ask others from now on."""
        self.members = tuple(members)
        self._counted = tuple((one.authorizer, *self._counts(one)) for one in members)

    def _counts(self, member: Member) -> tuple[Value, Value]:
        """Where it is counted that a member allowed or denied something."""
        if self._metrics is None:
            return Value(), Value()
        counts = partial(self._metrics.decisions, member.kind, member.name)
        return counts("allowed"), counts("denied")

    def authorize(self, user: UserInfo, request: RequestInfo) -> Decision:
        """Source of Authorizer.authorize."""
        if MASTERS_GROUP in user.groups:
            return Decision(True)
        reasons, errors = [], []
        for authorizer, allowed, denied in self._counted:
            decision = authorizer.authorize(user, request)
            if decision.allowed or decision.denied:
                (allowed if decision.allowed else denied).value += 1
                return decision
            if decision.reason:
                reasons.append(decision.reason)
            if decision.error:
                errors.append(decision.error)
        return Decision(False, "\n".join(reasons), error=aggregate(errors))

    def rules_for(self, user: UserInfo, namespace: str) -> Iterator[PolicyRule]:
        """Every rule that allows a user something, as far as authorizers can tell."""
        if MASTERS_GROUP in user.groups:
            yield from EVERYTHING
        for one in self.members:
            if isinstance(one.authorizer, Explained):
                yield from one.authorizer.rules_for(user, namespace)

    def untold(self, user: UserInfo) -> Iterator[str]:
        """What authorizers that can't tell their rules say of it."""
        for one in self.members:
            if isinstance(one.authorizer, Unexplained) and (why := one.authorizer.untold(user)):
                yield why
