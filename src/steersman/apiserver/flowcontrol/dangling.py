"""Says of each flow schema whether the priority level that it names is there.

Source: apiserver/pkg/util/flowcontrol/apf_controller.go: presyncFlowSchemaStatus, digestConfigObjects.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime

from steersman.api.flowcontrol import FlowSchema, FlowSchemaCondition, PriorityLevelConfiguration
from steersman.apimachinery.codec.json import encode
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.status import NotFound, StatusError
from steersman.apimachinery.times import to_time
from steersman.apiserver.collections import Collections
from steersman.client.interface import Client, PatchType
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.storage.cached import Facts
from steersman.storage.cacher import CacheWatch
from steersman.storage.interface import StoreError

_log = get_logger(__name__)

CONSUMER = "api-priority-and-fairness-config-consumer-v1"
DANGLING = "Dangling"
IDLE_SECONDS = 3600.0
LOOK_AGAIN_SECONDS = 10.0
# Servers that don't agree would write for ever: so often in a minute, and no more.
WRITES_A_MINUTE, MINUTE_SECONDS, WAIT_SECONDS = 6, 60.0, 30.0


def condition_of(schema: FlowSchema, is_found: bool, now: datetime) -> FlowSchemaCondition | None:
    """What its status has to say; None if it says so already."""
    level = quote(schema.spec.priorityLevelConfiguration.name)
    text = f"This FlowSchema references the PriorityLevelConfiguration object named {level}"
    status, reason = ("False", "Found") if is_found else ("True", "NotFound")
    message = f"{text} and it exists" if is_found else f"{text} but there is no such object"
    old = next((one for one in schema.status.conditions if one.type == DANGLING), None)
    if old is not None and (old.status, old.reason, old.message) == (status, reason, message):
        return None
    return FlowSchemaCondition(
        type=DANGLING, status=status, lastTransitionTime=to_time(now), reason=reason, message=message
    )


class DanglingSchemas:
    """Follows schemas and levels, and writes the conditions. changed is set whenever one of them has changed."""

    def __init__(self, collections: Collections, client: Client, clock: Clock) -> None:
        self._collections = collections
        self._client = client
        self._clock = clock
        self._written: dict[str, deque[float]] = {}
        self.changed = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        kinds = (FlowSchema, PriorityLevelConfiguration)
        if not all(self._collections.has(kind) for kind in kinds):
            return
        while True:
            watches = [self._collections.of(kind).cacher.watch(0, _all) for kind in kinds]
            try:
                await self._follow(watches)
            finally:
                for watch in watches:
                    watch.close()

    async def _follow(self, watches: Sequence[CacheWatch]) -> None:
        seconds = 0.0
        while not any(watch.is_closed for watch in watches):
            await _any(watches, seconds)
            self.changed.set()
            seconds = LOOK_AGAIN_SECONDS
            try:
                seconds = await self._look()
            except (StatusError, StoreError) as error:
                _log.warning("the status of flow schemas isn't written", error=str(error))

    async def _look(self) -> float:
        """Write what has to be written; when to look again."""
        schemas, levels = self._collections.of(FlowSchema), self._collections.of(PriorityLevelConfiguration)
        seconds = IDLE_SECONDS
        for cached in schemas.cacher.under(schemas.under("")):
            schema = schemas.decoded(cached)
            named = schema.spec.priorityLevelConfiguration.name
            is_found = levels.cacher.get(levels.key("", named)) is not None
            condition = condition_of(schema, is_found, self._clock.now())
            if condition is None:
                continue
            if self._is_too_often(schema.metadata.name):
                seconds = WAIT_SECONDS
                continue
            await self._write(schema.metadata.name, condition)
        return seconds

    def _is_too_often(self, name: str) -> bool:
        now, written = self._clock.monotonic(), self._written.setdefault(name, deque())
        while written and now - written[0] > MINUTE_SECONDS:
            written.popleft()
        if len(written) >= WRITES_A_MINUTE:
            return True
        written.append(now)
        return False

    async def _write(self, name: str, condition: FlowSchemaCondition) -> None:
        body = {
            "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
            "kind": "FlowSchema",
            "metadata": {"name": name},
            "status": {"conditions": [condition]},
        }
        try:
            await self._client.patch(
                FlowSchema,
                name,
                None,
                encode(body),
                PatchType.APPLY,
                "status",
                field_manager=CONSUMER,
                force=True,
            )
        except NotFound:
            self._written.pop(name, None)


async def _any(watches: Sequence[CacheWatch], seconds: float) -> None:
    """Until one of them has something to say."""
    waits = [asyncio.ensure_future(watch.next(seconds)) for watch in watches]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


def _all(_: Facts) -> bool:
    return True
