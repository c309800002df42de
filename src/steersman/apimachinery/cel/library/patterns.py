"""Regular expressions, and JSON pointers. Source: apiserver/pkg/cel/library/regex.go, jsonpatch.go."""

from steersman.apimachinery.cel.signatures import Function
from steersman.apimachinery.cel.values import EvaluationError
from steersman.apimachinery.regex import Pattern, RegexError, compile_pattern


def _compiled(pattern: str) -> Pattern:
    try:
        return compile_pattern(pattern)
    except RegexError as error:
        raise EvaluationError(f"Illegal regex: {error}") from error


def _find(text: str, pattern: str) -> str:
    found = _compiled(pattern).search(text)
    return "" if found is None else found.group() or ""


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = [one.group() or "" for one in _compiled(pattern).finditer(text)]
    return found if limit < 0 else found[:limit]


FUNCTIONS = (
    Function("string.find(string): string", _find),
    Function("string.findAll(string): list<string>", _find_all),
    Function("string.findAll(string, int): list<string>", _find_all),
    Function("jsonpatch\\.escapeKey(string): string", lambda key: key.replace("~", "~0").replace("/", "~1")),
)
