"""URLs. Source: apiserver/pkg/cel/library/urls.go, which takes what net/url: ParseRequestURI takes."""

import re
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import parse_qs, quote, unquote

from steersman.apimachinery.cel.signatures import Function
from steersman.apimachinery.cel.values import EvaluationError
from steersman.apimachinery.gotext import quote as quoted

_URL = re.compile(r"(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?://([^/?#]*))?([^?]*)(?:\?(.*))?", re.DOTALL)
_HOST = re.compile(r"(?:[^@]*@)?(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]*))?")
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
PATH_SAFE = "/:@$&+,;=-._~!*'()[]%"


@dataclass(frozen=True, slots=True)
class URL:
    """A URL in its parts; the path is as it was written."""

    scheme: str
    host: str
    path: str
    query: str
    type_name: ClassVar[str] = "kubernetes.URL"

    @property
    def hostname(self) -> str:
        """The host without port and brackets."""
        found = _HOST.fullmatch(self.host)
        return found.group(1).strip("[]") if found else self.host

    @property
    def port(self) -> str:
        """The port; empty when there is none."""
        found = _HOST.fullmatch(self.host)
        return (found.group(2) or "") if found else ""

    def escaped_path(self) -> str:
        """The path as it stands in a request."""
        return quote(self.path, safe=PATH_SAFE)

    def values(self) -> dict[str, list[str]]:
        """The values of the query, by key."""
        return parse_qs(self.query, keep_blank_values=True)


def parse_url(text: str) -> URL:
    """EvaluationError."""
    found = _URL.fullmatch(text)
    problem = _problem(text, found)
    if problem or found is None:
        raise EvaluationError(f"URL parse error during conversion from string: parse {quoted(text)}: {problem}")
    scheme, authority, path, query = found.groups()
    host = (authority or "").rpartition("@")[2]
    return URL((scheme or "").lower(), unquote(host), path, query or "")


def _problem(text: str, found: re.Match[str] | None) -> str:
    if not text:
        return "empty url"
    if found is None or any(ord(sign) < 0x20 or sign == "\x7f" for sign in text):
        return "net/url: invalid control character in URL"
    scheme, authority, path, _ = found.groups()
    if scheme is None and not text.startswith("/"):
        return "invalid URI for request"
    if scheme is not None and authority is None and not path.startswith("/"):
        return "" if path else "invalid URI for request"
    if bad := _BAD_ESCAPE.search(path):
        return f"invalid URL escape {quoted(path[bad.start() : bad.start() + 3])}"
    if " " in (authority or ""):
        return 'invalid character " " in host name'
    if authority and not _HOST.fullmatch(authority):
        return f"invalid port {quoted(':' + authority.rpartition(':')[2])} after host"
    return ""


def _is_url(text: str) -> bool:
    try:
        parse_url(text)
    except EvaluationError:
        return False
    return True


FUNCTIONS = (
    Function("url(string): kubernetes.URL", parse_url),
    Function("isURL(string): bool", _is_url),
    Function("kubernetes.URL.getScheme(): string", lambda url: url.scheme),
    Function("kubernetes.URL.getHost(): string", lambda url: url.host),
    Function("kubernetes.URL.getHostname(): string", lambda url: url.hostname),
    Function("kubernetes.URL.getPort(): string", lambda url: url.port),
    Function("kubernetes.URL.getEscapedPath(): string", URL.escaped_path),
    Function("kubernetes.URL.getQuery(): map<string, list<string>>", URL.values),
)
