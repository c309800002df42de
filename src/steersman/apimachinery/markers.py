"""Facts about API fields, written as `Annotated` markers beside the field they describe.

A marker is data: `TypeSchema` collects them, and JSON, protobuf, defaulting, validation, patching and OpenAPI read them
there. Nothing acts on a marker when a class is defined.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, TypeVar, overload

import msgspec

T = TypeVar("T")

Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
IntOrString = int | str


@dataclass(frozen=True, slots=True)
class Wire:
    """The field's protobuf number in upstream's generated.proto."""

    number: int


@dataclass(frozen=True, slots=True)
class Wrapped:
    """In protobuf the list is a message with the items in its first field: in Go it is a type of its own."""


@dataclass(frozen=True, slots=True)
class Required:
    """The field must be present; OpenAPI lists it under `required`."""


@dataclass(frozen=True, slots=True)
class Default:
    """The value defaulting gives an absent field, in wire form (source: upstream's defaults.go or `+default`)."""

    value: object


@dataclass(frozen=True, slots=True)
class Doc:
    """What the field is for, for `kubectl explain`."""

    text: str


@dataclass(frozen=True, slots=True)
class Named:
    """The definition that OpenAPI refers to for a value of any form."""

    definition: str


class OneOf:
    """The field takes one of a closed set of strings."""

    __slots__ = ("values",)

    def __init__(self, values: type[StrEnum] | tuple[str, ...]) -> None:
        self.values: tuple[str, ...] = tuple(str(value) for value in values)


@dataclass(frozen=True, slots=True)
class Range:
    """Inclusive bounds of a number; None leaves a side open."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class DNSLabel:
    """The string is an RFC 1123 label."""


@dataclass(frozen=True, slots=True)
class DNSSubdomain:
    """The string is an RFC 1123 subdomain."""


@dataclass(frozen=True, slots=True)
class MergeBy:
    """Strategic merge patch merges this list, by `key`; without a key it is a list of primitives merged as a set."""

    key: str | None = None


@dataclass(frozen=True, slots=True)
class RetainKeys:
    """Strategic merge patch honours `$retainKeys` here."""


class ListMap:
    """Server-side apply treats the list as a map with these keys."""

    __slots__ = ("keys",)

    def __init__(self, *keys: str) -> None:
        self.keys = keys


@dataclass(frozen=True, slots=True)
class ListSet:
    """Server-side apply treats the list as a set of scalars."""


@dataclass(frozen=True, slots=True)
class Atomic:
    """The list, map or struct is replaced as a whole."""


@dataclass(frozen=True, slots=True)
class Granular:
    """The map or struct is merged by server-side apply although its type is atomic, or as OpenAPI says expressly."""


@dataclass(frozen=True, slots=True)
class ReplacedByPatch:
    """Strategic merge patch replaces the struct as a whole."""


@overload
def always(value: type[T]) -> T: ...


@overload
def always(value: T) -> T: ...


def always(value: Any) -> Any:
    """Default of a field that Go writes even when empty; a class stands for its empty instance, shared since frozen.

    msgspec leaves a field out only when it holds its plain default, never when the default comes from a factory.
    """
    empty: Any = value() if isinstance(value, type) else value

    def factory() -> Any:
        return empty

    return msgspec.field(default_factory=factory)
