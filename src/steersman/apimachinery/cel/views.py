"""Wire trees seen with their types: dates are moments, numbers are what the schema says, sets compare as sets.

Nothing is converted before it is asked for. Source: apiserver/pkg/cel/common/values.go.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from steersman.apimachinery.cel.times import parse_duration, parse_timestamp
from steersman.apimachinery.cel.types import Type
from steersman.apimachinery.cel.values import EvaluationError, Fields, no_such_key


class ListView(Sequence[Any]):
    """A list whose elements have a type."""

    __slots__ = ("kind", "raw")

    def __init__(self, raw: Sequence[Any], kind: Type) -> None:
        self.raw = raw
        self.kind = kind

    def __len__(self) -> int:
        return len(self.raw)

    def __getitem__(self, index: Any) -> Any:
        return seen(self.raw[index], self.kind.params[0])

    def __iter__(self) -> Iterator[Any]:
        element = self.kind.params[0]
        return (seen(one, element) for one in self.raw)


class MapView(Mapping[str, Any]):
    """A map whose values have a type."""

    __slots__ = ("kind", "raw")

    def __init__(self, raw: Mapping[str, Any], kind: Type) -> None:
        self.raw = raw
        self.kind = kind

    def __len__(self) -> int:
        return len(self.raw)

    def __getitem__(self, key: str) -> Any:
        return seen(self.raw[key], self.kind.params[1])

    def __iter__(self) -> Iterator[str]:
        return iter(self.raw)


class ObjectView(Fields):
    """An object with fields; fields that the wire form escapes are asked for by their escaped names."""

    __slots__ = ("kind", "raw")

    def __init__(self, raw: Mapping[str, Any], kind: Type) -> None:
        self.raw = raw
        self.kind = kind

    def has(self, field: str) -> bool:
        """A value is set."""
        return unescaped(field) in self.raw

    def get(self, field: str) -> Any:
        """A field's value. EvaluationError when it isn't set."""
        name = unescaped(field)
        try:
            raw = self.raw[name]
        except KeyError:
            raise no_such_key(field) from None
        assert self.kind.fields is not None, "an object's type has fields"
        kind = self.kind.fields.get(field)
        return raw if kind is None else seen(raw, kind)


def seen(raw: Any, kind: Type) -> Any:
    """A wire value as an expression sees it. EvaluationError for what its type forbids."""
    if raw is None:
        return None
    match kind.name:
        case "string" | "bool" | "int" | "dyn":
            return raw
        case "double":
            return float(raw) if type(raw) in (int, float) else raw
        case "list":
            return ListView(raw, kind) if isinstance(raw, list | tuple) else raw
        case "map":
            return MapView(raw, kind) if isinstance(raw, Mapping) else raw
        case "timestamp":
            return parse_timestamp(raw)
        case "duration":
            return parse_duration(raw)
        case "bytes":
            return _decoded(raw)
        case _:
            return ObjectView(raw, kind) if isinstance(raw, Mapping) else raw


def _decoded(raw: Any) -> bytes:
    try:
        return base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise EvaluationError("illegal base64 data") from error


# Names that are no CEL names are escaped. Source: apiserver/pkg/cel/escaping.go.
KEYWORDS = frozenset({
    "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
    "loop", "package", "namespace", "return", "var", "void", "while",
})  # fmt: skip
_SIGNS = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}


def escaped(name: str) -> str | None:
    """The name by which an expression calls a field; None if none can."""
    if name in KEYWORDS:
        return f"__{name}__"
    made = name.replace("__", "\0")
    for sign, word in _SIGNS.items():
        made = made.replace("\0" if sign == "__" else sign, word)
    return made if made.isidentifier() and made.isascii() else None


def unescaped(name: str) -> str:
    """The field that an expression's name stands for."""
    if "__" not in name:
        return name
    if name.startswith("__") and name.endswith("__") and name[2:-2] in KEYWORDS:
        return name[2:-2]
    for sign, word in _SIGNS.items():
        name = name.replace(word, "\0" if sign == "__" else sign)
    return name.replace("\0", "__")
