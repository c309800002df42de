"""JSON and wire trees to and from API objects.

The fast path decodes straight into the class. What it refuses (nulls for lists, unknown fields) goes to the slow path,
which drops nulls and unknown fields by the schema and reports what it dropped; a wrong type is `DecodeError`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from steersman.apimachinery.object import Object, ObjectType
from steersman.apimachinery.quantity import Quantity, QuantityError
from steersman.apimachinery.schema import Form, TypeSchema, schema_of
from steersman.apimachinery.times import MicroTime, format_micro_time

T = TypeVar("T", bound=Object)


TOO_DEEP = "exceeded max depth"  # as sigs.k8s.io/json says it


class DecodeError(ValueError):
    """The bytes are not JSON, or not of this type."""


@dataclass(frozen=True, slots=True)
class Lenient:
    """What the slow path dropped: paths of unknown fields, in document order."""

    unknown: tuple[str, ...] = ()


def _decode_custom(wanted: type, given: Any) -> Any:
    try:
        if wanted is Quantity and isinstance(given, (str, int, float)):
            return Quantity(given)
        if wanted is MicroTime and isinstance(given, str):
            return MicroTime.of(datetime.fromisoformat(given))
    except QuantityError as error:
        raise ValueError(str(error)) from error
    raise TypeError(f"Expected `{wanted.__name__}`, got `{type(given).__name__}`")


def _encode_custom(value: Any) -> Any:
    if type(value) is Quantity:
        return value.text
    if type(value) is MicroTime:
        return format_micro_time(value)
    raise NotImplementedError(f"no JSON form for {type(value).__name__}")


_encoder = msgspec.json.Encoder(enc_hook=_encode_custom)
encode: Callable[[Any], bytes] = _encoder.encode


@lru_cache(maxsize=4096)
def _decoder(wanted: type[T]) -> msgspec.json.Decoder[T]:
    return msgspec.json.Decoder(wanted, dec_hook=_decode_custom)


def decode(data: bytes, wanted: type[T]) -> T:
    """The object in `data`; unknown fields and nulls are dropped silently."""
    try:
        made: T = _decoder(wanted).decode(data)
        return made  # msgspec's stub answers Any for a type variable
    except msgspec.ValidationError:
        return from_wire(parse(data), wanted)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DecodeError(str(error)) from error
    except RecursionError as error:
        raise DecodeError(TOO_DEEP) from error


def decode_exact(data: bytes, wanted: type[T]) -> T | None:
    """The object in `data`, or None if it has anything that isn't the type's: for the caller to look closer."""
    try:
        made: T = _decoder(wanted).decode(data)
        return made  # msgspec's stub answers Any for a type variable
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def parse(data: bytes) -> Any:
    """The wire tree (dicts, lists, scalars) in `data`."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DecodeError(str(error)) from error
    except RecursionError as error:
        raise DecodeError(TOO_DEEP) from error


def from_wire(tree: Any, wanted: type[T]) -> T:
    """The object of a wire tree; unknown fields and nulls are dropped silently. The tree is not changed."""
    try:
        return _convert(tree, wanted)
    except msgspec.ValidationError:
        schema = schema_of(wanted)
        kept, _ = conform(tree, schema)
    if schema.keeps_unknown and isinstance(kept, dict):
        wanted = widened(wanted, tuple(sorted(kept.keys() - schema.fields.keys())))
    try:
        return _convert(kept, wanted)
    except (msgspec.ValidationError, TypeError) as error:
        raise DecodeError(str(error)) from error


def from_wire_exact(tree: Any, wanted: type[T]) -> T | None:
    """The object of a wire tree, or None if it has anything that isn't the type's."""
    try:
        return _convert(tree, wanted)
    except (msgspec.ValidationError, TypeError):
        return None


@lru_cache(maxsize=1024)
def widened(wanted: type[T], names: tuple[str, ...]) -> type[T]:
    """The type of a custom resource that keeps unknown fields, with the unknown ones of an object as its own."""
    if not names:
        return wanted
    fields = {"__annotations__": dict.fromkeys(names, Any), **dict.fromkeys(names)}
    made: type[T] = ObjectType(wanted.__name__, (wanted,), fields, rename=None)
    setattr(made, "__facts__", wanted.__facts__)  # noqa: B010  # read only for those who ask by name
    return made


def _convert(tree: Any, wanted: type[T]) -> T:
    made: T = msgspec.convert(tree, wanted, dec_hook=_decode_custom)
    return made  # msgspec's stub answers Any for a type variable


def decode_value(tree: Any, wanted: Any) -> Any:
    """The value of any annotation our types use, such as a field's, of its wire form."""
    return msgspec.convert(tree, wanted, dec_hook=_decode_custom)


def to_wire(value: Any) -> Any:
    """The wire tree of an object, exactly as its JSON says it, and nobody else's to change."""
    # By way of the bytes: msgspec.to_builtins would leave tuples where a tree has lists.
    return msgspec.json.decode(encode(value))


def conform(tree: Any, schema: TypeSchema) -> tuple[Any, Lenient]:
    """A copy of the tree without nulls and without fields the schema doesn't know, and the paths of the latter."""
    unknown: list[str] = []
    return _conform(tree, schema, "", unknown), Lenient(tuple(unknown))


def _conform(tree: Any, schema: TypeSchema, path: str, unknown: list[str]) -> Any:
    match tree:
        case _ if schema.is_structural and schema.object_type is None:
            return tree  # a tree within the object, kept as it came
        case dict() if schema.fields:
            kept: dict[str, Any] = {}
            for name, value in tree.items():
                field = schema.fields.get(name)
                where = f"{path}.{name}" if path else name
                if field is None and schema.keeps_unknown:
                    kept[name] = value
                elif field is None:
                    unknown.append(where)
                elif value is not None:
                    kept[name] = _conform(value, field.schema, where, unknown)
            return kept
        case dict() if schema.items is not None:
            items = schema.items
            values = ((k, EMPTY.get(items.form) if v is None else v) for k, v in tree.items())
            return {k: _conform(v, items, f"{path}.{k}", unknown) for k, v in values}
        case list() if schema.items is not None:
            items = schema.items
            entries = [EMPTY.get(items.form) if value is None else value for value in tree]
            return [_conform(entry, items, f"{path}[{i}]", unknown) for i, entry in enumerate(entries)]
        case _:
            return tree


# What Go's decoder makes of a null in a list or map. A null time stays null: we have no zero time.
EMPTY: Mapping[Form, Any] = {
    Form.STRING: "", Form.BYTES: "", Form.INTEGER: 0, Form.NUMBER: 0, Form.BOOLEAN: False, Form.OBJECT: {},
    Form.MAP: {}, Form.LIST: [], Form.QUANTITY: "0", Form.INT_OR_STRING: 0,
}  # fmt: skip
