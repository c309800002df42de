"""Without priority and fairness: so many reads and so many writes at once, and administrators always.

Source: apiserver/pkg/server/filters/maxinflight.go.
"""

from steersman.apiserver.flowcontrol.limiter import READS, Entry, LimitSettings, is_long_running
from steersman.apiserver.flowcontrol.load import Load
from steersman.apiserver.request import Query, RequestInfo
from steersman.apiserver.user import MASTERS_GROUP, UserInfo

RETRY_SECONDS = 1


class InFlight:
    """Counts requests. Those that aren't counted have no class."""

    def __init__(self, settings: LimitSettings) -> None:
        # By whether they write.
        self._limits = {False: settings.reads, True: settings.writes}
        self.load = Load()
        self._counted: set[Entry] = set()

    def enter(self, user: UserInfo, info: RequestInfo, query: Query, now: float) -> Entry:
        """As Limiter."""
        entry = Entry(info.verb not in READS)
        limit, running = self._limits[entry.is_write], self.load.running.now[entry.is_write]
        if not limit or is_long_running(info):
            return entry
        if running >= limit:
            entry.retry_seconds = 0 if MASTERS_GROUP in user.groups else RETRY_SECONDS
            return entry
        self.load.running.rise(entry.is_write)
        self._counted.add(entry)
        return entry

    def must_wait(self, entry: Entry) -> bool:
        """Nobody waits."""
        return False

    async def wait(self, entry: Entry) -> None:
        """Nobody waits."""

    def leave(self, entry: Entry, now: float) -> None:
        """As Limiter."""
        if entry in self._counted:
            self._counted.discard(entry)
            self.load.running.fall(entry.is_write)

    def end_watch(self, entry: Entry) -> None:
        """Watches aren't counted."""
