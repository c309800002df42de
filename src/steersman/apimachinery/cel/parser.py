"""Expressions as trees. Source: the CEL specification; macros: cel-go/parser/macro.go, ext/comprehensions.go."""

from collections.abc import Collection
from typing import NoReturn

from steersman.apimachinery.cel.ast import (
    Bind,
    Call,
    Comprehension,
    Entry,
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
from steersman.apimachinery.cel.lexer import RESERVED, Sort, Token, tokens
from steersman.apimachinery.cel.source import SourceError
from steersman.apimachinery.cel.values import MAX_INT

# Source: cel-go's parser: maxRecursionDepth.
MAX_DEPTH = 250
OPERATORS = {
    "||": "_||_", "&&": "_&&_", "<": "_<_", "<=": "_<=_", ">": "_>_", ">=": "_>=_", "==": "_==_", "!=": "_!=_",
    "in": "@in", "+": "_+_", "-": "_-_", "*": "_*_", "/": "_/_", "%": "_%_",
}  # fmt: skip
# How tight operators bind.
RANKS = {
    "||": 0, "&&": 1, **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in"), 2), "+": 3, "-": 3, "*": 4, "/": 4,
    "%": 4,
}  # fmt: skip
LOGICAL = frozenset({"||", "&&"})
ONE_VARIABLE = {"all": Loop.ALL, "exists": Loop.EXISTS, "exists_one": Loop.EXISTS_ONE, "existsOne": Loop.EXISTS_ONE}
TRANSFORMS = {
    "transformList": Loop.TRANSFORM_LIST,
    "transformMap": Loop.TRANSFORM_MAP,
    "transformMapEntry": Loop.TRANSFORM_MAP_ENTRY,
}
TWO, THREE, FOUR = 2, 3, 4


def parse(text: str, qualified: Collection[str] = ()) -> Expr:
    """The tree of an expression. qualified: functions with a dot in their name. SourceError."""
    return _Parser(text, qualified).whole()


class _Parser:
    def __init__(self, text: str, qualified: Collection[str]) -> None:
        self._text = text
        self._qualified = qualified
        self._tokens = tokens(text)
        self._position = 0
        self._depth = 0

    def whole(self) -> Expr:
        found = self._expression()
        if self._now.sort is not Sort.END:
            self._unexpected()
        return found

    @property
    def _now(self) -> Token:
        return self._tokens[self._position]

    def _next(self) -> Token:
        token = self._tokens[self._position]
        self._position += 1
        return token

    def _is(self, *signs: str) -> bool:
        token = self._now
        return token.sort is Sort.SIGN and token.text in signs

    def _take(self, sign: str) -> bool:
        if self._is(sign):
            self._position += 1
            return True
        return False

    def _expect(self, sign: str) -> Token:
        if not self._is(sign):
            self._unexpected(f", expecting '{sign}'")
        return self._next()

    def _unexpected(self, more: str = "") -> NoReturn:
        token = self._now
        verb = "mismatched" if more else "extraneous"
        self._fail(
            token.offset, f"Syntax error: {verb} input '{token.text}'{more.replace(', expecting', ' expecting')}"
        )

    def _fail(self, offset: int, message: str) -> NoReturn:
        raise SourceError(self._text, offset, message)

    def _expression(self) -> Expr:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail(self._now.offset, f"expression recursion limit exceeded: {MAX_DEPTH}")
        condition = self._binary()
        if self._is("?"):
            offset = self._next().offset
            first = self._binary()
            self._expect(":")
            condition = Call(offset, "_?_:_", (condition, first, self._expression()))
        self._depth -= 1
        return condition

    def _binary(self, level: int = 0) -> Expr:
        """Operators that bind at least as tight as a level."""
        left = self._unary()
        while self._now.sort is Sort.SIGN and (rank := RANKS.get(self._now.text, -1)) >= level:
            sign = self._next()
            right = self._binary(rank + 1)
            if sign.text in LOGICAL:
                left = self._logical(sign, rank, [left, right])
            else:
                left = Call(sign.offset, OPERATORS[sign.text], (left, right))
        return left

    def _logical(self, sign: Token, rank: int, operands: list[Expr]) -> Expr:
        """A chain of `&&` or `||` becomes a balanced tree: it may be long. Source: cel-go: newLogicManager."""
        offsets = [sign.offset]
        while self._is(sign.text):
            offsets.append(self._next().offset)
            operands.append(self._binary(rank + 1))
        return _balanced(OPERATORS[sign.text], operands, offsets)

    def _unary(self) -> Expr:
        for sign, function in (("!", "!_"), ("-", "-_")):
            if not self._is(sign):
                continue
            first, count = self._now, 0
            while self._take(sign):
                count += 1
            return self._negated(first, function, count)
        found = self._member()
        if isinstance(found, Literal) and type(found.value) is int and found.value > MAX_INT:
            self._fail(found.offset, "invalid int literal")
        return found

    def _negated(self, first: Token, function: str, count: int) -> Expr:
        token = self._now
        if function == "-_" and count % 2 and token.sort is Sort.LITERAL and type(token.value) in (int, float):
            self._position += 1
            number = token.value
            assert isinstance(number, int | float), "it is a number"
            return self._suffixes(Literal(first.offset, -number))
        operand = self._member()
        return operand if count % 2 == 0 else Call(first.offset, function, (operand,))

    def _member(self) -> Expr:
        return self._suffixes(self._primary())

    def _suffixes(self, found: Expr) -> Expr:
        while True:
            if self._is("."):
                found = self._selected(found)
            elif self._is("["):
                offset = self._next().offset
                function = "_[?_]" if self._take("?") else "_[_]"
                found = Call(offset, function, (found, self._expression()))
                self._expect("]")
            elif self._is("{") and (name := _type_name(found)):
                found = StructExpr(self._next().offset, name, self._entries(is_struct=True))
            else:
                return found

    def _selected(self, found: Expr) -> Expr:
        dot = self._next()
        is_optional = self._take("?")
        token = self._next()
        if token.sort is Sort.QUOTED:
            return Select(dot.offset, found, token.text, is_optional=is_optional)
        # After a dot, words of the language are names.
        if token.sort is not Sort.IDENT and not (token.text.isidentifier() and token.text not in ("true", "null")):
            self._fail(token.offset, f"Syntax error: no viable alternative at input '.{token.text}'")
        if is_optional or not self._is("("):
            return Select(dot.offset, found, token.text, is_optional=is_optional)
        offset = self._next().offset
        args = self._arguments(")")
        if isinstance(found, Ident) and f"{found.name}.{token.text}" in self._qualified:
            return self._qualified_call(offset, f"{found.name}.{token.text}", args)
        return self._macro(offset, found, token.text, args) or Call(offset, token.text, args, found)

    def _qualified_call(self, offset: int, name: str, args: tuple[Expr, ...]) -> Expr:
        if name != "cel.bind":
            return Call(offset, name, args)
        if len(args) != THREE:
            self._fail(offset, "cel.bind() takes three arguments")
        return Bind(offset, self._variable(args[0]), args[1], args[2])

    def _arguments(self, closing: str) -> tuple[Expr, ...]:
        found: list[Expr] = []
        while not self._take(closing):
            found.append(self._expression())
            if not self._take(","):
                self._expect(closing)
                break
        return tuple(found)

    def _primary(self) -> Expr:
        token = self._next()
        match token.sort, token.text:
            case Sort.LITERAL, _:
                return Literal(token.offset, token.value)
            case Sort.SIGN, "(":
                inner = self._expression()
                self._expect(")")
                return inner
            case Sort.SIGN, "[":
                return self._list(token.offset)
            case Sort.SIGN, "{":
                return MapExpr(token.offset, self._entries(is_struct=False))
            case Sort.SIGN, "." if self._now.sort is Sort.IDENT:
                return self._named(self._next())
            case Sort.IDENT, _:
                return self._named(token)
        self._position -= 1
        return self._unexpected()

    def _named(self, token: Token) -> Expr:
        if token.text in RESERVED:
            self._fail(token.offset, f"reserved identifier: {token.text}")
        if not self._is("("):
            return Ident(token.offset, token.text)
        offset = self._next().offset
        args = self._arguments(")")
        if token.text == "has" and len(args) == 1:
            (tested,) = args
            if not isinstance(tested, Select):
                self._fail(tested.offset, "invalid argument to has() macro")
            return Select(offset, tested.operand, tested.field, is_test=True)
        return Call(offset, token.text, args)

    def _list(self, offset: int) -> ListExpr:
        elements: list[Expr] = []
        optional: set[int] = set()
        while not self._take("]"):
            if self._take("?"):
                optional.add(len(elements))
            elements.append(self._expression())
            if not self._take(","):
                self._expect("]")
                break
        return ListExpr(offset, tuple(elements), frozenset(optional))

    def _entries(self, *, is_struct: bool) -> tuple[Entry, ...]:
        found: list[Entry] = []
        while not self._take("}"):
            is_optional = self._take("?")
            key = self._field_name() if is_struct else self._expression()
            offset = self._expect(":").offset
            found.append(Entry(offset, key, self._expression(), is_optional))
            if not self._take(","):
                self._expect("}")
                break
        return tuple(found)

    def _field_name(self) -> Literal:
        token = self._next()
        if token.sort not in (Sort.IDENT, Sort.QUOTED):
            self._position -= 1
            self._unexpected()
        return Literal(token.offset, token.text)

    def _macro(self, offset: int, target: Expr, name: str, args: tuple[Expr, ...]) -> Expr | None:
        match name, len(args):
            case (("all" | "exists" | "exists_one" | "existsOne"), 2):
                return Comprehension(offset, ONE_VARIABLE[name], target, (self._variable(args[0]),), args[1])
            case (("all" | "exists" | "exists_one" | "existsOne"), 3):
                return Comprehension(offset, ONE_VARIABLE[name], target, self._two(args), args[2])
            case "filter", 2:
                return Comprehension(offset, Loop.FILTER, target, (self._variable(args[0]),), args[1])
            case "map", 2:
                return Comprehension(offset, Loop.MAP, target, (self._variable(args[0]),), args[1])
            case "map", 3:
                return Comprehension(offset, Loop.MAP, target, (self._variable(args[0]),), args[2], args[1])
            case (("transformList" | "transformMap" | "transformMapEntry"), (3 | 4)):
                condition = args[2] if len(args) == FOUR else None
                return Comprehension(offset, TRANSFORMS[name], target, self._two(args), args[-1], condition)
            case (("optMap" | "optFlatMap"), 2):
                return OptMap(offset, target, self._variable(args[0]), args[1], is_flat=name == "optFlatMap")
            case _:
                return None

    def _two(self, args: tuple[Expr, ...]) -> tuple[str, ...]:
        first, second = self._variable(args[0]), self._variable(args[1])
        if first == second:
            self._fail(args[1].offset, f"duplicate variable name: {second}")
        return first, second

    def _variable(self, argument: Expr) -> str:
        if not isinstance(argument, Ident):
            self._fail(argument.offset, "argument must be a simple name")
        return argument.name


def _balanced(function: str, operands: list[Expr], offsets: list[int]) -> Expr:
    if len(operands) == 1:
        return operands[0]
    middle = len(operands) // 2
    left = _balanced(function, operands[:middle], offsets[: middle - 1])
    right = _balanced(function, operands[middle:], offsets[middle:])
    return Call(offsets[middle - 1], function, (left, right))


def _type_name(found: Expr) -> str:
    """`Object.spec`, for names written with dots; empty for anything else."""
    match found:
        case Ident(name=name):
            return name
        case Select(operand=operand, field=field, is_test=False, is_optional=False):
            before = _type_name(operand)
            return f"{before}.{field}" if before else ""
        case _:
            return ""
