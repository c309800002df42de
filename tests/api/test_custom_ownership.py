"""Custom resources with controllers: they own, are owned, and go with their namespace."""

from typing import Any

from tests.api.test_custom import definition

from steersman.api.apiextensions import CustomResourceDefinition
from steersman.api.core import ConfigMap, Namespace
from steersman.api.customresources import metadata_resource
from steersman.api.meta import Kind, ObjectMeta, OwnerReference
from steersman.apimachinery.codec.json import from_wire
from steersman.testing.cluster import Cluster

NAME = "crontabs.stable.example.com"


async def begun(cluster: Cluster) -> None:
    async def has_namespace() -> bool:
        return "default" in [one.metadata.name for one in (await cluster.client.list(Namespace)).items]

    await cluster.until(has_namespace)


async def served(cluster: Cluster) -> type[Kind]:
    await begun(cluster)
    await cluster.client.create(from_wire(definition(), CustomResourceDefinition))
    found: Any = None

    async def is_established() -> bool:
        nonlocal found
        found = await cluster.client.get(CustomResourceDefinition, NAME)
        return any(one.type == "Established" and one.status == "True" for one in found.status.conditions)

    await cluster.until(is_established)
    resource = metadata_resource(found)
    assert resource is not None
    return resource.object_type


async def test_what_a_custom_resource_owns_goes_with_it() -> None:
    async with Cluster() as cluster:
        kind = await served(cluster)
        owner = await cluster.client.create(kind(metadata=ObjectMeta(name="a", namespace="default")))
        ref = OwnerReference(apiVersion=owner.apiVersion, kind=owner.kind, name="a", uid=owner.metadata.uid)
        owned = ObjectMeta(name="owned", namespace="default", ownerReferences=(ref,))
        await cluster.client.create(ConfigMap(metadata=owned))
        await cluster.client.delete(kind, "a", "default")

        async def is_gone() -> bool:
            maps = (await cluster.client.list(ConfigMap, "default")).items
            return "owned" not in [one.metadata.name for one in maps]

        await cluster.until(is_gone)


async def test_custom_resources_go_with_their_namespace() -> None:
    async with Cluster() as cluster:
        kind = await served(cluster)
        await cluster.client.create(Namespace(metadata=ObjectMeta(name="short")))
        await cluster.client.create(kind(metadata=ObjectMeta(name="a", namespace="short")))
        await cluster.client.delete(Namespace, "short")

        async def is_gone() -> bool:
            return "short" not in [one.metadata.name for one in (await cluster.client.list(Namespace)).items]

        await cluster.until(is_gone)
        assert (await cluster.client.list(kind)).items == ()


async def test_owners_that_went_before_their_kind_was_followed_are_noticed() -> None:
    async with Cluster() as cluster:
        ref = OwnerReference(apiVersion="stable.example.com/v1", kind="CronTab", name="a", uid="gone")
        owned = ObjectMeta(name="owned", namespace="default", ownerReferences=(ref,))
        await begun(cluster)
        await cluster.client.create(ConfigMap(metadata=owned))
        await served(cluster)

        async def is_gone() -> bool:
            maps = (await cluster.client.list(ConfigMap, "default")).items
            return "owned" not in [one.metadata.name for one in maps]

        await cluster.until(is_gone)
