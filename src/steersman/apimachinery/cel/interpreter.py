"""Trees as closures: each takes the scope, adds to its cost what it costs, and returns a value or raises.

The cost of macros is that of the loops that upstream's parser makes of them. Source: cel-go/interpreter/planner.go,
runtimecost.go; parser/macro.go.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from steersman.apimachinery.cel.ast import (
    Bind,
    Call,
    Comprehension,
    Expr,
    Ident,
    ListExpr,
    Literal,
    MapExpr,
    OptMap,
    Select,
    StructExpr,
)
from steersman.apimachinery.cel.cost import LIST_COST, MAP_COST, STRUCT_COST, call_cost
from steersman.apimachinery.cel.loops import looped
from steersman.apimachinery.cel.operators import LISTS, MAPS, index, type_name
from steersman.apimachinery.cel.scope import Eval, Scope
from steersman.apimachinery.cel.types import TYPE_NAMES
from steersman.apimachinery.cel.values import (
    NOTHING,
    EvaluationError,
    Fields,
    NoSuchOverload,
    Optional,
    TypeValue,
    no_such_key,
)

Implementation = Callable[..., Any]


class Known(Protocol):
    """What names mean while a tree is compiled."""

    def implementation(self, function: str, count: int, *, is_member: bool) -> Implementation:
        """The function that calls with so many arguments, the target counted, go to."""
        ...

    def make(self, name: str, fields: Mapping[str, Any]) -> Any:
        """An object of a named type."""
        ...


def compiled(node: Expr, known: Known) -> Eval:
    """A tree as a function of the scope."""
    return _Compiler(known).compile(node)


class _Compiler:
    def __init__(self, known: Known) -> None:
        self._known = known

    def compile(self, node: Expr) -> Eval:
        match node:
            case Literal(value=value):
                return lambda scope: value
            case Ident(name=name):
                return _variable(name)
            case Select():
                return self._select(node)
            case Call():
                return self._call(node)
            case ListExpr():
                return self._list(node)
            case MapExpr():
                return self._map(node)
            case StructExpr():
                return self._struct(node)
            case Comprehension():
                condition = None if node.condition is None else self.compile(node.condition)
                return looped(node, self.compile(node.over), self.compile(node.body), condition)
            case Bind():
                return self._bind(node)
            case OptMap():
                return self._optional_map(node)

    def _select(self, node: Select) -> Eval:
        operand, field = self.compile(node.operand), node.field
        if node.is_test:
            return lambda scope: _has(operand(scope), field)
        if node.is_optional:

            def optional(scope: Scope) -> Any:
                scope.cost += 1
                return _optional_field(operand(scope), field)

            return optional

        def select(scope: Scope) -> Any:
            value = operand(scope)
            scope.cost += 1
            return _field(value, field)

        return select

    def _call(self, node: Call) -> Eval:
        args = [self.compile(one) for one in (*([] if node.target is None else [node.target]), *node.args)]
        match node.function, args:
            case "_&&_", [left, right]:
                return _both(left, right)
            case "_||_", [left, right]:
                return _either(left, right)
            case "_?_:_", [condition, first, second]:
                return _conditional(condition, first, second)
            case "_[_]", [operand, key]:
                return _indexed(operand, key)
            case "_[?_]", [operand, key]:
                return _optionally_indexed(operand, key)
        return self._plain_call(node, args)

    def _plain_call(self, node: Call, args: list[Eval]) -> Eval:
        function = self._known.implementation(node.function, len(args), is_member=node.target is not None)
        counted = call_cost(node.function)
        if counted is None and len(args) == 1:
            (only,) = args

            def unary(scope: Scope) -> Any:
                value = only(scope)
                scope.spend(1)
                return function(value)

            return unary
        if counted is None:

            def plain(scope: Scope) -> Any:
                values = [arg(scope) for arg in args]
                scope.spend(1)
                return function(*values)

            return plain

        def call(scope: Scope) -> Any:
            values = [arg(scope) for arg in args]
            result = function(*values)
            scope.spend(counted(values, result))
            return result

        return call

    def _list(self, node: ListExpr) -> Eval:
        elements = [(self.compile(one), position in node.optional) for position, one in enumerate(node.elements)]

        def made(scope: Scope) -> list[Any]:
            found: list[Any] = []
            for element, is_optional in elements:
                value = element(scope)
                if not is_optional:
                    found.append(value)
                elif _optional(value).has_value:
                    found.append(value.value)
            scope.spend(LIST_COST)
            return found

        return made

    def _map(self, node: MapExpr) -> Eval:
        entries = [(self.compile(one.key), self.compile(one.value), one.is_optional) for one in node.entries]

        def made(scope: Scope) -> dict[Any, Any]:
            found: dict[Any, Any] = {}
            for key_of, value_of, is_optional in entries:
                key, value = key_of(scope), value_of(scope)
                if type_name(key) not in ("string", "int", "uint", "bool", "double"):
                    raise EvaluationError("unsupported key type")
                if is_optional:
                    if not _optional(value).has_value:
                        continue
                    value = value.value
                if key in found:
                    raise EvaluationError(f"insert failed: key '{key}' already exists")
                found[key] = value
            scope.spend(MAP_COST)
            return found

        return made

    def _struct(self, node: StructExpr) -> Eval:
        entries = [(one.key, self.compile(one.value), one.is_optional) for one in node.entries]
        make, name = self._known.make, node.name

        def made(scope: Scope) -> Any:
            found: dict[str, Any] = {}
            for key, value_of, is_optional in entries:
                assert isinstance(key, Literal), "fields have names"
                value = value_of(scope)
                if is_optional:
                    if not _optional(value).has_value:
                        continue
                    value = value.value
                found[str(key.value)] = value
            scope.spend(STRUCT_COST)
            return make(name, found)

        return made

    def _bind(self, node: Bind) -> Eval:
        value_of, body, name = self.compile(node.value), self.compile(node.body), node.variable

        def bound(scope: Scope) -> Any:
            return scope.within({name: value_of(scope)}, body)

        return bound

    def _optional_map(self, node: OptMap) -> Eval:
        target, body, name, is_flat = self.compile(node.target), self.compile(node.body), node.variable, node.is_flat

        def mapped(scope: Scope) -> Any:
            found = _optional(target(scope))
            scope.spend(2)
            if not found.has_value:
                return NOTHING
            made = scope.within({name: found.value}, body)
            return _optional(made) if is_flat else Optional(True, made)

        return mapped


def _variable(name: str) -> Eval:
    kind = TypeValue(name)
    is_type = name in TYPE_NAMES

    def found(scope: Scope) -> Any:
        scope.cost += 1
        try:
            return scope.variables[name]
        except KeyError:
            if is_type:
                return kind
            raise EvaluationError(f"no such attribute(s): {name}") from None

    return found


def _optional(value: Any) -> Optional:
    if isinstance(value, Optional):
        return value
    raise NoSuchOverload


def _field(value: Any, field: str) -> Any:
    kind = type(value)
    if kind in MAPS:
        try:
            return value[field]
        except KeyError:
            raise no_such_key(field) from None
    if isinstance(value, Fields):
        return value.get(field)
    if kind is Optional:
        return _optional_field(value, field)
    raise NoSuchOverload


def _has(value: Any, field: str) -> bool:
    kind = type(value)
    if kind in MAPS:
        return field in value
    if isinstance(value, Fields):
        return value.has(field)
    if kind is Optional:
        return value.has_value and _has(value.value, field)
    raise NoSuchOverload


def _optional_field(value: Any, field: str) -> Optional:
    if type(value) is Optional:
        if not value.has_value:
            return NOTHING
        value = value.value
    return Optional(True, _field(value, field)) if _has(value, field) else NOTHING


def _indexed(operand: Eval, key: Eval) -> Eval:
    def indexed(scope: Scope) -> Any:
        collection, wanted = operand(scope), key(scope)
        scope.cost += 1
        if type(collection) is Optional:
            return _optional_index(collection, wanted)
        return index(collection, wanted)

    return indexed


def _optionally_indexed(operand: Eval, key: Eval) -> Eval:
    def indexed(scope: Scope) -> Any:
        collection, wanted = operand(scope), key(scope)
        scope.cost += 1
        return _optional_index(collection, wanted)

    return indexed


def _optional_index(collection: Any, key: Any) -> Optional:
    if type(collection) is Optional:
        if not collection.has_value:
            return NOTHING
        collection = collection.value
    if type(collection) in LISTS:
        is_there = type(key) is int and 0 <= key < len(collection)
    elif type(collection) in MAPS:
        is_there = key in collection
    else:
        is_there = isinstance(collection, Fields) and isinstance(key, str) and collection.has(key)
    return Optional(True, index(collection, key)) if is_there else NOTHING


def _both(left: Eval, right: Eval) -> Eval:
    """False wins over errors, whichever side it is on."""

    def both(scope: Scope) -> bool:
        try:
            first = left(scope)
        except EvaluationError as error:
            if right(scope) is False:
                return False
            raise error
        if first is False:
            return False
        second = right(scope)
        if second is False:
            return False
        if first is True and second is True:
            return True
        raise NoSuchOverload

    return both


def _either(left: Eval, right: Eval) -> Eval:
    """True wins over errors, whichever side it is on."""

    def either(scope: Scope) -> bool:
        try:
            first = left(scope)
        except EvaluationError as error:
            if right(scope) is True:
                return True
            raise error
        if first is True:
            return True
        second = right(scope)
        if second is True:
            return True
        if first is False and second is False:
            return False
        raise NoSuchOverload

    return either


def _conditional(condition: Eval, first: Eval, second: Eval) -> Eval:
    def chosen(scope: Scope) -> Any:
        match condition(scope):
            case True:
                return first(scope)
            case False:
                return second(scope)
            case _:
                raise NoSuchOverload

    return chosen
