"""Which fields of a Service belong to which type, and what an update that changes the type leaves of them.

Source: pkg/api/service, pkg/registry/core/service/strategy.go: dropTypeDependentFields; storage: normalizeClusterIPs.
"""

from typing import Any

from steersman.api.core.service import Service, ServiceSpec
from steersman.apimachinery.object import replace

HEADLESS = "None"
WITH_NODE_PORTS = ("NodePort", "LoadBalancer")


def is_headless(spec: ServiceSpec) -> bool:
    """It has no address, by its own wish."""
    return spec.clusterIPs == (HEADLESS,)


def is_externally_accessible(spec: ServiceSpec) -> bool:
    """Traffic can come from outside."""
    return spec.type in WITH_NODE_PORTS or (spec.type == "ClusterIP" and bool(spec.externalIPs))


def needs_health_check(spec: ServiceSpec) -> bool:
    """A load balancer has to ask each node whether it has endpoints."""
    return spec.type == "LoadBalancer" and spec.externalTrafficPolicy == "Local"


def with_synced_addresses(service: Service, old: Service | None) -> Service:
    """ClusterIP and clusterIPs say the same where a client wrote one of them: the first address is the one address."""
    spec = service.spec
    if old is None:
        if spec.clusterIP and not spec.clusterIPs:
            return replace(service, spec=replace(spec, clusterIPs=(spec.clusterIP,)))
        return service
    before = old.spec
    address, addresses = spec.clusterIP, spec.clusterIPs
    if address != before.clusterIP:
        if not address and addresses == before.clusterIPs:
            # It was cleared by a client that doesn't know the list.
            addresses = ()
        elif address and (not addresses or addresses == before.clusterIPs):
            addresses = (address,)
    elif addresses != before.clusterIPs and not addresses:
        address = ""
    if (address, addresses) == (spec.clusterIP, spec.clusterIPs):
        return service
    return replace(service, spec=replace(spec, clusterIP=address, clusterIPs=addresses))


def without_other_types_fields(service: Service, old: Service) -> Service:
    """What only the old type had, and nobody wrote anew, goes with the type."""
    spec, before = service.spec, old.spec
    changes: dict[str, Any] = {}
    if _needs_address(before) and not _needs_address(spec) and _same(spec, before, "clusterIP", "clusterIPs"):
        changes |= {"clusterIP": "", "clusterIPs": ()}
    if before.type != "ExternalName" and spec.type == "ExternalName":
        if _same(spec, before, "ipFamilies"):
            changes["ipFamilies"] = ()
        if _same(spec, before, "ipFamilyPolicy"):
            changes["ipFamilyPolicy"] = None
    if before.type in WITH_NODE_PORTS and spec.type not in WITH_NODE_PORTS and _same_node_ports(spec, before):
        changes["ports"] = tuple(replace(port, nodePort=0) for port in spec.ports)
    if needs_health_check(before) and not needs_health_check(spec) and _same(spec, before, "healthCheckNodePort"):
        changes["healthCheckNodePort"] = 0
    if before.type == "LoadBalancer" and spec.type != "LoadBalancer":
        for name in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
            if _same(spec, before, name):
                changes[name] = None
    was_accessible = is_externally_accessible(before)
    if was_accessible and not is_externally_accessible(spec) and _same(spec, before, "externalTrafficPolicy"):
        changes["externalTrafficPolicy"] = ""
    return replace(service, spec=replace(spec, **changes)) if changes else service


def _needs_address(spec: ServiceSpec) -> bool:
    return spec.type in ("ClusterIP", *WITH_NODE_PORTS)


def _same(spec: ServiceSpec, before: ServiceSpec, *names: str) -> bool:
    return all(getattr(spec, name) == getattr(before, name) for name in names)


def _same_node_ports(spec: ServiceSpec, before: ServiceSpec) -> bool:
    """Every node port there is was there before; new ones are the client's wish, and refused."""
    had = {port.nodePort for port in before.ports}
    return all(port.nodePort in had for port in spec.ports if port.nodePort)
