"""Addresses and node ports of Services: what is given out is noted, and only that."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from tests.api.server import CONFIG, Served, serving

from steersman.apiserver.app import Deps, ServerConfig
from steersman.apiserver.attributes import AdmitEverybody, AlwaysAllow
from steersman.component.clock import RealClock
from steersman.storage.interface import Delete
from steersman.storage.memory import MemoryStore

SERVICES = "/api/v1/namespaces/default/services"
NETWORKING = "/apis/networking.k8s.io/v1"
ADDRESSES, RANGES = f"{NETWORKING}/ipaddresses", f"{NETWORKING}/servicecidrs"


def body(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"selector": {"a": "b"}, "ports": [{"port": 80}]} | spec}


@contextlib.asynccontextmanager
async def with_config(config: ServerConfig, store: MemoryStore | None = None) -> AsyncIterator[Served]:
    clock = RealClock()
    deps = Deps(store or MemoryStore(clock), clock, AdmitEverybody(), AlwaysAllow(), config)
    async with serving(deps) as served:
        await served.post("/api/v1/namespaces", {"metadata": {"name": "default"}})
        yield served


async def noted(server: Served) -> tuple[set[str], set[int]]:
    """The addresses and ports that are noted, in the store itself."""
    store = server.server.collections._store
    found = [
        (await store.list(f"/registry/{prefix}/")).entries
        for prefix in ("ipaddresses.networking.k8s.io", "servicenodeports")
    ]
    names = [{entry.key.rpartition("/")[2] for entry in entries} for entries in found]
    return names[0], set(map(int, names[1]))


async def held(server: Served) -> tuple[set[str], set[int]]:
    """Those that Services have. Fails if two have the same."""
    addresses, ports = list[str](), list[int]()
    for item in (await server.get(SERVICES)).json["items"]:
        spec = item["spec"]
        addresses += [one for one in spec.get("clusterIPs", ()) if one != "None"]
        ports += {port["nodePort"] for port in spec["ports"] if "nodePort" in port}
        ports += [spec["healthCheckNodePort"]] if "healthCheckNodePort" in spec else []
    assert len(set(addresses)) == len(addresses)
    assert len(set(ports)) == len(ports)
    return set(addresses), set(ports)


async def test_an_address_says_whose_it_is_as_long_as_the_service_lives(server: Served) -> None:
    made = (await server.post(SERVICES, body("x"))).json
    address = made["spec"]["clusterIP"]
    found = (await server.get(f"{ADDRESSES}/{address}")).json
    assert found["metadata"]["labels"] == {
        "ipaddress.kubernetes.io/ip-family": "IPv4",
        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
    }
    assert found["spec"]["parentRef"] == {"resource": "services", "namespace": "default", "name": "x"}
    assert found["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]  # one transaction
    assert found["metadata"]["uid"]
    await server.delete(f"{SERVICES}/x")
    assert (await server.get(f"{ADDRESSES}/{address}")).status == 404


async def test_what_is_taken_outside_the_range_or_all_gone_is_refused_in_upstreams_words() -> None:
    async with with_config(ServerConfig("127.0.0.1", 6443, "10.0.0.0/29", (30000, 30001))) as server:
        assert (await server.post(SERVICES, body("a", clusterIP="10.0.0.3"))).status == 201
        for address, why in (
            ("10.0.0.3", "provided IP is already allocated"),
            ("10.9.0.1", "the provided network does not match the current range"),
            ("10.0.0.7", "the provided network does not match the current range"),
        ):
            refused = await server.post(SERVICES, body("b", clusterIP=address))
            assert refused.status == 422
            assert (
                f'spec.clusterIPs: Invalid value: ["{address}"]: failed to allocate IP {address}: {why}'
                in refused.json["message"]
            )
        assert (
            await server.post(SERVICES, body("n", type="NodePort", ports=[{"port": 1, "nodePort": 30000}]))
        ).status == 201
        for port, why in (
            (30000, "provided port is already allocated"),
            (31000, "provided port is not in the valid range. The range of valid ports is 30000-30001"),
        ):
            refused = await server.post(SERVICES, body("m", type="NodePort", ports=[{"port": 1, "nodePort": port}]))
            assert refused.status == 422
            assert f"spec.ports[0].nodePort: Invalid value: {port}: {why}" in refused.json["message"]
        for number in range(4):
            assert (await server.post(SERVICES, body(f"s{number}"))).status == 201
        full = await server.post(SERVICES, body("one-too-many"))
        assert (full.status, full.json["message"]) == (
            500,
            "Internal error occurred: failed to allocate a serviceIP: range is full",
        )
        await server.delete(f"{SERVICES}/s0")
        assert (await server.post(SERVICES, body("p", type="NodePort"))).status == 201
        await server.delete(f"{SERVICES}/s1")
        full = await server.post(SERVICES, body("q", type="NodePort"))
        assert full.json["message"] == "Internal error occurred: failed to allocate a nodePort: range is full"
        assert await noted(server) == await held(server)


async def test_further_ranges_are_used_when_the_first_is_full_and_only_while_they_may_be() -> None:
    async with with_config(ServerConfig("127.0.0.1", 6443, "10.0.0.0/30")) as server:
        for name in ("a", "b"):
            assert (await server.post(SERVICES, body(name))).status == 201
        assert (await server.post(SERVICES, body("c"))).status == 500
        more = {"metadata": {"name": "more", "finalizers": ["example.com/held"]}, "spec": {"cidrs": ["10.1.0.0/28"]}}
        assert (await server.post(RANGES, more)).status == 201
        made = (await server.post(SERVICES, body("c"))).json
        assert made["spec"]["clusterIP"].startswith("10.1.0.")
        assert (await server.delete(f"{RANGES}/more")).status == 200
        assert (await server.post(SERVICES, body("d"))).status == 500
        assert (await server.post(SERVICES, body("d", clusterIP="10.1.0.9"))).status == 422
        assert (await server.delete(f"{SERVICES}/c")).status == 200
        assert (await noted(server))[0] == {"10.0.0.1", "10.0.0.2"}


async def test_a_service_has_an_address_of_each_family_it_asks_for() -> None:
    async with with_config(ServerConfig("127.0.0.1", 6443, "10.0.0.0/24,fd00::/112")) as server:
        made = (await server.post(SERVICES, body("x", ipFamilyPolicy="RequireDualStack"))).json["spec"]
        assert made["ipFamilies"] == ["IPv4", "IPv6"]
        assert made["clusterIP"] == made["clusterIPs"][0]
        assert made["clusterIPs"][1].startswith("fd00::")
        assert await noted(server) == (set(made["clusterIPs"]), set())
        one = (await server.patch(f"{SERVICES}/x", {"spec": {"ipFamilyPolicy": "SingleStack"}})).json["spec"]
        assert one["clusterIPs"] == made["clusterIPs"][:1]
        assert (await noted(server))[0] == {made["clusterIP"]}
        again = (await server.patch(f"{SERVICES}/x", {"spec": {"ipFamilyPolicy": "PreferDualStack"}})).json["spec"]
        assert again["clusterIPs"][0] == made["clusterIP"]
        assert len(again["clusterIPs"]) == 2
        assert await noted(server) == await held(server)


async def test_a_dry_run_and_a_write_that_is_refused_take_nothing(server: Served) -> None:
    made = await server.post(f"{SERVICES}?dryRun=All", body("x", type="NodePort"))
    assert made.status == 201
    assert made.json["spec"]["clusterIP"]
    assert (await server.post(SERVICES, body("x", sessionAffinity="Perhaps"))).status == 422
    await server.post(SERVICES, body("y"))
    assert (await server.post(SERVICES, body("y", type="NodePort"))).status == 409
    assert await noted(server) == await held(server)


@pytest.mark.parametrize("seed", range(3))
async def test_after_any_history_exactly_what_services_have_is_noted(seed: int) -> None:
    random, answers = Random(seed), Counter[int]()
    async with with_config(ServerConfig("127.0.0.1", 6443, "10.0.0.0/27", (30000, 30011))) as server:

        async def step(name: str, kind: str) -> None:
            path = f"{SERVICES}/{name}"
            ports = [{"name": "t", "port": 53}, {"name": "u", "port": 53, "protocol": "UDP"}]
            wanted = body(name, type=kind, ports=ports)
            match kind:
                case "gone":
                    await server.delete(path)
                    return
                case "ExternalName":
                    wanted["spec"] |= {"externalName": "a.b"}
                case "LoadBalancer":
                    wanted["spec"] |= {"externalTrafficPolicy": "Local"}
            current = await server.get(path)
            if current.status == 404:
                answer = await server.post(SERVICES, wanted)
            else:
                answer = await server.put(path, wanted)
            answers[answer.status] += 1

        kinds = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "gone")
        for _ in range(12):
            await asyncio.gather(*(step(f"s{random.randrange(5)}", random.choice(kinds)) for _ in range(4)))
            assert await noted(server) == await held(server)
        # Full, faster or gone are refusals that come about; most writes are done.
        assert answers.keys() <= {200, 201, 404, 409, 422, 500}
        assert answers[200] > 5
        assert answers[201] > 5


class OutlivesServers(MemoryStore):
    async def close(self) -> None:
        """Not with the first server."""


async def test_services_of_before_there_were_notes_are_noted_at_the_next_start() -> None:
    store = OutlivesServers(RealClock())
    async with with_config(CONFIG, store) as server:
        await server.post(SERVICES, body("x", type="NodePort"))
        wanted = await held(server)
        for prefix in ("ipaddresses.networking.k8s.io", "servicenodeports"):
            for entry in (await store.list(f"/registry/{prefix}/")).entries:
                await store.txn((), (Delete(entry.key),))
        assert await noted(server) == (set(), set())
    async with with_config(CONFIG, store) as server:
        assert await noted(server) == wanted
