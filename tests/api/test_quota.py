"""Quotas under many writes at once."""

import asyncio

from steersman.api.core import ConfigMap, Namespace, ResourceQuota, ResourceQuotaSpec
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.status import Forbidden
from steersman.testing.cluster import Cluster


async def test_of_200_creates_at_once_a_quota_of_50_lets_50_through() -> None:
    async with Cluster() as cluster:
        await create_200(cluster)


async def create_200(cluster: Cluster) -> None:
    client = cluster.client
    await client.create(Namespace(metadata=ObjectMeta(name="full")))
    # Every namespace has the CA's ConfigMap already.
    spec = ResourceQuotaSpec(hard={"configmaps": Quantity(51)})
    await client.create(ResourceQuota(metadata=ObjectMeta(name="q", namespace="full"), spec=spec))

    async def is_used(count: str) -> None:
        async def is_so() -> bool:
            return await used() == count

        await cluster.until(is_so)

    async def used() -> str:
        found = await client.get(ResourceQuota, "q", "full")
        return str(found.status.used.get("configmaps", ""))

    await is_used("1")

    async def create(number: int) -> bool:
        try:
            await client.create(ConfigMap(metadata=ObjectMeta(name=f"c{number}", namespace="full")))
        except Forbidden as error:
            refusals.append(error.message)
            return False
        return True

    refusals: list[str] = []
    done = await asyncio.gather(*(create(number) for number in range(200)))
    assert sum(done) == 50
    assert all("exceeded quota: q, requested: configmaps=1, used: configmaps=" in one for one in refusals)
    assert len((await client.list(ConfigMap, "full")).items) == 51
    assert await used() == "51"
    await client.delete(ConfigMap, f"c{done.index(True)}", "full")
    await is_used("50")
