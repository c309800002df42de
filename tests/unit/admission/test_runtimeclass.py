"""Runtime classes, tolerations put together, topology labels, and resizing."""

from collections.abc import Sequence

import pytest
from tests.unit.admission.asking import Objects, admitted, creates, pod, updates

from steersman.api.core import (
    Binding,
    Container,
    Node,
    NodeStatus,
    ObjectReference,
    Pod,
    ResourceRequirements,
    Toleration,
)
from steersman.api.meta import ObjectMeta
from steersman.api.node import Overhead, RuntimeClass, Scheduling
from steersman.api.resources import resource_for
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.status import Forbidden
from steersman.apiserver.admission.podresize import PodResizeValidator
from steersman.apiserver.admission.runtimeclass import RuntimeClassAdmission
from steersman.apiserver.admission.tolerations import all_allowed, covers, merged
from steersman.apiserver.admission.topologylabels import PodTopologyLabels
from steersman.apiserver.attributes import attributes_with

CPU = {"cpu": Quantity("250m")}
GPU = Toleration(key="gpu", operator="Exists", effect="NoSchedule")
KATA = RuntimeClass(
    metadata=ObjectMeta(name="kata"),
    handler="kata",
    overhead=Overhead(podFixed=CPU),
    scheduling=Scheduling(nodeSelector={"kata": "yes"}, tolerations=(GPU,)),
)
PLAIN = RuntimeClass(metadata=ObjectMeta(name="plain"), handler="runc")


async def test_a_pod_takes_over_what_its_runtime_costs_and_where_it_runs() -> None:
    plugin = RuntimeClassAdmission(Objects(PLAIN, late=[KATA]))
    made = await admitted(plugin, creates(pod(runtimeClassName="kata", nodeSelector={"a": "b"})))
    assert made.spec.overhead == CPU
    assert made.spec.nodeSelector == {"a": "b", "kata": "yes"}
    assert made.spec.tolerations == (GPU,)
    for given in (pod(), pod(runtimeClassName="plain")):
        assert await admitted(plugin, creates(given)) == given


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (pod(runtimeClassName="none"), 'pod rejected: RuntimeClass "none" not found'),
        (pod(overhead=CPU), "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"),
        (
            pod(runtimeClassName="plain", overhead=CPU),
            "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
        ),
        (
            pod(runtimeClassName="kata", overhead={"cpu": Quantity("1")}),
            "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
        ),
        (
            pod(runtimeClassName="kata", nodeSelector={"kata": "no"}),
            "conflict: runtimeClass.scheduling.nodeSelector[kata] = yes; pod.spec.nodeSelector[kata] = no",
        ),
    ],
)
async def test_what_contradicts_the_class_is_refused(given: Pod, said: str) -> None:
    with pytest.raises(Forbidden) as caught:
        await admitted(RuntimeClassAdmission(Objects(KATA, PLAIN)), creates(given))
    assert caught.value.message == f'pods "p" is forbidden: {said}'


async def test_an_overhead_that_changes_on_the_way_is_noticed() -> None:
    changed = pod(runtimeClassName="kata")
    with pytest.raises(Forbidden, match="doesn't match"):
        await RuntimeClassAdmission(Objects(KATA)).validate(creates(changed))


ANY, NOW = Toleration(operator="Exists"), Toleration(key="k", operator="Exists", effect="NoExecute")
SOON, LATER = replace(NOW, tolerationSeconds=5), replace(NOW, tolerationSeconds=50)
EQUAL, OTHER = (Toleration(key="k", operator="Equal", value=v) for v in ("a", "b"))
BARE = Toleration(key="k", value="a")


@pytest.mark.parametrize(
    ("wide", "narrow", "does"),
    [
        (ANY, EQUAL, True),
        (EQUAL, ANY, False),
        (NOW, SOON, True),
        (SOON, NOW, False),
        (LATER, SOON, True),
        (SOON, LATER, False),
        (EQUAL, OTHER, False),
        (BARE, EQUAL, True),
        (EQUAL, BARE, False),
        (Toleration(key="k", operator="Exists"), EQUAL, True),
        (GPU, replace(GPU, effect=""), False),
        (Toleration(key="k", operator="Gt", value="a"), EQUAL, False),
    ],
)
def test_a_toleration_covers_narrower_ones(wide: Toleration, narrow: Toleration, does: bool) -> None:
    assert covers(wide, narrow) is does


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ((EQUAL,), (OTHER,), (EQUAL, OTHER)),
        ((EQUAL, GPU), (ANY,), (ANY,)),
        ((ANY,), (EQUAL,), (ANY,)),
        ((GPU,), (GPU,), (GPU,)),
        ((SOON,), (LATER, NOW), (NOW,)),
    ],
)
def test_tolerations_are_put_together_without_what_others_cover(
    first: Sequence[Toleration], second: Sequence[Toleration], wanted: Sequence[Toleration]
) -> None:
    assert merged(first, second) == wanted


def test_tolerations_are_held_against_a_list() -> None:
    assert all_allowed((EQUAL,), ())
    assert all_allowed((EQUAL, SOON), (Toleration(key="k", operator="Exists"),))
    assert not all_allowed((EQUAL, GPU), (Toleration(key="k", operator="Exists"),))


ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
NODE = Node(metadata=ObjectMeta(name="n", labels={ZONE: "z", REGION: "r", "other": "o", "kubernetes.io/os": "linux"}))


async def test_a_bound_pod_says_where_it_runs() -> None:
    plugin = PodTopologyLabels(Objects(NODE))
    assert (await admitted(plugin, creates(pod(nodeName="n")))).metadata.labels == {ZONE: "z", REGION: "r"}
    for given in (pod(), pod(nodeName="gone")):
        assert await admitted(plugin, creates(given)) is given
    binding = Binding(
        metadata=ObjectMeta(name="p", namespace="default", labels={ZONE: "own"}),
        target=ObjectReference(kind="Node", name="n"),
    )
    attributes = creates(binding, resource=resource_for(Pod), subresource="binding")
    assert (await admitted(plugin, attributes)).metadata.labels == {ZONE: "own", REGION: "r"}
    other = replace(binding, target=ObjectReference(kind="Host", name="n"))
    assert await admitted(plugin, attributes_with(attributes, other)) is other


def resized(generation: int, node: str = "n", **requests: str) -> Pod:
    resources = ResourceRequirements(requests={name: Quantity(text) for name, text in requests.items()})
    made = pod(Container(name="c", image="i", resources=resources), nodeName=node)
    return replace(made, metadata=replace(made.metadata, generation=generation))


WINDOWS = Node(
    metadata=ObjectMeta(name="w", labels={"kubernetes.io/os": "windows"}), status=NodeStatus(allocatable=CPU)
)
LINUX = replace(NODE, status=NodeStatus(allocatable={"cpu": Quantity("2"), "memory": Quantity("1Ki")}))
LACKS = "Node didn't have enough allocatable resources:"


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (resized(2, cpu="2", memory="1Ki"), ""),
        (resized(2, node="", cpu="9"), ""),
        (resized(1, cpu="9"), ""),
        (resized(2, cpu="2100m"), f"{LACKS} cpu, requested: 2100, allocatable: 2000"),
        (
            resized(2, cpu="3", memory="2Ki"),
            f"{LACKS} cpu, requested: 3000, allocatable: 2000; memory, requested: 2048, allocatable: 1024",
        ),
        (resized(2, node="gone"), 'node "gone" not found'),
        (resized(2, node="w"), 'pod resize is only supported on linux nodes, node "w" is "windows"'),
    ],
)
async def test_a_pod_is_not_resized_beyond_its_node(new: Pod, said: str) -> None:
    plugin, old = PodResizeValidator(Objects(LINUX, WINDOWS)), resized(1)
    await admitted(plugin, updates(old, new))
    if not said:
        await admitted(plugin, updates(old, new, subresource="resize"))
        return
    with pytest.raises(Forbidden) as caught:
        await admitted(plugin, updates(old, new, subresource="resize"))
    assert caught.value.message == f'pods "p" is forbidden: {said}'
