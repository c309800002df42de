"""What may change through a pod's subresources: its status, ephemeral containers, resources; and bindings.

Source: pkg/apis/core/validation: ValidatePodStatusUpdate, ValidatePodEphemeralContainersUpdate, ValidatePodResize.
"""

from collections.abc import Mapping, Sequence

from steersman.api.core.binding import Binding
from steersman.api.core.container import Container, ContainerStatus, LinuxContainerUser, ResourceRequirements
from steersman.api.core.pod import Pod, PodSpec
from steersman.api.core.podresources import is_sidecar
from steersman.api.core.qos import compute_qos_class, qos_class
from steersman.api.core.validation.fields import (
    checked,
    immutable,
    is_dual_stack,
    maybe_one_of,
    not_negative,
    unique,
    valid_ip,
)
from steersman.api.core.validation.pods import MIRROR, SPEC
from steersman.api.core.validation.podupdates import annotation_changes, changed_spec
from steersman.apimachinery.fielderrors import (
    duplicate,
    forbidden_field,
    invalid_value,
    invalid_values,
    not_supported,
    required,
)
from steersman.apimachinery.fieldpath import ROOT, Path
from steersman.apimachinery.formats import dns1123_subdomain, qualified_name, user_or_group_id
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.status import Cause

STATUS = Path("status")
SYSTEM_CONDITIONS = ("PodScheduled", "Ready", "Initialized")
HEALTH = ("Healthy", "Unhealthy", "Unknown")
ONE_OF_EACH = "may specify no more than one IP for each IP family"
_RESIZABLE = ("cpu", "memory")


def validate_pod_status(pod: Pod, old: Pod) -> list[Cause]:
    """A kubelet's report. Parts that are as they were are skipped: most reports change little."""
    new, was, spec = pod.status, old.status, old.spec
    faults = annotation_changes(pod, old)
    if new == was:
        return faults
    # Upstream's path, though conditions stand in the status.
    for position, condition in enumerate(new.conditions if new.conditions != was.conditions else ()):
        if condition.type not in SYSTEM_CONDITIONS:
            where = Path("metadata.conditions").at(position).child("Type")
            faults += checked(condition.type, qualified_name, where)
    if new.nominatedNodeName and new.nominatedNodeName != was.nominatedNodeName:
        name = new.nominatedNodeName
        faults += checked(name, dns1123_subdomain, STATUS, "nominatedNodeName")
    if new.observedGeneration < 0:
        faults += not_negative(new.observedGeneration, STATUS, "observedGeneration")
    faults += immutable(new.qosClass, was.qosClass, STATUS, "qosClass")
    for field, containers in (
        ("containerStatuses", spec.containers),
        ("initContainerStatuses", spec.initContainers),
        ("ephemeralContainerStatuses", None),
    ):
        statuses, before = getattr(new, field), getattr(was, field)
        if statuses != before:
            faults += _transitions(statuses, before, spec, containers, STATUS.child(field))
            faults += _container_statuses(statuses, pod.spec, containers, STATUS.child(field))
    if new.resourceClaimStatuses != was.resourceClaimStatuses:
        faults += _claim_statuses(pod, STATUS.child("resourceClaimStatuses"))
    if new.podIPs != was.podIPs:
        faults += _addresses([one.ip for one in new.podIPs], new.podIPs, STATUS.child("podIPs"))
    if (new.hostIP, new.hostIPs) != (was.hostIP, was.hostIPs):
        faults += _host_addresses(pod, STATUS.child("hostIPs"))
    return faults


def _transitions(
    new: Sequence[ContainerStatus],
    old: Sequence[ContainerStatus],
    spec: PodSpec,
    containers: Sequence[Container] | None,
    path: Path,
) -> list[Cause]:
    """What has ended for good doesn't come to life again. containers: None for ephemeral ones, which never restart."""
    by_name = {container.name: container for container in containers or ()}
    alive = {status.name for status in new if status.state.terminated is None}
    faults = []
    for position, status in enumerate(old):
        ended = status.state.terminated
        if ended is None or status.name not in alive:
            continue
        if containers is None or not _may_restart(by_name.get(status.name), spec, ended.exitCode):
            why = "may not be transitioned to non-terminated state"
            faults.append(forbidden_field(path.at(position).child("state"), why))
    return faults


def _may_restart(container: Container | None, spec: PodSpec, exit_code: int) -> bool:
    policy = spec.restartPolicy
    if container is not None and container.restartPolicy is not None:
        policy = container.restartPolicy
    if policy == "Always" or (policy == "OnFailure" and exit_code != 0):
        return True
    every = (*spec.containers, *spec.initContainers)
    # One rule may restart all; which exit code it was is the kubelet's to know.
    return bool(container is not None and container.restartPolicyRules) or any(
        rule.action == "RestartAllContainers" for one in every for rule in one.restartPolicyRules
    )


def _container_statuses(
    statuses: Sequence[ContainerStatus], spec: PodSpec, containers: Sequence[Container] | None, path: Path
) -> list[Cause]:
    faults: list[Cause] = []
    by_name = {container.name: container for container in containers or ()}
    is_windows = spec.os is not None and spec.os.name == "windows"
    for position, status in enumerate(statuses):
        user = status.user.linux if status.user is not None else None
        if user is not None:
            where = path.at(position).child("linux")
            faults += [forbidden_field(where, "cannot be set for a windows pod")] if is_windows else _user(user, where)
        if not status.allocatedResourcesStatus:
            continue
        where = path.at(position).child("allocatedResourcesStatus")
        if containers is None:
            faults.append(forbidden_field(where, "must not be specified in container status"))
        else:
            faults += _health(status, by_name.get(status.name), where)
    return faults


def _user(user: LinuxContainerUser, path: Path) -> list[Cause]:
    faults = invalid_values(path.child("uid"), user.uid, user_or_group_id(user.uid))
    faults += invalid_values(path.child("gid"), user.gid, user_or_group_id(user.gid))
    for position, group in enumerate(user.supplementalGroups):
        faults += invalid_values(path.child("supplementalGroups").at(position), group, user_or_group_id(group))
    return faults


def _health(status: ContainerStatus, container: Container | None, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    for position, allocated in enumerate(status.allocatedResourcesStatus):
        where = path.at(position)
        if container is not None and (why := _unknown_resource(allocated.name, container.resources)):
            faults.append(invalid_value(where.child("name"), allocated.name, why))
        seen: set[str] = set()
        for number, resource in enumerate(allocated.resources):
            field = where.child("resources").at(number)
            faults += maybe_one_of(resource.health, HEALTH, field, "health")
            faults += unique(resource.resourceID, seen, field, "resourceID")
    return faults


def _unknown_resource(name: str, resources: ResourceRequirements) -> str:
    if not name.startswith("claim:"):
        return "" if name in resources.requests else "must match one of the container's resource requests"
    claims = {f"claim:{one.name}/{one.request}" if one.request else f"claim:{one.name}" for one in resources.claims}
    if name in claims:
        return ""
    return (
        "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' "
        "or 'claim:<claimName>' if request is empty"
    )


def _claim_statuses(pod: Pod, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    known = {claim.name for claim in pod.spec.resourceClaims}
    seen: set[str] = set()
    for position, status in enumerate(pod.status.resourceClaimStatuses):
        where = path.at(position).child("name")
        if status.name not in known:
            why = "must match the name of an entry in `spec.resourceClaims`"
            faults.append(invalid_value(where, status.name, why))
        faults += unique(status.name, seen, where)
        if status.resourceClaimName is not None:
            faults += checked(status.resourceClaimName, dns1123_subdomain, where)
    return faults


def _host_addresses(pod: Pod, path: Path) -> list[Cause]:
    addresses = [one.ip for one in pod.status.hostIPs]
    if not addresses:
        return []
    faults = []
    if pod.status.hostIP != addresses[0]:
        faults.append(invalid_value(path.at(0).child("ip"), addresses[0], "must be equal to `hostIP`"))
    return faults + _addresses(addresses, pod.status.hostIPs, path)


def _addresses(addresses: Sequence[str], shown: Sequence[object], path: Path) -> list[Cause]:
    """At most one of each family."""
    faults: list[Cause] = []
    for position, address in enumerate(addresses):
        faults += valid_ip(address, path.at(position))
    if len(addresses) > 1:
        if len(addresses) > 2 or not is_dual_stack(addresses):
            faults.append(invalid_value(path, shown, ONE_OF_EACH))
        for position, address in enumerate(addresses):
            if address in addresses[:position]:
                faults.append(duplicate(path.at(position), shown[position]))
    return faults


def validate_ephemeral_containers_update(pod: Pod, old: Pod) -> list[Cause]:
    """Ephemeral containers are added; those that are there stay as they are."""
    if MIRROR in old.metadata.annotations:
        return [forbidden_field(ROOT, "static pods do not support ephemeral containers")]
    faults = changed_spec(pod, old)
    where = SPEC.child("ephemeralContainers")
    new = {container.name: container for container in pod.spec.ephemeralContainers}
    for container in old.spec.ephemeralContainers:
        if container.name not in new:
            why = f'existing ephemeral containers "{container.name}" may not be removed\n'
            faults.append(forbidden_field(where, why))
        elif new[container.name] != container:
            why = f'existing ephemeral containers "{container.name}" may not be changed\n'
            faults.append(forbidden_field(where, why))
    return faults


def validate_pod_resize(pod: Pod, old: Pod) -> list[Cause]:
    """Cpu and memory of containers and sidecars, within the pod's class."""
    if any(_asks_as_a_whole(one.spec) for one in (old, pod)):
        return [forbidden_field(ROOT, "pods with pod-level resources cannot be resized")]
    if MIRROR in old.metadata.annotations:
        return [forbidden_field(ROOT, "static pods cannot be resized")]
    if old.spec.os is not None and old.spec.os.name == "windows":
        return [forbidden_field(ROOT, "windows pods cannot be resized")]
    faults = changed_spec(pod, old)
    if qos_class(old) != compute_qos_class(pod):
        why = "Pod QOS Class may not change as a result of resizing"
        faults.append(invalid_value(SPEC, pod.status.qosClass, why))
    for status in old.status.containerStatuses:
        if status.state.running is not None:
            if status.resources is None:
                faults.append(forbidden_field(SPEC, "Pod running on node without support for resize"))
            break
    mutable = "only cpu and memory resources are mutable"
    faults += _resized(pod.spec.containers, old.spec.containers, SPEC.child("containers"), mutable)
    faults += _resized(
        pod.spec.initContainers,
        old.spec.initContainers,
        SPEC.child("initContainers"),
        "only cpu and memory resources for sidecar containers are mutable",
    )
    if faults:
        return faults
    lists = {"containers": old.spec.containers, "initContainers": old.spec.initContainers}
    return [] if replace(pod.spec, **lists) == old.spec else [forbidden_field(SPEC, mutable)]


def _asks_as_a_whole(spec: PodSpec) -> bool:
    return spec.resources is not None and bool(spec.resources.requests or spec.resources.limits)


def _resized(new: Sequence[Container], old: Sequence[Container], path: Path, mutable: str) -> list[Cause]:
    if [one.name for one in new] != [one.name for one in old]:
        return [forbidden_field(SPEC, mutable)]
    faults = []
    is_init = path.endswith("initContainers")
    for position, (container, before) in enumerate(zip(new, old, strict=True)):
        if container == before:
            continue
        if is_init and not is_sidecar(container):
            faults.append(forbidden_field(SPEC, "resources for non-sidecar init containers are immutable"))
            continue
        where = path.at(position).child("resources")
        for side in ("requests", "limits"):
            if getattr(before.resources, side).keys() - getattr(container.resources, side).keys():
                faults.append(forbidden_field(where.child(side), f"resource {side} cannot be removed"))
        kept = replace(container, resources=_unresized(container.resources, before.resources))
        if kept != replace(before, resizePolicy=container.resizePolicy):
            faults.append(forbidden_field(SPEC, mutable))
    return faults


def _unresized(new: ResourceRequirements, old: ResourceRequirements) -> ResourceRequirements:
    return replace(new, requests=_put_back(new.requests, old.requests), limits=_put_back(new.limits, old.limits))


def _put_back(new: Mapping[str, Quantity], old: Mapping[str, Quantity]) -> dict[str, Quantity]:
    kept = {name: amount for name, amount in new.items() if name not in _RESIZABLE}
    return kept | {name: amount for name, amount in old.items() if name in _RESIZABLE}


def validate_binding(binding: Binding) -> list[Cause]:
    """What a pod is bound to is a node, and is named."""
    faults = []
    if binding.target.kind not in ("", "Node"):
        faults.append(not_supported(Path("target.kind"), binding.target.kind, ("Node", "<empty>")))
    if not binding.target.name:
        faults.append(required(Path("target.name")))
    return faults
