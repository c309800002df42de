"""What upstream fills in where a client left something out, for pods and what else lives in core/v1.

Source: pkg/apis/core/v1/defaults.go.
"""

from collections.abc import Mapping

from steersman.api.core.config import Secret
from steersman.api.core.container import Container, ContainerPort, EnvVar, HTTPGetAction, Lifecycle, Probe
from steersman.api.core.namespace import Namespace
from steersman.api.core.persistentvolumeclaim import PersistentVolumeClaim
from steersman.api.core.pod import Pod, PodSpec
from steersman.api.core.security import PodSecurityContext
from steersman.api.core.service import Service, ServicePort
from steersman.api.core.volume import EmptyDirVolumeSource, ProjectedVolumeSource, Volume
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity

NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name"
FILE_MODE = 0o644


def default_pod(pod: Pod) -> Pod:
    """A pod as upstream stores it; requests follow limits, and host ports container ports on the host's network."""
    spec = default_pod_spec(pod.spec)
    if spec.hostNetwork:
        spec = replace(spec, containers=tuple(map(_on_host_ports, spec.containers)))
    return replace(
        pod,
        spec=replace(
            spec,
            containers=tuple(map(_requests_from_limits, spec.containers)),
            initContainers=tuple(map(_requests_from_limits, spec.initContainers)),
            enableServiceLinks=True if spec.enableServiceLinks is None else spec.enableServiceLinks,
        ),
    )


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
        volumes=tuple(map(_volume, spec.volumes)),
    )


def default_image_pull_policy(image: str) -> str:
    """Always for `latest`, which a missing tag means; IfNotPresent for any other tag and for digests."""
    reference, _, digest = image.partition("@")
    tag = reference.rpartition("/")[2].partition(":")[2]
    return "Always" if not digest and tag in ("", "latest") else "IfNotPresent"


def _container(container: Container) -> Container:
    return replace(
        container,
        imagePullPolicy=container.imagePullPolicy or default_image_pull_policy(container.image),
        terminationMessagePath=container.terminationMessagePath or "/dev/termination-log",
        terminationMessagePolicy=container.terminationMessagePolicy or "File",
        ports=tuple(_container_port(port) for port in container.ports),
        env=tuple(_env(variable) for variable in container.env),
        livenessProbe=_probe(container.livenessProbe),
        readinessProbe=_probe(container.readinessProbe),
        startupProbe=_probe(container.startupProbe),
        lifecycle=_lifecycle(container.lifecycle),
    )


def _container_port(port: ContainerPort) -> ContainerPort:
    return port if port.protocol else replace(port, protocol="TCP")


def _env(variable: EnvVar) -> EnvVar:
    source = variable.valueFrom
    if source is None or source.fieldRef is None or source.fieldRef.apiVersion:
        return variable
    return replace(variable, valueFrom=replace(source, fieldRef=replace(source.fieldRef, apiVersion="v1")))


def _probe(probe: Probe | None) -> Probe | None:
    if probe is None:
        return None
    return replace(
        probe,
        timeoutSeconds=probe.timeoutSeconds or 1,
        periodSeconds=probe.periodSeconds or 10,
        successThreshold=probe.successThreshold or 1,
        failureThreshold=probe.failureThreshold or 3,
        httpGet=_http_get(probe.httpGet),
    )


def _http_get(action: HTTPGetAction | None) -> HTTPGetAction | None:
    if action is None:
        return None
    return replace(action, path=action.path or "/", scheme=action.scheme or "HTTP")


def _lifecycle(lifecycle: Lifecycle | None) -> Lifecycle | None:
    if lifecycle is None:
        return None
    start, stop = lifecycle.postStart, lifecycle.preStop
    return replace(
        lifecycle,
        postStart=replace(start, httpGet=_http_get(start.httpGet)) if start is not None else None,
        preStop=replace(stop, httpGet=_http_get(stop.httpGet)) if stop is not None else None,
    )


def _volume(volume: Volume) -> Volume:
    """File modes; a volume without any source is an emptyDir."""
    if all(getattr(volume, name) is None for name in volume.__struct_fields__ if name != "name"):
        return replace(volume, emptyDir=EmptyDirVolumeSource())
    if volume.hostPath is not None and volume.hostPath.type is None:
        return replace(volume, hostPath=replace(volume.hostPath, type=""))
    for kind in ("configMap", "secret", "downwardAPI", "projected"):
        source = getattr(volume, kind)
        if source is not None and source.defaultMode is None:
            changes = {kind: replace(source, defaultMode=FILE_MODE)}
            volume = replace(volume, **changes)
    if volume.projected is None:
        return volume
    return replace(volume, projected=_projected(volume.projected))


def _projected(projected: ProjectedVolumeSource) -> ProjectedVolumeSource:
    sources = []
    for source in projected.sources:
        token = source.serviceAccountToken
        if token is not None and token.expirationSeconds is None:
            sources.append(replace(source, serviceAccountToken=replace(token, expirationSeconds=3600)))
        else:
            sources.append(source)
    return replace(projected, sources=tuple(sources))


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
    spec = service.spec
    kind = spec.type or "ClusterIP"
    is_external = kind in ("NodePort", "LoadBalancer")
    spec = replace(
        spec,
        type=kind,
        sessionAffinity=spec.sessionAffinity or "None",
        ports=tuple(map(_service_port, spec.ports)),
        internalTrafficPolicy=spec.internalTrafficPolicy or (None if kind == "ExternalName" else "Cluster"),
        externalTrafficPolicy=spec.externalTrafficPolicy or ("Cluster" if is_external else ""),
    )
    if kind == "LoadBalancer" and spec.allocateLoadBalancerNodePorts is None:
        spec = replace(spec, allocateLoadBalancerNodePorts=True)
    return replace(service, spec=spec)


def _service_port(port: ServicePort) -> ServicePort:
    target = port.targetPort if port.targetPort not in (None, 0, "") else port.port
    return replace(port, protocol=port.protocol or "TCP", targetPort=target)


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


def default_claim(claim: PersistentVolumeClaim) -> PersistentVolumeClaim:
    """Volume mode."""
    return replace(claim, spec=replace(claim.spec, volumeMode=claim.spec.volumeMode or "Filesystem"))


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
