"""The whole cluster in this process."""

import asyncio

from steersman.api.apps import Deployment, DeploymentSpec
from steersman.api.core import Container, Namespace, Node, Pod, PodSpec, PodTemplateSpec
from steersman.api.meta import LabelSelector, ObjectMeta
from steersman.apimachinery.object import replace
from steersman.testing.cluster import Cluster

IMAGE = "example.org/web:1"


def deployment(replicas: int) -> Deployment:
    labels = {"app": "web"}
    template = PodTemplateSpec(
        metadata=ObjectMeta(labels=labels), spec=PodSpec(containers=(Container(name="web", image=IMAGE),))
    )
    spec = DeploymentSpec(replicas=replicas, selector=LabelSelector(matchLabels=labels), template=template)
    return Deployment(metadata=ObjectMeta(name="web", namespace="default"), spec=spec)


async def available(cluster: Cluster, replicas: int) -> None:
    async def are_there() -> bool:
        found = await cluster.client.get(Deployment, "web", "default")
        pods = (await cluster.client.list(Pod, "default")).items
        return found.status.availableReplicas == replicas == len(pods)

    await cluster.until(are_there)


async def ready(cluster: Cluster) -> None:
    async def has_account() -> bool:
        from steersman.api.core import ServiceAccount

        accounts = (await cluster.client.list(ServiceAccount, "default")).items
        return bool(accounts) and bool((await cluster.client.list(Node)).items)

    await cluster.until(has_account)


async def test_a_deployment_becomes_pods_that_run_and_scales_down_again() -> None:
    async with Cluster(images=(IMAGE,)) as cluster:
        await ready(cluster)
        await cluster.client.create(deployment(3))
        await available(cluster, 3)
        pods = (await cluster.client.list(Pod, "default")).items
        assert {pod.status.phase for pod in pods} == {"Running"}
        assert {pod.spec.nodeName for pod in pods} == {"node-1"}
        stored = await cluster.client.get(Deployment, "web", "default")
        await cluster.client.update(replace(stored, spec=replace(stored.spec, replicas=1)))
        await available(cluster, 1)


async def test_two_clusters_in_one_process_know_nothing_of_each_other() -> None:
    async with Cluster(with_node=False) as one, Cluster(with_node=False) as other:
        await one.client.create(Namespace(metadata=ObjectMeta(name="only-here")))
        names = [namespace.metadata.name for namespace in (await other.client.list(Namespace)).items]
        assert "only-here" not in names
        await asyncio.sleep(0)
