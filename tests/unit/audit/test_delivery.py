"""Events on their way out: batches, what is lost, files that are put aside, webhooks that fail."""

import asyncio
import gzip
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec
import pytest

from steersman.apimachinery.codec.json import encode
from steersman.apiserver.audit.batching import Batching, DeliveryError, Mode, Queue, Truncation
from steersman.apiserver.audit.event import Event, ObjectReference, ResponseStatus, legacy_line_of, line_of, wire_user
from steersman.apiserver.audit.logfile import Format, LogDelivery
from steersman.apiserver.audit.rotation import MEGABYTE, RotatingFile, Rotation
from steersman.apiserver.audit.webhook import WebhookDelivery
from steersman.apiserver.user import UserInfo
from steersman.client.kubeconfig import ClientConfig, Credentials
from steersman.component.clock import FakeClock
from steersman.component.http.message import Request, Response
from steersman.component.http.server import HTTPServer
from steersman.component.metrics import Registry

WAIT_SECONDS = 10


class Kept:
    """Keeps what it gets, or fails."""

    name = "kept"

    def __init__(self, fails: bool = False) -> None:
        self.batches: list[list[str]] = []
        self.fails, self.is_closed = fails, False
        self.got = asyncio.Event()

    async def deliver(self, events: Sequence[Event]) -> None:
        self.got.set()
        if self.fails:
            raise DeliveryError("no room")
        self.batches.append([event.auditID for event in events])

    async def close(self) -> None:
        self.is_closed = True


class Queued:
    """A queue before a delivery that keeps everything."""

    def __init__(self, batching: Batching, truncation: Truncation | None = None, fails: bool = False) -> None:
        self.kept, self.clock, self.registry = Kept(fails), FakeClock(), Registry()
        errors = self.registry.counter("errors", "", ("plugin",))
        self.queue = Queue(self.kept, batching, truncation, self.clock, errors)

    def put(self, *ids: str) -> list[asyncio.Future[bool] | None]:
        return [self.queue.put(Event(auditID=one)) for one in ids]

    async def drained(self) -> list[list[str]]:
        self.queue.stop()
        async with asyncio.timeout(WAIT_SECONDS):
            await self.queue.run()
        assert self.kept.is_closed
        return self.kept.batches

    def lost(self, plugin: str) -> bool:
        return f'errors{{plugin="{plugin}"}} 1' in self.registry.render().decode()


async def test_batches_have_their_size_and_what_is_left_goes_at_the_end() -> None:
    queued = Queued(Batching(max_size=2))
    queued.put("a", "b", "c")
    assert await queued.drained() == [["a", "b"], ["c"]]


async def test_a_batch_that_does_not_fill_goes_when_it_has_waited_long_enough() -> None:
    queued = Queued(Batching(max_wait_seconds=30))
    running = asyncio.create_task(queued.queue.run())
    queued.put("a")
    await queued.clock.advance(29)
    assert queued.kept.batches == []
    await queued.clock.advance(2)
    assert queued.kept.batches == [["a"]]
    running.cancel()


async def test_batches_are_spread_over_time() -> None:
    queued = Queued(Batching(max_size=1, qps=1, burst=2))
    running = asyncio.create_task(queued.queue.run())
    queued.put("a", "b", "c", "d")
    await queued.clock.advance(0)
    assert queued.kept.batches == [["a"], ["b"]]
    await queued.clock.advance(1.1)
    assert queued.kept.batches == [["a"], ["b"], ["c"]]
    running.cancel()


async def test_a_file_takes_all_that_waits_at_once() -> None:
    queued = Queued(Batching(max_size=1, takes_all=True))
    queued.put("a", "b", "c")
    assert await queued.drained() == [["a", "b", "c"]]


async def test_losses_are_logged_now_and_then_and_counted_always(capsys: pytest.CaptureFixture[str]) -> None:
    queued = Queued(Batching(buffer_size=1))
    queued.put(*map(str, range(101)))
    assert capsys.readouterr().err.count("audit events are lost") == 1
    await queued.clock.advance(11)
    queued.put("late")
    assert "events=100" in capsys.readouterr().err
    assert 'errors{plugin="buffered"} 101' in queued.registry.render().decode()


async def test_a_queue_that_is_full_loses_events_and_counts_them() -> None:
    queued = Queued(Batching(buffer_size=1))
    queued.put("a", "b")
    assert queued.lost("buffered")
    assert await queued.drained() == [["a"]]
    queued.put("late")
    assert queued.kept.batches == [["a"]]


@pytest.mark.parametrize(("mode", "goes_on"), [(Mode.BLOCKING, True), (Mode.BLOCKING_STRICT, False)])
async def test_only_strict_requests_fail_with_their_events(mode: Mode, goes_on: bool) -> None:
    queued = Queued(Batching(mode), fails=True)
    (done,) = queued.put("a")
    await queued.drained()
    assert done is not None
    assert await done is goes_on
    assert queued.lost("kept")


async def test_events_that_are_too_big_lose_their_objects_and_then_themselves() -> None:
    queued = Queued(Batching(), Truncation(max_event_size=300))
    big = json.dumps("x" * 400).encode()
    event = Event(auditID="a", level="Request", requestObject=msgspec.Raw(big))
    queued.queue.put(event)
    queued.queue.put(Event(auditID="b" * 400))
    assert queued.lost("truncate")
    assert await queued.drained() == [["a"]]


async def test_batches_stay_below_their_size_in_bytes() -> None:
    size = len(encode(Event(auditID="a")))
    queued = Queued(Batching(), Truncation(max_batch_size=2 * size, max_event_size=size))
    queued.put("a", "b", "c")
    assert await queued.drained() == [["a", "b"], ["c"]]


def test_a_line_of_text_reads_as_upstreams() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 120000, UTC)
    event = Event(
        auditID="1", stage="ResponseComplete", verb="get", requestURI="/api?x=\"y\"", sourceIPs=("192.0.2.1", "::1"),
        user=wire_user(UserInfo("a", groups=("g", "h"))), impersonatedUser=wire_user(UserInfo("b", groups=("i",))),
        objectRef=ObjectReference(namespace="n"), responseStatus=ResponseStatus(code=200), userAgent="me",
        requestReceivedTimestamp=moment,
    )  # fmt: skip
    assert legacy_line_of(event).decode() == (
        '2026-01-02T03:04:05.12Z AUDIT: id="1" stage="ResponseComplete" ip="192.0.2.1" method="get" user="a" '
        'groups="\\"g\\",\\"h\\"" as="b" asgroups="\\"i\\"" user-agent="me" namespace="n" uri="/api?x=\\"y\\"" '
        'response="200"\n'
    )
    plain = legacy_line_of(Event()).decode()
    assert 'user="<none>" groups="<none>" as="<self>" asgroups="<lookup>"' in plain
    assert plain.endswith('response="<deferred>"\n')


def test_an_event_in_json_is_one_line_that_says_what_it_is() -> None:
    line = line_of(Event(level="Metadata", annotations={"a": "b\nc"}))
    assert line.count(b"\n") == 1
    tree = json.loads(line)
    assert (tree["kind"], tree["apiVersion"], tree["user"], tree["annotations"]) == (
        "Event", "audit.k8s.io/v1", {}, {"a": "b\nc"},
    )  # fmt: skip


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_log_that_grows_is_put_aside_compressed_and_removed(tmp_path: Path) -> None:
    clock = FakeClock()
    file = RotatingFile(tmp_path / "logs" / "audit.log", Rotation(1, 3, 2, compresses=True), clock)
    line = b"x" * (MEGABYTE - 1) + b"\n"
    assert not file.write([line])
    for day in (1, 2, 3):
        await clock.advance(86400.25)
        assert file.write([line]), day
        file.tidy()
    assert names(tmp_path / "logs") == [
        "audit-2026-01-03T00-00-00.500.log.gz", "audit-2026-01-04T00-00-00.750.log.gz", "audit.log",
    ]  # fmt: skip
    assert gzip.decompress((tmp_path / "logs" / "audit-2026-01-04T00-00-00.750.log.gz").read_bytes()) == line
    await clock.advance(2.5 * 86400)
    file.tidy()
    assert names(tmp_path / "logs") == ["audit-2026-01-04T00-00-00.750.log.gz", "audit.log"]
    assert (tmp_path / "logs" / "audit.log").stat().st_mode & 0o777 == 0o600


def test_a_log_goes_on_where_it_was(tmp_path: Path) -> None:
    for text in (b"a\n", b"b\n"):
        file = RotatingFile(tmp_path / "audit.log", Rotation(max_megabytes=0), FakeClock())
        file.write([text])
        file.close()
    assert (tmp_path / "audit.log").read_bytes() == b"a\nb\n"


async def test_a_log_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    delivery = LogDelivery(RotatingFile(tmp_path / "full", Rotation(), FakeClock()), Format.JSON)
    (tmp_path / "full").mkdir()
    with pytest.raises(DeliveryError, match="Is a directory"):
        await delivery.deliver([Event()])
    await delivery.close()


async def test_a_webhook_that_fails_is_asked_again_later_each_time() -> None:
    asked: list[tuple[str, dict[str, str], dict[str, object]]] = []

    async def handle(request: Request) -> Response:
        asked.append((request.path, dict(request.headers), json.loads(await request.body(1 << 20))))
        return Response(500 if len(asked) < 3 else 201)

    http, clock = HTTPServer(handle), FakeClock()
    await http.start()
    config = ClientConfig(f"http://127.0.0.1:{http.port}/events", credentials=Credentials(token="t"))
    delivery = WebhookDelivery(config, 10, clock, Random(1))
    delivering = asyncio.create_task(delivery.deliver([Event(auditID="a"), Event(auditID="b")]))
    async with asyncio.timeout(WAIT_SECONDS):
        for tries, seconds in ((1, 13), (2, 19)):
            while len(asked) < tries or not clock.sleepers:
                await asyncio.sleep(0.001)
            await clock.advance(seconds)
        await delivering
    path, headers, body = asked[-1]
    assert (path, headers["authorization"], body["kind"], len(asked)) == ("/events", "Bearer t", "EventList", 3)
    items = body["items"]
    assert isinstance(items, list)
    assert [item["auditID"] for item in items] == ["a", "b"]
    assert "kind" not in items[0]
    await delivery.close()
    await http.stop(0.1)


async def test_a_webhook_that_keeps_failing_is_given_up() -> None:
    http = HTTPServer(lambda _: Response(503))
    await http.start()
    delivery = WebhookDelivery(ClientConfig(f"http://127.0.0.1:{http.port}"), 0.0, FakeClock(), Random(1))
    async with asyncio.timeout(WAIT_SECONDS):
        with pytest.raises(DeliveryError, match="the server answered 503"):
            await delivery.deliver([Event()])
    await delivery.close()
    await http.stop(0.1)
