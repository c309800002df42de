"""One scheduling decision over small clusters, in upstream's words."""

from random import Random

import pytest

from steersman.api.core import (
    Affinity,
    Container,
    Node,
    NodeAffinity,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    NodeSpec,
    NodeStatus,
    Pod,
    PodSpec,
    PreferredSchedulingTerm,
    ResourceRequirements,
    Taint,
    Toleration,
)
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity
from steersman.scheduler.cycle import schedule
from steersman.scheduler.framework import Decision, Placed, Unplaced
from steersman.scheduler.profile import default_profile
from steersman.scheduler.snapshot import Snapshot


def node(name: str, cpu: str = "4", memory: str = "8Gi", pods: str = "110", **labels: str) -> Node:
    return Node(
        metadata=ObjectMeta(name=name, labels={"kubernetes.io/hostname": name, **labels}),
        status=NodeStatus(
            allocatable={"cpu": Quantity(cpu), "memory": Quantity(memory), "pods": Quantity(pods)},
        ),
    )


def pod(name: str, cpu: str = "100m", memory: str = "100Mi", **spec: object) -> Pod:
    requests = {"cpu": Quantity(cpu), "memory": Quantity(memory)}
    container = Container(name="c", image="i", resources=ResourceRequirements(requests=requests))
    return Pod(metadata=ObjectMeta(name=name, uid=name), spec=PodSpec(containers=(container,), **spec))  # type: ignore[arg-type]


def tainted(one: Node, *taints: Taint) -> Node:
    return replace(one, spec=NodeSpec(taints=taints))


def decide(wanted: Pod, *nodes: Node, placed: tuple[tuple[Pod, str], ...] = ()) -> Decision:
    snapshot = Snapshot()
    for one in nodes:
        snapshot.set_node(one)
    for other, name in placed:
        snapshot.place(other, name)
    return schedule(wanted, snapshot, default_profile(), Random(1))


def message(decision: Decision) -> str:
    assert isinstance(decision, Unplaced)
    return decision.message


def chosen(decision: Decision) -> str:
    assert isinstance(decision, Placed)
    return decision.node_name


def test_a_pod_goes_to_the_node_with_most_room() -> None:
    busy = (pod("a", cpu="3"), "one")
    assert chosen(decide(pod("p"), node("one"), node("two"), placed=(busy,))) == "two"


def test_no_nodes_at_all_has_its_own_message() -> None:
    assert message(decide(pod("p"))) == "no nodes available to schedule pods"


def test_each_node_counts_under_the_first_plugin_that_refuses_it() -> None:
    decision = decide(
        pod("p", cpu="8"),
        tainted(node("master"), Taint(key="node-role.kubernetes.io/control-plane", effect="NoSchedule")),
        node("small"),
        node("smaller", cpu="2"),
    )
    assert message(decision) == (
        "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, "
        "2 Insufficient cpu. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    )


def test_a_full_node_could_be_freed_so_preemption_is_considered() -> None:
    decision = decide(pod("p", cpu="2"), node("one"), placed=((pod("a", cpu="3"), "one"),))
    assert message(decision) == (
        "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: "
        "1 No preemption victims found for incoming pod."
    )


def test_several_resources_short_on_one_node_are_all_named() -> None:
    decision = decide(pod("p", cpu="40", memory="1Ti"), node("one"))
    assert "1 Insufficient cpu, 1 Insufficient memory." in message(decision)


def test_an_extended_resource_that_no_node_offers_is_insufficient() -> None:
    container = Container(name="c", resources=ResourceRequirements(requests={"example.com/gpu": Quantity("1")}))
    wanted = Pod(metadata=ObjectMeta(name="p", uid="p"), spec=PodSpec(containers=(container,)))
    assert "1 Insufficient example.com/gpu" in message(decide(wanted, node("one")))


@pytest.mark.parametrize("toleration", [Toleration(operator="Exists"), Toleration(key="k", value="v")])
def test_a_tolerated_taint_does_not_refuse(toleration: Toleration) -> None:
    one = tainted(node("one"), Taint(key="k", value="v", effect="NoSchedule"))
    assert chosen(decide(pod("p", tolerations=(toleration,)), one)) == "one"


def test_a_cordoned_node_is_refused_in_upstreams_words() -> None:
    cordoned = replace(node("one"), spec=NodeSpec(unschedulable=True))
    assert "1 node(s) were unschedulable" in message(decide(pod("p"), cordoned))


def test_node_selector_and_preferred_affinity_are_followed() -> None:
    nodes = (node("hdd", disk="hdd"), node("ssd", disk="ssd"), node("none"))
    assert chosen(decide(pod("p", nodeSelector={"disk": "ssd"}), *nodes)) == "ssd"
    term = NodeSelectorTerm(matchExpressions=(NodeSelectorRequirement(key="disk", operator="In", values=("hdd",)),))
    preferred = NodeAffinity(
        preferredDuringSchedulingIgnoredDuringExecution=(PreferredSchedulingTerm(weight=100, preference=term),)
    )
    assert chosen(decide(pod("p", affinity=Affinity(nodeAffinity=preferred)), *nodes)) == "hdd"
    required = NodeAffinity(requiredDuringSchedulingIgnoredDuringExecution=NodeSelector(nodeSelectorTerms=()))
    refused = decide(pod("p", affinity=Affinity(nodeAffinity=required)), *nodes)
    assert "3 node(s) didn't match Pod's node affinity/selector" in message(refused)


def test_too_many_pods_is_named() -> None:
    decision = decide(pod("p"), node("one", pods="1"), placed=((pod("a"), "one"),))
    assert "1 Too many pods" in message(decision)


def test_pods_of_a_node_that_comes_back_are_counted_again() -> None:
    snapshot = Snapshot()
    snapshot.place(pod("a", cpu="3"), "one")
    snapshot.set_node(node("one"))
    assert isinstance(schedule(pod("p", cpu="2"), snapshot, default_profile(), Random(1)), Unplaced)
    snapshot.remove_node("one")
    snapshot.set_node(node("one"))
    assert isinstance(schedule(pod("p", cpu="2"), snapshot, default_profile(), Random(1)), Unplaced)
    snapshot.unplace("a")
    assert isinstance(schedule(pod("p", cpu="2"), snapshot, default_profile(), Random(1)), Placed)


def test_the_table_grows_past_its_first_size() -> None:
    snapshot = Snapshot()
    for number in range(100):
        snapshot.set_node(node(f"n{number}", zone=str(number)))
    decision = schedule(pod("p", nodeSelector={"zone": "77"}), snapshot, default_profile(), Random(1))
    assert chosen(decision) == "n77"
