"""Trees against types: names that exist, fields that objects have, functions that are for such values.

Every fault is told, in upstream's words. Source: cel-go/checker/checker.go, errors.go.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

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
from steersman.apimachinery.cel.signatures import Function
from steersman.apimachinery.cel.source import CELError, shown
from steersman.apimachinery.cel.types import (
    ANYTHING,
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    ERROR,
    INT,
    NULL,
    STRING,
    TYPE,
    TYPE_NAMES,
    UINT,
    Type,
    fits,
    joined,
    list_of,
    map_of,
    optional_of,
    substituted,
)
from steersman.apimachinery.cel.values import UInt

_LITERALS = {type(None): NULL, bool: BOOL, int: INT, UInt: UINT, float: DOUBLE, str: STRING, bytes: BYTES}


class Declared(Protocol):
    """What names mean while a tree is checked."""

    @property
    def variables(self) -> Mapping[str, Type]:
        """The types of the variables."""
        ...

    def overloads(self, name: str) -> Sequence[Function]:
        """The functions of a name."""
        ...

    def object_type(self, name: str) -> Type | None:
        """A type that objects can be made of."""
        ...


def check(text: str, node: Expr, declared: Declared) -> dict[int, Type]:
    """The types of all nodes, by `id(node)`. CELError with every fault."""
    checker = _Checker(text, declared)
    checker.check(node, dict(declared.variables))
    if checker.faults:
        raise CELError("\n".join(checker.faults))
    return checker.types


Known = Mapping[str, Type]


class _Checker:
    def __init__(self, text: str, declared: Declared) -> None:
        self._text = text
        self._declared = declared
        self.faults: list[str] = []
        self.types: dict[int, Type] = {}

    def check(self, node: Expr, known: Known) -> Type:
        found = self._type(node, known)
        self.types[id(node)] = found
        return found

    def _fault(self, node: Expr, message: str) -> Type:
        self.faults.append(shown(self._text, node.offset, message))
        return ERROR

    def _type(self, node: Expr, known: Known) -> Type:
        match node:
            case Literal(value=value):
                return _LITERALS[type(value)]
            case Ident(name=name):
                return self._ident(node, name, known)
            case Select():
                return self._select(node, known)
            case Call():
                return self._call(node, known)
            case ListExpr():
                return self._list(node, known)
            case MapExpr():
                return self._map(node, known)
            case StructExpr():
                return self._struct(node, known)
            case Comprehension():
                return self._comprehension(node, known)
            case Bind(variable=variable, value=value, body=body):
                return self.check(body, {**known, variable: self.check(value, known)})
            case OptMap():
                return self._optional_map(node, known)

    def _ident(self, node: Expr, name: str, known: Known) -> Type:
        found = known.get(name)
        if found is not None:
            return found
        if name in TYPE_NAMES:
            return TYPE
        return self._fault(node, f"undeclared reference to '{name}' (in container '')")

    def _select(self, node: Select, known: Known) -> Type:
        operand = self.check(node.operand, known)
        is_optional = node.is_optional
        if operand.name == "optional_type":
            operand, is_optional = operand.params[0], True
        found = self._field(node, operand)
        if node.is_test:
            return BOOL
        return optional_of(found) if is_optional and found.name != ERROR.name else found

    def _field(self, node: Select, operand: Type) -> Type:
        if operand.name in ANYTHING:
            return DYN
        if operand.name == "map":
            return operand.params[1]
        if operand.fields is not None:
            found = operand.fields.get(node.field)
            return found if found is not None else self._fault(node, f"undefined field '{node.field}'")
        return self._fault(node, f"type '{operand}' does not support field selection")

    def _call(self, node: Call, known: Known) -> Type:
        args = [self.check(one, known) for one in node.args]
        target = None if node.target is None else self.check(node.target, known)
        if node.function == "_?_:_":
            return self._conditional(node, args)
        if node.function in ("_[_]", "_[?_]"):
            return self._index(node, args)
        if node.function in ("_&&_", "_||_"):
            return BOOL if all(fits(BOOL, one, {}) for one in args) else self._unfit(node, None, args)
        overloads = self._declared.overloads(node.function)
        if not overloads:
            return self._fault(node, f"undeclared reference to '{node.function}' (in container '')")
        wanted = args if target is None else [target, *args]
        results = _results(overloads, wanted, is_member=target is not None)
        if not results:
            return self._unfit(node, target, args)
        return results[0] if all(one == results[0] for one in results) else DYN

    def _conditional(self, node: Call, args: list[Type]) -> Type:
        condition, first, second = args
        both = joined([first, second]) if fits(BOOL, condition, {}) else None
        return both if both is not None else self._unfit(node, None, args)

    def _index(self, node: Call, args: list[Type]) -> Type:
        collection, key = args
        is_optional = node.function == "_[?_]"
        if collection.name == "optional_type":
            collection, is_optional = collection.params[0], True
        if collection.name in ANYTHING:
            found = DYN
        elif collection.name == "list" and (fits(INT, key, {}) or key in (UINT, DOUBLE)):
            found = collection.params[0]
        elif collection.name == "map" and fits(collection.params[0], key, {}):
            found = collection.params[1]
        else:
            return self._unfit(node, None, args)
        return optional_of(found) if is_optional else found

    def _unfit(self, node: Call, target: Type | None, args: Sequence[Type]) -> Type:
        if any(one.name == ERROR.name for one in (*args, *([] if target is None else [target]))):
            return ERROR
        shape = f"({', '.join(map(str, args))})"
        applied = shape if target is None else f"{target}.{shape}"
        return self._fault(node, f"found no matching overload for '{node.function}' applied to '{applied}'")

    def _list(self, node: ListExpr, known: Known) -> Type:
        types = []
        for position, one in enumerate(node.elements):
            found = self.check(one, known)
            types.append(self._unwrapped(one, found) if position in node.optional else found)
        return list_of(self._same(node.elements, types))

    def _unwrapped(self, node: Expr, found: Type) -> Type:
        if found.name in ANYTHING:
            return DYN
        if found.name == "optional_type":
            return found.params[0]
        return self._fault(node, f"expected type 'optional_type({found})' but found '{found}'")

    def _same(self, nodes: Sequence[Expr], types: Sequence[Type]) -> Type:
        """Elements side by side are of one type. Source: cel.HomogeneousAggregateLiterals."""
        found = joined(types)
        if found is not None:
            return found
        first = types[0]
        node, other = next((one, kind) for one, kind in zip(nodes, types, strict=True) if not fits(first, kind, {}))
        return self._fault(node, f"expected type '{first}' but found '{other}'")

    def _map(self, node: MapExpr, known: Known) -> Type:
        keys = [self.check(one.key, known) for one in node.entries]
        values = []
        for one in node.entries:
            found = self.check(one.value, known)
            values.append(self._unwrapped(one.value, found) if one.is_optional else found)
        key = self._same([one.key for one in node.entries], keys)
        return map_of(key, self._same([one.value for one in node.entries], values))

    def _struct(self, node: StructExpr, known: Known) -> Type:
        found = self._declared.object_type(node.name)
        if found is None or found.fields is None:
            for one in node.entries:
                self.check(one.value, known)
            return self._fault(node, f"undeclared reference to '{node.name}' (in container '')")
        for one in node.entries:
            assert isinstance(one.key, Literal), "fields have names"
            name, given = str(one.key.value), self.check(one.value, known)
            given = self._unwrapped(one.value, given) if one.is_optional else given
            wanted = found.fields.get(name)
            if wanted is None:
                self._fault(one.key, f"undefined field '{name}'")
            elif not fits(wanted, given, {}):
                why = f"expected type of field '{name}' is '{wanted}' but provided type is '{given}'"
                self._fault(one.key, why)
        return found

    def _comprehension(self, node: Comprehension, known: Known) -> Type:
        over = self.check(node.over, known)
        inner = {**known, **dict(zip(node.variables, self._turn(node, over), strict=True))}
        if node.condition is not None:
            self._truth(node.condition, self.check(node.condition, inner))
        body = self.check(node.body, inner)
        match node.loop:
            case Loop.ALL | Loop.EXISTS | Loop.EXISTS_ONE:
                self._truth(node.body, body)
                return BOOL
            case Loop.FILTER:
                self._truth(node.body, body)
                return list_of(inner[node.variables[0]])
            case Loop.MAP | Loop.TRANSFORM_LIST:
                return list_of(body)
            case Loop.TRANSFORM_MAP:
                return map_of(inner[node.variables[0]], body)
            case Loop.TRANSFORM_MAP_ENTRY:
                return body

    def _turn(self, node: Comprehension, over: Type) -> tuple[Type, ...]:
        has_two = len(node.variables) > 1
        if over.name == "list":
            return (INT, over.params[0]) if has_two else over.params
        if over.name == "map":
            return over.params if has_two else over.params[:1]
        if over.name not in ANYTHING:
            why = f"expression of type '{over}' cannot be range of a comprehension (must be list, map, or dynamic)"
            self._fault(node.over, why)
        return (DYN, DYN) if has_two else (DYN,)

    def _truth(self, node: Expr, found: Type) -> None:
        if not fits(BOOL, found, {}):
            self._fault(node, f"expected type 'bool' but found '{found}'")

    def _optional_map(self, node: OptMap, known: Known) -> Type:
        target = self.check(node.target, known)
        inner = target.params[0] if target.name == "optional_type" else DYN
        if target.name != "optional_type" and target.name not in ANYTHING:
            return self._fault(node, f"found no matching overload for 'optMap' applied to '{target}.(...)'")
        body = self.check(node.body, {**known, node.variable: inner})
        return body if node.is_flat else optional_of(body)


def _results(overloads: Sequence[Function], args: Sequence[Type], *, is_member: bool) -> list[Type]:
    found = []
    for one in overloads:
        if one.is_member is not is_member or len(one.args) != len(args):
            continue
        bound: dict[str, Type] = {}
        if all(fits(wanted, given, bound) for wanted, given in zip(one.args, args, strict=True)):
            found.append(substituted(one.result, bound))
    return found
