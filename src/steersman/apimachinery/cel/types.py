"""Types of expressions. An object's type knows its fields; sizes are what the static estimate of costs goes by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Type:
    """`name(params)`; fields: of an object. size: the most elements, characters or bytes a value has; None: unknown."""

    name: str
    params: tuple["Type", ...] = ()
    fields: Mapping[str, "Type"] | None = field(default=None, compare=False)
    size: int | None = field(default=None, compare=False)
    # Lists of Kubernetes that aren't atomic compare by what is in them: "set", or "map" with these keys.
    list_type: str = field(default="", compare=False)
    map_keys: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        if not self.params:
            return self.name
        return f"{self.name}({', '.join(map(str, self.params))})"


DYN: Final = Type("dyn")
BOOL: Final = Type("bool")
INT: Final = Type("int")
UINT: Final = Type("uint")
DOUBLE: Final = Type("double")
STRING: Final = Type("string")
BYTES: Final = Type("bytes")
NULL: Final = Type("null")
DURATION: Final = Type("duration")
TIMESTAMP: Final = Type("timestamp")
TYPE: Final = Type("type")
# What error has been told of already: it fits everywhere.
ERROR: Final = Type("!error!")

PRIMITIVES: Final = {
    one.name: one for one in (DYN, BOOL, INT, UINT, DOUBLE, STRING, BYTES, NULL, DURATION, TIMESTAMP, TYPE)
}
# Names of types that are values: `type(x) == string`, `dyn([1])`.
TYPE_NAMES: Final = frozenset(
    {"bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type"}
    | {"google.protobuf.Duration", "google.protobuf.Timestamp", "optional_type"}
)
ANYTHING: Final = frozenset({"dyn", "!error!"})


def list_of(element: Type, size: int | None = None) -> Type:
    """`list(element)`."""
    return Type("list", (element,), size=size)


def map_of(key: Type, value: Type, size: int | None = None) -> Type:
    """`map(key, value)`."""
    return Type("map", (key, value), size=size)


def optional_of(value: Type) -> Type:
    """`optional_type(value)`."""
    return Type("optional_type", (value,))


def is_parameter(one: Type) -> bool:
    """A type that stands for any: `A`."""
    return len(one.name) == 1 and one.name.isupper()


def fits(wanted: Type, found: Type, bound: dict[str, Type]) -> bool:
    """Whether a value of one type goes where another is wanted; what its parameters stand for is noted in bound."""
    if is_parameter(wanted):
        known = bound.get(wanted.name)
        if known is None or known.name in ANYTHING or is_empty(known):
            bound[wanted.name] = found
            return True
        return fits(known, found, bound)
    if wanted.name in ANYTHING or found.name in ANYTHING or is_parameter(found):
        return True
    if found.name == "null":
        return wanted.name == "null" or wanted.fields is not None or wanted.name in ("duration", "timestamp")
    if wanted.name != found.name or len(wanted.params) != len(found.params):
        return False
    return all(fits(one, other, bound) for one, other in zip(wanted.params, found.params, strict=True))


def is_empty(one: Type) -> bool:
    """The type of `[]` or `{}`, which becomes any list's or map's."""
    return bool(one.params) and all(part.name in ANYTHING or is_empty(part) for part in one.params)


def substituted(one: Type, bound: Mapping[str, Type]) -> Type:
    """A type with its parameters' meaning; those without one are dyn."""
    if is_parameter(one):
        return bound.get(one.name, DYN)
    if not one.params:
        return one
    return Type(one.name, tuple(substituted(part, bound) for part in one.params), one.fields, one.size)


def joined(types: Sequence[Type]) -> Type | None:
    """The type of elements that stand side by side; None when they don't go together."""
    found: Type | None = None
    for one in types:
        if found is None or found.name in ANYTHING or is_empty(found):
            found = one if found is None or found.name not in ANYTHING else found
        elif not fits(found, one, {}):
            if not fits(one, found, {}):
                return None
            found = one
    return found or DYN
