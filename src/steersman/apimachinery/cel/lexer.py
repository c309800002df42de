"""Expressions as tokens. Source: the CEL specification, "Syntax"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from steersman.apimachinery.cel.source import SourceError
from steersman.apimachinery.cel.values import MAX_INT, MAX_UINT, UInt

RESERVED = frozenset({
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
    "namespace", "return", "var", "void", "while",
})  # fmt: skip
_TOKEN = re.compile(
    r"""
    (?P<space>(?:[\t\n\f\r ]|//[^\n]*)+)
    |(?P<string>[rRbB]{0,2}(?:\"{3}|'{3}|\"|'))
    |(?P<float>(?:[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?))
    |(?P<int>0x[0-9a-fA-F]+|[0-9]+)(?P<unsigned>[uU]?)
    |(?P<ident>[_a-zA-Z][_a-zA-Z0-9]*)
    |(?P<quoted>`[-a-zA-Z0-9_./\ ]+`)
    |(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}])
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\?\"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]?))"
)
_SIMPLE = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "?": "?", '"': '"', "'": "'", "`": "`",
}  # fmt: skip


class Sort(StrEnum):
    """What a token is."""

    LITERAL = "literal"
    IDENT = "identifier"
    QUOTED = "escaped identifier"
    SIGN = "sign"
    END = "<EOF>"


@dataclass(frozen=True, slots=True)
class Token:
    """text is the sign or name; value the literal's."""

    sort: Sort
    text: str
    offset: int
    value: object = None


def tokens(text: str) -> list[Token]:
    """The tokens of an expression, the last one END. SourceError for what is none."""
    return [*_tokens(text), Token(Sort.END, "<EOF>", len(text))]


def _tokens(text: str) -> Iterator[Token]:
    offset = 0
    while offset < len(text):
        found = _TOKEN.match(text, offset)
        if found is None:
            raise SourceError(text, offset, f"Syntax error: token recognition error at: '{text[offset]}'")
        kind, start, offset = found.lastgroup, offset, found.end()
        match kind:
            case "space":
                continue
            case "string":
                token, offset = _string(text, start, found.group())
                yield token
            case "float":
                yield Token(Sort.LITERAL, found.group(), start, float(found.group()))
            case "unsigned":
                yield _integer(text, start, found)
            case "ident":
                yield _word(found.group(), start)
            case "quoted":
                yield Token(Sort.QUOTED, found.group()[1:-1], start)
            case _:
                yield Token(Sort.SIGN, found.group(), start)


def _word(name: str, start: int) -> Token:
    match name:
        case "true" | "false":
            return Token(Sort.LITERAL, name, start, name == "true")
        case "null":
            return Token(Sort.LITERAL, name, start, None)
        case "in":
            return Token(Sort.SIGN, name, start)
        case _:
            return Token(Sort.IDENT, name, start)


def _integer(text: str, start: int, found: re.Match[str]) -> Token:
    digits = found.group("int")
    number = int(digits, 16 if digits.startswith("0x") else 10)
    if found.group("unsigned"):
        if number > MAX_UINT:
            raise SourceError(text, start, "invalid uint literal")
        return Token(Sort.LITERAL, found.group(), start, UInt(number))
    if number > MAX_INT + 1:  # the parser knows whether a minus stands before it
        raise SourceError(text, start, "invalid int literal")
    return Token(Sort.LITERAL, found.group(), start, number)


def _string(text: str, start: int, opening: str) -> tuple[Token, int]:
    prefix = opening.rstrip("\"'").lower()
    quotes = opening[len(prefix) :]
    if prefix not in ("", "r", "b", "rb", "br"):
        raise SourceError(text, start, "Syntax error: invalid string prefix")
    begin = start + len(opening)
    end = _closing(text, begin, quotes, is_raw="r" in prefix)
    if end < 0 or (len(quotes) == 1 and "\n" in text[begin:end]):
        raise SourceError(text, start, f"Syntax error: token recognition error at: '{text[start:]}'")
    inner = text[begin:end].replace("\r\n", "\n")
    value: object
    if "r" in prefix:
        value = inner.encode() if "b" in prefix else inner
    elif "b" in prefix:
        value = _unescaped_bytes(text, start, inner)
    else:
        value = _ESCAPE.sub(lambda found: _unescaped(text, start, found), inner)
    after = end + len(quotes)
    return Token(Sort.LITERAL, text[start:after], start, value), after


def _closing(text: str, begin: int, quotes: str, *, is_raw: bool) -> int:
    position = begin
    while position < len(text):
        if text[position] == "\\" and not is_raw:
            position += 2
        elif text.startswith(quotes, position):
            return position
        else:
            position += 1
    return -1


def _unescaped(text: str, start: int, found: re.Match[str]) -> str:
    simple, byte, short, long, octal, _ = found.groups()
    if simple:
        return _SIMPLE[simple]
    digits = byte or short or long
    code = int(digits, 16) if digits else int(octal, 8) if octal else -1
    if not 0 <= code <= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise SourceError(text, start, "unable to unescape string")
    return chr(code)


def _unescaped_bytes(text: str, start: int, inner: str) -> bytes:
    parts, last = [], 0
    for found in _ESCAPE.finditer(inner):
        parts.append(inner[last : found.start()].encode())
        _, byte, short, long, octal, _ = found.groups()
        if short or long:
            raise SourceError(text, start, "unable to unescape string")
        code = (byte and int(byte, 16)) or (octal and int(octal, 8))
        parts.append(bytes([code]) if isinstance(code, int) else _unescaped(text, start, found).encode())
        last = found.end()
    return b"".join([*parts, inner[last:].encode()])
