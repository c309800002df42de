"""How entries end: each at a revision of its own, unless it was written again."""

from datetime import timedelta

from steersman.component.clock import FakeClock
from steersman.storage.expiry import end
from steersman.storage.interface import Put
from steersman.storage.memory import MemoryStore


async def test_entries_end_one_by_one_and_what_was_written_again_stays() -> None:
    clock = FakeClock()
    store = MemoryStore(clock)
    await store.txn((), (Put("/a/1", b"", 60), Put("/a/2", b"", 60), Put("/a/3", b"", 60)))
    entries = (await store.list("/a/")).entries
    await store.txn((), (Put("/a/2", b"new"),))
    before = store.revision
    await end(store, [*entries, None], clock.now() + timedelta(hours=1))
    assert [entry.key for entry in (await store.list("/a/")).entries] == ["/a/2"]
    assert store.revision == before + 2
    await store.close()
