"""The health check of the store, under the name that upstream gives it: etcd."""

import asyncio

from steersman.component.healthz import Check
from steersman.storage.interface import Store, StoreError

# Source: apiserver/pkg/server/options/etcd.go: HealthcheckTimeout.
ANSWER_SECONDS = 2.0


def answering(store: Store) -> Check:
    """Fails while the store doesn't answer."""

    async def check() -> str:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await store.current_revision()
        except TimeoutError:
            return "etcd failed: context deadline exceeded"
        except StoreError as error:
            return f"etcd failed: {error}"
        return ""

    return check
