"""Which requests a webhook or a policy is asked about. Pure.

Source: apiserver/pkg/admission/plugin/webhook: predicates/rules, predicates/namespace, predicates/object.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from steersman.api.admissionregistration import MatchResources, NamedRuleWithOperations, RuleWithOperations
from steersman.api.meta import Kind, LabelSelector
from steersman.api.resources import Resource
from steersman.apimachinery.selectors import from_label_selector
from steersman.apiserver.attributes import AdmissionAttributes

# Asking webhooks about these could lock everybody out for good.
EXEMPT_GROUP = "admissionregistration.k8s.io"


class Selecting(Protocol):
    """What webhooks and policies declare about requests."""

    @property
    def matchPolicy(self) -> str | None:  # noqa: N802  # the wire spelling
        """Equivalent, the default: in any version; or Exact."""
        ...

    @property
    def namespaceSelector(self) -> LabelSelector | None:  # noqa: N802  # the wire spelling
        """Labels of the request's namespace."""
        ...

    @property
    def objectSelector(self) -> LabelSelector | None:  # noqa: N802  # the wire spelling
        """Labels of the object, or of what it was."""
        ...


class Hook(Selecting, Protocol):
    """What both kinds of webhooks declare about requests."""

    @property
    def rules(self) -> tuple[RuleWithOperations, ...]:
        """Resources and operations."""
        ...


@dataclass(frozen=True, slots=True)
class Candidates:
    """The request's resource and the same in other versions, the labels of its namespace (None: it has none)."""

    own: Resource
    others: tuple[Resource, ...]
    namespace_labels: Mapping[str, str] | None


def is_exempt(attributes: AdmissionAttributes) -> bool:
    """Configurations of admission itself are nobody's to decide."""
    return attributes.resource.group == EXEMPT_GROUP


def matched_resource(hook: Hook, attributes: AdmissionAttributes, candidates: Candidates) -> Resource | None:
    """The resource in whose version the webhook is to see the request; None when it isn't asked."""
    if not _is_selected(hook, attributes, candidates):
        return None
    return _by_rules(hook.rules, hook.matchPolicy, attributes, candidates)


def constrained_resource(
    constraints: MatchResources, attributes: AdmissionAttributes, candidates: Candidates
) -> Resource | None:
    """The same for a policy, which may exclude requests too; without rules it is asked about all.

    Source: apiserver/pkg/admission/plugin/policy/matching/matching.go.
    """
    if not _is_selected(constraints, attributes, candidates):
        return None
    policy = constraints.matchPolicy
    if _by_rules(constraints.excludeResourceRules, policy, attributes, candidates) is not None:
        return None
    if not constraints.resourceRules:
        return candidates.own
    return _by_rules(constraints.resourceRules, policy, attributes, candidates)


def _by_rules(
    rules: Iterable[RuleWithOperations], policy: str | None, attributes: AdmissionAttributes, candidates: Candidates
) -> Resource | None:
    if _any_matches(rules, attributes, candidates.own):
        return candidates.own
    if policy == "Exact":
        return None
    # Earlier rules go first.
    found = (one for rule in rules for one in candidates.others if _matches(rule, attributes, one))
    return next(found, None)


def _is_selected(selecting: Selecting, attributes: AdmissionAttributes, candidates: Candidates) -> bool:
    if not _selects(selecting.namespaceSelector, candidates.namespace_labels):
        return False
    return selecting.objectSelector is None or _selects_object(selecting.objectSelector, attributes)


def _selects(selector: LabelSelector | None, labels: Mapping[str, str] | None) -> bool:
    """What belongs to no namespace passes every namespace selector."""
    return selector is None or labels is None or from_label_selector(selector).matches(labels)


def _selects_object(selector: LabelSelector, attributes: AdmissionAttributes) -> bool:
    wanted = from_label_selector(selector)
    objects = (attributes.object, attributes.old_object)
    return wanted.is_empty or any(wanted.matches(one.metadata.labels) for one in objects if isinstance(one, Kind))


def _any_matches(rules: Iterable[RuleWithOperations], attributes: AdmissionAttributes, resource: Resource) -> bool:
    return any(_matches(rule, attributes, resource) for rule in rules)


def _matches(rule: RuleWithOperations, attributes: AdmissionAttributes, resource: Resource) -> bool:
    has_namespace = bool(attributes.namespace) and resource.plural != "namespaces"
    match rule.scope:
        case "Namespaced" if not has_namespace:
            return False
        case "Cluster" if has_namespace:
            return False
    names = rule.resourceNames if isinstance(rule, NamedRuleWithOperations) else ()
    return (
        (not names or attributes.name in names)
        and _has(rule.operations, attributes.operation)
        and _has(rule.apiGroups, resource.group)
        and _has(rule.apiVersions, resource.version)
        and any(_is_resource(one, resource.plural, attributes.subresource) for one in rule.resources)
    )


def _has(values: Iterable[str], wanted: str) -> bool:
    return any(value in ("*", wanted) for value in values)


def _is_resource(pattern: str, plural: str, subresource: str) -> bool:
    """`pods`, `pods/log`, `pods/*`, `*`, `*/*`, `*/scale`."""
    resource, slash, sub = pattern.partition("/")
    if resource not in ("*", plural):
        return False
    return sub in ("*", subresource) if slash else not subresource
