"""How many seats a request takes, and for how long after it is answered: the more it reads, or tells others of.

Source: apiserver/pkg/util/flowcontrol/request: list_work_estimator.go, mutating_work_estimator.go, config.go.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from steersman.apiserver.flowcontrol.watches import WatchCount
from steersman.apiserver.flowcontrol.work import ONE_SEAT, Work
from steersman.apiserver.request import Query, RequestInfo

MOST_SEATS_LIST, MOST_SEATS_WRITE = 100, 10
BYTES_PER_SEAT = 100_000
# A list out of the cache is written as it is read, so that no more of it is in memory.
CACHED_LIST_BYTES = 1_000_000
WATCHES_PER_SEAT = 10
EVENT_SECONDS = 0.005
WRITES = frozenset({"create", "update", "patch", "delete"})


@dataclass(frozen=True, slots=True)
class Stored:
    """What there is of a resource."""

    objects: int
    average_bytes: int


# Of a group and a resource; None for what isn't stored here.
StoredOf = Callable[[str, str], Stored | None]


class Estimator:
    """Estimates requests; `watches` is kept by who serves them."""

    def __init__(self, stored: StoredOf) -> None:
        self.watches = WatchCount()
        self._stored = stored

    def work(self, info: RequestInfo, query: Query, most_seats: int) -> Work:
        """The work of a request. most_seats: what one may take in its level, 0 if the level has no say."""
        verb = info.verb
        if verb == "get" or not info.is_resource:
            return ONE_SEAT
        if verb in WRITES:
            return self._write(info, most_seats)
        if verb == "list" or (verb == "watch" and _tells_all(query)):
            return self._list(info, query, most_seats)
        return ONE_SEAT

    def _list(self, info: RequestInfo, query: Query, most_seats: int) -> Work:
        stored = self._stored(info.group, info.resource)
        if stored is None or not stored.objects:
            return ONE_SEAT
        objects = 1 if info.name else _read(query, stored.objects, info.verb == "watch")
        size = objects * stored.average_bytes
        if info.verb == "watch" or not _is_from_store(query):
            size = min(size, CACHED_LIST_BYTES)
        seats = min(max(ceil(size / BYTES_PER_SEAT), 1), _bound(most_seats, MOST_SEATS_LIST))
        return Work(seats) if seats > 1 else ONE_SEAT

    def _write(self, info: RequestInfo, most_seats: int) -> Work:
        if info.resource == "serviceaccounts" and info.subresource == "token":
            return ONE_SEAT  # nobody is told
        watches = self.watches.interested(info)
        if watches < WATCHES_PER_SEAT:
            return ONE_SEAT
        wide = ceil(watches / WATCHES_PER_SEAT)
        seats = min(wide, _bound(most_seats, MOST_SEATS_WRITE))
        return Work(1, seats, EVENT_SECONDS * wide / seats)


def _bound(most_seats: int, most: int) -> int:
    return min(most_seats, most) if most_seats else most


def _tells_all(query: Query) -> bool:
    """A watch that begins with what is there."""
    return query.is_true("sendInitialEvents") or query.get("resourceVersion") in ("", "0")


def _limit(query: Query) -> int:
    text = query.get("limit")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(2**63)) else 0


def _is_from_store(query: Query) -> bool:
    """A page of the past, as upstream reads it from etcd. Source: storage/cacher/delegator."""
    match query.get("resourceVersionMatch"):
        case "Exact":
            return True
        case "NotOlderThan":
            return False
        case "":
            has_limit = _limit(query) > 0 and query.get("resourceVersion") not in ("", "0")
            return has_limit or bool(query.get("continue"))
        case _:
            return True


def _read(query: Query, objects: int, is_watch: bool) -> int:
    limit = _limit(query)
    page = min(limit, objects) if limit else objects
    if not is_watch and _is_from_store(query) and (query.get("fieldSelector") or query.get("labelSelector")):
        return max(page, objects // 2)
    return page
