"""LimitRanges: what they give, what they refuse, and what may stand in one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.admission.asking import Objects, admitted, creates, pod, updates

from steersman.api.core import (
    Container,
    LimitRange,
    LimitRangeItem,
    LimitRangeSpec,
    PersistentVolumeClaim,
    PersistentVolumeClaimSpec,
    Pod,
    ResourceRequirements,
    VolumeResourceRequirements,
)
from steersman.api.core.limitrange import default_limit_range, validate_limit_range
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.status import Forbidden
from steersman.apiserver.admission.limitranger import LimitRanger

Texts = Mapping[str, str]


def amounts(texts: Texts) -> dict[str, Quantity]:
    return {name: Quantity(text) for name, text in texts.items()}


def range_of(*items: LimitRangeItem, name: str = "limits") -> LimitRange:
    return LimitRange(metadata=ObjectMeta(name=name, namespace="default"), spec=LimitRangeSpec(limits=items))


def item(type_: str, **bounds: Texts) -> LimitRangeItem:
    return LimitRangeItem(type=type_, **{name: amounts(texts) for name, texts in bounds.items()})


def container(requests: Texts, limits: Texts, name: str = "c", **more: Any) -> Container:
    resources = ResourceRequirements(requests=amounts(requests), limits=amounts(limits))
    return Container(name=name, image="i", resources=resources, **more)


def claim(storage: str) -> PersistentVolumeClaim:
    resources = VolumeResourceRequirements(requests=amounts({"storage": storage} if storage else {}))
    meta = ObjectMeta(name="data", namespace="default")
    return PersistentVolumeClaim(metadata=meta, spec=PersistentVolumeClaimSpec(resources=resources))


async def judge(obj: Pod | PersistentVolumeClaim, *items: LimitRangeItem) -> Any:
    return await admitted(LimitRanger(Objects(range_of(*items))), creates(obj))


async def test_containers_get_what_they_do_not_say_and_the_pod_tells_of_it() -> None:
    defaults = item("Container", default={"cpu": "200m", "memory": "1Gi"}, defaultRequest={"cpu": "100m"})
    given = pod(
        Container(name="a", image="i"),
        container({"cpu": "1"}, {"cpu": "2", "memory": "2Gi"}, name="b"),
        initContainers=(Container(name="s", image="i"),),
    )
    made = await judge(given, defaults)
    first, second = made.spec.containers
    assert (first.resources.requests, first.resources.limits) == (
        amounts({"cpu": "100m"}),
        amounts({"cpu": "200m", "memory": "1Gi"}),
    )
    assert second == given.spec.containers[1]
    assert made.metadata.annotations == {
        "kubernetes.io/limit-ranger": "LimitRanger plugin set: cpu request for container a; "
        "cpu, memory limit for container a; cpu request for init container s; cpu, memory limit for init container s"
    }


async def test_a_pod_that_says_everything_stays_as_it_is() -> None:
    given = pod(container({"cpu": "1"}, {"cpu": "2"}))
    assert await judge(given, item("Container", default={"cpu": "1"}, defaultRequest={"cpu": "1"})) is given


MINIMUM = "minimum cpu usage per Container is 50m"
MAXIMUM = "maximum memory usage per Container is 1Gi"
RATIO = "cpu max limit to request ratio per Container is 2"
AT_LEAST, AT_MOST = {"min": {"cpu": "50m"}}, {"max": {"memory": "1Gi"}}
TWICE = {"maxLimitRequestRatio": {"cpu": "2"}}


@pytest.mark.parametrize(
    ("requests", "limits", "bounds", "said"),
    [
        ({}, {}, AT_LEAST, f"{MINIMUM}.  No request is specified"),
        ({"cpu": "40m"}, {}, AT_LEAST, f"{MINIMUM}, but request is 40m"),
        ({"cpu": "60m"}, {"cpu": "45m"}, AT_LEAST, f"{MINIMUM}, but limit is 45m"),
        ({"memory": "1"}, {}, AT_MOST, f"{MAXIMUM}.  No limit is specified"),
        ({}, {"memory": "2Gi"}, AT_MOST, f"{MAXIMUM}, but limit is 2Gi"),
        ({"memory": "2Gi"}, {"memory": "1Gi"}, AT_MOST, f"{MAXIMUM}, but request is 2Gi"),
        ({"cpu": "100m"}, {"cpu": "250m"}, TWICE, f"{RATIO}, but provided ratio is 2.500000"),
        ({}, {"cpu": "1"}, TWICE, f"{RATIO}, but no request is specified or request is 0"),
        ({"cpu": "1"}, {"cpu": "0"}, TWICE, f"{RATIO}, but no limit is specified or limit is 0"),
    ],
)
async def test_containers_out_of_bounds_are_refused(requests: Texts, limits: Texts, bounds: Any, said: str) -> None:
    fine = container({"cpu": "1", "memory": "1"}, {"cpu": "1", "memory": "1"})
    for given in (pod(container(requests, limits)), pod(fine, initContainers=(container(requests, limits),))):
        with pytest.raises(Forbidden) as caught:
            await judge(given, item("Container", **bounds))
        assert caught.value.message == f'pods "p" is forbidden: {said}'


async def test_what_is_within_bounds_passes() -> None:
    bounds = item("Container", min={"cpu": "50m"}, max={"cpu": "1"}, maxLimitRequestRatio={"cpu": "2.5"})
    await judge(pod(container({"cpu": "0.4"}, {"cpu": "1"})), bounds)


async def test_several_violations_are_told_together() -> None:
    with pytest.raises(Forbidden) as caught:
        await judge(pod(container({}, {})), item("Container", min={"cpu": "1"}, max={"cpu": "2"}))
    assert caught.value.message == (
        'pods "p" is forbidden: [minimum cpu usage per Container is 1.  No request is specified, '
        "maximum cpu usage per Container is 2.  No limit is specified]"
    )


async def test_a_pod_counts_as_its_containers_together_or_the_largest_init_container() -> None:
    sidecar = container({"cpu": "100m"}, {"cpu": "100m"}, name="side", restartPolicy="Always")
    init = container({"cpu": "700m"}, {"cpu": "700m"}, name="init")
    two = (container({"cpu": "300m"}, {"cpu": "300m"}, name="a"), container({"cpu": "300m"}, {"cpu": "300m"}, name="b"))
    for inits, total in (((), "600m"), ((sidecar,), "700m"), ((init,), "700m"), ((sidecar, init), "800m")):
        await judge(pod(*two, initContainers=inits), item("Pod", max={"cpu": total}))
        with pytest.raises(Forbidden, match=f"maximum cpu usage per Pod is 500m, but limit is {total}"):
            await judge(pod(*two, initContainers=inits), item("Pod", max={"cpu": "500m"}))
    own = ResourceRequirements(requests=amounts({"cpu": "2"}), limits=amounts({"cpu": "2"}))
    with pytest.raises(Forbidden, match="but limit is 2"):
        await judge(pod(*two, resources=own), item("Pod", max={"cpu": "1"}))


LOW = "minimum storage usage per PersistentVolumeClaim is 1Gi"
HIGH = "maximum storage usage per PersistentVolumeClaim is 10Gi"


@pytest.mark.parametrize(
    ("storage", "said"),
    [
        ("500Mi", f"{LOW}, but request is 500Mi"),
        ("11Gi", f"{HIGH}, but request is 11Gi"),
        ("", f"[{LOW}.  No request is specified, {HIGH}.  No request is specified]"),
        ("2Gi", ""),
    ],
)
async def test_claims_keep_to_their_bounds(storage: str, said: str) -> None:
    bounds = item("PersistentVolumeClaim", min={"storage": "1Gi"}, max={"storage": "10Gi"})
    plugin = LimitRanger(Objects(range_of(bounds)))
    if not said:
        await admitted(plugin, creates(claim(storage)))
        return
    with pytest.raises(Forbidden) as caught:
        await admitted(plugin, creates(claim(storage)))
    assert caught.value.message == f'persistentvolumeclaims "data" is forbidden: {said}'
    if storage:
        # What is stored was right once.
        await admitted(plugin, updates(claim(storage), claim(storage)))


async def test_a_pod_is_judged_when_it_is_made_and_when_it_is_resized() -> None:
    plugin = LimitRanger(Objects(range_of(item("Container", max={"cpu": "1"}))))
    small, large = pod(container({"cpu": "1"}, {"cpu": "1"})), pod(container({"cpu": "2"}, {"cpu": "2"}))
    await admitted(plugin, updates(small, large))
    await admitted(plugin, creates(large, subresource="binding"))
    with pytest.raises(Forbidden, match="but limit is 2"):
        await admitted(plugin, updates(small, large, subresource="resize"))
    await admitted(plugin, updates(large, large, subresource="resize"))
    ends = replace(small, metadata=replace(small.metadata, deletionTimestamp=datetime(2026, 1, 1, tzinfo=UTC)))
    await admitted(plugin, updates(ends, large, subresource="resize"))


def test_the_defaults_of_a_range_follow_from_its_bounds() -> None:
    made = default_limit_range(
        range_of(item("Container", max={"cpu": "2"}, min={"memory": "1Mi"}), item("Pod", max={"cpu": "2"}))
    )
    first, second = made.spec.limits
    assert first.default == amounts({"cpu": "2"})
    assert first.defaultRequest == amounts({"cpu": "2", "memory": "1Mi"})
    assert (second.default, second.defaultRequest) == ({}, {})


GPU = "example.com/gpu"


@pytest.mark.parametrize(
    ("item_", "field", "said"),
    [
        (item("Node"), "type", 'Invalid value: "Node": must be a standard limit type or fully qualified'),
        (item("Pod", default={"cpu": "1"}), "default", "Forbidden: may not be specified when `type` is 'Pod'"),
        (item("Container", max={"pods": "1"}), "max[pods]", "must be a standard resource for containers"),
        (item("Container", max={"what": "1"}), "max[what]", "must be a standard resource type or fully qualified"),
        (item("PersistentVolumeClaim"), "limits", "Required value: either minimum or maximum storage value is"),
        (item("Pod", min={"cpu": "2"}, max={"cpu": "1"}), "min[cpu]", "min value 2 is greater than max value 1"),
        (
            item("Container", min={"cpu": "2"}, default={"cpu": "1"}),
            "default[cpu]",
            'Invalid value: "2": min value 2 is greater than default value 1',
        ),
        (
            item("Container", defaultRequest={"cpu": "2"}, default={"cpu": "1"}),
            "defaultRequest[cpu]",
            "default request value 2 is greater than default limit value 1",
        ),
        (
            item("Container", maxLimitRequestRatio={"cpu": "0.5"}),
            "maxLimitRequestRatio[cpu]",
            'Invalid value: "500m": ratio 500m is less than 1',
        ),
        (
            item("Pod", min={"cpu": "1"}, max={"cpu": "2"}, maxLimitRequestRatio={"cpu": "3"}),
            "maxLimitRequestRatio[cpu]",
            "ratio 3 is greater than max/min = 2.000000",
        ),
        (
            item("Container", default={GPU: "2"}, defaultRequest={GPU: "1"}),
            f"defaultRequest[{GPU}]",
            f"default value 2 must equal to defaultRequest value 1 in {GPU}",
        ),
    ],
)
def test_what_is_wrong_with_a_range_is_told(item_: LimitRangeItem, field: str, said: str) -> None:
    faults = [
        cause.message for cause in validate_limit_range(range_of(item_)) if cause.field == f"spec.limits[0].{field}"
    ]
    assert any(said in fault for fault in faults), faults


def test_a_range_has_each_type_once() -> None:
    assert not validate_limit_range(
        range_of(item("Container", min={"cpu": "1"}), item("Pod", max={"hugepages-2Mi": "1"}))
    )
    (fault,) = validate_limit_range(range_of(item("Container"), item("Container")))
    assert (fault.field, fault.message) == ("spec.limits[1].type", 'Duplicate value: "Container"')
