"""The most an expression can cost, by the sizes that its types allow: what may be written into a schema goes by it.

Source: cel-go/checker/cost.go; apiserver/pkg/cel/library/cost.go: EstimateCallCost.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from steersman.apimachinery.cel.ast import (
    Bind,
    Call,
    Comprehension,
    Expr,
    Ident,
    ListExpr,
    Literal,
    Loop,
    MapExpr,
    OptMap,
    Select,
    StructExpr,
)
from steersman.apimachinery.cel.cost import (
    AUTHORIZATION_COST,
    LIST_COST,
    MAP_COST,
    REGEX,
    SELECTOR_REQUIREMENT,
    STRUCT_COST,
    TRAVERSAL,
)
from steersman.apimachinery.cel.types import Type

# The size of what nothing is known about.
UNBOUNDED = 2**64 - 1
FORMAT_PATTERN = 128
ADDRESS_BYTES = 16
# Steps of a macro's turn beside its body: see `loops`.
_TURNS = {
    Loop.ALL: 3, Loop.EXISTS: 4, Loop.EXISTS_ONE: 2, Loop.FILTER: 13, Loop.MAP: 12, Loop.TRANSFORM_LIST: 12,
    Loop.TRANSFORM_MAP: 2, Loop.TRANSFORM_MAP_ENTRY: 2,
}  # fmt: skip
_ENDS = {
    Loop.ALL: 1, Loop.EXISTS: 1, Loop.EXISTS_ONE: 2, Loop.TRANSFORM_MAP: MAP_COST + 1,
    Loop.TRANSFORM_MAP_ENTRY: MAP_COST + 1,
}  # fmt: skip
_SCALARS = frozenset({"bool", "int", "uint", "double", "null", "duration", "timestamp", "type"})


@dataclass(frozen=True, slots=True)
class Estimate:
    """cost: at most. size: the most elements, characters or bytes; element: the same of a list's elements."""

    cost: int
    size: int
    element: int = UNBOUNDED


def estimate(node: Expr, types: Mapping[int, Type]) -> int:
    """The most that a checked tree can cost."""
    return _Estimator(types).of(node).cost


class _Estimator:
    def __init__(self, types: Mapping[int, Type]) -> None:
        self._types = types
        self._sizes: dict[str, Estimate] = {}

    def of(self, node: Expr) -> Estimate:
        match node:
            case Literal(value=value):
                return Estimate(0, len(value) if isinstance(value, str | bytes) else 1)
            case Ident(name=name):
                known = self._sizes.get(name) or self._typed(node)
                return Estimate(1, known.size, known.element)
            case Select():
                below, own = self.of(node.operand).cost, self._typed(node)
                return Estimate(below + (not node.is_test), own.size, own.element)
            case Call():
                return self._call(node)
            case ListExpr(elements=elements):
                found = [self.of(one) for one in elements]
                largest = max((one.size for one in found), default=0)
                return Estimate(LIST_COST + sum(one.cost for one in found), len(found), largest)
            case MapExpr(entries=entries) | StructExpr(entries=entries):
                cost = MAP_COST if isinstance(node, MapExpr) else STRUCT_COST
                parts = [self.of(part).cost for one in entries for part in (one.key, one.value)]
                return Estimate(cost + sum(parts), len(entries))
            case Comprehension():
                return self._comprehension(node)
            case Bind(variable=variable, value=value, body=body):
                bound = self.of(value)
                inside = self._within(variable, bound, body)
                return Estimate(bound.cost + inside.cost, inside.size, inside.element)
            case OptMap():
                target = self.of(node.target)
                inside = self._within(node.variable, Estimate(0, target.size, target.element), node.body)
                return Estimate(target.cost + 2 + inside.cost, inside.size, inside.element)

    def _within(self, variable: str, value: Estimate, body: Expr) -> Estimate:
        outer = self._sizes
        self._sizes = {**outer, variable: value}
        try:
            return self.of(body)
        finally:
            self._sizes = outer

    def _typed(self, node: Expr) -> Estimate:
        return _by_type(self._types[id(node)])

    def _comprehension(self, node: Comprehension) -> Estimate:
        over = self.of(node.over)
        outer = self._sizes
        self._sizes = {**outer, **self._turn(node, over)}
        try:
            body = self.of(node.body)
            condition = self.of(node.condition) if node.condition is not None else Estimate(0, 1)
        finally:
            self._sizes = outer
        turn = body.cost + condition.cost + _TURNS[node.loop]
        cost = over.cost + over.size * turn + _ENDS.get(node.loop, LIST_COST + 1)
        element = over.element if node.loop is Loop.FILTER else body.size
        return Estimate(cost, over.size, element)

    def _turn(self, node: Comprehension, over: Estimate) -> dict[str, Estimate]:
        kind = self._types[id(node.over)]
        parts = [_by_type(one) for one in kind.params] or [Estimate(0, UNBOUNDED)]
        if kind.name == "list":
            element = Estimate(0, min(parts[0].size, over.element), parts[0].element)
            parts = [Estimate(0, 1), element] if len(node.variables) > 1 else [element]
        return dict(zip(node.variables, parts * len(node.variables), strict=False))

    def _call(self, node: Call) -> Estimate:
        nodes = [*([] if node.target is None else [node.target]), *node.args]
        args = [self.of(one) for one in nodes]
        below = sum(one.cost for one in args)
        match node.function:
            case "_&&_" | "_||_":
                return Estimate(below, 1)
            case "_?_:_":
                condition, first, second = args
                size = max(first.size, second.size)
                cost = condition.cost + max(first.cost, second.cost)
                return Estimate(cost, size, max(first.element, second.element))
            case "_[_]" | "_[?_]":
                own = self._typed(node)
                return Estimate(below + 1, min(own.size, args[0].element), own.element)
        kinds = [self._types[id(one)] for one in nodes]
        made = _CALLS.get(node.function, _one)(args, kinds)
        own = self._typed(node)
        size = made.size if made.size != UNBOUNDED else own.size
        return Estimate(below + made.cost, size, min(own.element, made.element))


def _by_type(kind: Type) -> Estimate:
    if kind.name == "optional_type":
        return _by_type(kind.params[0])
    size = 1 if kind.name in _SCALARS else UNBOUNDED if kind.size is None else kind.size
    element = _by_type(kind.params[-1]).size if kind.params else UNBOUNDED
    return Estimate(0, size, element)


Args = Sequence[Estimate]
Kinds = Sequence[Type]


def _one(args: Args, kinds: Kinds) -> Estimate:
    return Estimate(1, UNBOUNDED)


def _times(size: int, factor: float) -> int:
    return ceil(size * factor)


def _text(factor: float) -> Callable[[Args, Kinds], Estimate]:
    """Going through the first text; the result is no longer than it."""
    return lambda args, kinds: Estimate(_times(args[0].size, factor), args[0].size)


def _compared(args: Args, kinds: Kinds) -> Estimate:
    if kinds[0].name in _SCALARS or kinds[0].name.startswith(("kubernetes.", "net.")):
        return Estimate(1, 1)
    return Estimate(max(1, _times(min(args[0].size, args[1].size), TRAVERSAL)), 1)


def _added(args: Args, kinds: Kinds) -> Estimate:
    left, right = args
    if kinds[0].name in ("string", "bytes"):
        return Estimate(_times(left.size + right.size, TRAVERSAL), left.size + right.size)
    return Estimate(1, left.size + right.size, max(left.element, right.element))


def _matched(args: Args, kinds: Kinds) -> Estimate:
    return Estimate(_times(args[0].size + 1, TRAVERSAL) * _times(args[1].size, REGEX), args[0].size)


def _contained(args: Args, kinds: Kinds) -> Estimate:
    return Estimate(_times(args[0].size, TRAVERSAL) * _times(args[1].size, TRAVERSAL), 1)


def _searched(args: Args, kinds: Kinds) -> Estimate:
    return Estimate(args[1].size if kinds[1].name == "list" else 1, 1)


def _through_list(args: Args, kinds: Kinds) -> Estimate:
    found = args[0]
    if kinds[0].name == "string":
        return Estimate(_times(found.size, TRAVERSAL), 1)
    has_text = bool(kinds[0].params) and kinds[0].params[0].name in ("string", "bytes")
    return Estimate(found.size * (1 + (_times(found.element, TRAVERSAL) if has_text else 0)), found.element)


def _replaced(args: Args, kinds: Kinds) -> Estimate:
    text, new = args[0], args[2]
    return Estimate(_times(text.size, 2 * TRAVERSAL), (text.size + 1) * new.size + text.size)


def _joined(args: Args, kinds: Kinds) -> Estimate:
    found = args[0]
    separators = args[1].size * max(found.size - 1, 0) if len(args) > 1 else 0
    size = found.size * found.element + separators
    return Estimate(_times(size, TRAVERSAL), size)


def _selector(args: Args, kinds: Kinds) -> Estimate:
    size = args[1].size
    return Estimate(LIST_COST + _times(size, TRAVERSAL) + _times(size, SELECTOR_REQUIREMENT), UNBOUNDED)


def _network(args: Args, kinds: Kinds) -> Estimate:
    parsed = _times(args[1].size, TRAVERSAL) if kinds[1].name == "string" else 0
    return Estimate(_times(2 * ADDRESS_BYTES, TRAVERSAL) + parsed, 1)


def _validated(args: Args, kinds: Kinds) -> Estimate:
    return Estimate(_times(_times(args[1].size, TRAVERSAL), FORMAT_PATTERN * REGEX), UNBOUNDED)


def _products(args: Args, kinds: Kinds) -> Estimate:
    return Estimate(args[0].size * args[1].size, 1)


_CALLS: dict[str, Callable[[Args, Kinds], Estimate]] = {
    "check": lambda args, kinds: Estimate(AUTHORIZATION_COST, UNBOUNDED),
    "fieldSelector": _selector,
    "labelSelector": _selector,
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf", "includes"), _through_list),
    **dict.fromkeys(("url", "lowerAscii", "upperAscii", "substring", "trim", "jsonpatch.escapeKey"), _text(TRAVERSAL)),
    **dict.fromkeys(("cidr", "isIP", "isCIDR", "quantity", "isQuantity", "semver", "isSemver"), _text(TRAVERSAL)),
    **dict.fromkeys(("split", "ip.isCanonical"), _text(2 * TRAVERSAL)),
    "ip": lambda args, kinds: Estimate(1, 1) if kinds[0].name == "net.CIDR" else _text(TRAVERSAL)(args, kinds),
    **dict.fromkeys(
        ("bytes", "string"), lambda args, kinds: Estimate(max(1, _times(args[0].size, TRAVERSAL)), args[0].size)
    ),
    "replace": _replaced,
    "join": _joined,
    **dict.fromkeys(("find", "findAll", "matches"), _matched),
    "containsIP": _network,
    "containsCIDR": lambda args, kinds: Estimate(_network(args, kinds).cost + 3, 1),
    "validate": _validated,
    "contains": _contained,
    **dict.fromkeys(("startsWith", "endsWith"), lambda args, kinds: Estimate(_times(args[1].size, TRAVERSAL), 1)),
    **dict.fromkeys(("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"), _compared),
    "_+_": _added,
    "@in": _searched,
    **dict.fromkeys(("sets.contains", "sets.intersects", "sets.equivalent"), _products),
    **dict.fromkeys(
        ("dyn", "orValue", "or", "value", "optional.of"), lambda args, kinds: Estimate(1, max(one.size for one in args))
    ),
}
