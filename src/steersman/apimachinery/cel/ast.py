"""The syntax tree. Macros that go over collections are nodes of their own: they are evaluated as loops."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """What every node has: the offset in the text that errors point at."""

    offset: int


@dataclass(frozen=True, slots=True, eq=False)
class Literal(Node):
    """A constant: None, bool, int, UInt, float, str or bytes."""

    value: object


@dataclass(frozen=True, slots=True, eq=False)
class Ident(Node):
    """A variable or the name of a type."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Select(Node):
    """`operand.field`, `operand.?field`, or `has(operand.field)`."""

    operand: "Expr"
    field: str
    is_test: bool = False
    is_optional: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Call(Node):
    """A function or operator; target is what a member function is called on."""

    function: str
    args: tuple["Expr", ...]
    target: "Expr | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class ListExpr(Node):
    """`[a, ?b]`; optional: the positions with a question mark."""

    elements: tuple["Expr", ...]
    optional: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Entry(Node):
    """`key: value` of a map, or `field: value` of an object, where key is a Literal."""

    key: "Expr"
    value: "Expr"
    is_optional: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class MapExpr(Node):
    """`{key: value}`."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, eq=False)
class StructExpr(Node):
    """`Type.name{field: value}`."""

    name: str
    entries: tuple[Entry, ...]


class Loop(StrEnum):
    """What a macro makes of a collection."""

    ALL = "all"
    EXISTS = "exists"
    EXISTS_ONE = "exists_one"
    FILTER = "filter"
    MAP = "map"
    TRANSFORM_LIST = "transformList"
    TRANSFORM_MAP = "transformMap"
    TRANSFORM_MAP_ENTRY = "transformMapEntry"


@dataclass(frozen=True, slots=True, eq=False)
class Comprehension(Node):
    """`over.loop(variables, [condition,] body)`; with two variables: index or key, and value."""

    loop: Loop
    over: "Expr"
    variables: tuple[str, ...]
    body: "Expr"
    condition: "Expr | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class Bind(Node):
    """`cel.bind(variable, value, body)`, and what the macros of optional values are made of."""

    variable: str
    value: "Expr"
    body: "Expr"


@dataclass(frozen=True, slots=True, eq=False)
class OptMap(Node):
    """`target.optMap(variable, body)`; is_flat: the body is optional itself."""

    target: "Expr"
    variable: str
    body: "Expr"
    is_flat: bool


Expr: TypeAlias = Literal | Ident | Select | Call | ListExpr | MapExpr | StructExpr | Comprehension | Bind | OptMap
