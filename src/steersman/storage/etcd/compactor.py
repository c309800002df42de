"""Forgets etcd's history older than some minutes. Of all servers on one etcd, one does it in each interval.

Who raises the version of `compact_rev_key` from what it last saw has the turn, and compacts to the revision it saw
then; so history lasts between one interval and two. Source: apiserver/pkg/storage/etcd3/compact.go.
"""

from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.storage.etcd import messages
from steersman.storage.etcd.connection import Connection
from steersman.storage.interface import StoreClosed, StoreError

_log = get_logger(__name__)

KEY = b"compact_rev_key"
INTERVAL_SECONDS = 300.0


class Compactor:
    """Run it as a task."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._version = 0
        self._revision = 0

    async def run(self) -> None:
        """Compact now and then, until cancelled."""
        while True:
            await self._clock.sleep(INTERVAL_SECONDS)
            try:
                await self._compact_in_turn()
            except StoreClosed:
                return
            except StoreError as error:
                _log.warning("etcd isn't compacted; trying again later", error=str(error))

    async def _compact_in_turn(self) -> None:
        revision = self._revision
        put = messages.PutRequest(KEY, b"%d" % revision)
        answer = await self._connection.call(
            messages.TXN,
            messages.TxnRequest(
                compare=(messages.Compare(messages.CompareTarget.VERSION, KEY, version=self._version),),
                success=(messages.RequestOp(request_put=put),),
                failure=(messages.RequestOp(request_range=messages.RangeRequest(KEY)),),
            ),
        )
        self._revision = answer.header.revision
        if not answer.succeeded:
            self._version = answer.responses[0].response_range.kvs[0].version
            return
        self._version += 1
        if revision:
            await self._connection.call(messages.COMPACT, messages.CompactionRequest(revision))
            _log.debug("etcd is compacted", revision=revision)
