"""What makes a pod, a template or a service wrong, in upstream's words. Every fault is collected.

Source: pkg/apis/core/validation/validation.go.
"""

from collections.abc import Mapping, Sequence

from steersman.api.core.container import Container, ContainerPort, EnvVar, Probe, ResourceRequirements, VolumeMount
from steersman.api.core.pod import Pod, PodSpec, PodTemplateSpec
from steersman.api.core.service import Service
from steersman.apimachinery.fielderrors import (
    duplicate,
    forbidden_field,
    invalid_value,
    invalid_values,
    missing,
    not_supported,
    required,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import (
    dns1035_label,
    dns1123_label,
    dns1123_subdomain,
    environment_variable_name,
    ip_address,
    label_value,
    port_name,
    port_number,
    qualified_name,
)
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.status import Cause

RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
PROTOCOLS = ("SCTP", "TCP", "UDP")
MESSAGE_POLICIES = ("FallbackToLogsOnError", "File")
SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
INTEGER_RESOURCES = frozenset({"pods", "services", "replicationcontrollers"})
IMMUTABLE = "field is immutable"
POD_CHANGE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def validate_labels(labels: Mapping[str, str], path: Path) -> list[Cause]:
    """Keys and values of labels."""
    faults = []
    for key, value in labels.items():
        faults += invalid_values(path, key, qualified_name(key))
        faults += invalid_values(path, value, label_value(value))
    return faults


def validate_pod(pod: Pod) -> list[Cause]:
    """A new pod."""
    return validate_pod_spec(pod.spec, Path("spec"))


def validate_template(template: PodTemplateSpec, path: Path) -> list[Cause]:
    """The template of a workload."""
    return validate_labels(template.metadata.labels, path.child("metadata", "labels")) + validate_pod_spec(
        template.spec, path.child("spec")
    )


def validate_pod_update(pod: Pod, old: Pod) -> list[Cause]:
    """Images, deadline and tolerations may change; nothing else does. What didn't change was valid when it came."""
    if pod.spec == old.spec:
        return []
    faults = validate_pod_spec(pod.spec, Path("spec"))
    images = {container.name: container.image for container in old.spec.containers}
    init_images = {container.name: container.image for container in old.spec.initContainers}
    kept = replace(
        pod.spec,
        containers=tuple(replace(c, image=images.get(c.name, c.image)) for c in pod.spec.containers),
        initContainers=tuple(replace(c, image=init_images.get(c.name, c.image)) for c in pod.spec.initContainers),
        activeDeadlineSeconds=old.spec.activeDeadlineSeconds,
        terminationGracePeriodSeconds=old.spec.terminationGracePeriodSeconds,
    )
    if set(old.spec.tolerations) <= set(pod.spec.tolerations):
        kept = replace(kept, tolerations=old.spec.tolerations)
    if old.spec.schedulingGates and set(pod.spec.schedulingGates) <= set(old.spec.schedulingGates):
        kept = replace(kept, schedulingGates=old.spec.schedulingGates)
    if kept != old.spec:
        faults.append(forbidden_field(Path("spec"), POD_CHANGE))
    return faults


def validate_pod_spec(spec: PodSpec, path: Path) -> list[Cause]:
    """Containers, volumes and policies."""
    faults: list[Cause] = []
    volumes: set[str] = set()
    for position, volume in enumerate(spec.volumes):
        where = path.child("volumes").at(position).child("name")
        faults += _unique_label(volume.name, where, volumes)
        if volume.hostPath is not None and not volume.hostPath.path:
            faults.append(required(path.child("volumes").at(position).child("hostPath", "path")))
    if not spec.containers:
        faults.append(required(path.child("containers")))
    names: set[str] = set()
    for field, containers in (("containers", spec.containers), ("initContainers", spec.initContainers)):
        for position, container in enumerate(containers):
            faults += _container(container, path.child(field).at(position), volumes, names)
    faults += _one_of(spec.restartPolicy, RESTART_POLICIES, path.child("restartPolicy"))
    faults += _one_of(spec.dnsPolicy, DNS_POLICIES, path.child("dnsPolicy"))
    for field, value, check in (
        ("serviceAccountName", spec.serviceAccountName, dns1123_subdomain),
        ("nodeName", spec.nodeName, dns1123_subdomain),
        ("hostname", spec.hostname, dns1123_label),
        ("subdomain", spec.subdomain, dns1123_label),
    ):
        faults += invalid_values(path.child(field), value, check(value)) if value else []
    faults += validate_labels(spec.nodeSelector, path.child("nodeSelector"))
    if spec.activeDeadlineSeconds is not None and spec.activeDeadlineSeconds < 1:
        text = "must be between 1 and 2147483647, inclusive"
        faults.append(invalid_value(path.child("activeDeadlineSeconds"), spec.activeDeadlineSeconds, text))
    if spec.terminationGracePeriodSeconds is not None and spec.terminationGracePeriodSeconds < 0:
        where = path.child("terminationGracePeriodSeconds")
        faults.append(invalid_value(where, spec.terminationGracePeriodSeconds, "must be greater than or equal to 0"))
    return faults


def _unique_label(name: str, path: Path, seen: set[str]) -> list[Cause]:
    if not name:
        return [required(path)]
    faults = invalid_values(path, name, dns1123_label(name))
    if name in seen:
        faults.append(duplicate(path, name))
    seen.add(name)
    return faults


def _one_of(value: str, allowed: Sequence[str], path: Path) -> list[Cause]:
    if not value:
        return [required(path)]
    return [] if value in allowed else [not_supported(path, value, allowed)]


def _container(container: Container, path: Path, volumes: set[str], names: set[str]) -> list[Cause]:
    faults = _unique_label(container.name, path.child("name"), names)
    if not container.image:
        faults.append(required(path.child("image")))
    elif container.image != container.image.strip():
        text = "must not have leading or trailing whitespace"
        faults.append(invalid_value(path.child("image"), container.image, text))
    faults += _one_of(container.imagePullPolicy, PULL_POLICIES, path.child("imagePullPolicy"))
    faults += _one_of(container.terminationMessagePolicy, MESSAGE_POLICIES, path.child("terminationMessagePolicy"))
    faults += _ports(container.ports, path.child("ports"))
    for position, variable in enumerate(container.env):
        faults += _variable(variable, path.child("env").at(position))
    for position, mount in enumerate(container.volumeMounts):
        faults += _mount(mount, path.child("volumeMounts").at(position), volumes)
    for field in ("livenessProbe", "readinessProbe", "startupProbe"):
        faults += _probe(getattr(container, field), path.child(field))
    return faults + validate_resources(container.resources, path.child("resources"))


def _ports(ports: Sequence[ContainerPort], path: Path) -> list[Cause]:
    faults: list[Cause] = []
    names: set[str] = set()
    for position, port in enumerate(ports):
        where = path.at(position)
        if port.name:
            faults += invalid_values(where.child("name"), port.name, port_name(port.name))
            if port.name in names:
                faults.append(duplicate(where.child("name"), port.name))
            names.add(port.name)
        if not port.containerPort:
            faults.append(required(where.child("containerPort")))
        else:
            faults += invalid_values(where.child("containerPort"), port.containerPort, port_number(port.containerPort))
        if port.hostPort:
            faults += invalid_values(where.child("hostPort"), port.hostPort, port_number(port.hostPort))
        faults += _one_of(port.protocol, PROTOCOLS, where.child("protocol"))
    return faults


def _variable(variable: EnvVar, path: Path) -> list[Cause]:
    if not variable.name:
        return [required(path.child("name"))]
    faults = invalid_values(path.child("name"), variable.name, environment_variable_name(variable.name))
    if variable.valueFrom is not None and variable.value:
        text = "may not be specified when `value` is not empty"
        faults.append(invalid_value(path.child("valueFrom"), "", text))
    return faults


def _mount(mount: VolumeMount, path: Path, volumes: set[str]) -> list[Cause]:
    faults = []
    if not mount.name:
        faults.append(required(path.child("name")))
    elif mount.name not in volumes:
        faults.append(missing(path.child("name"), mount.name))
    if not mount.mountPath:
        faults.append(required(path.child("mountPath")))
    if ".." in mount.subPath.split("/"):
        faults.append(invalid_value(path.child("subPath"), mount.subPath, "must not contain '..'"))
    return faults


def _probe(probe: Probe | None, path: Path) -> list[Cause]:
    if probe is None:
        return []
    handlers = [name for name in ("exec", "httpGet", "tcpSocket", "grpc") if getattr(probe, name) is not None]
    faults = []
    if not handlers:
        faults.append(required(path, "must specify a handler type"))
    for extra in handlers[1:]:
        faults.append(forbidden_field(path.child(extra), "may not specify more than 1 handler type"))
    for field in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        if getattr(probe, field) < 0:
            value = getattr(probe, field)
            faults.append(invalid_value(path.child(field), value, "must be greater than or equal to 0"))
    if path.endswith(("livenessProbe", "startupProbe")) and probe.successThreshold != 1:
        faults.append(invalid_value(path.child("successThreshold"), probe.successThreshold, "must be 1"))
    return faults


def validate_resources(resources: ResourceRequirements, path: Path) -> list[Cause]:
    """Amounts aren't negative, and requests not above limits."""
    faults: list[Cause] = []
    for side in ("limits", "requests"):
        amounts: Mapping[str, Quantity] = getattr(resources, side)
        for name, amount in amounts.items():
            if amount.value < 0:
                where = path.child(side).key(name)
                faults.append(invalid_value(where, str(amount), "must be greater than or equal to 0"))
    for name, request in resources.requests.items():
        limit = resources.limits.get(name)
        if limit is not None and request > limit:
            text = f"must be less than or equal to {name} limit of {limit}"
            faults.append(invalid_value(path.child("requests"), str(request), text))
    return faults


def validate_service(service: Service) -> list[Cause]:
    """A service's ports and addresses."""
    spec, path = service.spec, Path("spec")
    faults = _one_of(spec.type, SERVICE_TYPES, path.child("type"))
    if spec.type == "ExternalName":
        if not spec.externalName:
            return [*faults, required(path.child("externalName"))]
        return faults + invalid_values(
            path.child("externalName"), spec.externalName, dns1123_subdomain(spec.externalName)
        )
    if not spec.ports and spec.clusterIP != "None":
        faults.append(required(path.child("ports")))
    names: set[str] = set()
    for position, port in enumerate(spec.ports):
        where = path.child("ports").at(position)
        if not port.name and len(spec.ports) > 1:
            faults.append(required(where.child("name")))
        elif port.name:
            faults += _unique_label(port.name, where.child("name"), names)
        faults += invalid_values(where.child("port"), port.port, port_number(port.port))
        faults += _one_of(port.protocol, PROTOCOLS, where.child("protocol"))
        if isinstance(port.targetPort, int):
            faults += invalid_values(where.child("targetPort"), port.targetPort, port_number(port.targetPort))
        elif isinstance(port.targetPort, str):
            faults += invalid_values(where.child("targetPort"), port.targetPort, port_name(port.targetPort))
    if spec.clusterIP not in ("", "None"):
        faults += invalid_values(path.child("clusterIPs").at(0), spec.clusterIP, ip_address(spec.clusterIP))
    faults += validate_labels(spec.selector, path.child("selector"))
    return faults + _one_of(spec.sessionAffinity, ("ClientIP", "None"), path.child("sessionAffinity"))


def service_name_faults(name: str) -> list[str]:
    """Services have DNS-1035 names."""
    return dns1035_label(name)
