"""Label and field selectors: parsing, matching, writing.

Source: apimachinery/pkg/labels, pkg/fields: operators, precedence and error texts.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from steersman.apimachinery.formats import label_value, qualified_name
from steersman.apimachinery.gotext import quote


class SelectorError(ValueError):
    """The text is no selector; the message is upstream's."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on a label. operator: in, notin, exists, !, gt, lt, =, !=."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet the condition."""
        value = labels.get(self.key)
        match self.operator:
            case "in" | "=":
                return value is not None and value in self.values
            case "notin" | "!=":
                return value is None or value not in self.values
            case "exists":
                return value is not None
            case "!":
                return value is None
            case _:
                return value is not None and self._compares(value)

    def _compares(self, value: str) -> bool:
        try:
            number, bound = int(value), int(self.values[0])
        except ValueError:
            return False
        return number > bound if self.operator == "gt" else number < bound

    def __str__(self) -> str:
        match self.operator:
            case "in" | "notin":
                return f"{self.key} {self.operator} ({','.join(sorted(self.values))})"
            case "exists":
                return self.key
            case "!":
                return f"!{self.key}"
            case "gt":
                return f"{self.key}>{self.values[0]}"
            case "lt":
                return f"{self.key}<{self.values[0]}"
            case _:
                return f"{self.key}{self.operator}{self.values[0]}"


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """All requirements must hold; without any, everything matches, unless it is the selector that matches nothing."""

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet every requirement."""
        return not self.nothing and all(requirement.matches(labels) for requirement in self.requirements)

    @property
    def is_empty(self) -> bool:
        """Everything matches."""
        return not self.requirements and not self.nothing

    @property
    def equalities(self) -> tuple[tuple[str, str], ...]:
        """Labels that must have one value, and which: what is fast to look for."""
        equal = (one for one in self.requirements if one.operator in ("=", "in") and len(one.values) == 1)
        return tuple((one.key, one.values[0]) for one in equal)

    def __str__(self) -> str:
        return ",".join(str(requirement) for requirement in sorted(self.requirements, key=lambda one: one.key))


EVERYTHING = LabelSelector()
NOTHING = LabelSelector(nothing=True)

_SYMBOLS = frozenset({"==", "!=", "=", "!", "<", ">", "(", ")", ","})
_NOT_FIRST = _SYMBOLS - {"!"}
_TOKEN = re.compile(r"\s*(==|!=|=|!|<|>|\(|\)|,|[^\s=!<>(),]+|$)")


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = [token for token in _TOKEN.findall(text) if token]
        self.position = 0

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.position += 1
        return token

    def requirements(self) -> tuple[Requirement, ...]:
        found: list[Requirement] = []
        while self.peek():
            found.append(self._checked_requirement())
            match self.take():
                case "":
                    break
                case ",":
                    if not self.peek():
                        raise SelectorError("found '', expected: identifier after ','")
                case other:
                    raise SelectorError(f"found '{other}', expected: ',' or 'end of string'")
        return tuple(found)

    def _checked_requirement(self) -> Requirement:
        first = self.peek()
        if first in _NOT_FIRST:
            raise SelectorError(f"found '{first}', expected: !, identifier, or 'end of string'")
        try:
            return self.requirement()
        except SelectorError as error:
            raise SelectorError(f"unable to parse requirement: {error}") from error

    def requirement(self) -> Requirement:
        negated = self.peek() == "!"
        if negated:
            self.take()
        key = self.take()
        if not key or key in _SYMBOLS:
            raise SelectorError(f"found '{key}', expected: identifier")
        if errors := qualified_name(key):
            raise SelectorError(f"key: Invalid value: {quote(key)}: {'; '.join(errors)}")
        if negated:
            return Requirement(key, "!")
        return self.operation(key)

    def operation(self, key: str) -> Requirement:
        match self.peek():
            case "" | ",":
                return Requirement(key, "exists")
            case "=" | "==" | "!=" as operator:
                self.take()
                value = self.take() if self.peek() not in ("", ",") else ""
                return Requirement(key, "=" if operator == "==" else operator, (self.checked(key, value),))
            case "in" | "notin" as operator:
                self.take()
                return Requirement(key, operator, self.values(key))
            case ">" | "<" as operator:
                self.take()
                return Requirement(key, "gt" if operator == ">" else "lt", (self.number(key),))
            case other:
                raise SelectorError(f"found '{other}', expected: in, notin, =, ==, !=, gt, lt")

    def values(self, key: str) -> tuple[str, ...]:
        if (opened := self.take()) != "(":
            raise SelectorError(f"found '{opened}' expected: '('")
        values: list[str] = []
        while True:
            token = self.take()
            if token == ")":
                values.append("") if not values else None
                return tuple(dict.fromkeys(values))
            if token == ",":
                values.append("")
                continue
            if not token:
                raise SelectorError("found '', expected: ',', ')' or identifier")
            values.append(self.checked(key, token))
            match self.take():
                case ")":
                    return tuple(dict.fromkeys(values))
                case ",":
                    values.append("") if self.peek() == ")" else None
                case other:
                    raise SelectorError(f"found '{other}', expected: ',' or ')'")

    def checked(self, key: str, value: str) -> str:
        if errors := label_value(value):
            raise SelectorError(f"values[0][{key}]: Invalid value: {quote(value)}: {'; '.join(errors)}")
        return value

    def number(self, key: str) -> str:
        value = self.take()
        if not re.fullmatch(r"[+-]?[0-9]+", value):
            raise SelectorError(
                f"values[0][{key}]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value must be an integer"
            )
        return value


def parse_label_selector(text: str) -> LabelSelector:
    """A selector from its text form; SelectorError in upstream's words."""
    if not text.strip():
        return EVERYTHING
    return LabelSelector(_Parser(text).requirements())


class _Expression(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def operator(self) -> str: ...
    @property
    def values(self) -> Sequence[str]: ...


class StructuredSelector(Protocol):
    """Anything shaped like metav1.LabelSelector."""

    @property
    def matchLabels(self) -> Mapping[str, str]:  # noqa: N802  # the wire spelling
        """Exact values by key."""
        ...

    @property
    def matchExpressions(self) -> Sequence[_Expression]:  # noqa: N802  # the wire spelling
        """Further conditions."""
        ...


_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


def from_label_selector(selector: StructuredSelector | None) -> LabelSelector:
    """From an object's selector field: absent matches nothing, empty matches everything."""
    if selector is None:
        return NOTHING
    labels = [Requirement(key, "in", (value,)) for key, value in selector.matchLabels.items()]
    for expression in selector.matchExpressions:
        operator = _OPERATORS.get(expression.operator)
        if operator is None:
            raise SelectorError(f'"{expression.operator}" is not a valid label selector operator')
        labels.append(Requirement(expression.key, operator, tuple(expression.values)))
    return LabelSelector(tuple(labels))


def from_labels(labels: Mapping[str, str]) -> LabelSelector:
    """The selector of exactly these labels."""
    return LabelSelector(tuple(Requirement(key, "=", (value,)) for key, value in sorted(labels.items())))


@dataclass(frozen=True, slots=True)
class FieldTerm:
    """One condition on a field; equal is False for `!=`."""

    path: str
    equal: bool
    value: str


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """All terms must hold."""

    terms: tuple[FieldTerm, ...] = ()

    def matches(self, fields: Mapping[str, str]) -> bool:
        """Whether field values, by path, meet every term; a path without a value counts as empty."""
        return all((fields.get(term.path, "") == term.value) == term.equal for term in self.terms)

    @property
    def is_empty(self) -> bool:
        """Everything matches."""
        return not self.terms

    @property
    def equalities(self) -> tuple[tuple[str, str], ...]:
        """Paths that must have one value, and which."""
        return tuple((term.path, term.value) for term in self.terms if term.equal)

    def exact(self, path: str) -> str | None:
        """The value a path must have, if the selector fixes it."""
        return next((term.value for term in self.terms if term.path == path and term.equal), None)

    def checked(self, is_known: Callable[[str], bool]) -> "FieldSelector":
        """Itself, or SelectorError at the first path that can't be selected by."""
        for term in self.terms:
            if not is_known(term.path):
                raise SelectorError(f"field label not supported: {term.path}")
        return self

    def __str__(self) -> str:
        return ",".join(f"{t.path}{'=' if t.equal else '!='}{_escape(t.value)}" for t in self.terms)


_FIELD_TERM = re.compile(r"([^=!]+?)(==|=|!=)(.*)", re.DOTALL)


def parse_field_selector(text: str) -> FieldSelector:
    """`a=b,c!=d`, with backslash before `,`, `=` and backslash in values."""
    terms = []
    for part in _split_terms(text):
        if not part:
            continue
        match = _FIELD_TERM.fullmatch(part)
        if match is None:
            raise SelectorError(f"invalid selector: '{text}'; can't understand '{part}'")
        terms.append(FieldTerm(match[1].strip(), match[2] != "!=", _unescape(match[3])))
    return FieldSelector(tuple(terms))


def _split_terms(text: str) -> list[str]:
    parts, current, escaped = [], "", False
    for character in text:
        if character == "," and not escaped:
            parts.append(current)
            current = ""
            continue
        escaped = character == "\\" and not escaped
        current += character
    return [*parts, current]


def _unescape(value: str) -> str:
    def plain(match: re.Match[str]) -> str:
        if match[1] not in ("\\", ",", "="):
            raise SelectorError(f"invalid field selector: invalid escape sequence: \\{match[1]}")
        return match[1]

    if re.search(r"(?<!\\)=", value):
        raise SelectorError(f"invalid field selector: unescaped rune in value: '=' in '{value}'")
    return re.sub(r"\\(.|$)", plain, value)


def _escape(value: str) -> str:
    return re.sub(r"([\\,=])", r"\\\1", value)
