"""The three places a waiting pod can be in."""

from steersman.api.core import Pod, PodSpec
from steersman.api.meta import ObjectMeta
from steersman.scheduler.queue import QueuedPod, SchedulingQueue


def pod(name: str, priority: int = 0) -> Pod:
    return Pod(metadata=ObjectMeta(name=name, uid=name), spec=PodSpec(priority=priority))


def popped(queue: SchedulingQueue, now: float = 0.0) -> QueuedPod:
    queued = queue.pop(now)
    assert queued is not None
    return queued


def test_higher_priority_goes_first() -> None:
    queue = SchedulingQueue()
    queue.add(pod("low"))
    queue.add(pod("high", 10))
    assert popped(queue).pod.metadata.name == "high"
    assert popped(queue).pod.metadata.name == "low"
    assert queue.pop(0) is None


def test_an_unschedulable_pod_waits_for_a_change_then_for_its_backoff() -> None:
    queue = SchedulingQueue()
    queue.add(pod("p"))
    queue.failed(popped(queue), frozenset(), now=10, moves_before=queue.moves)
    assert queue.pop(100) is None
    queue.move_all()
    assert queue.pop(10.5) is None
    assert queue.next_wake(10.5) == 0.5
    assert popped(queue, 11).attempts == 1


def test_a_change_during_the_attempt_is_not_missed() -> None:
    queue = SchedulingQueue()
    queue.add(pod("p"))
    queued, moves = popped(queue), queue.moves
    queue.move_all()
    queue.failed(queued, frozenset(), now=0, moves_before=moves)
    assert popped(queue, 1).pod.metadata.name == "p"


def test_backoff_doubles_up_to_ten_seconds() -> None:
    waits = [QueuedPod(pod("p"), attempts=n).ready_at for n in range(7)]
    assert waits == [0, 1, 2, 4, 8, 10, 10]


def test_without_any_change_a_pod_is_tried_again_after_five_minutes() -> None:
    queue = SchedulingQueue()
    queue.add(pod("p"))
    queue.failed(popped(queue), frozenset(), now=0, moves_before=queue.moves)
    assert queue.next_wake(0) == 300
    assert popped(queue, 300).attempts == 1


def test_a_removed_pod_never_comes_up() -> None:
    queue = SchedulingQueue()
    queue.add(pod("p"))
    queue.remove("p")
    assert queue.pop(0) is None
    assert queue.next_wake(0) is None or queue.pop(1000) is None
