"""Texts. Source: cel-go/ext/strings.go, version 2; format strings: ext/formatting.go."""

import re
from collections.abc import Sequence
from typing import Any

from steersman.apimachinery.cel.library.standard import to_string
from steersman.apimachinery.cel.library.text import go_float
from steersman.apimachinery.cel.operators import LISTS, MAPS, type_name
from steersman.apimachinery.cel.signatures import Function
from steersman.apimachinery.cel.times import format_duration, format_timestamp
from steersman.apimachinery.cel.values import Duration, EvaluationError, Timestamp, TypeValue, UInt
from steersman.apimachinery.gotext import quote

_CLAUSE = re.compile(r"%(?:\.(\d+))?(.)?", re.DOTALL)
DEFAULT_PRECISION = 6
# Source: unicode.IsSpace.
SPACE = " \t\n\v\f\r\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def _char_at(text: str, index: int) -> str:
    if not 0 <= index <= len(text):
        raise EvaluationError(f"index out of range: {index}")
    return text[index : index + 1]


def _index_of(text: str, part: str, offset: int = 0) -> int:
    if offset < 0 or (offset >= len(text) and part and offset):
        if offset < 0 or offset > len(text):
            raise EvaluationError(f"index out of range: {offset}")
        return -1
    return offset if not part else text.find(part, offset)


def _last_index_of(text: str, part: str, offset: int | None = None) -> int:
    if offset is None:
        return len(text) if not part else text.rfind(part)
    if not 0 <= offset < max(len(text), 1):
        raise EvaluationError(f"index out of range: {offset}")
    return offset if not part else text.rfind(part, 0, offset + len(part))


def _substring(text: str, start: int, end: int | None = None) -> str:
    stop = len(text) if end is None else end
    if not 0 <= start <= len(text):
        raise EvaluationError(f"index out of range: {start}")
    if not 0 <= stop <= len(text):
        raise EvaluationError(f"index out of range: {stop}")
    if start > stop:
        raise EvaluationError(f"invalid substring range. start: {start}, end: {stop}")
    return text[start:stop]


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    return text.replace(old, new, count)


def _split(text: str, separator: str, count: int = -1) -> list[str]:
    if count == 0:
        return []
    if not separator:
        signs = list(text)
        return signs if not 0 < count < len(signs) else [*signs[: count - 1], text[count - 1 :]]
    return text.split(separator, count - 1 if count > 0 else -1)


def _join(texts: Sequence[Any], separator: str = "") -> str:
    if any(type(one) is not str for one in texts):
        raise EvaluationError("join: invalid input: not a list of strings")
    return separator.join(texts)


def _lower(text: str) -> str:
    return "".join(chr(ord(sign) + 32) if "A" <= sign <= "Z" else sign for sign in text)


def _upper(text: str) -> str:
    return "".join(chr(ord(sign) - 32) if "a" <= sign <= "z" else sign for sign in text)


def _format(text: str, args: Sequence[Any]) -> str:
    parts, last, position = [], 0, 0
    for found in _CLAUSE.finditer(text):
        parts.append(text[last : found.start()])
        last = found.end()
        precision, verb = found.groups()
        if verb == "%":
            parts.append("%")
            continue
        if position >= len(args):
            raise EvaluationError(f"index {position} out of range")
        parts.append(_formatted(verb or "", args[position], int(precision) if precision else None))
        position += 1
    return "".join([*parts, text[last:]])


def _formatted(verb: str, value: Any, precision: int | None) -> str:
    is_whole = type(value) in (int, UInt)
    match verb:
        case "s":
            return shown(value)
        case "d" if is_whole:
            return str(int(value))
        case "f" if type(value) in (int, UInt, float):
            return f"{value:.{DEFAULT_PRECISION if precision is None else precision}f}"
        case "e" if type(value) in (int, UInt, float):
            return f"{value:.{DEFAULT_PRECISION if precision is None else precision}e}"
        case "b" if is_whole or type(value) is bool:
            return f"{int(value):b}"
        case "o" if is_whole:
            return f"{int(value):o}"
        case "x" | "X" if is_whole:
            return f"{int(value):{verb}}"
        case "x" | "X" if type(value) in (str, bytes):
            made = (value.encode() if type(value) is str else value).hex()
            return made if verb == "x" else made.upper()
        case _ if verb in "dfebxXo" and verb:
            raise EvaluationError(f"error during formatting: no formatting function for %{verb} and {type_name(value)}")
        case _:
            raise EvaluationError(f"could not parse formatting clause: unrecognized formatting clause: {verb}")


def shown(value: Any) -> str:
    """`%s`."""
    match value:
        case None:
            return "null"
        case float():
            return go_float(value)
        case Timestamp():
            return format_timestamp(value)
        case Duration():
            return format_duration(value)
        case TypeValue():
            return value.name
        case _ if type(value) in LISTS:
            return f"[{', '.join(map(shown, value))}]"
        case _ if type(value) in MAPS:
            return f"{{{', '.join(sorted(f'{shown(key)}: {shown(one)}' for key, one in value.items()))}}}"
        case _:
            return to_string(value)


FUNCTIONS = (
    Function("string.charAt(int): string", _char_at),
    Function("string.indexOf(string): int", _index_of),
    Function("string.indexOf(string, int): int", _index_of),
    Function("string.lastIndexOf(string): int", _last_index_of),
    Function("string.lastIndexOf(string, int): int", _last_index_of),
    Function("string.lowerAscii(): string", _lower),
    Function("string.upperAscii(): string", _upper),
    Function("string.replace(string, string): string", _replace),
    Function("string.replace(string, string, int): string", _replace),
    Function("string.split(string): list<string>", _split),
    Function("string.split(string, int): list<string>", _split),
    Function("string.substring(int): string", _substring),
    Function("string.substring(int, int): string", _substring),
    Function("string.trim(): string", lambda text: text.strip(SPACE)),
    Function("string.format(list<dyn>): string", _format),
    Function("list<string>.join(): string", _join),
    Function("list<string>.join(string): string", _join),
    Function("strings\\.quote(string): string", quote),
)
