"""Fair queuing, driven by a clock that the test holds."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apiserver.flowcontrol.queueset import EXEMPT_QUEUES, Flow, Place, QueueSet, Shape, Ticket
from steersman.apiserver.flowcontrol.sharding import deal, flow_hash
from steersman.apiserver.flowcontrol.work import ONE_SEAT, Work


def flow(name: str, *hand: int) -> Flow:
    return Flow("schema", name, hand)


def started(queues: QueueSet, one: Flow, now: float, work: Work = ONE_SEAT) -> Ticket:
    ticket = queues.start(one, work, now)
    assert ticket is not None
    return ticket


def test_requests_run_while_there_are_seats_and_then_wait_in_order() -> None:
    queues = QueueSet(Shape(1, 1, 10), 2, 0.0)
    tickets = [started(queues, flow("a", 0), 0.0) for _ in range(4)]
    places = [one.place for one in tickets]
    assert places == [Place.EXECUTING, Place.EXECUTING, Place.WAITING, Place.WAITING]
    queues.finish(tickets[0], 1.0)
    assert (tickets[2].place, tickets[3].place) == (Place.EXECUTING, Place.WAITING)
    assert (queues.executing, queues.waiting, queues.seats_in_use) == (2, 1, 2)


def test_a_full_queue_refuses_only_while_all_seats_are_taken() -> None:
    queues = QueueSet(Shape(1, 1, 1), 1, 0.0)
    first, second = started(queues, flow("a", 0), 0.0), started(queues, flow("a", 0), 0.0)
    assert queues.start(flow("a", 0), ONE_SEAT, 0.0) is None
    assert queues.rejected == 1
    queues.finish(first, 0.1)
    assert second.place is Place.EXECUTING


def test_a_level_without_queues_refuses_at_once_and_an_exempt_one_never() -> None:
    refusing = QueueSet(Shape(0), 1, 0.0)
    started(refusing, flow("a"), 0.0)
    assert refusing.start(flow("a"), ONE_SEAT, 0.0) is None
    exempt = QueueSet(Shape(EXEMPT_QUEUES), 0, 0.0)
    assert [started(exempt, flow("a"), 0.0).place for _ in range(100)] == [Place.EXECUTING] * 100
    assert exempt.demand.value == 100


def test_whoever_is_tired_of_waiting_is_refused_and_leaves_no_trace() -> None:
    queues = QueueSet(Shape(1, 1, 5), 1, 0.0)
    first, second, third = (started(queues, flow("a", 0), 0.0) for _ in range(3))
    assert queues.cancel(second, 1.0)
    assert not queues.cancel(first, 1.0)
    assert (queues.waiting, queues.rejected, queues.cancelled) == (1, 1, 1)
    queues.finish(first, 2.0)
    assert third.place is Place.EXECUTING
    queues.finish(third, 2.0)
    assert (queues.is_idle, queues.seats_in_use, queues.seats_waiting) == (True, 0, 0)


def test_a_flow_of_many_requests_gets_no_more_than_one_of_few() -> None:
    queues = QueueSet(Shape(2, 1, 1000), 4, 0.0)
    elephant, mouse = flow("elephant", 0), flow("mouse", 1)
    running = [started(queues, elephant, 0.0) for _ in range(100)]
    running += [started(queues, mouse, 0.0) for _ in range(100)]
    served: Counter[str] = Counter()
    now = 0.0
    for _ in range(80):
        now += 0.01
        done = min((one for one in running if one.place is Place.EXECUTING), key=lambda one: one.started)
        running.remove(done)
        queues.finish(done, now)
        served[done.flow.distinguisher] += 1
    # The first four were the elephant's, as nobody else was there.
    assert abs(served["elephant"] - served["mouse"]) <= 8


def test_a_wide_request_counts_for_as_many() -> None:
    queues = QueueSet(Shape(2, 1, 1000), 10, 0.0)
    wide, narrow = flow("wide", 0), flow("narrow", 1)
    running = [started(queues, wide, 0.0, Work(5)) for _ in range(50)]
    running += [started(queues, narrow, 0.0) for _ in range(300)]
    seats: Counter[str] = Counter()
    now = 0.0
    while seats.total() < 250:
        now += 0.003
        for done in [one for one in running if one.place is Place.EXECUTING]:
            running.remove(done)
            queues.finish(done, now)
            seats[done.flow.distinguisher] += done.seats
        assert queues.seats_in_use <= 10
    assert 0.6 < seats["wide"] / seats["narrow"] < 1.7


def test_seats_are_held_on_to_for_what_comes_of_a_write() -> None:
    queues = QueueSet(Shape(1, 1, 10), 3, 0.0)
    write = started(queues, flow("a", 0), 0.0, Work(1, 3, 0.5))
    waiting = started(queues, flow("a", 0), 0.0)
    queues.finish(write, 1.0)
    assert (queues.next_release, waiting.place) == (1.5, Place.WAITING)
    queues.advance(1.4)
    assert waiting.place is Place.WAITING
    queues.advance(1.5)
    assert (waiting.place, waiting.started, queues.seats_in_use) == (Place.EXECUTING, 1.5, 1)


def test_a_request_wider_than_the_level_runs_alone_and_longer() -> None:
    queues = QueueSet(Shape(1, 1, 10), 2, 0.0)
    narrow = started(queues, flow("a", 0), 0.0)
    wide = started(queues, flow("a", 0), 0.0, Work(1, 8, 0.5))
    assert wide.place is Place.WAITING
    queues.finish(narrow, 1.0)
    assert (wide.place, wide.work) == (Place.EXECUTING, Work(1, 2, 2.0))
    assert queues.seats_in_use == 2


def test_who_waits_is_woken_when_it_may_run() -> None:
    queues = QueueSet(Shape(1, 1, 10), 1, 0.0)
    first, second = started(queues, flow("a", 0), 0.0), started(queues, flow("a", 0), 0.0)
    woken: list[str] = []
    second.wake = lambda: woken.append("second")
    queues.finish(first, 1.0)
    assert woken == ["second"]


def test_more_seats_are_used_at_once_and_spare_queues_go_when_they_are_empty() -> None:
    queues = QueueSet(Shape(4, 1, 10), 1, 0.0)
    first, second = started(queues, flow("a", 3), 0.0), started(queues, flow("a", 3), 0.0)
    queues.configure(Shape(2, 1, 10), 1, 1.0)
    assert len(queues.queues) == 4
    queues.configure(Shape(2, 1, 10), 2, 1.0)
    assert second.place is Place.EXECUTING
    queues.finish(first, 2.0)
    queues.finish(second, 2.0)
    assert len(queues.queues) == 2


@given(
    st.lists(
        st.tuples(st.sampled_from(("start", "finish", "cancel", "pass")), st.integers(0, 7), st.integers(1, 4)),
        max_size=120,
    ),
    st.integers(1, 5),
)
def test_seats_and_places_always_add_up(steps: list[tuple[str, int, int]], limit: int) -> None:
    queues = QueueSet(Shape(8, 3, 3), limit, 0.0)
    flows = [flow(str(one), *deal(flow_hash("s", str(one)), 8, 3)) for one in range(8)]
    tickets: list[Ticket] = []
    now = 0.0
    for what, which, seats in steps:
        now += 0.001 * which
        if what == "start" and (made := queues.start(flows[which], Work(1, seats, 0.002 * seats), now)) is not None:
            tickets.append(made)
        of_place = {"finish": Place.EXECUTING, "cancel": Place.WAITING}.get(what)
        chosen = [one for one in tickets if one.place is of_place]
        if what == "finish" and chosen:
            queues.finish(chosen[which % len(chosen)], now)
        elif what == "cancel" and chosen:
            queues.cancel(chosen[which % len(chosen)], now)
        elif what == "pass":
            queues.advance(now)
        places = Counter(one.place for one in tickets)
        held = [one.seats for one in tickets if one.place in (Place.EXECUTING, Place.LINGERING)]
        assert (queues.waiting, queues.executing) == (places[Place.WAITING], places[Place.EXECUTING])
        assert queues.seats_in_use == sum(held)
        assert sum(held) <= limit or queues.executing <= 1
        assert queues.demand.value == sum(held) + queues.seats_waiting
        active = [one for one in queues.queues if one.waiting or one.executing]
        assert queues._active == len(active)


@pytest.mark.parametrize(
    ("hash_", "queues", "hand", "dealt"),
    [(0, 8, 3, (0, 1, 2)), (7, 8, 2, (7, 0)), (63, 8, 2, (7, 0)), (9, 8, 2, (1, 2))],
)
def test_hands_are_dealt_as_upstream_deals_them(hash_: int, queues: int, hand: int, dealt: tuple[int, ...]) -> None:
    assert deal(hash_, queues, hand) == dealt


@given(st.integers(0, 2**64 - 1), st.integers(1, 128), st.integers(1, 8))
def test_a_hand_is_of_different_queues(hash_: int, queues: int, hand: int) -> None:
    dealt = deal(hash_, queues, min(hand, queues))
    assert len(set(dealt)) == min(hand, queues)
    assert all(0 <= one < queues for one in dealt)
