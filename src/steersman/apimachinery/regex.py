"""Regular expressions that users write: RE2's, as upstream has them, which take time linear in the text.

Python's own would read some of them otherwise, refuse others, and could be made to run for hours.
Source: the syntax of Go's regexp package; the words are those of regexp/syntax: ErrorCode.
"""

from functools import lru_cache
from typing import Any, Protocol

# What RE2 says of a pattern, and how Go says it.
_WORDS = (
    ("missing ]", "missing closing ]"),
    ("missing )", "missing closing )"),
    ("unexpected )", "unexpected )"),
    ("trailing \\", "trailing backslash at end of expression"),
    ("no argument for repetition operator", "missing argument to repetition operator"),
    ("invalid perl operator", "invalid or unsupported Perl syntax"),
    ("invalid repetition size", "invalid repeat count"),
    ("bad repetition operator", "invalid nested repetition operator"),
    ("invalid UTF-8", "invalid UTF-8"),
)
_ANY_BYTE = "\\C"  # RE2's, but not Go's


class RegexError(ValueError):
    """The text is no regular expression; said as Go says it."""


class Match(Protocol):
    """A place where a pattern was found."""

    def group(self, group: int = 0) -> str | None:
        """The text found, or that of a group; None for a group that took no part."""
        ...

    def start(self) -> int:
        """Where it begins."""
        ...

    def end(self) -> int:
        """Where it ends."""
        ...


class Pattern(Protocol):
    """A compiled expression."""

    def search(self, text: str) -> Match | None:
        """The first place where it is found."""
        ...

    def finditer(self, text: str) -> Any:
        """Every place, from left to right, without overlaps."""
        ...


@lru_cache(maxsize=4096)
def compile_pattern(pattern: str) -> Pattern:
    """The compiled expression. RegexError."""
    # Only clusters with such patterns pay for the library.
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        made: Pattern = re2.compile(pattern, options=options)
    except re2.error as error:
        raise RegexError(_said(error)) from error
    if _ANY_BYTE in pattern.replace("\\\\", ""):
        raise RegexError(f"error parsing regexp: invalid escape sequence: `{_ANY_BYTE}`")
    return made


def _said(error: Exception) -> str:
    first = error.args[0] if error.args else ""
    text = first.decode(errors="replace") if isinstance(first, bytes) else str(first)
    kind, colon, where = text.partition(": ")
    for theirs, ours in _WORDS:
        if kind.startswith(theirs):
            kind = ours
            break
    return f"error parsing regexp: {kind}{f': `{where}`' if colon else ''}"
