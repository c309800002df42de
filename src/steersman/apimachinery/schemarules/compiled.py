"""A schema's rules as programs. Source: apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from steersman.apimachinery.cel.environment import Environment, Program
from steersman.apimachinery.cel.names import names_in
from steersman.apimachinery.cel.schematypes import declared
from steersman.apimachinery.cel.source import CELError
from steersman.apimachinery.cel.types import BOOL, STRING, Type, optional_of
from steersman.apimachinery.schemarules.presence import RULES, has_rules

Written = Mapping[str, Any]
SELF, OLD_SELF = "self", "oldSelf"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and what it compiled to; error: why it didn't. uses_old: it is about a change."""

    written: Written
    program: Program | None = None
    message: Program | None = None
    error: str = ""
    message_error: str = ""
    uses_old: bool = False

    @property
    def has_optional_old(self) -> bool:
        """It is asked of new values too: oldSelf is optional."""
        return bool(self.written.get("optionalOldSelf"))


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a schema and of all below it; None stands for a part without any."""

    schema: Written
    kind: Type
    own: Sequence[Rule] = ()
    items: "Rules | None" = None
    others: "Rules | None" = None
    properties: Mapping[str, "Rules"] = field(default_factory=dict)
    all_of: "Sequence[Rules]" = ()


def compile_rules(schema: Written, *, is_root: bool = False) -> Rules | None:
    """The rules of a schema; None if it has none."""
    if not has_rules(schema):
        return None
    return _compiled(schema, schema, is_root=is_root)


def _compiled(schema: Written, typed: Written, *, is_root: bool = False) -> Rules | None:
    """schema: where rules are; typed: the part of the structural schema that it is about (another one below allOf)."""
    found = declared(typed, is_root=is_root)
    if found is None:
        return None
    own = tuple(compile_rule(one, found.kind) for one in schema.get(RULES) or ())
    typed_properties = typed.get("properties") or {}
    properties = {
        name: rules
        for name, below in (schema.get("properties") or {}).items()
        if name in typed_properties and (rules := _compiled(below, typed_properties[name])) is not None
    }
    all_of = [rules for one in schema.get("allOf") or () if (rules := _compiled(one, typed, is_root=is_root))]
    items, others = _part("items", schema, typed), _part("additionalProperties", schema, typed)
    if not (own or properties or all_of or items or others):
        return None
    return Rules(typed, found.kind, own, items, others, properties, tuple(all_of))


def _part(name: str, schema: Written, typed: Written) -> Rules | None:
    below, kind = schema.get(name), typed.get(name)
    return _compiled(below, kind) if isinstance(below, Mapping) and isinstance(kind, Mapping) else None


def compile_rule(written: Written, kind: Type) -> Rule:
    """One rule about values of a type."""
    old = optional_of(kind) if written.get("optionalOldSelf") else kind
    environment = Environment({SELF: kind, OLD_SELF: old})
    if not written.get("rule", "").strip():
        return Rule(written)
    try:
        program = environment.compile(written["rule"], BOOL)
    except CELError as error:
        text = str(error)
        return Rule(written, error=text if "failed" in text else "cel expression must evaluate to a bool")
    uses_old = OLD_SELF in names_in(program.tree)
    text = written.get("messageExpression", "")
    if not text.strip():
        return Rule(written, program, uses_old=uses_old)
    try:
        message = environment.compile(text, STRING)
    except CELError as error:
        why = str(error)
        said = f"messageExpression {why}" if "failed" in why else "messageExpression must evaluate to a string"
        return Rule(written, program, message_error=said, uses_old=uses_old)
    return Rule(written, program, message, uses_old=uses_old or OLD_SELF in names_in(message.tree))
