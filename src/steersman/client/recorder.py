"""Records Events without ever holding up who reports: a bounded queue, sent in the background.

Source: client-go tools/record.
"""

import asyncio
import itertools
from datetime import timedelta

from steersman.api.core import Event, EventSource, ObjectReference
from steersman.api.meta import Kind, ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import NotFound, StatusError
from steersman.apimachinery.times import format_time, to_time
from steersman.client.correlator import Correlator, Send
from steersman.client.interface import Client
from steersman.component.clock import Clock
from steersman.component.log import get_logger

QUEUE_LIMIT = 1000
MESSAGE_LIMIT = 1024
TRIES = 3
RETRY_DELAY_SECONDS = 2.0
SEND_TIMEOUT = timedelta(seconds=30)

log = get_logger(__name__)


def reference_to(about: Kind, field_path: str = "") -> ObjectReference:
    """The reference an Event carries."""
    meta = about.metadata
    return ObjectReference(
        kind=about.kind,
        apiVersion=about.apiVersion,
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        resourceVersion=meta.resourceVersion,
        fieldPath=field_path,
    )


class EventRecorder:
    """Events of one component. `run` sends them, those of its siblings too."""

    def __init__(self, client: Client, clock: Clock, component: str, host: str = "") -> None:
        self._client, self._clock = client, clock
        self._source = EventSource(component=component, host=host)
        self._correlator = Correlator()
        self._queue: asyncio.Queue[Event] = asyncio.Queue(QUEUE_LIMIT)
        self._sequence = itertools.count(1)

    def sibling(self, component: str) -> "EventRecorder":
        """A recorder of another component of this process; this one's `run` sends for both."""
        made = EventRecorder(self._client, self._clock, component, self._source.host)
        made._correlator, made._queue, made._sequence = self._correlator, self._queue, self._sequence
        return made

    def event(
        self, about: Kind | ObjectReference, type_: str, reason: str, message: str, *, field_path: str = ""
    ) -> None:
        """Record an Event; when the queue is full it is lost, and the log says so."""
        target = about if isinstance(about, ObjectReference) else reference_to(about, field_path)
        try:
            self._queue.put_nowait(self._make(target, type_, reason, message))
        except asyncio.QueueFull:
            log.warning("event dropped", reason=reason, object=target.name)

    async def run(self) -> None:
        """Send Events until cancelled."""
        while True:
            event = await self._queue.get()
            try:
                sending = self._correlator.take(event, self._clock.monotonic())
                if sending is not None:
                    await self._send(sending)
            finally:
                self._queue.task_done()

    async def flush(self) -> None:
        """Return once everything recorded so far has been sent or given up."""
        await self._queue.join()

    def _make(self, target: ObjectReference, type_: str, reason: str, message: str) -> Event:
        now = self._clock.now()
        # As upstream: the object's name and a number that grows with time, unique even within one tick of the clock.
        name = f"{target.name}.{int(now.timestamp() * 1e9) + next(self._sequence):x}"
        return Event(
            metadata=ObjectMeta(name=name, namespace=target.namespace or "default"),
            involvedObject=target,
            type=type_,
            reason=reason,
            message=message if len(message) <= MESSAGE_LIMIT else message[: MESSAGE_LIMIT - 3] + "...",
            source=self._source,
            reportingComponent=self._source.component,
            reportingInstance=self._source.host,
            firstTimestamp=to_time(now),
            lastTimestamp=to_time(now),
            count=1,
        )

    async def _send(self, sending: Send) -> None:
        for attempt in range(TRIES):
            try:
                async with asyncio.timeout(SEND_TIMEOUT.total_seconds()):
                    stored = await self._write(sending)
                self._correlator.sent_as(sending.event, stored)
                return
            except StatusError as error:
                # Refused (a namespace that is going, for instance): trying again would not help.
                log.debug("event refused", reason=sending.event.reason, error=str(error))
                return
            except (OSError, TimeoutError) as error:
                if attempt == TRIES - 1:
                    log.warning("event not sent", reason=sending.event.reason, error=str(error))
                    return
            await self._clock.sleep(RETRY_DELAY_SECONDS)

    async def _write(self, sending: Send) -> Event:
        event = sending.event
        if sending.is_new:
            return await self._client.create(event)
        patch = {
            "count": event.count,
            "message": event.message,
            "lastTimestamp": format_time(event.lastTimestamp) if event.lastTimestamp is not None else None,
        }
        try:
            return await self._client.patch(Event, event.metadata.name, event.metadata.namespace, patch)
        except NotFound:
            # It has expired: begin a new one.
            fresh = replace(event.metadata, uid="", resourceVersion="", creationTimestamp=None)
            return await self._client.create(replace(event, metadata=fresh))
