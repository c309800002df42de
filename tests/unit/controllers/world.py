"""A cluster in memory that tests drive step by step, without an event loop: every await in it finishes at once."""

from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from steersman.api.core import Pod, PodCondition
from steersman.api.meta import Kind
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import StatusError
from steersman.client.cache import ObjectKey, key_of
from steersman.client.informer import Informers
from steersman.client.memory import MemoryClient
from steersman.reconcile.controller import Controller, Reader
from steersman.reconcile.execute import Executor
from steersman.reconcile.plan import Action, Failure, Plan

T = TypeVar("T")
K = TypeVar("K", bound=Kind)

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never has to wait."""
    try:
        work.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("it waits")


class StillClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = BEGIN

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return (self.time - BEGIN).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Events:
    """Keeps what was recorded."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str]] = []

    def event(self, about: Any, type_: str, reason: str, message: str) -> None:
        self.seen.append((type_, reason, message))


class World:
    """Objects, caches that are up to date before each pass, and a recorder."""

    def __init__(self, *objects: Kind) -> None:
        self.clock = StillClock()
        self.client = MemoryClient(self.clock, *objects)
        self.events = Events()
        self.informers = Informers(self.client, self.clock)
        self.executor = Executor(self.client, self.events)
        self.failure: Failure | None = None

    def all(self, kind: type[K]) -> tuple[K, ...]:
        return self.client.all(kind)

    def get(self, kind: type[K], name: str, namespace: str = "default") -> K | None:
        return next((obj for obj in self.all(kind) if key_of(obj) == (namespace, name)), None)

    def create(self, obj: K) -> K:
        return at_once(self.client.create(obj))

    def update(self, obj: K, subresource: str = "") -> K:
        return at_once(self.client.update(obj, subresource))

    def delete(self, obj: Kind, **how: Any) -> None:
        at_once(self.client.delete(type(obj), obj.metadata.name, obj.metadata.namespace, **how))

    def reader(self, controller: Controller[Any, Any]) -> Reader:
        for watch in controller.watches:
            cache = self.informers.cache(watch.kind)
            for name, function in watch.indexes:
                cache.add_index(name, function)
            cache.replace(self.all(watch.kind))
        return Reader(self.informers, self.client, self.failure)

    def plan(self, controller: Controller[Any, Any], key: Any) -> Plan | None:
        view = at_once(controller.observe(self.reader(controller), key))
        return None if view is None else controller.plan(view, self.clock.now())

    def step(self, controller: Controller[Any, Any], key: Any, stop_after: int | None = None) -> Plan | None:
        """One pass, of whose actions only the first few are carried out when told so."""
        plan = self.plan(controller, key)
        for action in (plan.actions if plan is not None else ())[:stop_after]:
            if not self.do(action):
                break
        return plan

    def do(self, action: Action) -> bool:
        try:
            written = at_once(self.executor._do(action))
        except StatusError as error:
            self.failure = Failure(action, error.reason, str(error))
            return False
        told = getattr(action, "told", None)
        if told is not None and told.done is not None:
            name = written.key.name if written is not None else ""
            self.events.event(
                told.done.about, told.done.type, told.done.reason, told.done.message.replace("{name}", name)
            )
        return True

    def settle(self, controller: Controller[Any, Any], key: Any, passes: int = 20) -> None:
        """Pass after pass until nothing is left to do."""
        for _ in range(passes):
            plan = self.step(controller, key)
            if plan is None or not plan.actions:
                return
        raise AssertionError(f"{controller.name} does not come to rest: {plan}")

    def run_pod(self, pod: Pod) -> Pod:
        """What a kubelet does: the pod runs and is ready."""
        ready = PodCondition(type="Ready", status="True", lastTransitionTime=self.clock.now())
        others = tuple(found for found in pod.status.conditions if found.type != "Ready")
        status = replace(pod.status, phase="Running", conditions=(*others, ready), podIP=pod.status.podIP or "10.0.0.1")
        return self.update(replace(pod, status=status), "status")

    def pass_time(self, seconds: float) -> None:
        self.clock.time += timedelta(seconds=seconds)


def key(name: str, namespace: str = "default") -> ObjectKey:
    return ObjectKey(namespace, name)
