"""Values in Go's notation, for messages that must read as upstream's."""

from collections.abc import Sequence
from typing import Any

from steersman.apimachinery.codec.json import encode

_ESCAPES = {
    '"': '\\"', "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t",
    "\v": "\\v",
}  # fmt: skip


def html_escaped(text: str) -> str:
    """JSON as Go's encoder writes it by default."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def quote(text: str) -> str:
    """`%q`: in double quotes, with Go's escapes for what can't be printed."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return f'"{"".join(_ESCAPES.get(c) or (c if c.isprintable() else _unprintable(c)) for c in text)}"'


def _unprintable(character: str) -> str:
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def plain(given: Any) -> str:
    """`%v`: maps as `map[a:1 b:2]` in the order of their keys, lists as `[a b]`."""
    match given:
        case None:
            return "<nil>"
        case bool():
            return "true" if given else "false"
        case dict():
            return f"map[{' '.join(f'{key}:{plain(given[key])}' for key in sorted(given))}]"
        case list() | tuple():
            return f"[{' '.join(plain(item) for item in given)}]"
        case _:
            return str(given)


def value(given: Any) -> str:
    """A value in a field error: strings quoted, numbers and booleans plain, all else as JSON."""
    match given:
        case str():
            return quote(str(given))
        case bool():
            return "true" if given else "false"
        case int() | float():
            return str(given)
        case _:
            return encode(given).decode()


def aggregate(reasons: Sequence[str]) -> str:
    """Several errors as one text, each told once. Source: apimachinery/pkg/util/errors: Aggregate."""
    distinct = tuple(dict.fromkeys(reasons))
    return distinct[0] if len(distinct) == 1 else f"[{', '.join(distinct)}]" if distinct else ""
