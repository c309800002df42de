"""How many watches a write will be told to.

Source: apiserver/pkg/util/flowcontrol/watch_tracker.go.
"""

from steersman.apiserver.request import Query, RequestInfo

Key = tuple[str, str, str, str]
# Watches of pods that name another node than a pod's aren't told of it.
INDEXED = {"pods": "spec.nodeName"}


class WatchCount:
    """Counts watches by what they look at: a resource, a namespace of it, one object."""

    def __init__(self) -> None:
        self._counts: dict[Key, int] = {}

    def add(self, info: RequestInfo, query: Query) -> Key | None:
        """A watch begins. What to `remove` when it ends, if it counts."""
        if (field := INDEXED.get(info.resource)) is not None and _selected(query, field):
            return None
        key = (info.group, info.resource, info.namespace, info.name)
        self._counts[key] = self._counts.get(key, 0) + 1
        return key

    def remove(self, key: Key) -> None:
        """It has ended."""
        left = self._counts[key] - 1
        if left:
            self._counts[key] = left
        else:
            del self._counts[key]

    def interested(self, info: RequestInfo) -> int:
        """Those that look at what a write is about."""
        counts, group, resource = self._counts, info.group, info.resource
        found = counts.get((group, resource, "", ""), 0)
        if info.namespace:
            found += counts.get((group, resource, info.namespace, ""), 0)
        if info.name:
            found += counts.get((group, resource, info.namespace, info.name), 0)
        return found


def _selected(query: Query, field: str) -> str:
    """The value that a field selector asks for."""
    for term in query.get("fieldSelector").split(","):
        path, equals, value = term.partition("=")
        if path == field and equals:
            return value.removeprefix("=")
    return ""
