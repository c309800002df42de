"""JSONPath as kubectl's templates and the columns of custom resources use it, compiled to a function of a wire tree.

Supported: children (`.spec.replicas`, `['a.b']`), indexes and slices, wildcards, unions of indexes, recursive descent
and filters with one comparison (`[?(@.type=="Ready")]`). A missing key is no result.
Source: client-go/util/jsonpath.
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

Values = Iterable[Any]
Step = Callable[[Values], Iterator[Any]]


class JSONPathError(ValueError):
    """The path can't be read."""


_CHILD = re.compile(r"\.?([A-Za-z0-9_\-/\\.]+?)(?=(?<!\\)[.\[]|$)")
_QUOTED = re.compile(r"""\[(['"])(.*?)\1\]""")
_POSITION = re.compile(r"\[((?:-?\d+)?)(:((?:-?\d+)?))?(?::(\d+))?\]")
_UNION = re.compile(r"\[(-?\d+(?:,-?\d+)+)\]")
_FILTER = re.compile(r"\[\?\(\s*(.+?)\s*\)\]")
_COMPARISON = re.compile(r"""@((?:\.|\[).+?)\s*(==|!=|<=|>=|<|>)\s*(.+)""")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def compile_path(path: str) -> Callable[[Any], list[Any]]:
    """A function that gives every value at a path. Braces and a leading `$` may stand around or before it."""
    text = path.strip()
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1].strip()
    steps = _steps(text.removeprefix("$"), path)

    def find(tree: Any) -> list[Any]:
        values: Values = (tree,)
        for step in steps:
            values = step(values)
        return list(values)

    return find


def _steps(text: str, path: str) -> Sequence[Step]:
    steps: list[Step] = []
    while text:
        if text.startswith(".."):
            steps.append(_descend)
            text = text[1:]
        elif text in (".", "@"):
            break
        elif text.startswith((".*", "[*]")):
            steps.append(_every)
            text = text[2:] if text[0] == "." else text[3:]
        elif found := _QUOTED.match(text):
            steps.append(_child(found[2]))
            text = text[found.end() :]
        elif found := _UNION.match(text):
            steps.append(_picks([int(one) for one in found[1].split(",")]))
            text = text[found.end() :]
        elif found := _POSITION.match(text):
            steps.append(_position(found))
            text = text[found.end() :]
        elif found := _FILTER.match(text):
            steps.append(_filter(found[1], path))
            text = text[found.end() :]
        elif (found := _CHILD.match(text)) and found[1]:
            steps.append(_child(found[1].replace("\\.", ".")))
            text = text[found.end() :]
        else:
            raise JSONPathError(f"unrecognized part of {path!r} at {text!r}")
    return steps


def _child(name: str) -> Step:
    def step(values: Values) -> Iterator[Any]:
        for value in values:
            if isinstance(value, dict) and name in value:
                yield value[name]

    return step


def _every(values: Values) -> Iterator[Any]:
    for value in values:
        if isinstance(value, dict):
            yield from value.values()
        elif isinstance(value, list):
            yield from value


def _descend(values: Values) -> Iterator[Any]:
    for value in values:
        yield value
        if isinstance(value, dict):
            yield from _descend(value.values())
        elif isinstance(value, list):
            yield from _descend(value)


def _picks(positions: Sequence[int]) -> Step:
    def step(values: Values) -> Iterator[Any]:
        for value in values:
            if isinstance(value, list):
                yield from (value[one] for one in positions if -len(value) <= one < len(value))

    return step


def _position(found: re.Match[str]) -> Step:
    if found[2] is None:
        if not found[1]:
            raise JSONPathError("an index must be a number")
        return _picks([int(found[1])])
    part = slice(*(int(one) if one else None for one in (found[1], found[3], found[4])))

    def step(values: Values) -> Iterator[Any]:
        for value in values:
            if isinstance(value, list):
                yield from value[part]

    return step


def _filter(text: str, path: str) -> Step:
    compared = _COMPARISON.fullmatch(text)
    if compared is None:
        if not text.startswith("@"):
            raise JSONPathError(f"unrecognized filter in {path!r}")
        exists = compile_path(text[1:])
        return _kept(lambda item: bool(exists(item)))
    left, compare, right = compile_path(compared[1]), _OPERATORS[compared[2]], _literal(compared[3], path)

    def holds(item: Any) -> bool:
        try:
            return any(compare(value, right) for value in left(item))
        except TypeError:
            return False

    return _kept(holds)


def _kept(holds: Callable[[Any], bool]) -> Step:
    def step(values: Values) -> Iterator[Any]:
        for value in values:
            if isinstance(value, list):
                yield from (item for item in value if holds(item))

    return step


def _literal(text: str, path: str) -> Any:
    if len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]:
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text) if "." in text else int(text)
    except ValueError as error:
        raise JSONPathError(f"unrecognized value {text!r} in {path!r}") from error
