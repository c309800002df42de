"""The queues of one priority level: fair queuing of requests that take seats for a time nobody knows beforehand.

Pure but for the state it keeps: every method is told the time, in seconds of a clock that doesn't go back. Whoever
calls learns from a ticket whether its request may run; `Ticket.wake` is called when one that had to wait may.

Each queue gets the same part of the seats. How far that has come is a meter, in seat-seconds a queue since the start; a
queue remembers at which reading its next request is due, and the queue whose request would be done first is served.

Source: apiserver/pkg/util/flowcontrol/fairqueuing/queueset; KEP-1040.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from heapq import heappop, heappush
from itertools import count
from typing import Any

from steersman.apiserver.flowcontrol.demand import Demand
from steersman.apiserver.flowcontrol.work import SERVICE_SECONDS, Work

EXEMPT_QUEUES = -1


@dataclass(frozen=True, slots=True)
class Shape:
    """How a level queues. queues: 0 if it refuses what it can't run, EXEMPT_QUEUES if it never refuses anything."""

    queues: int
    hand_size: int = 1
    queue_length: int = 0


@dataclass(frozen=True, slots=True)
class Flow:
    """Requests that are treated as one client's. hand: the queues they may stand in."""

    schema: str
    distinguisher: str = ""
    hand: tuple[int, ...] = ()


class Place(Enum):
    """Where a request stands."""

    WAITING = 1
    EXECUTING = 2
    LINGERING = 3
    GONE = 4


class _Queue:
    __slots__ = ("executing", "next_r", "seats_in_use", "waiting", "work_waiting")

    def __init__(self) -> None:
        self.waiting: deque[Ticket] = deque()
        self.work_waiting = 0.0
        self.executing: set[Ticket] = set()
        self.seats_in_use = 0
        # The meter's reading at which the next request is due.
        self.next_r = 0.0


class Ticket:
    """One request in its level. about: what the dumps show of it."""

    __slots__ = ("about", "arrived", "arrived_r", "flow", "place", "queue", "seats", "started", "wake", "work")

    def __init__(self, flow: Flow, work: Work, now: float, about: Any) -> None:
        self.flow = flow
        self.work = work
        self.seats = work.seats
        self.arrived = now
        self.arrived_r = 0.0
        self.started = 0.0
        self.queue: _Queue | None = None
        self.place = Place.EXECUTING
        self.wake: Callable[[], None] | None = None
        self.about = about


class QueueSet:
    """Seats, queues and those who stand in them. Requests are counted by what became of them."""

    def __init__(self, shape: Shape, limit: int, now: float) -> None:
        self.shape = shape
        self.limit = limit
        self.queues = [_Queue() for _ in range(shape.queues)]
        self.demand = Demand(now)
        self.unqueued: set[Ticket] = set()
        self.waiting = self.executing = 0
        self.seats_in_use = self.seats_waiting = 0
        self.dispatched = self.rejected = self.cancelled = 0
        self.meter = 0.0
        self._last = now
        # Queues somebody stands in, or was served from and isn't done.
        self._active = 0
        self._next_queue = self._enqueues = 0
        # (until when, order, ticket): those that are done and keep their seats for a while.
        self._lingering: list[tuple[float, int, Ticket]] = []
        self._order = count()

    @property
    def is_idle(self) -> bool:
        """Nobody waits, and nobody runs."""
        return not self.waiting and not self.executing

    @property
    def next_release(self) -> float | None:
        """When seats become free that nobody gives back."""
        return self._lingering[0][0] if self._lingering else None

    def configure(self, shape: Shape, limit: int, now: float) -> None:
        """From now on so. Queues that are too many are used no more, and go when nobody stands in the last of them."""
        self._sync(now)
        self.shape, self.limit = shape, limit
        self.queues += [_Queue() for _ in range(shape.queues - len(self.queues))]
        self._drop_spare()
        self._dispatch(now)

    def start(self, flow: Flow, work: Work, now: float, about: Any = None) -> Ticket | None:
        """A request comes: its ticket, EXECUTING or WAITING; None if it is refused."""
        if self._lingering or self._active:
            self._sync(now)
        else:
            self._last = now
        ticket = Ticket(flow, work, now, about)
        if self.shape.queues < 1:
            if not self._has_room(ticket.seats):
                self.rejected += 1
                return None
            self.unqueued.add(ticket)
            self._execute(ticket, now)
            return ticket
        queue = self._chosen(flow.hand)
        if self.seats_in_use >= self.limit and len(queue.waiting) >= self.shape.queue_length:
            self.rejected += 1
            return None
        ticket.queue, ticket.arrived_r = queue, self.meter
        if not queue.waiting and not queue.executing:
            self._active += 1
            queue.next_r = self.meter
        if not self.waiting and self.seats_in_use + ticket.seats <= self.limit:
            # What comes of queuing it and looking for whom to serve, without either.
            self._bound(queue, ticket)
            self._serve(queue, ticket, now)
        else:
            self._enqueue(queue, ticket, now)
            self._dispatch(now)
        return ticket

    def finish(self, ticket: Ticket, now: float) -> None:
        """The request is answered; its seats are free, or held on to for a while."""
        if self._active or self._lingering:
            self._sync(now)
        self.executing -= 1
        queue = ticket.queue
        if queue is None:
            self.unqueued.discard(ticket)
        else:
            queue.executing.discard(ticket)
            # What was expected of it is corrected by what it took.
            queue.next_r -= ticket.work.initial_seats * (SERVICE_SECONDS - (now - ticket.started))
            if queue.waiting:
                self._bound(queue, queue.waiting[0])
            elif not queue.executing:
                self._active -= 1
        if ticket.work.lingering_seconds > 0:
            ticket.place = Place.LINGERING
            heappush(self._lingering, (now + ticket.work.lingering_seconds, next(self._order), ticket))
        else:
            self._release(ticket, now)
        if self.waiting:
            self._dispatch(now)

    def cancel(self, ticket: Ticket, now: float) -> bool:
        """A request is tired of waiting. False if it doesn't wait any more."""
        self._sync(now)  # it may have its turn by now
        queue = ticket.queue
        if ticket.place is not Place.WAITING or queue is None:
            return False
        queue.waiting.remove(ticket)
        self._left(queue, ticket)
        ticket.place = Place.GONE
        self.rejected += 1
        self.cancelled += 1
        if not queue.waiting and not queue.executing:
            self._active -= 1
        elif queue.waiting:
            self._bound(queue, queue.waiting[0])
        self.demand.set(self.seats_in_use + self.seats_waiting, now)
        self._dispatch(now)
        return True

    def advance(self, now: float) -> None:
        """Time has passed: seats that were held on to are free, and others may run."""
        self._sync(now)
        self._dispatch(now)

    # --- the meter

    def _sync(self, now: float) -> None:
        """What stood so far was so up to now; seats held on to become free each at its moment."""
        while self._lingering and self._lingering[0][0] <= now:
            until, _, ticket = heappop(self._lingering)
            self._turn(max(until, self._last))
            self._release(ticket, self._last)
            self._dispatch(self._last)
        self._turn(now)

    def _turn(self, now: float) -> None:
        if self._active:
            wanted = self.seats_in_use + self.seats_waiting
            self.meter += min(wanted, self.limit) / self._active * (now - self._last)
        self._last = now

    def _bound(self, queue: _Queue, first: Ticket) -> None:
        """A queue that used less than its part doesn't save it up: nobody is due before they came."""
        if queue.next_r < first.arrived_r:
            queue.next_r = first.arrived_r

    # --- seats

    def _has_room(self, seats: int) -> bool:
        if self.shape.queues < 0:
            return True
        if seats > self.limit:
            # It will never fit: it runs alone.
            return not self.executing
        return self.seats_in_use + seats <= self.limit

    def _execute(self, ticket: Ticket, now: float) -> None:
        ticket.place, ticket.started = Place.EXECUTING, now
        self.executing += 1
        self.dispatched += 1
        self.seats_in_use += ticket.seats
        self.demand.set(self.seats_in_use + self.seats_waiting, now)

    def _release(self, ticket: Ticket, now: float) -> None:
        ticket.place = Place.GONE
        self.seats_in_use -= ticket.seats
        if ticket.queue is not None:
            ticket.queue.seats_in_use -= ticket.seats
            if len(self.queues) > self.shape.queues:
                self._drop_spare()
        self.demand.set(self.seats_in_use + self.seats_waiting, now)

    # --- queues

    def _chosen(self, hand: tuple[int, ...]) -> _Queue:
        """The queue of the hand with the least work waiting; begun elsewhere each time, so that hands don't clash."""
        self._enqueues += 1
        offset = self._enqueues % len(hand)
        if not self.waiting:
            return self.queues[hand[offset]]
        turned = hand[offset:] + hand[:offset]
        return min((self.queues[index] for index in turned), key=lambda queue: queue.work_waiting)

    def _enqueue(self, queue: _Queue, ticket: Ticket, now: float) -> None:
        ticket.place = Place.WAITING
        queue.waiting.append(ticket)
        queue.work_waiting += ticket.work.seat_seconds
        self.waiting += 1
        self.seats_waiting += ticket.seats
        self._bound(queue, queue.waiting[0])
        self.demand.set(self.seats_in_use + self.seats_waiting, now)

    def _left(self, queue: _Queue, ticket: Ticket) -> None:
        queue.work_waiting = queue.work_waiting - ticket.work.seat_seconds if queue.waiting else 0.0
        self.waiting -= 1
        self.seats_waiting -= ticket.seats

    def _serve(self, queue: _Queue, ticket: Ticket, now: float) -> None:
        queue.executing.add(ticket)
        queue.seats_in_use += ticket.seats
        queue.next_r += ticket.work.seat_seconds
        self._execute(ticket, now)

    def _dispatch(self, now: float) -> None:
        while self.waiting and self.seats_in_use < self.limit:
            queue = self._due()
            ticket = queue.waiting[0]
            if not self._has_room(ticket.seats):
                return
            queue.waiting.popleft()
            self._left(queue, ticket)
            if ticket.work.final_seats > self.limit:
                ticket.work = _narrowed(ticket.work, self.limit)
                ticket.seats = ticket.work.seats
            self._serve(queue, ticket, now)
            if queue.waiting:
                self._bound(queue, queue.waiting[0])
            if ticket.wake is not None:
                ticket.wake()

    def _due(self) -> _Queue:
        """The queue whose first request would be done first; of equal ones, the next after the one served last."""
        found, best = -1, float("inf")
        size = len(self.queues)
        for step in range(1, size + 1):
            index = (self._next_queue + step) % size
            queue = self.queues[index]
            if queue.waiting and (done := queue.next_r + queue.waiting[0].work.seat_seconds) < best:
                found, best = index, done
        self._next_queue = found
        return self.queues[found]

    def _drop_spare(self) -> None:
        while len(self.queues) > max(self.shape.queues, 0):
            last = self.queues[-1]
            if last.waiting or last.executing or last.seats_in_use:
                return
            self.queues.pop()


def _narrowed(work: Work, seats: int) -> Work:
    """The same work afterwards, on fewer seats for longer."""
    longer = work.lingering_seconds * work.final_seats / seats
    return replace(work, final_seats=seats, lingering_seconds=longer)
