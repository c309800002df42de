"""Admission as a cluster has it: plugins, defaults and rules together."""

from typing import Any

import pytest

from steersman.api.core import Container, LimitRange, LimitRangeItem, LimitRangeSpec, Namespace, Pod, PodSpec
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.status import Forbidden
from steersman.testing.cluster import Cluster


def pod(name: str = "p", namespace: str = "default", **spec: Any) -> Pod:
    spec.setdefault("containers", (Container(name="c", image="i"),))
    return Pod(metadata=ObjectMeta(name=name, namespace=namespace), spec=PodSpec(**spec))


async def test_limits_of_a_namespace_count_at_once_and_make_quality_of_service() -> None:
    async with Cluster(with_node=False) as cluster:
        client = cluster.client
        await client.create(Namespace(metadata=ObjectMeta(name="limited")))
        item = LimitRangeItem(type="Container", max={"cpu": Quantity("1"), "memory": Quantity("1Gi")})
        made = await client.create(
            LimitRange(metadata=ObjectMeta(name="l", namespace="limited"), spec=LimitRangeSpec(limits=(item,)))
        )
        assert made.spec.limits[0].defaultRequest["cpu"] == Quantity("1")
        admitted = await client.create(pod(namespace="limited"))
        assert admitted.spec.containers[0].resources.limits["memory"] == Quantity("1Gi")
        assert admitted.status.qosClass == "Guaranteed"
        large = Container(name="c", image="i", resources=type(admitted.spec.containers[0].resources)(
            limits={"cpu": Quantity("2")}, requests={"cpu": Quantity("2")}
        ))  # fmt: skip
        with pytest.raises(Forbidden, match="maximum cpu usage per Container is 1, but limit is 2"):
            await client.create(pod("q", "limited", containers=(large,)))
        await client.create(pod("free"))
