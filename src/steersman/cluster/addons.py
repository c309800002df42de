"""What a cluster has of itself in the API: the Service its DNS server is reached by, and that server's rights.

Source: cluster/addons/dns/coredns/coredns.yaml.base, kubeadm: the same names, so that what looks for them finds them.
"""

import asyncio
import itertools
from typing import TypeVar

from steersman.api.core import Service, ServicePort, ServiceSpec
from steersman.api.discovery import Endpoint, EndpointConditions, EndpointPort, EndpointSlice
from steersman.api.meta import Kind, ObjectMeta
from steersman.api.rbac import ClusterRole, ClusterRoleBinding, PolicyRule, RoleRef, Subject
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import AlreadyExists, NotFound, StatusError
from steersman.client.interface import Client
from steersman.cluster.dns import LISTEN_PORT, dns_listen_address
from steersman.cluster.layout import ClusterFacts
from steersman.component.backoff import Backoff
from steersman.component.clock import Clock
from steersman.component.log import get_logger

K = TypeVar("K", bound=Kind)

_log = get_logger(__name__)

CALLS_SECONDS = 10.0
RETRY = Backoff(initial=0.2, factor=2, limit=10)

NAMESPACE, NAME = "kube-system", "kube-dns"
DNS_USER = DNS_ROLE = "system:coredns"
DNS_PORT = 53
RBAC_GROUP = "rbac.authorization.k8s.io"
SERVICE_LABELS = {
    "k8s-app": "kube-dns",
    "kubernetes.io/cluster-service": "true",
    "kubernetes.io/name": "CoreDNS",
}
SLICE_LABELS = {
    "kubernetes.io/service-name": NAME,
    "endpointslice.kubernetes.io/managed-by": "steersman",
}
# Name and protocol; the name joins a Service's port to an EndpointSlice's.
PORTS = (("dns", "UDP"), ("dns-tcp", "TCP"))


async def make_dns_service(client: Client, facts: ClusterFacts, clock: Clock) -> None:
    """See to it until it is done: the API server may still be starting, or the namespace not be there yet."""
    for attempt in itertools.count():
        try:
            async with asyncio.timeout(CALLS_SECONDS):
                await ensure_dns_service(client, facts)
        except (OSError, StatusError, TimeoutError) as error:
            _log.info("DNS Service not made yet", error=str(error))
            await clock.sleep(RETRY.delay(attempt))
        else:
            return


async def ensure_dns_rights(client: Client) -> None:
    """The DNS server may read what it needs.

    The API server sees to it before it listens, for DNS asks at once; and controllers, should it be spoilt meanwhile.
    """
    await _ensure(client, dns_role())
    await _ensure(client, dns_binding())


async def ensure_dns_service(client: Client, facts: ClusterFacts) -> None:
    """The DNS server's Service, endpoint and rights are there as they have to be."""
    await ensure_dns_rights(client)
    await _ensure_service(client, dns_service(facts))
    await _ensure(client, dns_slice(facts))


def dns_service(facts: ClusterFacts) -> Service:
    """The Service. It has no selector: its one endpoint is no pod."""
    ports = tuple(ServicePort(name=name, protocol=kind, port=DNS_PORT, targetPort=LISTEN_PORT) for name, kind in PORTS)
    spec = ServiceSpec(type="ClusterIP", clusterIP=facts.dns_address, ports=ports)
    return Service(metadata=ObjectMeta(name=NAME, namespace=NAMESPACE, labels=SERVICE_LABELS), spec=spec)


def dns_slice(facts: ClusterFacts) -> EndpointSlice:
    """Where the server listens."""
    address = dns_listen_address(facts)
    ready = EndpointConditions(ready=True, serving=True, terminating=False)
    return EndpointSlice(
        metadata=ObjectMeta(name=NAME, namespace=NAMESPACE, labels=SLICE_LABELS),
        addressType="IPv6" if ":" in address else "IPv4",
        endpoints=(Endpoint(addresses=(address,), conditions=ready),),
        ports=tuple(EndpointPort(name=name, protocol=kind, port=LISTEN_PORT) for name, kind in PORTS),
    )


def dns_role() -> ClusterRole:
    """What a DNS server may read."""
    verbs = ("list", "watch")
    rules = (
        PolicyRule(verbs=verbs, apiGroups=("",), resources=("endpoints", "services", "pods", "namespaces")),
        PolicyRule(verbs=verbs, apiGroups=("discovery.k8s.io",), resources=("endpointslices",)),
    )
    return ClusterRole(metadata=ObjectMeta(name=DNS_ROLE), rules=rules)


def dns_binding() -> ClusterRoleBinding:
    """Who may read it."""
    return ClusterRoleBinding(
        metadata=ObjectMeta(name=DNS_ROLE),
        roleRef=RoleRef(apiGroup=RBAC_GROUP, kind="ClusterRole", name=DNS_ROLE),
        subjects=(Subject(kind="User", apiGroup=RBAC_GROUP, name=DNS_USER),),
    )


async def _ensure_service(client: Client, wanted: Service) -> None:
    stored = await _created_or_stored(client, wanted)
    if stored is None:
        return
    if stored.spec.clusterIP != wanted.spec.clusterIP:
        # It can't be changed, and pods are told the other address.
        await client.delete(Service, NAME, NAMESPACE, uid=stored.metadata.uid)
        await _created_or_stored(client, wanted)
        return
    spec = replace(stored.spec, type="ClusterIP", ports=wanted.spec.ports, selector={})
    await _update_if_changed(client, stored, replace(stored, spec=spec, metadata=_labelled(stored, wanted)))


async def _ensure(client: Client, wanted: K) -> None:
    stored = await _created_or_stored(client, wanted)
    if stored is not None:
        await _update_if_changed(client, stored, replace(wanted, metadata=_labelled(stored, wanted)))


async def _created_or_stored(client: Client, wanted: K) -> K | None:
    """The stored object; None when it was created just now."""
    try:
        return await client.get(type(wanted), wanted.metadata.name, wanted.metadata.namespace or None)
    except NotFound:
        try:
            await client.create(wanted)
        except AlreadyExists:
            return await _created_or_stored(client, wanted)
        return None


async def _update_if_changed(client: Client, stored: K, wanted: K) -> None:
    if wanted != stored:
        await client.update(wanted)


def _labelled(stored: Kind, wanted: Kind) -> ObjectMeta:
    return replace(stored.metadata, labels={**stored.metadata.labels, **wanted.metadata.labels})
