"""The store that several servers share: etcd v3, whose revisions are the store's own."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from steersman.component.clock import Clock
from steersman.storage import transaction
from steersman.storage.etcd import messages
from steersman.storage.etcd.compactor import Compactor
from steersman.storage.etcd.connection import Connection, EtcdConfig, Refusal, Refused
from steersman.storage.etcd.latest import Latest
from steersman.storage.etcd.leases import Leases
from steersman.storage.etcd.watch import follow
from steersman.storage.interface import (
    Changes,
    Compacted,
    Compare,
    CompareFailed,
    Entry,
    FutureRevision,
    Page,
    Put,
    StoreClosed,
    StoreUnavailable,
    TxnResult,
    Write,
)

# A list without a limit is read in pages of this many: etcd counts all keys for each, but must not answer too big.
PAGE_KEYS = 5000
# Any key does, there or not: the answer's header counts.
_SOME_KEY = messages.RangeRequest(b"compact_rev_key", count_only=True)


class EtcdStore:
    """A Store in etcd. Open it with `open_etcd`."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._leases = Leases(connection, clock)
        self._latest = Latest(self._ask_revision)
        self._revision = 0
        self._compacting: asyncio.Task[None] | None = None

    @property
    def revision(self) -> int:
        """The newest revision that etcd has told this process."""
        return self._revision

    def start(self) -> None:
        """Compact from now on."""
        compactor = Compactor(self._connection, self._clock)
        self._compacting = asyncio.get_running_loop().create_task(compactor.run(), name="etcd-compactor")

    async def current_revision(self) -> int:
        """See Store."""
        if self._connection.is_closed:
            raise StoreClosed
        return await self._latest.get()

    async def get(self, key: str, revision: int = 0) -> Entry | None:
        """See Store."""
        answer = await self._range(messages.RangeRequest(key.encode(), revision=revision))
        entries = await self._entries(answer)
        return entries[0] if entries else None

    async def list(self, prefix: str, *, limit: int = 0, start_after: str = "", revision: int = 0) -> Page:
        """See Store."""
        entries: list[Entry] = []
        at, after = revision, start_after
        while True:
            start, end = prefix.encode() or b"\0", range_end(prefix)
            if after:
                start = max(start, after.encode() + b"\0")
            answer = await self._range(messages.RangeRequest(start, end, limit or PAGE_KEYS, at))
            entries += await self._entries(answer)
            # The further pages are read at the revision of the first.
            at = at or answer.header.revision
            remaining = answer.count - len(answer.kvs)
            if limit or not remaining:
                return Page(tuple(entries), at, remaining)
            after = entries[-1].key

    async def txn(self, compares: tuple[Compare, ...], writes: tuple[Write, ...]) -> TxnResult:
        """See Store."""
        transaction.check_keys(writes)
        try:
            answer = await self._txn(compares, writes)
        except Refused as error:
            if error.refusal is not Refusal.LEASE_NOT_FOUND:
                raise
            self._leases.forget()  # it ended, or was revoked, while the write was on its way
            answer = await self._txn(compares, writes)
        self._saw(answer.header.revision)
        if answer.succeeded:
            return TxnResult(answer.header.revision)
        for compare, found in zip(compares, answer.responses, strict=True):
            entries = await self._entries(found.response_range)
            if (entries[0].revision if entries else 0) != compare.revision:
                raise CompareFailed(compare.key, entries[0] if entries else None)
        raise AssertionError("etcd reads in a transaction what it compared in it")

    def watch(self, prefix: str, from_revision: int) -> AsyncGenerator[Changes, None]:
        """See Store."""
        return self._watch(prefix, from_revision)

    async def is_stale(self, key: str) -> bool:
        """See Store: what is stored is what was given."""
        return False

    async def compact(self, revision: int) -> None:
        """See Store."""
        try:
            await self._connection.call(messages.COMPACT, messages.CompactionRequest(revision))
        except Refused as error:
            if error.refusal is not Refusal.COMPACTED:
                raise

    async def close(self) -> None:
        """See Store."""
        if self._connection.is_closed:
            return
        if self._compacting is not None:
            self._compacting.cancel()
            await asyncio.gather(self._compacting, return_exceptions=True)
        await self._connection.close()
        await self._latest.close()

    async def _watch(self, prefix: str, from_revision: int) -> AsyncGenerator[Changes, None]:
        if self._connection.is_closed:
            raise StoreClosed
        async with aclosing(follow(self._connection, self._clock, prefix.encode(), from_revision)) as told:
            try:
                async for changes in told:
                    self._saw(changes.revision)
                    yield changes
            except StoreClosed:
                return

    async def _ask_revision(self) -> int:
        return (await self._range(_SOME_KEY)).header.revision

    async def _range(self, request: messages.RangeRequest) -> messages.RangeResponse:
        try:
            answer = await self._connection.call(messages.RANGE, request)
        except Refused as error:
            match error.refusal:
                case Refusal.COMPACTED:
                    raise Compacted(request.revision + 1) from error  # it is later, but etcd doesn't say how much
                case Refusal.FUTURE_REVISION:
                    raise FutureRevision(request.revision, self._revision) from error
                case _:
                    raise
        self._saw(answer.header.revision)
        return answer

    async def _txn(self, compares: tuple[Compare, ...], writes: tuple[Write, ...]) -> messages.TxnResponse:
        request = messages.TxnRequest(
            compare=tuple(
                messages.Compare(messages.CompareTarget.MOD, each.key.encode(), mod_revision=each.revision)
                for each in compares
            ),
            success=tuple([await self._operation(write) for write in writes]),
            failure=tuple(
                messages.RequestOp(request_range=messages.RangeRequest(each.key.encode())) for each in compares
            ),
        )
        return await self._connection.call(messages.TXN, request)

    async def _operation(self, write: Write) -> messages.RequestOp:
        key = write.key.encode()
        if not isinstance(write, Put):
            return messages.RequestOp(request_delete_range=messages.DeleteRangeRequest(key))
        lease = 0 if write.ttl_seconds is None else await self._leases.lease_for(write.ttl_seconds)
        return messages.RequestOp(request_put=messages.PutRequest(key, write.value, lease))

    async def _entries(self, found: messages.RangeResponse) -> tuple[Entry, ...]:
        ends = await self._leases.ends(leases) if (leases := {kv.lease for kv in found.kvs} - {0}) else {}
        return tuple(
            Entry(kv.key.decode(), kv.value, kv.create_revision, kv.mod_revision, ends.get(kv.lease))
            for kv in found.kvs
        )

    def _saw(self, revision: int) -> None:
        self._revision = max(self._revision, revision)


async def open_etcd(config: EtcdConfig, clock: Clock) -> EtcdStore:
    """The store in an etcd cluster; StoreUnavailable, with the reason, when none of its members answers."""
    connection = Connection(config)
    store = EtcdStore(connection, clock)
    try:
        await store.current_revision()
    except StoreUnavailable as error:
        why = await connection.why_unavailable(messages.RANGE, _SOME_KEY)
        await store.close()
        raise StoreUnavailable(f"no etcd answers at {', '.join(config.servers)}: {why}") from error
    except BaseException:
        await store.close()
        raise
    store.start()
    return store


def range_end(prefix: str) -> bytes:
    """What comes after all keys that begin with the prefix; etcd's sign for "to the end" when there is none."""
    start = prefix.encode()
    return start[:-1] + bytes((start[-1] + 1,)) if start else b"\0"  # no byte of UTF-8 is the last there is
