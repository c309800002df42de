"""Values that Python has none of its own for, and what all values have in common.

null is None; bool, float, str and bytes are Python's; int is Python's within 64 bits, UInt marks an unsigned one. Lists
are lists, tuples or `views.ListView`; maps are dicts or `views.MapView`; objects are `views.ObjectView`.
"""

from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

MAX_INT: Final = 2**63 - 1
MIN_INT: Final = -(2**63)
MAX_UINT: Final = 2**64 - 1


class UInt(int):
    """An unsigned number of 64 bits."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A span of time."""

    nanos: int


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """A moment: nanoseconds since 1970 in UTC."""

    nanos: int


@dataclass(frozen=True, slots=True)
class TypeValue:
    """What `type(x)` says."""

    name: str


@dataclass(frozen=True, slots=True)
class Optional:
    """A value that may be missing."""

    has_value: bool
    value: object = None


NOTHING: Final = Optional(has_value=False)


@runtime_checkable
class Opaque(Protocol):
    """A value that an extension brings: it knows the name of its type and compares by itself."""

    @property
    def type_name(self) -> str:
        """Such as `kubernetes.URL`."""
        ...


class EvaluationError(Exception):
    """An expression has no value; the text says why, as upstream does."""


class NoSuchOverload(EvaluationError):
    """A function is not for values of these types."""

    def __init__(self) -> None:
        super().__init__("no such overload")


class BudgetExceeded(Exception):
    """An expression costs more than it may. Nothing in the expression can catch this."""


def no_such_key(key: object) -> EvaluationError:
    """A map or an object has no such entry."""
    return EvaluationError(f"no such key: {key}")


class Fields:
    """A value with fields that isn't a map: `views.ObjectView`, or one whose fields are found when asked for."""

    __slots__ = ()

    def has(self, field: str) -> bool:
        """A value is set."""
        raise NotImplementedError

    def get(self, field: str) -> object:
        """A field's value. EvaluationError when it isn't set."""
        raise NotImplementedError
