"""What is wrong with the rules of a schema: their texts, what they compile to, and what they could cost.

Source: apiextensions-apiserver/pkg/apis/apiextensions/validation: ValidateCustomResourceDefinitionOpenAPISchema,
CELSchemaContext.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from steersman.apimachinery.cel.estimate import estimate
from steersman.apimachinery.cel.schematypes import declared
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.schemarules.compiled import Rule, compile_rule
from steersman.apimachinery.schemarules.fieldpaths import field_names
from steersman.apimachinery.schemarules.presence import RULES
from steersman.apimachinery.status import Cause

Written = Mapping[str, Any]
EXPRESSION_LIMIT, SCHEMA_LIMIT = 10_000_000, 100_000_000
MAX_MESSAGE = 2048
REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
NOT_TO_BE_FOLLOWED = "oldSelf cannot be used on the uncorrelatable portion of the schema within"
TOTAL = "x-kubernetes-validations estimated rule & messageExpression cost total for entire OpenAPIv3 schema"
CONTRIBUTED = (
    "contributed to estimated rule & messageExpression cost total exceeding cost limit for entire OpenAPIv3 schema"
)
MOST_EXPENSIVE = 4
# Factors of an exceeded limit: above the first only that it is large is told; below the second more digits are.
LARGE_FACTOR, SMALL_FACTOR = 100.0, 1.5


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a schema stands. most: how often a value of it can occur; unfollowed: where old values get lost."""

    path: Path
    most: int = 1
    unfollowed: Path | None = None
    is_root: bool = False


@dataclass(slots=True)
class _Costs:
    found: list[tuple[int, Path]] = field(default_factory=list)


def rule_faults(schema: Written, path: Path) -> list[Cause]:
    """Everything that is wrong with the rules of a schema that is structural."""
    costs = _Costs()
    found = list(_faults(schema, schema, _Place(path, is_root=True), costs))
    total = sum(cost for cost, _ in costs.found)
    if total > SCHEMA_LIMIT:
        expensive = sorted(costs.found, key=lambda one: -one[0])[:MOST_EXPENSIVE]
        found += [forbidden_field(where, CONTRIBUTED) for cost, where in expensive if cost]
        found.append(forbidden_field(path, _exceeded(TOTAL, total, SCHEMA_LIMIT)))
    return found


def _faults(schema: Written, typed: Written, place: _Place, costs: _Costs) -> Iterator[Cause]:
    for name, one in (schema.get("properties") or {}).items():
        below = (typed.get("properties") or {}).get(name)
        if isinstance(below, Mapping):
            yield from _faults(one, below, _below(place, place.path.child("properties").key(name)), costs)
    others, typed_others = schema.get("additionalProperties"), typed.get("additionalProperties")
    if isinstance(others, Mapping) and isinstance(typed_others, Mapping):
        most = place.most * _size(typed)
        yield from _faults(others, typed_others, _below(place, place.path.child("additionalProperties"), most), costs)
    items, typed_items = schema.get("items"), typed.get("items")
    if isinstance(items, Mapping) and isinstance(typed_items, Mapping):
        below_place = _below(place, place.path.child("items"), place.most * _size(typed))
        if typed.get("x-kubernetes-list-type") != "map":
            below_place = replace(below_place, unfollowed=place.unfollowed or place.path)
        yield from _faults(items, typed_items, below_place, costs)
    for position, one in enumerate(schema.get("allOf") or ()):
        yield from _faults(one, typed, replace(place, path=place.path.child("allOf").at(position)), costs)
    yield from _own_faults(schema, typed, place, costs)


def _below(place: _Place, path: Path, most: int | None = None) -> _Place:
    return replace(place, path=path, most=place.most if most is None else most, is_root=False)


def _size(schema: Written) -> int:
    found = declared(schema)
    return 1 if found is None or found.kind.size is None else found.kind.size


def _own_faults(schema: Written, typed: Written, place: _Place, costs: _Costs) -> Iterator[Cause]:
    rules = schema.get(RULES) or ()
    found = [
        cause for at, rule in enumerate(rules) for cause in _text_faults(rule, place.path.child(RULES).at(at), typed)
    ]
    yield from found
    kind = declared(typed, is_root=place.is_root) if rules and not found else None
    if kind is None:
        return
    for at, written in enumerate(rules):
        yield from _compile_faults(compile_rule(written, kind.kind), place, place.path.child(RULES).at(at), costs)


def _text_faults(rule: Written, path: Path, typed: Written) -> Iterator[Cause]:
    text, message = rule.get("rule", "").strip(), rule.get("message") or ""
    if not text:
        yield required(path.child("rule"), "rule is not specified")
    elif message and not message.strip():
        yield invalid_value(path.child("message"), message, "message must be non-empty if specified")
    elif len(message) > MAX_MESSAGE:
        why = f"message must have a maximum length of {MAX_MESSAGE} characters"
        yield invalid_value(path.child("message"), f"{message[:10]}...", why)
    elif _has_breaks(message.strip()):
        yield invalid_value(path.child("message"), message, "message must not contain line breaks")
    elif _has_breaks(text) and not message.strip():
        yield required(path.child("message"), "message must be specified if rule contains line breaks")
    expression = rule.get("messageExpression") or ""
    if expression and not expression.strip():
        yield required(path.child("messageExpression"), "messageExpression must be non-empty if specified")
    if (reason := rule.get("reason")) is not None and reason not in REASONS:
        yield not_supported(path.child("reason"), reason, REASONS)
    yield from _path_faults(rule.get("fieldPath") or "", path.child("fieldPath"), typed)


def _path_faults(written: str, path: Path, typed: Written) -> Iterator[Cause]:
    if not written:
        return
    if not written.strip():
        yield invalid_value(path, written, "fieldPath must be non-empty if specified")
    elif _has_breaks(written):
        yield invalid_value(path, written, "fieldPath must not contain line breaks")
    elif why := _path_fault(written.strip(), typed):
        yield invalid_value(path, written, f"fieldPath must be a valid path: {why}")


def _path_fault(written: str, typed: Written) -> str:
    try:
        for name in field_names(written):
            properties, others = typed.get("properties"), typed.get("additionalProperties")
            below = properties.get(name) if properties else others
            if not isinstance(below, Mapping):
                return "does not refer to a valid field"
            typed = below
    except ValueError as error:
        return str(error)
    return ""


def _has_breaks(text: str) -> bool:
    return "\n" in text or "\r" in text


def _compile_faults(rule: Rule, place: _Place, path: Path, costs: _Costs) -> Iterator[Cause]:
    shown = dict(rule.written)
    for name, error, program in (
        ("rule", rule.error, rule.program),
        ("messageExpression", rule.message_error, rule.message),
    ):
        if error:
            yield invalid_value(path.child(name), shown, error)
        if program is None:
            continue
        cost = min(estimate(program.tree, program.types) * place.most, 2**64 - 1)
        costs.found.append((cost, path.child(name)))
        if cost > EXPRESSION_LIMIT:
            what = "estimated rule cost" if name == "rule" else "estimated messageExpression cost"
            yield forbidden_field(path.child(name), _exceeded(what, cost, EXPRESSION_LIMIT))
    if rule.uses_old and place.unfollowed is not None:
        yield invalid_value(path.child("rule"), rule.written["rule"], f"{NOT_TO_BE_FOLLOWED} {place.unfollowed}")


def _exceeded(what: str, cost: int, limit: int) -> str:
    factor = cost / limit
    said = "more than 100x" if factor > LARGE_FACTOR else f"{factor:f}x" if factor < SMALL_FACTOR else f"{factor:.1f}x"
    return (
        f"{what} exceeds budget by factor of {said} (try simplifying the rule, or adding maxItems, maxProperties, and "
        "maxLength where arrays, maps, and strings are declared)"
    )
