"""What makes a Service wrong: its ports, addresses, policies, and how they depend on its type.

Source: pkg/apis/core/validation: ValidateService, ValidateServiceStatusUpdate.
"""

from collections.abc import Mapping

from steersman.api.core.service import LoadBalancerIngress, Service, ServicePort, ServiceSpec
from steersman.api.core.servicefields import is_externally_accessible, is_headless, needs_health_check
from steersman.api.core.validation.fields import (
    PROTOCOLS,
    checked,
    maybe_one_of,
    one_of,
    ordinary_ip,
    port_or_name,
    unique,
    valid_ip,
)
from steersman.api.core.validation.serviceaddresses import validate_cluster_ips
from steersman.api.meta.labelrules import validate_labels
from steersman.apimachinery.fielderrors import duplicate, forbidden_field, invalid_value, invalid_values, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import (
    cidr,
    dns1123_label,
    dns1123_subdomain,
    ip_address,
    port_number,
    qualified_name,
)
from steersman.apimachinery.status import Cause

SPEC = Path("spec")
KUBELET_PORT = 10250
TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
AFFINITIES = ("ClientIP", "None")
SCOPES = ("Cluster", "Local")
DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
MAX_AFFINITY_SECONDS = 86400
SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
TOPOLOGY_MODE, TOPOLOGY_HINTS = "service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints"
_ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'"
_NOT_EXTERNAL_NAME = "may not be set for ExternalName services"


def validate_service(service: Service) -> list[Cause]:
    """A service as it is to be stored, its addresses and ports given."""
    spec = service.spec
    faults = _topology(service.metadata.annotations)
    if not spec.ports and not is_headless(spec) and spec.type != "ExternalName":
        faults.append(required(SPEC.child("ports")))
    faults += _of_type(spec) + _ports(spec)
    faults += validate_labels(spec.selector, SPEC.child("selector"))
    faults += _affinity(spec)
    if spec.type != "ExternalName":
        faults += validate_cluster_ips(spec)
    for position, address in enumerate(spec.externalIPs):
        where = SPEC.child("externalIPs").at(position)
        faults += valid_ip(address, where) or ordinary_ip(address, where)
    faults += one_of(spec.type, TYPES, SPEC, "type")
    return faults + _port_clashes(spec) + _load_balancer(service) + _traffic(spec)


def _topology(annotations: Mapping[str, str]) -> list[Cause]:
    if TOPOLOGY_MODE not in annotations or TOPOLOGY_HINTS not in annotations:
        return []
    mode = annotations[TOPOLOGY_MODE]
    if mode == annotations[TOPOLOGY_HINTS]:
        return []
    where = Path("metadata.annotations").key(TOPOLOGY_MODE)
    return [invalid_value(where, mode, f"must match annotations[{TOPOLOGY_HINTS}] when both are specified")]


def _of_type(spec: ServiceSpec) -> list[Cause]:
    if spec.type in ("LoadBalancer", "NodePort") and is_headless(spec):
        why = f"may not be set to 'None' for {spec.type} services"
        return [invalid_value(SPEC.child("clusterIPs").at(0), "None", why)]
    if spec.type == "LoadBalancer":
        why = f"may not expose port {KUBELET_PORT} externally since it is used by kubelet"
        ports = [SPEC.child("ports").at(place) for place, one in enumerate(spec.ports) if one.port == KUBELET_PORT]
        return [invalid_value(where, KUBELET_PORT, why) for where in ports]
    if spec.type != "ExternalName":
        return []
    given = (
        ("clusterIPs", bool(spec.clusterIPs)),
        ("ipFamilies", bool(spec.ipFamilies)),
        ("ipFamilyPolicy", spec.ipFamilyPolicy is not None),
    )
    faults = [forbidden_field(SPEC.child(name), _NOT_EXTERNAL_NAME) for name, is_given in given if is_given]
    # A name may end with a dot, which makes it absolute.
    name = spec.externalName.removesuffix(".")
    where = SPEC.child("externalName")
    return faults + (checked(name, dns1123_subdomain, where) if name else [required(where)])


def _ports(spec: ServiceSpec) -> list[Cause]:
    faults: list[Cause] = []
    names: set[str] = set()
    for position, port in enumerate(spec.ports):
        where = SPEC.child("ports").at(position)
        if port.name:
            faults += checked(port.name, dns1123_label, where, "name")
            faults += unique(port.name, names, where, "name")
        elif len(spec.ports) > 1:
            faults.append(required(where.child("name")))
        faults += _port(port, where)
    return faults


def _port(port: ServicePort, path: Path) -> list[Cause]:
    faults = invalid_values(path.child("port"), port.port, port_number(port.port))
    faults += one_of(port.protocol, PROTOCOLS, path, "protocol")
    faults += port_or_name(port.targetPort, path, "targetPort")
    if port.appProtocol is not None:
        faults += checked(port.appProtocol, qualified_name, path, "appProtocol")
    return faults


def _port_clashes(spec: ServiceSpec) -> list[Cause]:
    faults: list[Cause] = []
    node_ports: set[tuple[str, int]] = set()
    ports: set[tuple[str, int]] = set()
    where = SPEC.child("ports")
    if spec.type == "ClusterIP":
        why = "may not be used when `type` is 'ClusterIP'"
        used = [position for position, port in enumerate(spec.ports) if port.nodePort]
        faults += [forbidden_field(where.at(position).child("nodePort"), why) for position in used]
    for position, port in enumerate(spec.ports):
        if port.nodePort and (port.protocol, port.nodePort) in node_ports:
            faults.append(duplicate(where.at(position).child("nodePort"), port.nodePort))
        node_ports.add((port.protocol, port.nodePort))
    for position, port in enumerate(spec.ports):
        if (port.protocol, port.port) in ports:
            faults.append(duplicate(where.at(position), ServicePort(protocol=port.protocol, port=port.port)))
        ports.add((port.protocol, port.port))
    return faults


def _affinity(spec: ServiceSpec) -> list[Cause]:
    faults = one_of(spec.sessionAffinity, AFFINITIES, SPEC, "sessionAffinity")
    config, where = spec.sessionAffinityConfig, SPEC.child("sessionAffinityConfig")
    if spec.sessionAffinity == "None" and config is not None:
        faults.append(forbidden_field(where, "must not be set when session affinity is None"))
    if spec.sessionAffinity != "ClientIP":
        return faults
    when = "when session affinity type is ClientIP"
    if config is None:
        return [*faults, required(where, when)]
    if config.clientIP is None:
        return [*faults, required(where.child("clientIP"), when)]
    seconds, where = config.clientIP.timeoutSeconds, where.child("clientIP", "timeoutSeconds")
    if seconds is None:
        return [*faults, required(where, when)]
    if not 0 < seconds <= MAX_AFFINITY_SECONDS:
        why = f"must be greater than 0 and less than {MAX_AFFINITY_SECONDS}"
        faults.append(invalid_value(where, seconds, why))
    return faults


def _load_balancer(service: Service) -> list[Cause]:
    """What only load balancers have."""
    spec = service.spec
    is_one = spec.type == "LoadBalancer"
    faults = _source_ranges(service, is_load_balancer=is_one)
    if spec.allocateLoadBalancerNodePorts is not None and not is_one:
        faults.append(forbidden_field(SPEC.child("allocateLoadBalancerNodePorts"), _ONLY_LOAD_BALANCER))
    if spec.allocateLoadBalancerNodePorts is None and is_one:
        faults.append(required(Path("allocateLoadBalancerNodePorts")))
    if spec.loadBalancerClass is not None:
        where = SPEC.child("loadBalancerClass")
        if is_one:
            faults += checked(spec.loadBalancerClass, qualified_name, where)
        else:
            faults.append(forbidden_field(where, _ONLY_LOAD_BALANCER))
    return faults


def _source_ranges(service: Service, *, is_load_balancer: bool) -> list[Cause]:
    """Networks, which may be padded: they were an annotation once, and still may be."""
    ranges = service.spec.loadBalancerSourceRanges
    # Upstream's spelling of the path.
    where = SPEC.child("LoadBalancerSourceRanges")
    text = service.metadata.annotations.get(SOURCE_RANGES)
    if ranges:
        listed = [(where.at(position), one.strip()) for position, one in enumerate(ranges)]
    elif text is not None:
        where = Path("metadata.annotations").key(SOURCE_RANGES)
        listed = [(where, one.strip()) for one in text.split(",")] if text.strip() else []
    else:
        return []
    faults = [] if is_load_balancer else [forbidden_field(where, _ONLY_LOAD_BALANCER)]
    for path, network in listed:
        faults += invalid_values(path, network, cidr(network))
    return faults


def _traffic(spec: ServiceSpec) -> list[Cause]:
    faults: list[Cause] = []
    where, policy = SPEC.child("externalTrafficPolicy"), spec.externalTrafficPolicy
    if is_externally_accessible(spec):
        faults += one_of(policy, SCOPES, where)
    elif policy:
        faults.append(invalid_value(where, policy, "may only be set for externally-accessible services"))
    where, port = SPEC.child("healthCheckNodePort"), spec.healthCheckNodePort
    if needs_health_check(spec):
        faults += invalid_values(where, port, port_number(port)) if port else [required(where)]
    elif port:
        why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        faults.append(invalid_value(where, port, why))
    where = SPEC.child("internalTrafficPolicy")
    if spec.internalTrafficPolicy is None and spec.type in ("ClusterIP", "LoadBalancer", "NodePort"):
        faults.append(required(where))
    faults += maybe_one_of(spec.internalTrafficPolicy, SCOPES, where)
    return faults + maybe_one_of(spec.trafficDistribution, DISTRIBUTIONS, SPEC, "trafficDistribution")


def validate_service_status(service: Service, old: Service) -> list[Cause]:
    """What a load balancer has been given."""
    ingresses, where = service.status.loadBalancer.ingress, Path("status.loadBalancer.ingress")
    if ingresses == old.status.loadBalancer.ingress:
        return []
    if ingresses and service.spec.type != "LoadBalancer":
        return [forbidden_field(where, "may only be used when `spec.type` is 'LoadBalancer'")]
    return [fault for position, one in enumerate(ingresses) for fault in _ingress(one, where.at(position))]


def _ingress(ingress: LoadBalancerIngress, path: Path) -> list[Cause]:
    faults: list[Cause] = valid_ip(ingress.ip, path, "ip") if ingress.ip else []
    mode, where = ingress.ipMode, path.child("ipMode")
    if mode is None:
        if ingress.ip:
            faults.append(required(where, "must be specified when `ip` is set"))
    elif not ingress.ip:
        faults.append(forbidden_field(where, "may not be specified when `ip` is not set"))
    else:
        faults += maybe_one_of(mode, ("Proxy", "VIP"), where)
    if ingress.hostname:
        where = path.child("hostname")
        faults += checked(ingress.hostname, dns1123_subdomain, where)
        if not ip_address(ingress.hostname):
            faults.append(invalid_value(where, ingress.hostname, "must be a DNS name, not an IP address"))
    return faults
