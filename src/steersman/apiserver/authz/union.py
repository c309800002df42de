"""Several authorizers, asked in order: the first that allows or denies a request decides.

Members of system:masters may do everything, whoever is asked. Source: apiserver/pkg/authorization/union,
authorizerfactory: NewPrivilegedGroups.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from steersman.api.rbac import PolicyRule
from steersman.apimachinery.gotext import aggregate
from steersman.apiserver.attributes import Authorizer, Decision
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import MASTERS_GROUP, UserInfo

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


class UnionAuthorizer:
    """Allows what one of several allows; otherwise all of them say why they don't."""

    def __init__(self, authorizers: Sequence[Authorizer]) -> None:
        self._authorizers = tuple(authorizers)

    def authorize(self, user: UserInfo, request: RequestInfo) -> Decision:
        """Source of Authorizer.authorize."""
        if MASTERS_GROUP in user.groups:
            return Decision(True)
        reasons, errors = [], []
        for authorizer in self._authorizers:
            decision = authorizer.authorize(user, request)
            if decision.allowed or decision.denied:
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
        for authorizer in self._authorizers:
            if isinstance(authorizer, Explained):
                yield from authorizer.rules_for(user, namespace)

    def untold(self, user: UserInfo) -> Iterator[str]:
        """What authorizers that can't tell their rules say of it."""
        for authorizer in self._authorizers:
            if isinstance(authorizer, Unexplained) and (why := authorizer.untold(user)):
                yield why
