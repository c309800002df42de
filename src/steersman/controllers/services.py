"""What the two endpoint controllers share: which pods stand behind a Service, on which ports, in which family. Pure.

Source: k8s.io/endpointslice, pkg/controller/endpoint.
"""

from collections.abc import Iterable, Mapping

from steersman.api.core import Node, Pod, Service, ServicePort
from steersman.controllers.pods import is_finished

HEADLESS_LABEL = "service.kubernetes.io/headless"
ZONE_LABEL = "topology.kubernetes.io/zone"


def has_endpoints(service: Service) -> bool:
    """The Service's endpoints are the controller's to write."""
    return bool(service.spec.selector) and service.spec.type != "ExternalName"


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """All of the selector's pairs are among the labels."""
    return selector.items() <= labels.items()


def selected_pods(service: Service, pods: Iterable[Pod]) -> tuple[Pod, ...]:
    """Pods with an address that still run, terminating ones included."""
    return tuple(
        pod
        for pod in pods
        if selects(service.spec.selector, pod.metadata.labels) and pod_ips(pod) and not is_finished(pod)
    )


def pod_ips(pod: Pod) -> tuple[str, ...]:
    """The pod's addresses, the primary first."""
    return tuple(entry.ip for entry in pod.status.podIPs) or ((pod.status.podIP,) if pod.status.podIP else ())


def ips_of_family(pod: Pod, family: str) -> tuple[str, ...]:
    """The pod's addresses of one family."""
    return tuple(ip for ip in pod_ips(pod) if (":" in ip) == (family == "IPv6"))


def target_port(pod: Pod, port: ServicePort) -> int | None:
    """The pod's port behind a Service port; None when it has none of that name."""
    target = port.targetPort
    if isinstance(target, int) or target is None:
        return target or port.port
    sidecars = (container for container in pod.spec.initContainers if container.restartPolicy == "Always")
    for container in (*pod.spec.containers, *sidecars):
        for found in container.ports:
            if found.name == target and (found.protocol or "TCP") == (port.protocol or "TCP"):
                return found.containerPort
    return None


def hostname_of(pod: Pod, service: Service) -> str:
    """The pod's own name below a headless Service; empty when it didn't ask for one."""
    return pod.spec.hostname if pod.spec.subdomain == service.metadata.name else ""


def is_headless(service: Service) -> bool:
    """The Service has no cluster IP."""
    return service.spec.clusterIP == "None"


def zone_of(node: Node | None) -> str | None:
    """The node's zone label."""
    return None if node is None else node.metadata.labels.get(ZONE_LABEL)
