"""What is in every cluster from the start: system namespaces, priority classes, and the Service of the API itself.

Source: pkg/controlplane/controller: systemnamespaces, kubernetesservice; pkg/registry/scheduling/rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from steersman.api import core, discovery, scheduling
from steersman.api.meta import Kind, ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import NotFound
from steersman.client.interface import Client

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
KUBERNETES = "kubernetes"
MOVABLE = "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."
FIXED = "Used for system critical pods that must not be moved from their current node."
PRIORITY_CLASSES = (
    ("system-cluster-critical", 2_000_000_000, MOVABLE),
    ("system-node-critical", 2_000_001_000, FIXED),
)


@dataclass(frozen=True, slots=True)
class Advertised:
    """Where the server is found: its own address and port, and the network its Service's address is of."""

    address: str
    port: int
    service_cidr: str


async def ensure_system_objects(client: Client, advertised: Advertised) -> None:
    """Make what is missing, and point the API's endpoints to where the server is now."""
    for obj in (*_namespaces(), *_priority_classes(), _service(advertised)):
        await _ensure(client, obj)
    for obj in (_endpoints(advertised), _slice(advertised)):
        await _ensure_same(client, obj)


async def _ensure(client: Client, obj: Kind) -> Kind | None:
    """Create the object unless it is there; what is there.

    Asked for first: a Service of the same address is refused for its address, before its name is looked at.
    """
    try:
        return await client.get(type(obj), obj.metadata.name, obj.metadata.namespace)
    except NotFound:
        await client.create(obj)
        return None


async def _ensure_same(client: Client, obj: Kind) -> None:
    """Create the object, or make it as it should be. A write that changes nothing is none."""
    present = await _ensure(client, obj)
    if present is not None:
        version = present.metadata.resourceVersion
        await client.update(replace(obj, metadata=replace(obj.metadata, resourceVersion=version)))


def _namespaces() -> Sequence[Kind]:
    return [core.Namespace(metadata=ObjectMeta(name=name)) for name in NAMESPACES]


def _priority_classes() -> Sequence[Kind]:
    return [
        scheduling.PriorityClass(
            metadata=ObjectMeta(name=name),
            value=value,
            description=description,
            preemptionPolicy="PreemptLowerPriority",
        )
        for name, value, description in PRIORITY_CLASSES
    ]


def _service(advertised: Advertised) -> Kind:
    first = str(ip_network(advertised.service_cidr).network_address + 1)
    port = core.ServicePort(name="https", protocol="TCP", port=443, targetPort=advertised.port)
    labels = {"component": "apiserver", "provider": "kubernetes"}
    return core.Service(
        metadata=ObjectMeta(name=KUBERNETES, namespace="default", labels=labels),
        spec=core.ServiceSpec(
            type="ClusterIP", clusterIP=first, clusterIPs=(first,), sessionAffinity="None", ports=(port,)
        ),
    )


def _endpoints(advertised: Advertised) -> Kind:
    subset = core.EndpointSubset(
        addresses=(core.EndpointAddress(ip=advertised.address),),
        ports=(core.EndpointPort(name="https", port=advertised.port, protocol="TCP"),),
    )
    # The slice is made here too: nobody is to make another from these endpoints.
    labels = {"endpointslice.kubernetes.io/skip-mirror": "true"}
    return core.Endpoints(metadata=ObjectMeta(name=KUBERNETES, namespace="default", labels=labels), subsets=(subset,))


def _slice(advertised: Advertised) -> Kind:
    family = f"IPv{ip_address(advertised.address).version}"
    labels = {"kubernetes.io/service-name": KUBERNETES}
    endpoint = discovery.Endpoint(addresses=(advertised.address,), conditions=discovery.EndpointConditions(ready=True))
    return discovery.EndpointSlice(
        metadata=ObjectMeta(name=KUBERNETES, namespace="default", labels=labels),
        addressType=family,
        endpoints=(endpoint,),
        ports=(discovery.EndpointPort(name="https", port=advertised.port, protocol="TCP"),),
    )
