"""Functions and how they are declared: `string.startsWith(string): bool`, `size(list<A>): int`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from steersman.apimachinery.cel.types import PRIMITIVES, Type


@dataclass(frozen=True)
class Function:
    """One overload. implementation takes the target, if there is one, and the arguments."""

    signature: str
    implementation: Callable[..., Any]

    @cached_property
    def name(self) -> str:
        """What it is called."""
        return self._parsed[0]

    @cached_property
    def is_member(self) -> bool:
        """It is called on a target."""
        return self._parsed[1]

    @cached_property
    def args(self) -> tuple[Type, ...]:
        """The types of target and arguments."""
        return self._parsed[2]

    @cached_property
    def result(self) -> Type:
        """The type of what it returns."""
        return self._parsed[3]

    @cached_property
    def _parsed(self) -> tuple[str, bool, tuple[Type, ...], Type]:
        text, target = self.signature, ""
        head = text[: text.index("(")]
        # A member's target is a type: `string.size`, `list<A>.sum`, `kubernetes.URL.getHost`; functions with a dot
        # in their name are written with a backslash: `sets\.contains`.
        if "." in head.replace("\\.", ""):
            cut = _last_dot(head)
            target, text = head[:cut], text[cut + 1 :]
        name = text[: text.index("(")].replace("\\.", ".")
        inner, result = text[text.index("(") + 1 :].rsplit("): ", 1)
        args = _split(inner)
        return name, bool(target), tuple(map(parse_type, [target, *args] if target else args)), parse_type(result)


def _last_dot(head: str) -> int:
    cut = len(head)
    while True:
        cut = head.rindex(".", 0, cut)
        if head[cut - 1] != "\\":
            return cut


def _split(inner: str) -> list[str]:
    found, depth, last = [], 0, 0
    for position, sign in enumerate(inner):
        depth += (sign == "<") - (sign == ">")
        if sign == "," and depth == 0:
            found.append(inner[last:position].strip())
            last = position + 1
    rest = inner[last:].strip()
    return [*found, rest] if rest else found


def parse_type(text: str) -> Type:
    """`map<string, list<A>>` as a type."""
    name, has_params, inner = text.strip().partition("<")
    if has_params:
        return Type("optional_type" if name == "optional" else name, tuple(map(parse_type, _split(inner[:-1]))))
    return PRIMITIVES.get(name) or Type(name)
