"""Which requests belong to a flow schema.

Source: apiserver/pkg/util/flowcontrol/rule.go.
"""

from collections.abc import Iterable, Sequence

from steersman.api.flowcontrol import (
    FlowSchema,
    NonResourcePolicyRule,
    PolicyRulesWithSubjects,
    ResourcePolicyRule,
    Subject,
)
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import ACCOUNT_PREFIX, UserInfo

ALL = "*"


def in_order(schemas: Iterable[FlowSchema]) -> list[FlowSchema]:
    """As they are asked: by precedence, those of the same one by name."""
    return sorted(schemas, key=lambda one: (one.spec.matchingPrecedence, one.metadata.name))


def schema_matches(schema: FlowSchema, user: UserInfo, info: RequestInfo) -> bool:
    """One of its rules is about this user and this request."""
    return any(_rules_match(one, user, info) for one in schema.spec.rules)


def _rules_match(rules: PolicyRulesWithSubjects, user: UserInfo, info: RequestInfo) -> bool:
    if not any(_is_subject(one, user) for one in rules.subjects):
        return False
    if info.is_resource:
        return any(_resource_matches(one, info) for one in rules.resourceRules)
    return any(_path_matches(one, info) for one in rules.nonResourceRules)


def _is_subject(subject: Subject, user: UserInfo) -> bool:
    match subject.kind:
        case "User" if subject.user is not None:
            return subject.user.name in (ALL, user.name)
        case "Group" if subject.group is not None:
            return subject.group.name == ALL or subject.group.name in user.groups
        case "ServiceAccount" if subject.serviceAccount is not None:
            prefix = f"{ACCOUNT_PREFIX}{subject.serviceAccount.namespace}:"
            name = subject.serviceAccount.name
            return user.name.startswith(prefix) if name == ALL else user.name == prefix + name
        case _:
            return False


def _resource_matches(rule: ResourcePolicyRule, info: RequestInfo) -> bool:
    resource = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
    if not (_has(rule.verbs, info.verb) and _has(rule.resources, resource) and _has(rule.apiGroups, info.group)):
        return False
    return _has(rule.namespaces, info.namespace) if info.namespace else rule.clusterScope


def _path_matches(rule: NonResourcePolicyRule, info: RequestInfo) -> bool:
    if not _has(rule.verbs, info.verb):
        return False
    for url in rule.nonResourceURLs:
        # Upstream lets a path without a star stand for everything below it, too.
        if url in (ALL, info.path) or info.path.startswith(url.removesuffix("*").removesuffix("/") + "/"):
            return True
    return False


def _has(values: Sequence[str], wanted: str) -> bool:
    """The star counts only where it stands alone."""
    return wanted in values or (len(values) == 1 and values[0] == ALL)
