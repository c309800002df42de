"""`TypeSchema`: one description of a type, from which JSON, protobuf, patching, apply, validation and OpenAPI all work.

Built-in types give theirs by `schema_of`; a custom resource's structural schema makes the same value.
"""

import inspect
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from steersman.apimachinery.markers import (
    Atomic,
    Default,
    Granular,
    ListMap,
    ListSet,
    MergeBy,
    Named,
    ReplacedByPatch,
    Required,
    RetainKeys,
    Wire,
)
from steersman.apimachinery.object import Object, ObjectFacts
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.times import MicroTime

NO_DEFAULT = object()


class Form(StrEnum):
    """What a value looks like on the wire."""

    OBJECT = "object"
    MAP = "map"
    LIST = "list"
    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    BYTES = "bytes"
    TIME = "time"
    MICRO_TIME = "microtime"
    QUANTITY = "quantity"
    INT_OR_STRING = "int-or-string"
    ANY = "any"


@dataclass(slots=True, eq=False)
class TypeSchema:
    """A type: its form, and by form its fields (objects) or items (lists, map values).

    named: the definition of a value of any form, if it has one of its own. Of custom resources only: is_structural,
    the value is a wire tree within the object; keeps_unknown fields; is_embedded, it is an object with metadata itself.
    Filled in two steps because types may contain themselves; never changed once `schema_of` has returned it.
    """

    form: Form
    object_type: type[Object] | None = None
    facts: ObjectFacts = field(default_factory=ObjectFacts)
    fields: dict[str, "FieldSchema"] = field(default_factory=dict)
    items: "TypeSchema | None" = None
    bits: int = 64
    named: str = ""
    is_structural: bool = False
    keeps_unknown: bool = False
    is_embedded: bool = False

    def __repr__(self) -> str:
        return f"TypeSchema({self.object_type.__name__ if self.object_type else self.form})"


@dataclass(frozen=True, slots=True, eq=False)
class FieldSchema:
    """A field: its wire name, its type, and the facts declared beside it.

    owner is the class that declares the field, which differs from the type that has it when the field is inlined.
    nullable: absence differs from the empty value (a Go pointer). written_empty: Go writes it even when empty.
    """

    name: str
    attribute: str
    schema: TypeSchema
    owner: type[Object]
    markers: tuple[Any, ...] = ()
    nullable: bool = False
    written_empty: bool = False

    def marker(self, wanted: type[Any]) -> Any:
        """The marker of this class, or None."""
        return next((marker for marker in self.markers if isinstance(marker, wanted)), None)

    @property
    def number(self) -> int | None:
        """The protobuf field number."""
        wire = self.marker(Wire)
        return wire.number if wire else None

    @property
    def is_required(self) -> bool:
        """OpenAPI lists the field as required."""
        return self.marker(Required) is not None

    @property
    def default(self) -> object:
        """The wire value of an absent field, or NO_DEFAULT."""
        default = self.marker(Default)
        return default.value if default else NO_DEFAULT

    @property
    def merge_by(self) -> MergeBy | None:
        """Strategic merge patch merges this list."""
        found: MergeBy | None = self.marker(MergeBy)
        return found

    @property
    def retains_keys(self) -> bool:
        """Strategic merge patch honours `$retainKeys` here."""
        return self.marker(RetainKeys) is not None

    @property
    def is_replaced_by_patch(self) -> bool:
        """Strategic merge patch replaces the struct as a whole."""
        return self.marker(ReplacedByPatch) is not None

    @property
    def is_granular(self) -> bool:
        """Merged by server-side apply, whatever the type says."""
        return self.marker(Granular) is not None

    @property
    def list_keys(self) -> tuple[str, ...] | None:
        """Keys of a list that server-side apply treats as a map."""
        found = self.marker(ListMap)
        return found.keys if found else None

    @property
    def is_set(self) -> bool:
        """Server-side apply treats the list as a set."""
        return self.marker(ListSet) is not None

    @property
    def is_atomic(self) -> bool:
        """Replaced as a whole: declared so here or on the type."""
        return self.marker(Atomic) is not None or (self.schema.facts.atomic and not self.is_granular)


SCALARS: Mapping[Any, Form] = {
    str: Form.STRING, int: Form.INTEGER, float: Form.NUMBER, bool: Form.BOOLEAN, bytes: Form.BYTES,
    datetime: Form.TIME, MicroTime: Form.MICRO_TIME, Quantity: Form.QUANTITY, Any: Form.ANY, msgspec.Raw: Form.ANY,
}  # fmt: skip


@lru_cache(maxsize=4096)  # bounded, as types of custom resources come and go
def schema_of(wanted: type[Object]) -> TypeSchema:
    """The schema declared by an API type; the same value each time."""
    structural = wanted.__facts__.structural
    return _read_object(wanted, {}) if structural is None else structural


def _read_object(wanted: type[Object], known: dict[type[Object], TypeSchema]) -> TypeSchema:
    if wanted in known:
        return known[wanted]
    schema = known[wanted] = TypeSchema(Form.OBJECT, wanted, wanted.__facts__)
    hints = get_type_hints(wanted, include_extras=True)
    plain = {info.name: info for info in msgspec.structs.fields(wanted)}
    for attribute in wanted.__struct_fields__:
        info = plain[attribute]
        schema.fields[info.encode_name] = _read_field(wanted, attribute, hints[attribute], info, known)
    return schema


def _read_field(
    wanted: type[Object], attribute: str, hint: Any, info: Any, known: dict[type[Object], TypeSchema]
) -> FieldSchema:
    markers: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *rest = get_args(hint)
        markers = tuple(rest)
    inner, nullable = _without_none(hint)
    metas = [marker for marker in markers if isinstance(marker, msgspec.Meta | Named)]
    owner = next(base for base in reversed(wanted.__mro__) if attribute in inspect.get_annotations(base))
    return FieldSchema(
        name=info.encode_name,
        attribute=attribute,
        # Annotated flattens, so an Int32's bounds may stand among the field's own markers.
        schema=_read_type(Annotated[inner, *metas] if metas else inner, known),
        owner=owner,
        markers=markers,
        nullable=nullable,
        written_empty=info.default is msgspec.NODEFAULT and info.default_factory not in (dict, list, msgspec.NODEFAULT),
    )


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint):
        rest = tuple(arm for arm in get_args(hint) if arm is not type(None))
        return (rest[0] if len(rest) == 1 else Union[rest]), True  # noqa: UP007  # built from a tuple
    return hint, False


def _read_type(hint: Any, known: dict[type[Object], TypeSchema]) -> TypeSchema:
    bits, named = 64, ""
    hint, _ = _without_none(hint)
    if get_origin(hint) is Annotated:
        hint, *metas = get_args(hint)
        named = next((meta.definition for meta in metas if isinstance(meta, Named)), "")
        if any(isinstance(meta, msgspec.Meta) and meta.le == 2**31 - 1 for meta in metas):
            bits = 32
    if isinstance(hint, type) and issubclass(hint, Object):
        return _read_object(hint, known)
    if hint in SCALARS:
        return TypeSchema(SCALARS[hint], bits=bits, named=named)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        return TypeSchema(Form.LIST, items=_read_type(arguments[0], known))
    if origin is Mapping or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return TypeSchema(Form.MAP, items=_read_type(arguments[1], known))
    if origin in (Union, types.UnionType) and set(arguments) == {int, str}:
        return TypeSchema(Form.INT_OR_STRING)
    raise TypeError(f"no schema for {hint!r}")
