from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.api.coordination import Lease, LeaseSpec
from steersman.api.core import Node, NodeCondition, NodeSpec, NodeStatus, Pod, PodSpec, PodStatus, Taint, Toleration
from steersman.api.core.taints import NOT_READY, UNREACHABLE
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.times import MicroTime
from steersman.controllers.nodeipam.controller import ALL_NODES, NodeIPAMController
from steersman.controllers.nodelifecycle.controller import NodeLifecycleController
from steersman.controllers.nodelifecycle.zones import Evictions, evictions_in, zone_of
from steersman.controllers.podgc.controller import EVERYTHING, PodGCController
from steersman.controllers.pods import is_ready
from steersman.controllers.tainteviction.controller import TaintEvictionController

from .world import BEGIN, World, at_once, key


def node(name: str, ready: str | None = "True", **spec: object) -> Node:
    conditions = () if ready is None else (NodeCondition(type="Ready", status=ready, lastHeartbeatTime=BEGIN),)
    meta = ObjectMeta(name=name, uid=name, creationTimestamp=BEGIN)
    return Node(metadata=meta, spec=NodeSpec(**spec), status=NodeStatus(conditions=conditions))


def pod(name: str, on: str, *, phase: str = "Running", tolerations: tuple[Toleration, ...] = ()) -> Pod:
    return Pod(
        metadata=ObjectMeta(name=name, namespace="default", uid=name, creationTimestamp=BEGIN),
        spec=PodSpec(nodeName=on, tolerations=tolerations),
        status=PodStatus(phase=phase),
    )


def taints(world: World, name: str) -> set[tuple[str, str]]:
    found = world.get(Node, name, "")
    assert found is not None
    return {(taint.key, taint.effect) for taint in found.spec.taints}


class Nodes:
    """A lifecycle controller with two nodes; `other` keeps reporting."""

    def __init__(self, *objects: Node | Pod) -> None:
        self.world = World(node("silent"), node("other"), *objects)
        self.controller = NodeLifecycleController(self.world.clock)
        self.world.reader(self.controller)
        for name in ("silent", "other"):
            self.world.step(self.controller, name)

    def pass_time(self, seconds: float) -> None:
        self.world.pass_time(seconds)
        self.beat("other")
        for name in ("silent", "other"):
            self.world.settle(self.controller, name)

    def beat(self, name: str) -> None:
        reader = self.world.reader(self.controller)
        meta = ObjectMeta(name=name, namespace="kube-node-lease")
        new = Lease(metadata=meta, spec=LeaseSpec(renewTime=MicroTime.of(self.world.clock.now())))
        self.controller.watches[1].keys(reader, None, new)


def test_a_silent_node_becomes_unknown_after_its_grace_period_and_is_tainted() -> None:
    cluster = Nodes(pod("p", "silent"))
    cluster.world.run_pod(cluster.world.all(Pod)[0])
    cluster.pass_time(40)
    assert taints(cluster.world, "silent") == set()
    cluster.pass_time(1)
    found = cluster.world.get(Node, "silent", "")
    assert found is not None
    ready = found.status.conditions[0]
    assert (ready.status, ready.reason) == ("Unknown", "NodeStatusUnknown")
    assert ready.message == "Kubelet stopped posting node status."
    assert taints(cluster.world, "silent") == {(UNREACHABLE, "NoSchedule"), (UNREACHABLE, "NoExecute")}
    assert not is_ready(cluster.world.all(Pod)[0])
    reasons = [reason for _, reason, _ in cluster.world.events.seen]
    assert reasons.count("NodeNotReady") == 2  # of the node and of its pod
    assert taints(cluster.world, "other") == set()


def test_a_node_that_speaks_again_loses_the_taints() -> None:
    cluster = Nodes()
    cluster.pass_time(41)
    silent = cluster.world.get(Node, "silent", "")
    assert silent is not None
    ready = NodeCondition(type="Ready", status="True", lastHeartbeatTime=cluster.world.clock.now())
    new = cluster.world.update(replace(silent, status=replace(silent.status, conditions=(ready,))), "status")
    reader = cluster.world.reader(cluster.controller)
    assert "silent" in list(cluster.controller.watches[0].keys(reader, silent, new))
    cluster.world.settle(cluster.controller, "silent")
    assert taints(cluster.world, "silent") == set()


def test_nothing_is_evicted_while_no_node_at_all_is_ready() -> None:
    cluster = Nodes()
    cluster.world.pass_time(60)
    for name in ("silent", "other", "silent", "other"):
        cluster.world.settle(cluster.controller, name)
    assert taints(cluster.world, "silent") == taints(cluster.world, "other") == {(UNREACHABLE, "NoSchedule")}


def test_taints_follow_conditions_and_cordon_and_leave_others_alone() -> None:
    strange = Taint(key="example.com/mine", effect="NoSchedule")
    world = World(node("n", "False", unschedulable=True, taints=(strange,)), node("other"))
    controller = NodeLifecycleController(world.clock)
    world.step(controller, "n")
    assert taints(world, "n") == {
        ("example.com/mine", "NoSchedule"),
        (NOT_READY, "NoSchedule"),
        (NOT_READY, "NoExecute"),
        ("node.kubernetes.io/unschedulable", "NoSchedule"),
    }


def test_a_pod_that_does_not_tolerate_is_evicted_at_once_another_after_its_time() -> None:
    taint = Taint(key=UNREACHABLE, effect="NoExecute", timeAdded=BEGIN)
    patient = Toleration(key=UNREACHABLE, operator="Exists", effect="NoExecute", tolerationSeconds=300)
    forever = Toleration(key=UNREACHABLE, operator="Exists", effect="NoExecute")
    world = World(
        node("n", "Unknown", taints=(taint,)),
        pod("now", "n"),
        pod("later", "n", tolerations=(patient,)),
        pod("never", "n", tolerations=(forever,)),
    )
    controller = TaintEvictionController(world.clock)
    for name in ("now", "later", "never"):
        plan = world.step(controller, key(name))
        assert plan is not None
        if name == "later":
            assert plan.requeue_after == timedelta(seconds=300)
    assert {found.metadata.name for found in world.all(Pod)} == {"later", "never"}
    world.pass_time(300)
    for name in ("later", "never"):
        world.step(controller, key(name))
    assert {found.metadata.name for found in world.all(Pod)} == {"never"}


def test_each_node_gets_a_part_of_its_own_and_a_freed_one_is_given_again() -> None:
    world = World(*(node(f"n{i}") for i in range(4)))
    controller = NodeIPAMController(("10.1.0.0/22",))
    world.settle(controller, ALL_NODES)
    given_cidrs = {found.spec.podCIDR for found in world.all(Node)}
    assert given_cidrs == {"10.1.0.0/24", "10.1.1.0/24", "10.1.2.0/24", "10.1.3.0/24"}
    world.create(node("late"))
    world.step(controller, ALL_NODES)
    late = world.get(Node, "late", "")
    assert late is not None
    assert late.spec.podCIDR == ""
    freed = world.get(Node, "n2", "")
    assert freed is not None
    world.delete(freed)
    world.settle(controller, ALL_NODES)
    late = world.get(Node, "late", "")
    assert late is not None
    assert late.spec.podCIDRs == (freed.spec.podCIDR,)


@settings(max_examples=40, deadline=None)
@given(count=st.integers(1, 20), stop=st.integers(0, 20))
def test_parts_never_overlap_however_the_allocation_is_interrupted(count: int, stop: int) -> None:
    world = World(*(node(f"n{i}") for i in range(count)))
    controller = NodeIPAMController(("10.1.0.0/16", "fd00::/48"))
    world.step(controller, ALL_NODES, stop)
    world.settle(controller, ALL_NODES)
    parts = [cidr for found in world.all(Node) for cidr in found.spec.podCIDRs]
    assert len(parts) == len(set(parts)) == 2 * count


def test_pods_of_a_node_that_is_gone_are_failed_and_removed_but_only_when_it_is_really_gone() -> None:
    world = World(node("there"), pod("a", "there"), pod("b", "gone"))
    controller = PodGCController()
    reader = world.reader(controller)
    reader.cache(Node).replace(())

    assert at_once(controller.observe(reader, "there")) is None
    world.step(controller, "gone")
    assert [found.metadata.name for found in world.all(Pod)] == ["a"]


def test_the_oldest_finished_pods_beyond_the_threshold_go() -> None:
    finished = [
        replace(
            pod(f"p{i}", "n", phase="Succeeded"),
            metadata=ObjectMeta(name=f"p{i}", namespace="default", creationTimestamp=BEGIN + timedelta(hours=i)),
        )
        for i in range(5)
    ]
    world = World(node("n"), *finished, pod("running", "n"))
    world.step(PodGCController(finished_threshold=3), EVERYTHING)
    assert {found.metadata.name for found in world.all(Pod)} == {"p2", "p3", "p4", "running"}


def test_nodes_lost_one_after_the_other_are_evicted_at_the_limited_pace() -> None:
    world = World(node("a", "Unknown"), node("b", "Unknown"), *(node(f"well{i}") for i in range(3)))
    controller = NodeLifecycleController(world.clock)
    for name in ("a", "b"):
        world.step(controller, name)
    assert (UNREACHABLE, "NoExecute") in taints(world, "a")
    assert (UNREACHABLE, "NoExecute") not in taints(world, "b")
    plan = world.plan(controller, "b")
    assert plan is not None
    assert plan.requeue_after == timedelta(seconds=10.1)
    world.pass_time(10)
    world.step(controller, "b")
    assert (UNREACHABLE, "NoExecute") in taints(world, "b")


def test_a_small_zone_that_lost_most_of_its_nodes_begins_no_eviction_but_keeps_those_begun() -> None:
    begun = Taint(key=UNREACHABLE, effect="NoExecute", timeAdded=BEGIN)
    lost = [node("begun", "Unknown", taints=(begun,)), node("x", "Unknown"), node("y", "Unknown")]
    world = World(*lost, node("well"))
    controller = NodeLifecycleController(world.clock)
    for name in ("begun", "x", "y"):
        world.step(controller, name)
    assert (UNREACHABLE, "NoExecute") in taints(world, "begun")
    assert taints(world, "x") == taints(world, "y") == {(UNREACHABLE, "NoSchedule")}


def test_a_zone_lost_altogether_is_evicted_while_another_is_well() -> None:
    there = {"topology.kubernetes.io/zone": "lost"}
    far = [node(f"far{i}", "Unknown") for i in range(3)]
    far = [replace(each, metadata=replace(each.metadata, labels=there)) for each in far]
    assert evictions_in(zone_of(far[0]), [*far, node("well")]) is Evictions.NORMAL
