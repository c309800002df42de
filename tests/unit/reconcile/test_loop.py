import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from steersman.api.apps import Deployment, DeploymentSpec, DeploymentStrategy, ReplicaSet
from steersman.api.core import (
    Container,
    Endpoints,
    Namespace,
    NamespaceSpec,
    Node,
    Pod,
    PodSpec,
    PodTemplateSpec,
    Service,
    ServicePort,
    ServiceSpec,
)
from steersman.api.meta import Kind, LabelSelector, ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Timeout
from steersman.client.cache import ObjectKey
from steersman.client.informer import Informer, Informers
from steersman.client.interface import WatchEvent
from steersman.client.memory import MemoryClient
from steersman.component.clock import FakeClock
from steersman.component.metrics import Registry
from steersman.controllers.registry import Settings, all_controllers
from steersman.reconcile.controller import Reader, Watch, controllers_of_kind, own_key
from steersman.reconcile.loop import Loop
from steersman.reconcile.manager import Manager
from steersman.reconcile.owners import controller_ref
from steersman.reconcile.plan import Create, Plan


class Quiet:
    def event(self, about: Kind, type_: str, reason: str, message: str) -> None:
        pass


class Lagging(MemoryClient):
    """Watch events of pods are held back until the test lets them through."""

    def __init__(self, clock: FakeClock, *objects: Kind) -> None:
        super().__init__(clock, *objects)
        self.is_open = asyncio.Event()

    async def watch(self, kind: type[Any], *rest: Any, **named: Any) -> AsyncGenerator[WatchEvent[Any], None]:
        async for event in super().watch(kind, *rest, **named):
            if kind is Pod:
                await self.is_open.wait()
            yield event


class OnePod:
    """A controller that wants one pod for each ReplicaSet; it counts on nothing but its cache."""

    name = "one-pod"

    def __init__(self) -> None:
        self.passes = 0

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        return (
            Watch(ReplicaSet, own_key),
            Watch(Pod, lambda _, old, new: controllers_of_kind(ReplicaSet, old, new)),
        )

    async def observe(self, reader: Reader, key: ObjectKey) -> tuple[ReplicaSet, int] | None:
        self.passes += 1
        rs = reader.get(ReplicaSet, key)
        return None if rs is None else (rs, len(reader.cache(Pod)))

    def plan(self, view: tuple[ReplicaSet, int], now: datetime) -> Plan:
        rs, count = view
        meta = ObjectMeta(generateName="p-", namespace="default", ownerReferences=(controller_ref(rs),))
        return Plan(() if count else (Create(Pod(metadata=meta)),))


@asynccontextmanager
async def running(*work: Any) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in work]
        yield
        for task in tasks:
            task.cancel()


def replica_set() -> ReplicaSet:
    return ReplicaSet(metadata=ObjectMeta(name="rs", namespace="default"))


async def test_nothing_is_made_twice_while_the_cache_has_not_seen_the_first() -> None:
    clock = FakeClock()
    client = Lagging(clock, replica_set())
    informers = Informers(client, clock)
    loop = Loop(OnePod(), informers, client, Quiet(), clock)
    async with running(informers.run()):
        await informers.wait_synced()
        async with running(loop.run()):
            await clock.drain()
            assert len(client.all(Pod)) == 1
            rs = client.all(ReplicaSet)[0]
            await client.update(replace(rs, metadata=replace(rs.metadata, labels={"touched": "yes"})))
            await clock.drain()
            assert len(client.all(Pod)) == 1
            passes = loop.controller.passes  # type: ignore[attr-defined]
            client.is_open.set()
            await clock.drain()
            assert loop.controller.passes > passes  # type: ignore[attr-defined]
            assert len(client.all(Pod)) == 1


async def test_after_a_write_of_unknown_outcome_the_server_is_asked_before_the_next_one() -> None:
    clock = FakeClock()
    client = Lagging(clock, replica_set())
    informers = Informers(client, clock)
    loop = Loop(OnePod(), informers, client, Quiet(), clock)
    create = client.create

    async def stored_but_unanswered(obj: Any, *, dry_run: bool = False) -> Any:
        await create(obj)
        client.create = create  # type: ignore[method-assign]
        raise TimeoutError

    client.create = stored_but_unanswered  # type: ignore[method-assign,assignment]
    async with running(informers.run()):
        await informers.wait_synced()
        async with running(loop.run()):
            await clock.advance(1)
            assert len(client.all(Pod)) == 1


class Broken(OnePod):
    """Its plan fails the first two times."""

    def plan(self, view: tuple[ReplicaSet, int], now: datetime) -> Plan:
        if self.passes < 3:
            raise RuntimeError("a bug")
        return super().plan(view, now)


async def test_a_fault_in_a_controller_is_retried_with_back_off() -> None:
    clock = FakeClock()
    client = MemoryClient(clock, replica_set())
    informers = Informers(client, clock)
    loop = Loop(Broken(), informers, client, Quiet(), clock)
    async with running(informers.run()):
        await informers.wait_synced()
        async with running(loop.run()):
            await clock.advance(0.004)
            assert len(client.all(Pod)) == 0
            await clock.advance(1)
            assert len(client.all(Pod)) == 1


async def test_an_informer_that_missed_history_lists_again_and_tells_what_changed() -> None:
    clock = FakeClock()
    client = MemoryClient(clock, replica_set())
    informer = Informer(client, ReplicaSet, clock)
    seen: list[tuple[bool, bool]] = []
    informer.add_handler(lambda old, new: seen.append((old is not None, new is not None)))
    async with running(informer.run()):
        await clock.drain()
        assert seen == [(False, True)]
        await client.delete(ReplicaSet, "rs", "default")
        client.compact()
        client.cut()
        await clock.advance(5)
        assert seen == [(False, True), (True, False)]


async def test_an_informer_lists_again_when_the_server_does_not_know_its_revision() -> None:
    clock = FakeClock()
    client = MemoryClient(clock, replica_set())
    informer = Informer(client, ReplicaSet, clock)
    async with running(informer.run()):
        await clock.drain()
        client.fail_next("watch", ReplicaSet, Timeout("Too large resource version"))
        client.cut()
        await clock.advance(5)
        assert [verb for verb, _, _ in client.calls] == ["list", "watch", "watch", "list", "watch"]


def application() -> tuple[Kind, ...]:
    labels = {"app": "web"}
    template = PodTemplateSpec(
        metadata=ObjectMeta(labels=labels), spec=PodSpec(containers=(Container(name="c"),), nodeName="n")
    )
    selector = LabelSelector(matchLabels=labels)
    spec = DeploymentSpec(
        replicas=3, selector=selector, template=template, strategy=DeploymentStrategy(type="RollingUpdate")
    )
    meta = ObjectMeta(name="web", namespace="default")
    ports = (ServicePort(port=80, protocol="TCP"),)
    return (
        Node(metadata=ObjectMeta(name="n")),
        Namespace(metadata=ObjectMeta(name="default"), spec=NamespaceSpec(finalizers=("kubernetes",))),
        Deployment(metadata=meta, spec=spec),
        Service(metadata=meta, spec=ServiceSpec(selector=labels, ports=ports, clusterIP="10.0.0.1")),
    )


async def test_all_controllers_together_bring_an_application_up_and_take_it_down() -> None:
    clock = FakeClock()
    client = MemoryClient(clock, *application())
    manager = Manager(
        client,
        all_controllers(Settings(ca_pem="PEM", cluster_cidrs=("10.244.0.0/16",), sign_token=lambda *_: "token"), clock),
        clock,
    )
    registry = Registry()
    manager.export(registry)
    async with running(manager.run()):
        await clock.advance(1)
        assert len(client.all(Pod)) == 3
        for number, pod in enumerate(client.all(Pod)):
            await client.patch(
                Pod, pod.metadata.name, "default", subresource="status",
                patch={"status": {
                    "phase": "Running", "podIP": f"10.1.0.{number}", "podIPs": [{"ip": f"10.1.0.{number}"}],
                    "conditions": [{"type": "Ready", "status": "True"}],
                }},
            )  # fmt: skip
        await clock.advance(1)
        assert client.all(Deployment)[0].status.availableReplicas == 3
        assert len(client.all(Endpoints)[0].subsets[0].addresses) == 3
        assert client.all(Node)[0].spec.podCIDR == "10.244.0.0/24"
        assert b'workqueue_depth{name="deployment-controller"} 0' in registry.render()
        assert b'workqueue_adds_total{name="deployment-controller"} 0' not in registry.render()
        await client.delete(Deployment, "web", "default")
        await clock.advance(1)
        assert client.all(Pod) == ()
        assert client.all(ReplicaSet) == ()
        await client.delete(Namespace, "default")
        await clock.advance(20)
        assert client.all(Namespace) == ()
        assert client.all(Endpoints) == ()
