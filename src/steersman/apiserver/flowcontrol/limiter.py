"""What stands between a request and its answer: room for it, a place in a queue, or a refusal."""

from dataclasses import dataclass
from typing import Protocol

from steersman.apiserver.flowcontrol.classify import Class
from steersman.apiserver.flowcontrol.load import Load
from steersman.apiserver.flowcontrol.queueset import Ticket
from steersman.apiserver.flowcontrol.watches import Key
from steersman.apiserver.request import Query, RequestInfo
from steersman.apiserver.user import UserInfo

READS = frozenset({"get", "list", "watch"})
# Source: pkg/controlplane/apiserver/config.go: BasicLongRunningRequestCheck.
LONG_VERBS = frozenset({"watch", "proxy"})
LONG_SUBRESOURCES = frozenset({"attach", "exec", "log", "portforward", "proxy"})
LONG_PATHS = "/debug/pprof/"


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """The flags. Without fairness the limits are of reads and writes, each for itself; 0 is none."""

    is_fair: bool = True
    reads: int = 400
    writes: int = 200

    @property
    def total(self) -> int:
        """The seats of the whole server."""
        return self.reads + self.writes


class Entry:
    """One request on its way through. lines: some of its answer's head. retry_seconds: it is refused if not 0."""

    __slots__ = ("class_", "is_write", "lines", "retry_seconds", "ticket", "waited_seconds", "watch")

    def __init__(self, is_write: bool = False) -> None:
        self.is_write = is_write
        self.lines = b""
        self.class_: Class | None = None
        self.ticket: Ticket | None = None
        self.retry_seconds = 0
        self.waited_seconds = 0.0
        self.watch: Key | None = None


class Limiter(Protocol):
    """Lets requests in."""

    load: Load

    def enter(self, user: UserInfo, info: RequestInfo, query: Query, now: float) -> Entry:
        """A request comes. It may run, is refused, or has to `wait`."""
        ...

    def must_wait(self, entry: Entry) -> bool:
        """There is no room for it now."""
        ...

    async def wait(self, entry: Entry) -> None:
        """Until it may run, or is refused. It has to leave in any case."""
        ...

    def leave(self, entry: Entry, now: float) -> None:
        """It is answered; a watch: it has begun."""
        ...

    def end_watch(self, entry: Entry) -> None:
        """A watch is over."""
        ...


def is_long_running(info: RequestInfo) -> bool:
    """It takes as long as its client likes."""
    if info.is_resource:
        return info.verb in LONG_VERBS or info.subresource in LONG_SUBRESOURCES
    return info.path.startswith(LONG_PATHS)
