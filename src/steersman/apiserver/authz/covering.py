"""Whether somebody's rules cover those he wants to give away, and how what is missing is told. Pure.

Source: component-helpers/auth/rbac/validation/policy_compact.go, rule.go; pkg/apis/rbac/v1/evaluation_helpers.go.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import product

from steersman.api.rbac import PolicyRule
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.object import replace

ALL = "*"


def missing(held: Sequence[PolicyRule], wanted: Iterable[PolicyRule]) -> list[PolicyRule]:
    """The parts of wanted rules that no single held rule covers."""
    return [part for rule in wanted for part in parts_of(rule) if not any(covers(one, part) for one in held)]


def parts_of(rule: PolicyRule) -> Iterator[PolicyRule]:
    """The rule as rules with one verb on one thing each."""
    for group, resource, verb in product(rule.apiGroups, rule.resources, rule.verbs):
        part = PolicyRule(apiGroups=(group,), resources=(resource,), verbs=(verb,))
        if not rule.resourceNames:
            yield part
        for name in rule.resourceNames:
            yield replace(part, resourceNames=(name,))
    for url, verb in product(rule.nonResourceURLs, rule.verbs):
        yield PolicyRule(nonResourceURLs=(url,), verbs=(verb,))


def covers(held: PolicyRule, part: PolicyRule) -> bool:
    """A rule allows at least what a part does."""
    names = not held.resourceNames or (bool(part.resourceNames) and set(part.resourceNames) <= {*held.resourceNames})
    return (
        _has(held.verbs, part.verbs)
        and _has(held.apiGroups, part.apiGroups)
        and all(_covers_resource(held.resources, one) for one in part.resources)
        and names
        and all(any(_covers_url(url, one) for url in held.nonResourceURLs) for one in part.nonResourceURLs)
    )


def told(rules: Sequence[PolicyRule]) -> str:
    """What is missing, a rule a line; verbs on the same thing together."""
    return "\n".join(sorted({_written(rule) for rule in _compact(rules)}))


def _has(held: Collection[str], wanted: Collection[str]) -> bool:
    return ALL in held or set(wanted) <= {*held}


def _covers_resource(held: Collection[str], wanted: str) -> bool:
    _, has_subresource, subresource = wanted.partition("/")
    return ALL in held or wanted in held or (bool(has_subresource) and f"*/{subresource}" in held)


def _covers_url(held: str, wanted: str) -> bool:
    return held == wanted or (held.endswith(ALL) and wanted.startswith(held.rstrip(ALL)))


def _compact(rules: Sequence[PolicyRule]) -> list[PolicyRule]:
    found: list[PolicyRule] = []
    simple: dict[tuple[str, ...], PolicyRule] = {}
    for rule in rules:
        is_simple = len(rule.apiGroups) == len(rule.resources) == 1 and len(rule.resourceNames) < 2
        if not is_simple or rule.nonResourceURLs:
            found.append(rule)
            continue
        key = (*rule.apiGroups, *rule.resources, *rule.resourceNames)
        known = simple.get(key)
        verbs = rule.verbs if known is None else tuple(dict.fromkeys((*known.verbs, *rule.verbs)))
        simple[key] = replace(rule, verbs=verbs)
    return [*found, *simple.values()]


def _written(rule: PolicyRule) -> str:
    fields = (
        ("APIGroups", rule.apiGroups),
        ("Resources", rule.resources),
        ("NonResourceURLs", rule.nonResourceURLs),
        ("ResourceNames", rule.resourceNames),
        ("Verbs", rule.verbs),
    )
    return f"{{{', '.join(f'{name}:{listed(values)}' for name, values in fields if values)}}}"


def listed(values: Iterable[str]) -> str:
    """Texts as Go's %q writes a list of them."""
    return f"[{' '.join(map(quote, values))}]"
