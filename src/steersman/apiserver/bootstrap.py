"""What a cluster has before anybody makes anything: namespaces, priorities, ranges of addresses, authorities.

Source: pkg/controlplane/controller: systemnamespaces, defaultservicecidr; pkg/registry/scheduling/rest.
"""

from steersman.api.core import ConfigMap, Namespace
from steersman.api.meta import Condition, ObjectMeta
from steersman.api.networking import ServiceCIDR, ServiceCIDRSpec, ServiceCIDRStatus
from steersman.api.networking.serviceranges import DEFAULT_RANGES, READY
from steersman.api.scheduling import PriorityClass
from steersman.apimachinery.object import replace
from steersman.apiserver.ensure import ensured, settled
from steersman.client.interface import Client
from steersman.component.log import get_logger

_log = get_logger(__name__)

NAMESPACES = ("kube-system", "kube-public", "kube-node-lease", "default")
FIXED = "Used for system critical pods that must not be moved from their current node."
MOVABLE = "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."
PRIORITIES = (("system-node-critical", 2_000_001_000, FIXED), ("system-cluster-critical", 2_000_000_000, MOVABLE))
RANGES_READY = "Kubernetes default Service CIDR is ready"
AUTHORITIES = "extension-apiserver-authentication"
FRONT_PROXY = "front-proxy-client"


async def ensure_namespaces(client: Client) -> None:
    """The namespaces every cluster has."""
    for name in NAMESPACES:
        await ensured(client, Namespace(metadata=ObjectMeta(name=name)))


async def ensure_priorities(client: Client) -> None:
    """The priorities of what the cluster itself consists of."""
    for name, value, text in PRIORITIES:
        await ensured(client, PriorityClass(metadata=ObjectMeta(name=name), value=value, description=text))


async def ensure_ranges(client: Client, cidrs: tuple[str, ...]) -> None:
    """The default ranges are those of the server's flags; a second family may come to a cluster that had one."""
    await settled(lambda: _put_ranges(client, cidrs))


async def publish_authorities(client: Client, client_ca_pem: bytes, front_proxy_ca_pem: bytes) -> None:
    """What other API servers need to know users by the same certificates, and this server as their front proxy.

    Source: pkg/controlplane/controller/clusterauthenticationtrust.
    """
    data = {
        "client-ca-file": client_ca_pem.decode(),
        "requestheader-allowed-names": f'["{FRONT_PROXY}"]',
        "requestheader-client-ca-file": front_proxy_ca_pem.decode(),
        "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
        "requestheader-group-headers": '["X-Remote-Group"]',
        "requestheader-uid-headers": '["X-Remote-Uid"]',
        "requestheader-username-headers": '["X-Remote-User"]',
    }
    meta = ObjectMeta(name=AUTHORITIES, namespace="kube-system")

    async def written() -> None:
        stored = await ensured(client, ConfigMap(metadata=meta, data=data))
        if stored.data != data:
            await client.update(replace(stored, data=data))

    await settled(written)


async def _put_ranges(client: Client, cidrs: tuple[str, ...]) -> None:
    spec = ServiceCIDRSpec(cidrs=cidrs)
    stored = await ensured(client, ServiceCIDR(metadata=ObjectMeta(name=DEFAULT_RANGES), spec=spec))
    if stored.spec.cidrs == cidrs[:1] != cidrs:
        stored = await client.update(replace(stored, spec=spec))
    if stored.spec.cidrs != cidrs:
        _log.warning("the default ServiceCIDR isn't what the flags say", has=stored.spec.cidrs, flags=cidrs)
    elif not any(one.type == READY for one in stored.status.conditions):
        ready = Condition(
            type=READY, status="True", message=RANGES_READY, lastTransitionTime=stored.metadata.creationTimestamp
        )
        await client.update(replace(stored, status=ServiceCIDRStatus(conditions=(ready,))), subresource="status")
