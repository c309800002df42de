"""What of a request is audited: the first rule that matches decides. Pure.

Source: apiserver/pkg/audit/policy/checker.go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import UserInfo


class Level(IntEnum):
    """How much is told; `label` is how it is written."""

    NONE = 0
    METADATA = 1
    REQUEST = 2
    REQUEST_RESPONSE = 3

    @property
    def label(self) -> str:
        """Upstream's word."""
        return LABELS[self]

    @classmethod
    def of(cls, label: str) -> "Level":
        """The level of upstream's word; ValueError for any other."""
        return cls(LABELS.index(label))


LABELS = ("None", "Metadata", "Request", "RequestResponse")


class Stage(StrEnum):
    """When in a request's life an event is made."""

    REQUEST_RECEIVED = "RequestReceived"
    RESPONSE_STARTED = "ResponseStarted"
    RESPONSE_COMPLETE = "ResponseComplete"
    PANIC = "Panic"


@dataclass(frozen=True, slots=True)
class GroupResources:
    """Resources of a group, `*` for every group; empty resources or names stand for all."""

    group: str = ""
    resources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """Matches where every part does; an empty part matches everything. omit_managed_fields: None leaves it as it is."""

    level: Level
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    resources: tuple[GroupResources, ...] = ()
    namespaces: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    omit_stages: frozenset[Stage] = frozenset()
    omit_managed_fields: bool | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules in their order, and what goes for all of them."""

    rules: tuple[Rule, ...]
    omit_stages: frozenset[Stage] = frozenset()
    omit_managed_fields: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What is told of one request, and at which stages it isn't."""

    level: Level
    omit_stages: frozenset[Stage] = frozenset()
    omit_managed_fields: bool = False


def decide(policy: Policy, user: UserInfo | None, info: RequestInfo) -> Decision:
    """What of a request is told; there is no user where the login failed."""
    for rule in policy.rules:
        if _matches(rule, user, info):
            omits = policy.omit_managed_fields if rule.omit_managed_fields is None else rule.omit_managed_fields
            return Decision(rule.level, policy.omit_stages | rule.omit_stages, omits)
    return Decision(Level.NONE, policy.omit_stages, policy.omit_managed_fields)


def _matches(rule: Rule, user: UserInfo | None, info: RequestInfo) -> bool:
    if rule.users and (user is None or user.name not in rule.users):
        return False
    if rule.groups and (user is None or not any(group in rule.groups for group in user.groups)):
        return False
    if rule.verbs and info.verb not in rule.verbs:
        return False
    if rule.namespaces or rule.resources:
        return info.is_resource and _matches_resource(rule, info)
    if rule.urls:
        return not info.is_resource and any(_matches_url(url, info.path) for url in rule.urls)
    return True


def _matches_url(url: str, path: str) -> bool:
    return url in ("*", path) or (url.endswith("*") and path.startswith(url.rstrip("*")))


def _matches_resource(rule: Rule, info: RequestInfo) -> bool:
    if rule.namespaces and info.namespace not in rule.namespaces:
        return False
    if not rule.resources:
        return True
    return any(one.group in ("*", info.group) and _matches_any(one, info) for one in rule.resources)


def _matches_any(wanted: GroupResources, info: RequestInfo) -> bool:
    if not wanted.resources:
        return True
    if wanted.names and info.name not in wanted.names:
        return False
    return not _forms(info).isdisjoint(wanted.resources)


def _forms(info: RequestInfo) -> frozenset[str]:
    """Every way in which a rule may write the resource of a request."""
    if not info.subresource:
        return frozenset(("*", info.resource, f"{info.resource}/*"))
    return frozenset(("*", f"{info.resource}/{info.subresource}", f"*/{info.subresource}", f"{info.resource}/*"))


def stages(names: Sequence[str]) -> frozenset[Stage]:
    """Stages by their names, which have been checked."""
    return frozenset(map(Stage, names))
