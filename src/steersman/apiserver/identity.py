"""Every API server shows by a Lease in kube-system that it lives, and takes away those of servers that are gone.

Source: KEP-1965; pkg/controlplane/apiserver: identity leases; pkg/controlplane/controller/apiserverleasegc.
"""

import base64
import hashlib
from datetime import datetime, timedelta
from uuid import uuid4

from steersman.api.coordination import Lease, LeaseSpec
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Conflict, NotFound
from steersman.apimachinery.times import MicroTime
from steersman.apiserver.ensure import ensured, settled
from steersman.client.interface import Client
from steersman.component.clock import Clock

NAMESPACE = "kube-system"
COMPONENT = "kube-apiserver"
COMPONENT_LABEL = "apiserver.kubernetes.io/identity"
HOSTNAME_LABEL = "kubernetes.io/hostname"
SELECTOR = f"{COMPONENT_LABEL}={COMPONENT}"
LEASE_SECONDS = 3600
CLEAR_SECONDS = 3600.0
HASH_BYTES = 16


def server_id(hostname: str) -> str:
    """The name of the Lease: the same at each start on one machine, another on each machine.

    Source: apiserver/pkg/server/config.go: NewConfig: both names, each after its length in two bytes, as SHA-256.
    """
    parts = (part.encode() for part in (hostname, COMPONENT))
    hashed = hashlib.sha256(b"".join(len(part).to_bytes(2, "big") + part for part in parts)).digest()
    return "apiserver-" + base64.b32encode(hashed[:HASH_BYTES]).decode().rstrip("=").lower()


def is_over(lease: Lease, now: datetime) -> bool:
    """Its holder has not renewed it for as long as it is good, or it doesn't say."""
    renewed, seconds = lease.spec.renewTime, lease.spec.leaseDurationSeconds
    return renewed is None or seconds is None or renewed + timedelta(seconds=seconds) < now


class ServerIdentity:
    """This server's Lease, and those of others."""

    def __init__(self, client: Client, clock: Clock, hostname: str) -> None:
        self._client, self._clock, self._hostname = client, clock, hostname
        self._id = server_id(hostname)
        # A process of its own at each start.
        self._holder = f"{self._id}_{uuid4()}"

    async def renew(self) -> None:
        """The Lease is there, and holds from now. StatusError."""
        await settled(self._renewed)

    async def clear(self) -> None:
        """Leases that are over are gone. StatusError."""
        leases = await self._client.list(Lease, NAMESPACE, label_selector=SELECTOR)
        now = self._clock.now()
        for lease in leases.items:
            if is_over(lease, now):
                await self._delete(lease)

    async def _renewed(self) -> None:
        now = self._clock.now()
        labels = {COMPONENT_LABEL: COMPONENT, HOSTNAME_LABEL: self._hostname}
        spec = LeaseSpec(holderIdentity=self._holder, leaseDurationSeconds=LEASE_SECONDS, renewTime=MicroTime.of(now))
        wanted = Lease(metadata=ObjectMeta(name=self._id, namespace=NAMESPACE, labels=labels), spec=spec)
        stored = await ensured(self._client, wanted)
        if stored.spec != spec:
            meta = replace(stored.metadata, labels={**stored.metadata.labels, **labels})
            await self._client.update(replace(stored, metadata=meta, spec=spec))

    async def _delete(self, lease: Lease) -> None:
        meta = lease.metadata
        try:
            # Renewed meanwhile, it stays.
            await self._client.delete(Lease, meta.name, NAMESPACE, resource_version=meta.resourceVersion)
        except (Conflict, NotFound):
            return
