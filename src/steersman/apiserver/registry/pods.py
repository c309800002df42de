"""Pods: what may be set, what may change, how `kubectl get pods` shows them.

Source: pkg/registry/core/pod/strategy.go, pkg/printers/internalversion: printPod.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from steersman.api.core import Container, ContainerStatus, Pod, PodTemplate, PodTemplateSpec
from steersman.api.core.defaults import default_pod, default_pod_spec
from steersman.api.core.podcreation import first_status, with_app_armor_fields, with_label_keys
from steersman.api.core.podreports import with_kept_status
from steersman.api.core.podresources import is_sidecar
from steersman.api.core.podwarnings import pod_warnings, template_warnings
from steersman.api.core.validation import (
    validate_ephemeral_containers_update,
    validate_pod,
    validate_pod_resize,
    validate_pod_status,
    validate_pod_template,
    validate_pod_update,
)
from steersman.api.meta import DeleteOptions
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.age import age
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Column, Strategy

FINISHED = ("Succeeded", "Failed")


class PodStrategy(Strategy[Pod]):
    """Strategy of pods."""

    # Kubelets ask for those of their node, and so is asked for them when they want something else.
    found_by = "spec.nodeName"
    columns = (
        NAME_COLUMN,
        Column("Ready", description="How many containers are ready, of how many."),
        Column("Status", description="Where the pod is in its life."),
        Column("Restarts", description="How often its containers were restarted, and when last."),
        AGE_COLUMN,
        Column("IP", description="Its address.", priority=1),
        Column("Node", description="The node it runs on.", priority=1),
        Column("Nominated Node", description="The node being freed for it.", priority=1),
        Column("Readiness Gates", description="How many of its gates are open.", priority=1),
    )

    def default(self, obj: Pod) -> Pod:
        """Static values, then what depends on others."""
        return default_pod(obj)

    def prepare_for_create(self, obj: Pod) -> Pod:
        """A new pod is Pending."""
        created = with_app_armor_fields(with_label_keys(obj))
        return replace(created, metadata=replace(created.metadata, generation=1), status=first_status(created))

    def prepare_for_subresource(self, subresource: str, obj: Pod, old: Pod) -> Pod:
        """Each subresource changes its own part only."""
        match subresource:
            case "status":
                return with_kept_status(self.prepare_for_status_update(obj, old), old)
            case "ephemeralcontainers":
                added = obj.spec.ephemeralContainers
                return self.prepare_for_update(replace(old, spec=replace(old.spec, ephemeralContainers=added)), old)
            case "resize":
                spec = replace(
                    old.spec,
                    containers=_resized(obj.spec.containers, old.spec.containers),
                    initContainers=_resized(obj.spec.initContainers, old.spec.initContainers),
                )
                return self.prepare_for_update(replace(old, spec=spec), old)
            case _:
                return self.prepare_for_update(obj, old)

    def validate(self, obj: Pod) -> Sequence[Cause]:
        """The whole spec."""
        return validate_pod(obj)

    def validate_update(self, obj: Pod, old: Pod) -> Sequence[Cause]:
        """Nearly nothing of a pod's spec may change."""
        return validate_pod_update(obj, old)

    def validate_subresource(self, subresource: str, obj: Pod, old: Pod) -> Sequence[Cause]:
        """Each by its own rules."""
        match subresource:
            case "status":
                return validate_pod_status(obj, old)
            case "ephemeralcontainers":
                return validate_ephemeral_containers_update(obj, old)
            case "resize":
                return validate_pod_resize(obj, old)
            case _:
                return ()

    def warnings(self, obj: Pod) -> Sequence[str]:
        """Old names, and what hides or repeats something."""
        return pod_warnings(obj)

    def warnings_of_change(self, obj: Pod, old: Pod) -> Sequence[str]:
        """None: it isn't people who change pods."""
        return ()

    def selectable(self, obj: Pod) -> Mapping[str, str]:
        """The fields pods may be selected by."""
        spec, status = obj.spec, obj.status
        return {
            "spec.nodeName": spec.nodeName,
            "spec.restartPolicy": spec.restartPolicy,
            "spec.schedulerName": spec.schedulerName,
            "spec.serviceAccountName": spec.serviceAccountName,
            "spec.hostNetwork": "true" if spec.hostNetwork else "false",
            "status.phase": status.phase,
            "status.podIP": status.podIP,
            "status.nominatedNodeName": status.nominatedNodeName,
        }

    def row(self, obj: Pod, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        spec, status = obj.spec, obj.status
        sidecars = {container.name for container in spec.initContainers if is_sidecar(container)}
        counted = [*status.containerStatuses, *(s for s in status.initContainerStatuses if s.name in sidecars)]
        ready = sum(1 for one in counted if one.ready and (one.name in sidecars or one.state.running is not None))
        gates = "<none>"
        if spec.readinessGates:
            true = {condition.type for condition in status.conditions if condition.status == "True"}
            opened = sum(gate.conditionType in true for gate in spec.readinessGates)
            gates = f"{opened}/{len(spec.readinessGates)}"
        return (
            obj.metadata.name,
            f"{ready}/{len(spec.containers) + len(sidecars)}",
            display_status(obj),
            _restarts(obj, now),
            age(obj.metadata.creationTimestamp, now),
            status.podIP or (status.podIPs[0].ip if status.podIPs else "<none>"),
            spec.nodeName or "<none>",
            status.nominatedNodeName or "<none>",
            gates,
        )

    def grace_period_seconds(self, obj: Pod, options: DeleteOptions) -> int | None:
        """What the client asks for, or the pod's own; none where no kubelet could be running it."""
        asked = options.gracePeriodSeconds
        if asked is not None and asked < 0:
            asked = 1
        if not obj.spec.nodeName or obj.status.phase in FINISHED:
            return 0
        own = obj.spec.terminationGracePeriodSeconds
        return asked if asked is not None else (30 if own is None else max(own, 1) if own < 0 else own)


class PodTemplateStrategy(Strategy[PodTemplate]):
    """Strategy of podtemplates."""

    columns = (NAME_COLUMN, Column("Containers"), Column("Images"), Column("Pod Labels"))

    def default(self, obj: PodTemplate) -> PodTemplate:
        """As for any template."""
        template = obj.template
        return replace(obj, template=replace(template, spec=default_pod_spec(template.spec)))

    def validate(self, obj: PodTemplate) -> Sequence[Cause]:
        """As for any template."""
        return validate_pod_template(obj)

    def validate_update(self, obj: PodTemplate, old: PodTemplate) -> Sequence[Cause]:
        """What is wrong now and wasn't before."""
        return validate_pod_template(obj, old)

    def warnings(self, obj: PodTemplate) -> Sequence[str]:
        """As for a pod."""
        return template_warnings(obj.template, Path("template"))

    def row(self, obj: PodTemplate, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        labels = ",".join(f"{key}={value}" for key, value in sorted(obj.template.metadata.labels.items()))
        return (obj.metadata.name, *template_cells(obj.template), labels or "<none>")


def _resized(new: Sequence[Container], old: Sequence[Container]) -> tuple[Container, ...]:
    """Containers with nothing but their resources changed; others than before are for validation to refuse."""
    if [one.name for one in new] != [one.name for one in old]:
        return tuple(new)
    return tuple(
        replace(before, resources=one.resources, resizePolicy=one.resizePolicy)
        for one, before in zip(new, old, strict=True)
    )


def template_cells(template: PodTemplateSpec) -> tuple[str, str]:
    """The names and the images of a template's containers."""
    containers: tuple[Container, ...] = template.spec.containers
    return ",".join(c.name for c in containers), ",".join(c.image for c in containers)


def display_status(pod: Pod) -> str:
    """The STATUS cell: the most telling reason there is."""
    status = pod.status
    reason = status.reason or status.phase
    if any(c.type == "PodScheduled" and c.reason == "SchedulingGated" for c in status.conditions):
        reason = "SchedulingGated"
    initializing = _initializing(pod)
    if initializing:
        reason = initializing
    else:
        for one in reversed(status.containerStatuses):
            reason = _container_reason(one) or reason
        if reason == "Completed" and any(one.ready and one.state.running for one in status.containerStatuses):
            is_ready = any(c.type == "Ready" and c.status == "True" for c in status.conditions)
            reason = "Running" if is_ready else "NotReady"
    if pod.metadata.deletionTimestamp is None:
        return reason
    if status.reason == "NodeLost":
        return "Unknown"
    return reason if status.phase in FINISHED else "Terminating"


def _initializing(pod: Pod) -> str:
    sidecars = {container.name for container in pod.spec.initContainers if is_sidecar(container)}
    for position, one in enumerate(pod.status.initContainerStatuses):
        ended, waiting = one.state.terminated, one.state.waiting
        if (ended is not None and ended.exitCode == 0) or (one.name in sidecars and one.started):
            continue
        if ended is not None:
            return f"Init:{ended.reason or _exit_text(ended.exitCode, ended.signal)}"
        if waiting is not None and waiting.reason and waiting.reason != "PodInitializing":
            return f"Init:{waiting.reason}"
        return f"Init:{position}/{len(pod.spec.initContainers)}"
    return ""


def _container_reason(one: ContainerStatus) -> str:
    waiting, ended = one.state.waiting, one.state.terminated
    if waiting is not None and waiting.reason:
        return waiting.reason
    if ended is not None:
        return ended.reason or _exit_text(ended.exitCode, ended.signal)
    return ""


def _exit_text(code: int, signal: int) -> str:
    return f"Signal:{signal}" if signal else f"ExitCode:{code}"


def _restarts(pod: Pod, now: datetime) -> str:
    statuses = (*pod.status.containerStatuses, *pod.status.initContainerStatuses)
    count = sum(one.restartCount for one in statuses)
    ends = [one.lastState.terminated.finishedAt for one in statuses if one.lastState.terminated is not None]
    last = max((end for end in ends if end is not None), default=None)
    return f"{count} ({age(last, now)} ago)" if count and last is not None else str(count)
