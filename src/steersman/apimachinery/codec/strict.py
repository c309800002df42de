"""Decoding for fieldValidation: reports every unknown and duplicate field by its path, and type errors as Go does.

Source: sigs.k8s.io/json: strict errors, UnmarshalTypeError; apiserver/pkg/endpoints/handlers/create.go: who gets which.
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec

from steersman.apimachinery.codec import gotypes
from steersman.apimachinery.codec.json import (
    TOO_DEEP,
    DecodeError,
    conform,
    decode,
    decode_exact,
    from_wire,
    from_wire_exact,
)
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.object import Object
from steersman.apimachinery.schema import Form, TypeSchema, schema_of
from steersman.apimachinery.status import BadRequest

T = TypeVar("T", bound=Object)

_NAME_END = re.compile(rb'"[ \t\r\n]*:')
_SPACED_NAME_END = re.compile(rb'"[ \t\r\n]+:')

# Source: sigs.k8s.io/json: further strict errors are dropped.
MAX_PROBLEMS = 100


class FieldValidation(StrEnum):
    """What to do about unknown and duplicate fields."""

    IGNORE = "Ignore"
    WARN = "Warn"
    STRICT = "Strict"


@dataclass(frozen=True, slots=True)
class Decoded(Generic[T]):
    """An object and the warnings its text deserves."""

    object: T
    warnings: tuple[str, ...] = ()


class _Repeated(dict[str, Any]):
    """A JSON object in which a name stood twice; pairs are all of them, in order."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else _Repeated(pairs)


def _no_constant(name: str) -> Any:
    raise DecodeError(f"invalid character '{name[0]}' looking for beginning of value")


def decode_validated(data: bytes, wanted: type[T], validation: FieldValidation) -> Decoded[T]:
    """The object in a request's body; BadRequest in upstream's words when it isn't one, or isn't strictly one."""
    try:
        if validation is FieldValidation.IGNORE:
            return Decoded(_decode_explained(data, wanted))
        # A custom resource's type takes anything in its trees, so decoding alone finds nothing there.
        made = decode_exact(data, wanted) if wanted.__facts__.structural is None else None
        if made is not None and not has_repeats(data):
            return Decoded(made)
        found = problems(parse_pairs(data), schema_of(wanted))
        made = _decode_explained(data, wanted)
    except (DecodeError, RecursionError) as error:
        raise _not_handled(data, wanted, _said(error)) from error
    if found and validation is FieldValidation.STRICT:
        raise _not_handled(data, wanted, f"strict decoding error: {', '.join(found)}")
    return Decoded(made, tuple(found))


def validate_tree(tree: Any, wanted: type[T], validation: FieldValidation) -> Decoded[T]:
    """The object of a plain wire tree, as a patch leaves it; the same errors, as DecodeError for the caller to word."""
    made = from_wire_exact(tree, wanted) if wanted.__facts__.structural is None else None
    if made is not None:
        return Decoded(made)
    found = [] if validation is FieldValidation.IGNORE else problems(tree, schema_of(wanted))
    if found and validation is FieldValidation.STRICT:
        raise DecodeError(f"strict decoding error: {', '.join(found)}")
    try:
        return Decoded(from_wire(tree, wanted), tuple(found))
    except DecodeError as error:
        raise DecodeError(gotypes.type_error(tree, schema_of(wanted)) or str(error)) from error


def has_repeats(data: bytes) -> bool:
    """Whether any object in valid JSON has a name twice."""
    if b"\\u0022" not in data:  # an escaped quotation mark would be one more name after encoding
        # Names that stand twice are lost by decoding; whatever looks like a name inside a string is there both times.
        once = msgspec.json.encode(msgspec.json.decode(data))
        if _count_names(data) == _count_names(once):
            return False
    repeated = False

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal repeated
        # Only the count matters: the tree itself is not kept.
        if len(pairs) > 1 and len({name for name, _ in pairs}) != len(pairs):
            repeated = True

    json.loads(data, object_pairs_hook=look)
    return repeated


def _count_names(data: bytes) -> int:
    """How many names stand in a text, with what looks like one inside strings."""
    if _SPACED_NAME_END.search(data) is None:
        return data.count(b'":')
    return len(_NAME_END.findall(data))


def parse_pairs(data: bytes) -> Any:
    """The wire tree, with objects that repeat a name marked for `problems`."""
    try:
        return json.loads(data, object_pairs_hook=_object_of, parse_constant=_no_constant)
    except ValueError as error:  # no JSON, no Unicode, or a number of thousands of digits
        raise DecodeError(str(error)) from error


def problems(tree: Any, schema: TypeSchema) -> list[str]:
    """`unknown field "spec.foo"` and `duplicate field "metadata.name"`, each once, in the document's order."""
    found: dict[str, None] = {}
    _look(tree, schema, "", found)
    return list(found)[:MAX_PROBLEMS]


def _look(tree: Any, schema: TypeSchema, path: str, found: dict[str, None]) -> None:
    if isinstance(tree, dict):
        seen: set[str] = set()
        for name, value in tree.pairs if isinstance(tree, _Repeated) else tree.items():
            where = f"{path}.{name}" if path else name
            below = _below(schema, name)
            if below is None:
                found[f"unknown field {quote(where)}"] = None
                continue
            if name in seen:
                found[f"duplicate field {quote(where)}"] = None
            seen.add(name)
            _look(value, below, where, found)
    elif isinstance(tree, list):
        items = schema.items or ANYTHING
        for position, value in enumerate(tree):
            _look(value, items, f"{path}[{position}]", found)


ANYTHING = TypeSchema(Form.ANY)


def _below(schema: TypeSchema, name: str) -> TypeSchema | None:
    """The schema of a field, or None when there is none of that name."""
    if schema.form is Form.OBJECT:
        field = schema.fields.get(name)
        return field.schema if field else ANYTHING if schema.keeps_unknown else None
    return schema.items or ANYTHING


def _decode_explained(data: bytes, wanted: type[T]) -> T:
    try:
        return decode(data, wanted)
    except DecodeError as error:
        try:
            tree = parse_pairs(data)
        except DecodeError:
            raise error from None
        explained = gotypes.type_error(tree, schema_of(wanted))
        if explained is None:
            # Nothing but nulls and unknown fields: what the slow path is for.
            kept, _ = conform(tree, schema_of(wanted))
            return from_wire(kept, wanted)
        raise DecodeError(explained) from error


def _said(error: Exception) -> str:
    return TOO_DEEP if isinstance(error, RecursionError) else str(error)


class _Named(msgspec.Struct):
    kind: Any = None
    apiVersion: Any = None  # the wire spelling


def _not_handled(data: bytes, wanted: type[Object], why: str) -> BadRequest:
    """Source: transformDecodeError."""
    gvk = wanted.__facts__.gvk
    expected = gvk.kind if gvk else wanted.__name__
    try:
        named = msgspec.json.decode(data, type=_Named)
    except (msgspec.DecodeError, RecursionError):
        named = None
    if named is None:
        summary = data[:30].decode(errors="replace") + (" ..." if len(data) > 30 else "")
        return BadRequest(f"the object provided is unrecognized (must be of type {expected}): {why} ({summary})")
    kind = named.kind if isinstance(named.kind, str) and named.kind else expected
    api_version = named.apiVersion if isinstance(named.apiVersion, str) and named.apiVersion else ""
    version = api_version.rpartition("/")[2] or (gvk.version if gvk else "")
    return BadRequest(f'{kind} in version "{version}" cannot be handled as a {expected}: {why}')
