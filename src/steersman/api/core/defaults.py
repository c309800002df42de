"""What upstream fills in where a client left something out, for pods and what else lives in core/v1.

Source: pkg/apis/core/v1/defaults.go.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from steersman.api.core.config import Secret
from steersman.api.core.container import (
    Container,
    ContainerPort,
    EnvVar,
    EphemeralContainer,
    HTTPGetAction,
    Lifecycle,
    LifecycleHandler,
    Probe,
    ResourceRequirements,
)
from steersman.api.core.imagenames import default_image_pull_policy
from steersman.api.core.namespace import Namespace
from steersman.api.core.node import Node
from steersman.api.core.pod import Pod, PodSpec
from steersman.api.core.podresources import pod_requests
from steersman.api.core.resourcenames import HUGE_PAGES
from steersman.api.core.security import PodSecurityContext
from steersman.api.core.service import ClientIPConfig, Endpoints, Service, ServicePort, SessionAffinityConfig
from steersman.api.core.servicefields import is_externally_accessible
from steersman.api.core.volumedefaults import default_field_ref, default_volume
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity

C = TypeVar("C", Container, EphemeralContainer)

POD_LEVEL = ("cpu", "memory")
AFFINITY_SECONDS = 10800
NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name"


def default_pod(pod: Pod) -> Pod:
    """A pod as upstream stores it; requests follow limits, and host ports container ports on the host's network."""
    spec = default_pod_spec(pod.spec)
    if spec.hostNetwork:
        spec = replace(
            spec,
            containers=tuple(map(_on_host_ports, spec.containers)),
            initContainers=tuple(map(_on_host_ports, spec.initContainers)),
        )
    spec = replace(
        spec,
        containers=tuple(map(_requests_from_limits, spec.containers)),
        initContainers=tuple(map(_requests_from_limits, spec.initContainers)),
        enableServiceLinks=True if spec.enableServiceLinks is None else spec.enableServiceLinks,
    )
    if spec.resources is not None:
        spec = replace(spec, resources=_pod_level(spec, spec.resources))
    return replace(pod, spec=spec)


def _pod_level(spec: PodSpec, resources: ResourceRequirements) -> ResourceRequirements:
    """What the pod requests as a whole: its containers' sum, or else its limits. Source: defaultPodRequests."""
    if not resources.requests and not resources.limits:
        return resources
    requests = dict(resources.requests)
    for name, amount in pod_requests(Pod(spec=replace(spec, resources=None, overhead={}))).items():
        if name in POD_LEVEL:
            requests.setdefault(name, Quantity.of(amount, resources.limits.get(name)))
    for name, limit in resources.limits.items():
        if name in POD_LEVEL or name.startswith(HUGE_PAGES):
            requests.setdefault(name, limit)
    return replace(resources, requests=requests)


def default_pod_spec(spec: PodSpec) -> PodSpec:
    """What holds for pods and templates alike."""
    return replace(
        spec,
        restartPolicy=spec.restartPolicy or "Always",
        terminationGracePeriodSeconds=_or(spec.terminationGracePeriodSeconds, 30),
        dnsPolicy=spec.dnsPolicy or "ClusterFirst",
        schedulerName=spec.schedulerName or "default-scheduler",
        securityContext=spec.securityContext if spec.securityContext is not None else PodSecurityContext(),
        serviceAccountName=spec.serviceAccountName or spec.serviceAccount,
        serviceAccount=spec.serviceAccountName or spec.serviceAccount,
        containers=tuple(map(_container, spec.containers)),
        initContainers=tuple(map(_container, spec.initContainers)),
        ephemeralContainers=tuple(map(_container, spec.ephemeralContainers)),
        volumes=tuple(map(default_volume, spec.volumes)),
    )


def _container(container: C) -> C:
    changes: dict[str, Any] = {
        "imagePullPolicy": container.imagePullPolicy or default_image_pull_policy(container.image),
        "terminationMessagePath": container.terminationMessagePath or "/dev/termination-log",
        "terminationMessagePolicy": container.terminationMessagePolicy or "File",
    }
    if container.ports:
        changes["ports"] = tuple(map(_container_port, container.ports))
    if container.env:
        changes["env"] = tuple(map(_env, container.env))
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = getattr(container, name)
        if probe is not None:
            changes[name] = _probe(probe)
    if container.lifecycle is not None:
        changes["lifecycle"] = _lifecycle(container.lifecycle)
    return replace(container, **changes)


def _container_port(port: ContainerPort) -> ContainerPort:
    return port if port.protocol else replace(port, protocol="TCP")


def _env(variable: EnvVar) -> EnvVar:
    source = variable.valueFrom
    if source is None or source.fieldRef is None or source.fieldRef.apiVersion:
        return variable
    return replace(variable, valueFrom=replace(source, fieldRef=default_field_ref(source.fieldRef)))


def _probe(probe: Probe) -> Probe:
    changes: dict[str, Any] = {
        "timeoutSeconds": probe.timeoutSeconds or 1,
        "periodSeconds": probe.periodSeconds or 10,
        "successThreshold": probe.successThreshold or 1,
        "failureThreshold": probe.failureThreshold or 3,
    }
    if probe.httpGet is not None:
        changes["httpGet"] = _http_get(probe.httpGet)
    if probe.grpc is not None and probe.grpc.service is None:
        changes["grpc"] = replace(probe.grpc, service="")
    return replace(probe, **changes)


def _http_get(action: HTTPGetAction) -> HTTPGetAction:
    return replace(action, path=action.path or "/", scheme=action.scheme or "HTTP")


def _lifecycle(lifecycle: Lifecycle) -> Lifecycle:
    return replace(lifecycle, postStart=_hook(lifecycle.postStart), preStop=_hook(lifecycle.preStop))


def _hook(hook: LifecycleHandler | None) -> LifecycleHandler | None:
    if hook is None or hook.httpGet is None:
        return hook
    return replace(hook, httpGet=_http_get(hook.httpGet))


def _on_host_ports(container: Container) -> Container:
    ports = tuple(replace(port, hostPort=port.hostPort or port.containerPort) for port in container.ports)
    return replace(container, ports=ports)


def _requests_from_limits(container: Container) -> Container:
    resources = container.resources
    if not resources.limits or all(name in resources.requests for name in resources.limits):
        return container
    requests: Mapping[str, Quantity] = {**resources.limits, **resources.requests}
    return replace(container, resources=replace(resources, requests=requests))


def default_service(service: Service) -> Service:
    """Types, policies and target ports. Addresses and node ports are given later, by the allocators."""
    spec, status = service.spec, service.status
    kind = spec.type or "ClusterIP"
    affinity = spec.sessionAffinity or "None"
    changes: dict[str, Any] = {
        "type": kind,
        "sessionAffinity": affinity,
        "sessionAffinityConfig": _affinity_config(affinity, spec.sessionAffinityConfig),
        "ports": tuple(map(_service_port, spec.ports)),
    }
    if not spec.externalTrafficPolicy and is_externally_accessible(replace(spec, type=kind)):
        changes["externalTrafficPolicy"] = "Cluster"
    if spec.internalTrafficPolicy is None and kind in ("ClusterIP", "LoadBalancer", "NodePort"):
        changes["internalTrafficPolicy"] = "Cluster"
    if kind == "LoadBalancer":
        if spec.allocateLoadBalancerNodePorts is None:
            changes["allocateLoadBalancerNodePorts"] = True
        ingress = tuple(
            replace(one, ipMode="VIP") if one.ip and one.ipMode is None else one for one in status.loadBalancer.ingress
        )
        status = replace(status, loadBalancer=replace(status.loadBalancer, ingress=ingress))
    return replace(service, spec=replace(spec, **changes), status=status)


def _affinity_config(affinity: str, config: SessionAffinityConfig | None) -> SessionAffinityConfig | None:
    """Clients stay for three hours, if at all."""
    if affinity == "None":
        return None
    if affinity != "ClientIP":
        return config
    if config is None or config.clientIP is None or config.clientIP.timeoutSeconds is None:
        return SessionAffinityConfig(clientIP=ClientIPConfig(timeoutSeconds=AFFINITY_SECONDS))
    return config


def _service_port(port: ServicePort) -> ServicePort:
    target = port.targetPort if port.targetPort not in (None, 0, "") else port.port
    return replace(port, protocol=port.protocol or "TCP", targetPort=target)


def default_endpoints(endpoints: Endpoints) -> Endpoints:
    """Ports are TCP's."""
    subsets = tuple(
        replace(subset, ports=tuple(port if port.protocol else replace(port, protocol="TCP") for port in subset.ports))
        for subset in endpoints.subsets
    )
    return replace(endpoints, subsets=subsets)


def default_node(node: Node) -> Node:
    """What a node doesn't say is free is free as a whole."""
    status = node.status
    if status.allocatable or not status.capacity:
        return node
    return replace(node, status=replace(status, allocatable=status.capacity))


def default_namespace(namespace: Namespace) -> Namespace:
    """Every namespace carries its name as a label, so that selectors can name it."""
    meta = namespace.metadata
    if not meta.name or meta.labels.get(NAMESPACE_NAME_LABEL) == meta.name:
        return namespace
    return replace(namespace, metadata=replace(meta, labels={**meta.labels, NAMESPACE_NAME_LABEL: meta.name}))


def default_secret(secret: Secret) -> Secret:
    """The type; stringData is written into data and never stored."""
    data = {**secret.data, **{key: value.encode() for key, value in secret.stringData.items()}}
    return replace(secret, type=secret.type or "Opaque", data=data, stringData={})


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
