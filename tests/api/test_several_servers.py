"""Whole control planes on one etcd: what they do at their start, together, and when one of them goes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tests.api.server import CONFIG, WAIT_SECONDS
from tests.etcdserver import EtcdServer, needs_etcd, running_etcd

from steersman.api.coordination import Lease
from steersman.api.core import (
    ConfigMap,
    Endpoints,
    Namespace,
    ResourceQuota,
    ResourceQuotaSpec,
    ResourceQuotaStatus,
    Service,
)
from steersman.api.discovery import EndpointSlice
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.status import Forbidden
from steersman.apiserver import housekeeping, serverendpoints
from steersman.apiserver.app import ServerConfig
from steersman.apiserver.identity import SELECTOR
from steersman.cluster.authenticating import Identity
from steersman.cluster.controlplane import ControlPlane, ControlPlaneConfig
from steersman.component import keys
from steersman.component.clock import RealClock
from steersman.storage.etcd.store import open_etcd

pytestmark = needs_etcd


@pytest.fixture
def etcd(tmp_path: Path) -> Iterator[EtcdServer]:
    with running_etcd(tmp_path / "etcd") as server:
        yield server


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers look at each other often, and their leases end soon."""
    monkeypatch.setattr(housekeeping, "INTERVAL_SECONDS", 0.2)
    monkeypatch.setattr(serverendpoints, "LEASE_SECONDS", 1.0)


class Plane:
    """A control plane that runs until it is stopped, or is gone as if its machine lost power."""

    def __init__(self, etcd: EtcdServer, number: int) -> None:
        self._etcd = etcd
        self.address = f"10.0.0.{number}"
        self._stack = contextlib.AsyncExitStack()

    async def start(self) -> ControlPlane:
        clock = RealClock()
        store = await open_etcd(self._etcd.config, clock)
        self._stack.push_async_callback(store.close)
        server = ServerConfig(self.address, 6443, CONFIG.service_cidr, may_be_several=True)
        config = ControlPlaneConfig(Identity(keys.new_private_key()), server, hostname=f"host{self.address}")
        self.plane = ControlPlane(config, store, clock)
        self.running = asyncio.create_task(self.plane.run())
        async with asyncio.timeout(WAIT_SECONDS):
            await self.plane.ready()
        return self.plane

    async def stop(self) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        await self._stack.aclose()


@contextlib.asynccontextmanager
async def planes(etcd: EtcdServer, count: int) -> AsyncIterator[list[Plane]]:
    made = [Plane(etcd, number) for number in range(1, count + 1)]
    try:
        await asyncio.gather(*(one.start() for one in made))
        yield made
    finally:
        for one in made:
            await one.stop()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not await condition():
            await asyncio.sleep(0.02)


async def served_by(plane: ControlPlane) -> tuple[set[str], set[str]]:
    endpoints = await plane.client.get(Endpoints, "kubernetes", "default")
    slices = await plane.client.get(EndpointSlice, "kubernetes", "default")
    return (
        {address.ip for subset in endpoints.subsets for address in subset.addresses},
        {address for endpoint in slices.endpoints for address in endpoint.addresses},
    )


async def test_servers_that_start_together_on_an_empty_etcd_all_come_up(etcd: EtcdServer) -> None:
    async with planes(etcd, 3) as all_planes:
        assert not any(one.running.done() for one in all_planes)
        found = [(await one.plane.client.list(Namespace)).items for one in all_planes]
        assert found[0] == found[1] == found[2]


@pytest.mark.usefixtures("hasty")
async def test_the_endpoints_are_the_servers_that_live(etcd: EtcdServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async with planes(etcd, 3) as (one, other, third):
        everybody = {one.address, other.address, third.address}

        async def are(addresses: set[str]) -> bool:
            return await served_by(one.plane) == (addresses, addresses)

        await until(lambda: are(everybody))
        # One that is stopped says so itself...
        await third.stop()
        assert await are(everybody - {third.address})

        # ...for one that has died nobody renews the lease.
        async def dies(_: object) -> None:
            return None

        with monkeypatch.context() as dying:
            dying.setattr(housekeeping.Housekeeping, "leave", dies)
            await other.stop()
        assert await are({one.address, other.address})
        await until(lambda: are({one.address}))


@pytest.mark.usefixtures("hasty")
async def test_the_service_comes_back_when_somebody_deletes_it(etcd: EtcdServer) -> None:
    async with planes(etcd, 1) as (one,):
        client = one.plane.client
        first = await client.get(Service, "kubernetes", "default")
        await client.delete(Service, "kubernetes", "default")

        async def is_back() -> bool:
            services = (await client.list(Service, "default")).items
            return [(found.metadata.name, found.spec.clusterIP) for found in services] == [
                ("kubernetes", first.spec.clusterIP)
            ]

        await until(is_back)


async def test_every_server_has_an_identity_of_its_own_that_outlives_its_restart(etcd: EtcdServer) -> None:
    async with planes(etcd, 2) as (one, other):
        leases = (await one.plane.client.list(Lease, "kube-system", label_selector=SELECTOR)).items
        assert len({lease.metadata.name for lease in leases}) == 2
        await other.stop()
        await other.start()
        after = (await one.plane.client.list(Lease, "kube-system", label_selector=SELECTOR)).items
        assert [lease.metadata.name for lease in after] == [lease.metadata.name for lease in leases]
        changed = [a.spec.holderIdentity != b.spec.holderIdentity for a, b in zip(leases, after, strict=True)]
        assert sorted(changed) == [False, True]


async def test_a_quota_of_50_is_kept_by_two_servers_that_get_200_creates_at_once(etcd: EtcdServer) -> None:
    async with planes(etcd, 2) as (one, other):
        clients = one.plane.client, other.plane.client
        await clients[0].create(Namespace(metadata=ObjectMeta(name="full")))
        hard = {"configmaps": Quantity(50)}
        quota = ResourceQuota(metadata=ObjectMeta(name="q", namespace="full"), spec=ResourceQuotaSpec(hard=hard))
        made = await clients[0].create(quota)
        status = ResourceQuotaStatus(hard=hard, used={"configmaps": Quantity(0)})
        await clients[0].update(replace(made, status=status), subresource="status")
        refusals: list[str] = []

        async def create(number: int) -> bool:
            wanted = ConfigMap(metadata=ObjectMeta(name=f"c{number}", namespace="full"))
            try:
                await clients[number % 2].create(wanted)
            except Forbidden as error:
                refusals.append(error.message)
                return False
            return True

        done = await asyncio.gather(*(create(number) for number in range(200)))
        assert (sum(done), len(refusals)) == (50, 150)
        assert all("exceeded quota: q, requested: configmaps=1, used: configmaps=50" in text for text in refusals)
        for client in clients:
            assert len((await client.list(ConfigMap, "full")).items) == 50
            assert str((await client.get(ResourceQuota, "q", "full")).status.used["configmaps"]) == "50"
