import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from steersman.api.core import Event, Pod
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.status import Forbidden
from steersman.client.memory import MemoryClient
from steersman.client.recorder import EventRecorder
from steersman.component.clock import FakeClock

POD = Pod(metadata=ObjectMeta(name="web", namespace="default", uid="u1", resourceVersion="7"))


class Setup:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.client = MemoryClient(self.clock)
        self.recorder = EventRecorder(self.client, self.clock, "kubelet", "n1")

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.recorder.run())
            yield
            await self.recorder.flush()
            task.cancel()

    @property
    def events(self) -> tuple[Event, ...]:
        return self.client.all(Event)


@pytest.fixture
def setup() -> Setup:
    return Setup()


async def test_an_event_says_who_reports_what_about_which_object(setup: Setup) -> None:
    async with setup.sending():
        setup.recorder.event(POD, "Normal", "Pulled", "image pulled", field_path="spec.containers{c}")
    (event,) = setup.events
    about = event.involvedObject
    assert (about.kind, about.apiVersion, about.name, about.uid, about.resourceVersion) == (
        "Pod",
        "v1",
        "web",
        "u1",
        "7",
    )
    assert about.fieldPath == "spec.containers{c}"
    assert (event.type, event.reason, event.message, event.count) == ("Normal", "Pulled", "image pulled", 1)
    assert (event.source.component, event.source.host) == ("kubelet", "n1")
    assert (event.reportingComponent, event.reportingInstance) == ("kubelet", "n1")
    assert event.metadata.name.startswith("web.")
    assert event.metadata.namespace == "default"
    assert event.firstTimestamp == event.lastTimestamp == setup.clock.now()


async def test_a_repeated_event_is_counted_instead_of_written_again(setup: Setup) -> None:
    async with setup.sending():
        for _ in range(3):
            setup.recorder.event(POD, "Warning", "BackOff", "restarting")
            await setup.clock.advance(10)
    (event,) = setup.events
    assert event.count == 3
    assert event.firstTimestamp is not None
    assert event.lastTimestamp is not None
    assert (event.lastTimestamp - event.firstTimestamp).total_seconds() == 20


async def test_many_similar_events_are_folded_into_one(setup: Setup) -> None:
    async with setup.sending():
        for number in range(14):
            setup.recorder.event(POD, "Warning", "Failed", f"attempt {number}")
            await setup.clock.drain()
    assert len(setup.events) == 10
    folded = [event for event in setup.events if event.message.startswith("(combined from similar events): ")]
    assert [(event.count, event.message[-10:]) for event in folded] == [(5, "attempt 13")]


async def test_a_flood_about_one_object_is_cut_off_until_tokens_return(setup: Setup) -> None:
    async with setup.sending():
        for number in range(40):
            setup.recorder.event(POD, "Normal", f"Reason{number}", "x")
            await setup.clock.drain()
        assert len(setup.events) == 25
        await setup.clock.advance(300)
        setup.recorder.event(POD, "Normal", "Later", "x")
    assert len(setup.events) == 26


async def test_a_counted_event_that_has_expired_is_begun_anew(setup: Setup) -> None:
    async with setup.sending():
        setup.recorder.event(POD, "Normal", "Pulled", "x")
        await setup.recorder.flush()
        await setup.client.delete(Event, setup.events[0].metadata.name, "default")
        setup.recorder.event(POD, "Normal", "Pulled", "x")
    assert [event.count for event in setup.events] == [2]


async def test_a_long_message_is_cut_and_a_refused_event_is_given_up(setup: Setup) -> None:
    async with setup.sending():
        setup.recorder.event(POD, "Normal", "Long", "x" * 3000)
        await setup.recorder.flush()
        setup.client.fail_next("create", Event, Forbidden("namespace is being terminated"))
        setup.recorder.event(POD, "Normal", "Refused", "x")
    assert [len(event.message) for event in setup.events] == [1024]


async def test_an_unreachable_server_is_tried_again(setup: Setup) -> None:
    async with setup.sending():
        setup.client.fail_next("create", Event, ConnectionResetError())
        setup.recorder.event(POD, "Normal", "Pulled", "x")
        await setup.clock.advance(2)
    assert len(setup.events) == 1


async def test_when_the_queue_is_full_events_are_lost_but_nobody_waits(setup: Setup) -> None:
    for number in range(1500):
        setup.recorder.event(POD, "Normal", f"R{number}", "x")
    async with setup.sending():
        await setup.recorder.flush()
    assert len(setup.events) == 25
