"""The history answers, for every revision it keeps, what a store that had stopped there would answer."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.storage import transaction
from steersman.storage.history import KEPT_SECONDS, History
from steersman.storage.interface import FIRST_REVISION, Compacted, Delete, Entry, Event, FutureRevision, Put, Write

KEYS = ("/a/1", "/a/2", "/a/3", "/b/1")
TRANSACTIONS = st.lists(
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from((b"1", b"2", None)), min_size=1, max_size=3), max_size=12
)


def written(history: History, writes: dict[str, bytes | None], now: float = 0) -> tuple[Event, ...]:
    each: tuple[Write, ...] = tuple(Delete(key) if value is None else Put(key, value) for key, value in writes.items())
    events = transaction.changes(each, history.revision + 1, history.entries.get)
    history.apply(events, now, {})
    return events


@given(TRANSACTIONS)
def test_every_kept_revision_reads_as_it_was(transactions: list[dict[str, bytes | None]]) -> None:
    history = History()
    snapshots: dict[int, dict[str, Entry]] = {FIRST_REVISION: {}}
    for writes in transactions:
        written(history, writes)
        snapshots[history.revision] = dict(history.entries)
    for revision, entries in snapshots.items():
        below = tuple(entries[key] for key in sorted(entries) if key.startswith("/a/"))
        assert history.page("/a/", 0, "", revision).entries == below
        assert all(history.get(key, revision) == entries.get(key) for key in KEYS)
        assert paged(history, revision) == below


def paged(history: History, revision: int) -> tuple[Entry, ...]:
    entries: tuple[Entry, ...] = ()
    page = history.page("/a/", 1, "", revision)
    while page.entries:
        entries += page.entries
        left = page.remaining
        page = history.page("/a/", 1, page.entries[-1].key, revision)
        assert page.remaining == max(0, left - 1)
    return entries


@given(TRANSACTIONS, st.integers(0, 14))
def test_changes_after_a_revision_lead_from_it_to_now(
    transactions: list[dict[str, bytes | None]], stop_after: int
) -> None:
    history = History()
    entries: dict[str, Entry] = {}
    start = FIRST_REVISION
    for position, writes in enumerate(transactions):
        written(history, writes)
        if position < stop_after:
            entries, start = dict(history.entries), history.revision
    for event in history.since("", start + 1):
        if event.is_delete:
            assert entries.pop(event.key).value == event.value
        else:
            entries[event.key] = Entry(event.key, event.value, event.create_revision, event.revision)
    assert entries == history.entries


@given(TRANSACTIONS, st.integers(0, 16))
def test_compaction_takes_the_past_and_nothing_else(transactions: list[dict[str, bytes | None]], revision: int) -> None:
    history, whole = History(), History()
    for writes in transactions:
        written(history, writes)
        written(whole, writes)
    history.compact(revision)
    assert history.entries == whole.entries
    for at in range(FIRST_REVISION, whole.revision + 1):
        if at < min(revision, whole.revision):
            with pytest.raises(Compacted):
                history.page("", 0, "", at)
            with pytest.raises(Compacted):
                history.since("", at)
        else:
            assert history.page("", 0, "", at) == whole.page("", 0, "", at)
            assert history.since("", at + 1) == whole.since("", at + 1)


def test_changes_are_kept_for_their_time_and_no_longer() -> None:
    history = History()
    for moment in (0, 100, 200):
        written(history, {"/a/1": b"%d" % moment}, moment)
    history.prune(KEPT_SECONDS)
    assert len(history.since("", 2)) == 3
    history.prune(KEPT_SECONDS + 1)
    with pytest.raises(Compacted) as gone:
        history.since("", 2)
    assert gone.value.oldest == 2
    assert [event.revision for event in history.since("", 3)] == [3, 4]


def test_what_was_loaded_has_no_past() -> None:
    loaded = Entry("/a/1", b"1", 5, 7)
    history = History((loaded, replace(loaded, key="/b/1")), 9)
    assert history.get("/a/1", 9) == loaded
    with pytest.raises(Compacted):
        history.get("/a/1", 8)
    with pytest.raises(Compacted):
        history.since("", 9)
    assert history.since("", 10) == ()
    with pytest.raises(FutureRevision) as future:
        history.get("/a/1", 10)
    assert (future.value.asked, future.value.current) == (10, 9)
