"""Whether and how a request is audited, and the queues its events go to."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from steersman.apiserver.audit.batching import Queue
from steersman.apiserver.audit.event import Event
from steersman.apiserver.audit.policy import Decision, Level, Policy, Stage, decide
from steersman.apiserver.audit.trail import Trail
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import UserInfo
from steersman.component.clock import Clock
from steersman.component.http.message import Request
from steersman.component.log import get_logger
from steersman.component.metrics import Registry

_log = get_logger(__name__)

# Events that wait to be handed on when the server stops get so long.
STOP_SECONDS = 10.0
# Of a failed login only the answer is told. Source: endpoints/filters/authn_audit.go.
NOT_OF_LOGINS = frozenset({Stage.REQUEST_RECEIVED, Stage.RESPONSE_COMPLETE, Stage.PANIC})


class Auditor:
    """Begins the trail of each request that the policy wants audited."""

    def __init__(self, policy: Policy, queues: Sequence[Queue], clock: Clock, metrics: Registry) -> None:
        self._policy = policy
        self._queues = tuple(queues)
        self._clock = clock
        self._events = metrics.counter(
            "apiserver_audit_event_total", "Counter of audit events generated and sent to the audit backend."
        )
        self._levels = metrics.counter(
            "apiserver_audit_level_total", "Counter of policy levels for audit events (1 per request).", ("level",)
        )
        self._rejected = metrics.counter(
            "apiserver_audit_requests_rejected_total",
            "Counter of apiserver requests rejected due to an error in audit logging backend.",
        )

    def begin(self, request: Request, info: RequestInfo, user: UserInfo | None, audit_id: str) -> Trail | None:
        """The trail of a request; None when nothing of it is told. user is None where the login failed."""
        decision = decide(self._policy, user, info)
        self._levels.inc(decision.level.label)
        if decision.level is Level.NONE:
            return None
        if user is None:
            left_out = decision.omit_stages | NOT_OF_LOGINS
            decision = Decision(decision.level, left_out, decision.omit_managed_fields)
        return Trail(self, decision, self._clock, request).of(info, user, audit_id)

    def put(self, event: Event) -> Sequence[asyncio.Future[bool]]:
        """Hand an event on; what to wait for."""
        self._events.inc()
        return [done for queue in self._queues if (done := queue.put(event)) is not None]

    def reject(self) -> None:
        """Count a request that fails for want of its event."""
        self._rejected.inc()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Events are handed on inside; at the end, those that are left."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(queue.run()) for queue in self._queues]
            try:
                yield
            finally:
                for queue in self._queues:
                    queue.stop()
                _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
                for task in late:
                    task.cancel()
                    _log.error("audit events are left over", task=task.get_name())
