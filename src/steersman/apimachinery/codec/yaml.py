"""YAML bodies to wire trees, resolved as upstream does: YAML 1.1 without timestamps and sexagesimal numbers.

Source: sigs.k8s.io/yaml over go-yaml v2: scalar resolution, keys made strings, merge keys, the bound on aliases.
"""

import math
import re
from typing import Any

import yaml

from steersman.apimachinery.codec.json import TOO_DEEP, DecodeError
from steersman.apimachinery.codec.json import parse as parse_json
from steersman.apimachinery.gotext import quote

# A document may say a thing ten times over by aliases, and small ones as often as they like.
SMALL_DOCUMENT = 100_000
MAX_ALIAS_FACTOR = 10

_TRUE = frozenset({"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_FALSE = frozenset({"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_INTEGER = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*|0)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_MERGE = "<<"
_EXPLICIT_STRING = ("!", "tag:yaml.org,2002:str")
_BASES = {"0b": 2, "0o": 8, "0x": 16}


class _Loader(yaml.CSafeLoader):
    """Composes nodes without resolving plain scalars, so that explicit tags can be told from guesses."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """The tag of a node without one."""
        return "?" if kind is yaml.ScalarNode else super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]  # PyYAML's stub


def parse(data: bytes) -> Any:
    """The wire tree of a document."""
    return parse_reporting(data)[0]


def dump(data: bytes) -> bytes:
    """The YAML of a JSON document, its keys sorted as upstream's."""
    made: bytes = yaml.safe_dump(parse_json(data), encoding="utf-8")
    return made


def parse_reporting(data: bytes) -> tuple[Any, tuple[str, ...]]:
    """The wire tree, and what stands twice in it: `line 3: key "name" already set in map`."""
    try:
        loader = _Loader(data)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise DecodeError(f"error converting YAML to JSON: yaml: {_one_line(error)}") from error
    if root is None:
        return None, ()
    builder = _Builder()
    try:
        return builder.value(root), tuple(builder.repeated)
    except RecursionError as error:
        raise DecodeError(f"error converting YAML to JSON: yaml: {TOO_DEEP}") from error


def _one_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"line {mark.line + 1}: {problem}" if mark is not None else problem


class _Builder:
    """Makes plain values of nodes; an alias is a copy, since patches change the tree in place."""

    def __init__(self) -> None:
        self.repeated: list[str] = []
        self._made = 0
        self._distinct: set[int] = set()
        self._open: set[int] = set()

    def value(self, node: Any) -> Any:
        self._made += 1
        self._distinct.add(id(node))
        if self._made > SMALL_DOCUMENT and self._made > MAX_ALIAS_FACTOR * len(self._distinct):
            raise DecodeError("error converting YAML to JSON: yaml: document contains excessive aliasing")
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if id(node) in self._open:
            raise DecodeError("error converting YAML to JSON: yaml: anchor value contains itself")
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item) for item in node.value]
            return self._mapping(node)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: Any) -> dict[str, Any]:
        made: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.value == _MERGE and not key_node.style:
                merged = self._merged(value_node) | merged
                continue
            key = _key(key_node)
            if key in made:
                self.repeated.append(f"line {key_node.start_mark.line + 1}: key {quote(key)} already set in map")
            made[key] = self.value(value_node)
        return merged | made

    def _merged(self, node: Any) -> dict[str, Any]:
        given = self.value(node)
        maps = given if isinstance(given, list) else [given]
        if not all(isinstance(one, dict) for one in maps):
            raise DecodeError(
                "error converting YAML to JSON: yaml: map merge requires map or sequence of maps as the value"
            )
        made: dict[str, Any] = {}
        for one in maps:
            made = one | made
        return made


def _key(node: Any) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise DecodeError("error converting YAML to JSON: yaml: invalid map key")
    match _scalar(node):
        case str(text):
            return text
        case bool(flag):
            return "true" if flag else "false"
        case int() | float() as number:
            return str(number)
        case _:
            raise DecodeError("error converting YAML to JSON: unsupported map key of type: <nil>")


def _scalar(node: Any) -> Any:
    text = node.value
    if node.style or node.tag in _EXPLICIT_STRING:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return _integer(text.replace("_", ""))
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise DecodeError(f"error converting YAML to JSON: json: unsupported value: {text}")
        return number
    return text


def _integer(text: str) -> int:
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    base = _BASES.get(digits[:2], 8 if len(digits) > 1 and digits.startswith("0") else 10)
    return sign * int(digits, base)
