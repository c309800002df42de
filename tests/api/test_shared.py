"""Two API servers on one etcd, and what clients are told while it is away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.api.server import CONFIG, WAIT_SECONDS, Served, serving
from tests.api.test_custom import CRDS, TABS, definition, established, tab
from tests.etcdserver import EtcdServer, needs_etcd, running_etcd

from steersman.apiserver.app import Deps, ServerConfig
from steersman.apiserver.attributes import AdmitEverybody, AlwaysAllow
from steersman.component.clock import RealClock
from steersman.storage.etcd import connection
from steersman.storage.etcd.store import open_etcd

pytestmark = needs_etcd

MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
def etcd(tmp_path: Path) -> Iterator[EtcdServer]:
    with running_etcd(tmp_path / "etcd") as server:
        yield server


@contextlib.asynccontextmanager
async def serving_from(etcd: EtcdServer, config: ServerConfig = CONFIG) -> AsyncIterator[Served]:
    clock = RealClock()
    store = await open_etcd(etcd.config, clock)
    try:
        async with serving(Deps(store, clock, AdmitEverybody(), AlwaysAllow(), config)) as served:
            yield served
    finally:
        await store.close()


@pytest.fixture
async def servers(etcd: EtcdServer) -> AsyncIterator[tuple[Served, Served]]:
    async with serving_from(etcd) as one, serving_from(etcd) as other:
        assert (await one.post("/api/v1/namespaces", {"metadata": {"name": "default"}})).status == 201
        yield one, other


def config_map(name: str, **data: str) -> dict[str, object]:
    return {"metadata": {"name": name}, "data": data}


async def test_what_one_server_writes_the_other_reads_changes_and_watches(servers: tuple[Served, Served]) -> None:
    one, other = servers
    start = (await other.get(MAPS)).json["metadata"]["resourceVersion"]
    async with other.watching(f"{MAPS}?watch=true&resourceVersion={start}") as events:
        made = await one.post(MAPS, config_map("x", a="1"))
        assert made.status == 201
        assert (await other.get(f"{MAPS}/x")).data == made.data
        changed = await other.patch(f"{MAPS}/x", {"data": {"a": "2"}})
        assert changed.status == 200
        assert (await one.get(f"{MAPS}/x")).data == changed.data
        stale = await one.put(f"{MAPS}/x", made.json)
        assert (stale.status, stale.json["reason"]) == (409, "Conflict")
        assert (await one.delete(f"{MAPS}/x")).status == 200
        assert (await other.get(f"{MAPS}/x")).status == 404
        seen = [await anext(events) for _ in range(3)]
    assert [event["type"] for event in seen] == ["ADDED", "MODIFIED", "DELETED"]
    assert seen[0]["object"]["metadata"]["resourceVersion"] == made.json["metadata"]["resourceVersion"]


async def test_of_two_servers_that_create_the_same_name_one_is_refused(servers: tuple[Served, Served]) -> None:
    answers = await asyncio.gather(*(server.post(MAPS, config_map("same")) for server in servers * 5))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 9


SERVICES = "/api/v1/namespaces/default/services"


def service(name: str, **spec: object) -> dict[str, object]:
    return {"metadata": {"name": name}, "spec": {"selector": {"a": "b"}, "ports": [{"port": 80}]} | spec}


async def test_services_made_through_two_servers_at_once_have_addresses_and_ports_of_their_own(
    servers: tuple[Served, Served],
) -> None:
    asked = (servers[n % 2].post(SERVICES, service(f"s{n}", type="NodePort")) for n in range(200))
    made = [answer.json["spec"] for answer in await asyncio.gather(*asked)]
    assert len({spec["clusterIP"] for spec in made}) == 200
    assert len({spec["ports"][0]["nodePort"] for spec in made}) == 200


async def test_the_last_addresses_and_ports_are_given_out_once_by_servers_that_do_not_know_of_each_other(
    etcd: EtcdServer,
) -> None:
    config = ServerConfig("127.0.0.1", 6443, "10.0.0.0/26", (30000, 30039))
    async with serving_from(etcd, config) as one, serving_from(etcd, config) as other:
        await one.post("/api/v1/namespaces", {"metadata": {"name": "default"}})
        asked = ((one, other)[n % 2].post(SERVICES, service(f"s{n}", type="NodePort")) for n in range(60))
        answers = await asyncio.gather(*asked)
        made = [answer.json["spec"] for answer in answers if answer.status == 201]
        assert {answer.json["message"] for answer in answers if answer.status != 201} == {
            "Internal error occurred: failed to allocate a nodePort: range is full"
        }
        assert {spec["ports"][0]["nodePort"] for spec in made} == {*range(30000, 30040)}
        assert len({spec["clusterIP"] for spec in made}) == len(made) == 40
        # What one server gives back the other may give out at once, and nobody else's.
        freed = made[0]["ports"][0]["nodePort"], made[0]["clusterIP"]
        name = next(answer.json["metadata"]["name"] for answer in answers if answer.status == 201)
        assert (await one.delete(f"{SERVICES}/{name}")).status == 200
        wanted = service("again", type="NodePort", clusterIP=freed[1], ports=[{"port": 80, "nodePort": freed[0]}])
        answers = await asyncio.gather(
            other.post(SERVICES, wanted), one.post(SERVICES, wanted | service("too", **wanted["spec"]))
        )
        assert sorted(answer.status for answer in answers) == [201, 422]


async def eventually(server: Served, path: str, status: int) -> None:
    async with asyncio.timeout(WAIT_SECONDS * 2):
        while (await server.get(path)).status != status:
            await asyncio.sleep(0.05)


async def test_custom_resources_of_one_server_are_served_by_the_other_and_outlive_an_outage(
    etcd: EtcdServer, servers: tuple[Served, Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 1)
    one, other = servers
    await established(one, definition())
    await eventually(other, TABS, 200)
    held = tab("x") | {"metadata": {"name": "x", "finalizers": ["example.com/held"]}}
    assert (await other.post(TABS, held)).status == 201
    assert (await one.get(f"{TABS}/x")).status == 200
    assert (await one.delete(f"{CRDS}/{definition()['metadata']['name']}")).status == 200
    async with asyncio.timeout(WAIT_SECONDS):
        while "deletionTimestamp" not in (await other.get(f"{TABS}/x")).json["metadata"]:
            await asyncio.sleep(0.05)
    etcd.kill()
    await asyncio.sleep(2.5)  # both look now and then whether the object is gone
    etcd.start()
    await eventually(one, "/readyz", 200)
    await eventually(other, "/readyz", 200)
    assert (await one.patch(f"{TABS}/x", {"metadata": {"finalizers": None}})).status == 200
    for server in servers:
        await eventually(server, f"{CRDS}/{definition()['metadata']['name']}", 404)
        await eventually(server, TABS, 404)


async def test_pages_go_on_at_another_server(servers: tuple[Served, Served]) -> None:
    one, other = servers
    for number in range(5):
        await one.post(MAPS, config_map(f"m{number}"))
    page = (await one.get(f"{MAPS}?limit=2")).json
    await one.delete(f"{MAPS}/m3")
    rest = (await other.get(f"{MAPS}?limit=9&continue={page['metadata']['continue']}")).json
    assert [item["metadata"]["name"] for item in page["items"] + rest["items"]] == [f"m{n}" for n in range(5)]
    assert rest["metadata"]["resourceVersion"] == page["metadata"]["resourceVersion"]


async def test_while_etcd_is_away_clients_are_told_so_and_then_all_goes_on(
    etcd: EtcdServer, servers: tuple[Served, Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.5)
    one, other = servers
    made = (await one.post(MAPS, config_map("x"))).json
    version = made["metadata"]["resourceVersion"]
    async with other.watching(f"{MAPS}?watch=true&resourceVersion={version}") as events:
        etcd.kill()
        for answer in (await other.get(f"{MAPS}/x"), await one.get(MAPS), await one.post(MAPS, config_map("y"))):
            assert answer.status == 500
            assert answer.json["message"].startswith("etcdserver: request timed out")
            assert "reason" not in answer.json
        cached = await other.get(f"{MAPS}?resourceVersion=0")
        assert [item["metadata"]["name"] for item in cached.json["items"]] == ["x"]
        assert (await other.get("/readyz")).status == 500
        assert (await other.get("/livez?exclude=etcd")).status == 200
        etcd.start()
        async with asyncio.timeout(WAIT_SECONDS):
            while (await one.get("/readyz")).status != 200:
                await asyncio.sleep(0.05)
        assert (await one.post(MAPS, config_map("z"))).status == 201
        assert (await anext(events))["object"]["metadata"]["name"] == "z"
    assert [item["metadata"]["name"] for item in (await other.get(MAPS)).json["items"]] == ["x", "z"]
