"""What a request asks for, read off its method, path and query by upstream's rules.

Source: apiserver/pkg/endpoints/request/requestinfo.go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

VERBS = {"POST": "create", "GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
# Below a namespace these are subresources of the namespace itself, not resources in it.
NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})
MANY = frozenset({"list", "watch", "deletecollection"})
TRUE = frozenset({"1", "t", "true", "True", "TRUE", "T", ""})


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """verb is Kubernetes' (`list`, not GET); for anything but a resource it is the lower-case method.

    rest is what follows the subresource (`proxy` paths). Who reads or deletes many may have selectors, as written.
    """

    verb: str
    path: str
    is_resource: bool = False
    group: str = ""
    version: str = ""
    namespace: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    rest: str = ""
    field_selector: str = ""
    label_selector: str = ""


class Query:
    """Query parameters; a repeated one keeps its values in order."""

    __slots__ = ("_values",)

    def __init__(self, raw: str) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in parse_qsl(raw, keep_blank_values=True):
            self._values.setdefault(name, []).append(value)

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "Query":
        """From values that were never a string."""
        made = cls("")
        made._values.update((name, [value]) for name, value in parameters.items())
        return made

    def get(self, name: str, default: str = "") -> str:
        """The first value."""
        return self._values.get(name, (default,))[0]

    def all(self, name: str) -> tuple[str, ...]:
        """Every value."""
        return tuple(self._values.get(name, ()))

    def is_true(self, name: str) -> bool:
        """Present and not false; Go's ParseBool, where an empty value counts as given."""
        return name in self._values and self.get(name) in TRUE

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def flat(self) -> Mapping[str, str]:
        """First values by name."""
        return {name: values[0] for name, values in self._values.items()}


EMPTY_QUERY = Query("")


def read_request(method: str, path: str, query: Query) -> RequestInfo:
    """The RequestInfo of a request."""
    parts = _split(path)
    if len(parts) < 2 or parts[0] not in ("api", "apis") or (parts[0] == "apis" and len(parts) < 4):
        return RequestInfo(method.lower(), path)
    group, rest = ("", parts[1:]) if parts[0] == "api" else (parts[1], parts[2:])
    version, rest = rest[0], rest[1:]
    verb = VERBS.get(method, "")
    if not rest:
        return RequestInfo(method.lower(), path)
    if rest[0] in ("watch", "proxy") and len(rest) > 1:
        verb, rest = rest[0], rest[1:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in NAMESPACE_SUBRESOURCES:
            rest = rest[2:]
    resource, name, subresource, tail = _object_parts(rest)
    if not name and verb == "get":
        name, verb = _selected_name(query), "watch" if query.is_true("watch") else "list"
    elif not name and verb == "delete":
        verb = "deletecollection"
    if verb not in MANY:
        return RequestInfo(verb, path, True, group, version, namespace, resource, subresource, name, tail)
    fields, labels = query.get("fieldSelector"), query.get("labelSelector")
    return RequestInfo(verb, path, True, group, version, namespace, resource, subresource, name, tail, fields, labels)


def _object_parts(parts: tuple[str, ...]) -> tuple[str, str, str, str]:
    padded = (*parts, "", "", "")
    return padded[0], padded[1], padded[2], "/".join(parts[3:])


def _selected_name(query: Query) -> str:
    """A list narrowed to one name by field selector is authorized for that name alone."""
    for term in query.get("fieldSelector").split(","):
        path, _, value = term.partition("=")
        if path == "metadata.name" and value:
            return value.removeprefix("=")
    return ""


@lru_cache(maxsize=4096)
def _split(path: str) -> tuple[str, ...]:
    return tuple(unquote(part) for part in path.split("/") if part)
