"""Which requests a webhook is asked about. Pure.

Source: apiserver/pkg/admission/plugin/webhook: predicates/rules, predicates/namespace, predicates/object.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from steersman.api.admissionregistration import RuleWithOperations
from steersman.api.meta import Kind, LabelSelector
from steersman.api.resources import Resource
from steersman.apimachinery.selectors import from_label_selector
from steersman.apiserver.attributes import AdmissionAttributes

# Asking webhooks about these could lock everybody out for good.
EXEMPT_GROUP = "admissionregistration.k8s.io"


class Hook(Protocol):
    """What both kinds of webhooks declare about requests."""

    @property
    def rules(self) -> tuple[RuleWithOperations, ...]:
        """Resources and operations."""
        ...

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
    if not _selects(hook.namespaceSelector, candidates.namespace_labels):
        return None
    if hook.objectSelector is not None and not _selects_object(hook.objectSelector, attributes):
        return None
    if _any_matches(hook.rules, attributes, candidates.own):
        return candidates.own
    if hook.matchPolicy == "Exact":
        return None
    return next((one for one in candidates.others if _any_matches(hook.rules, attributes, one)), None)


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
    return (
        _has(rule.operations, attributes.operation)
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
