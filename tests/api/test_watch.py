"""Watching a collection, over HTTP."""

import json

from tests.api.server import Served

from steersman.storage.interface import Put

MAPS = "/api/v1/namespaces/default/configmaps"


def told(event: dict) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"].get("name", "")


async def test_a_watch_begins_with_what_is_there_and_goes_on(server: Served) -> None:
    await server.post(MAPS, {"metadata": {"name": "a"}})
    async with server.watching(f"{MAPS}?watch=true") as events:
        assert told(await anext(events)) == ("ADDED", "a")
        await server.patch(f"{MAPS}/a", {"data": {"k": "v"}})
        assert told(await anext(events)) == ("MODIFIED", "a")
        await server.delete(f"{MAPS}/a")
        gone = await anext(events)
        assert told(gone) == ("DELETED", "a")
        assert gone["object"]["data"] == {"k": "v"}


async def test_a_watch_resumes_after_the_revision_it_is_given(server: Served) -> None:
    first = (await server.post(MAPS, {"metadata": {"name": "a"}})).json
    await server.post(MAPS, {"metadata": {"name": "b"}})
    revision = first["metadata"]["resourceVersion"]
    async with server.watching(f"{MAPS}?watch=1&resourceVersion={revision}") as events:
        assert told(await anext(events)) == ("ADDED", "b")


async def test_a_revision_whose_history_is_gone_gets_410(server: Served) -> None:
    from tests.api.server import serving

    await server.post(MAPS, {"metadata": {"name": "a"}})
    # A server that has just started knows nothing of what was before.
    async with serving() as fresh:
        for number in range(5):
            await fresh.post("/api/v1/namespaces", {"metadata": {"name": f"n{number}"}})
        fresh.server.collections.of(fresh_kind()).cacher.load((), 6)
        async with fresh.watching("/api/v1/namespaces?watch=1&resourceVersion=2") as events:
            event = await anext(events)
    assert event["type"] == "ERROR"
    assert event["object"]["code"] == 410
    assert event["object"]["reason"] == "Expired"


def fresh_kind() -> type:
    from steersman.api.core import Namespace

    return Namespace


async def test_objects_enter_and_leave_a_selectors_view(server: Served) -> None:
    async with server.watching(f"{MAPS}?watch=1&labelSelector=x%3D1") as events:
        await server.post(MAPS, {"metadata": {"name": "a"}})
        await server.patch(f"{MAPS}/a", {"metadata": {"labels": {"x": "1"}}})
        assert told(await anext(events)) == ("ADDED", "a")
        await server.patch(f"{MAPS}/a", {"metadata": {"labels": {"x": "2"}}})
        assert told(await anext(events)) == ("DELETED", "a")


async def test_initial_events_end_with_a_bookmark_that_says_so(server: Served) -> None:
    await server.post(MAPS, {"metadata": {"name": "a"}})
    query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    async with server.watching(f"{MAPS}?{query}") as events:
        assert told(await anext(events)) == ("ADDED", "a")
        mark = await anext(events)
    assert mark["type"] == "BOOKMARK"
    assert mark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


async def test_a_watch_ends_when_its_time_is_up(server: Served) -> None:
    async with server.watching(f"{MAPS}?watch=1&timeoutSeconds=1&allowWatchBookmarks=true") as events:
        assert [event async for event in events] == []


async def test_tables_tell_their_columns_once_a_watch(server: Served) -> None:
    await server.post(MAPS, {"metadata": {"name": "a"}})
    await server.post(MAPS, {"metadata": {"name": "b"}})
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    async with server.watching(f"{MAPS}?watch=1", accept=accept) as events:
        first, second = await anext(events), await anext(events)
    assert first["object"]["columnDefinitions"]
    assert not second["object"]["columnDefinitions"]
    assert json.dumps(second["object"]["rows"][0]["cells"][0]) == '"b"'


async def test_a_watch_shows_all_that_is_there_however_much_it_is(server: Served) -> None:
    for number in range(40):
        data = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": f"m{number}", "namespace": "default"}}
        whole = json.dumps(data | {"data": {"k": "x" * 900_000}}, separators=(",", ":")).encode()
        await server.store.txn((), (Put(f"/registry/configmaps/default/m{number}", whole),))
    async with server.watching(f"{MAPS}?watch=1&timeoutSeconds=30") as events:
        assert len([told(await anext(events)) for _ in range(40)]) == 40
