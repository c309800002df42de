"""How much there is of a resource, as the watch caches know it.

Source: apiserver/pkg/util/flowcontrol/request/object_count_tracker.go.
"""

from steersman.apiserver.collections import Collections
from steersman.apiserver.flowcontrol.estimate import Stored


class StoredCount:
    """Reads the caches."""

    def __init__(self, collections: Collections) -> None:
        self._collections = collections

    def of(self, group: str, resource: str) -> Stored | None:
        """What is stored of it; None if nothing is stored here."""
        cacher = self._collections.cacher_of(f"{resource}.{group}" if group else resource)
        return None if cacher is None else Stored(cacher.size, cacher.average_bytes)
