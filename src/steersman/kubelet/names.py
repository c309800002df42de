"""The names by which the kubelet finds its pods again in the runtime: labels, annotations, log paths.

They are upstream's, so that crictl and log collectors work, and so that a restarted kubelet adopts what runs.
Source: pkg/kubelet/types/labels.go, pkg/kubelet/kuberuntime/labels.go.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from steersman.api.core import Container, LifecycleHandler, Pod
from steersman.apimachinery.codec.json import decode, encode

POD_NAME = "io.kubernetes.pod.name"
POD_NAMESPACE = "io.kubernetes.pod.namespace"
POD_UID = "io.kubernetes.pod.uid"
CONTAINER_NAME = "io.kubernetes.container.name"

HASH = "io.kubernetes.container.hash"
RESTART_COUNT = "io.kubernetes.container.restartCount"
TERMINATION_MESSAGE_PATH = "io.kubernetes.container.terminationMessagePath"
TERMINATION_MESSAGE_POLICY = "io.kubernetes.container.terminationMessagePolicy"
PRE_STOP = "io.kubernetes.container.preStopHandler"
GRACE_PERIOD = "io.kubernetes.pod.terminationGracePeriod"
KIND = "io.kubernetes.container.kind"
"""Ours: `init`, `sidecar` or `app`, for pods whose spec is gone."""

MIRROR = "kubernetes.io/config.mirror"

_FNV_OFFSET, _FNV_PRIME, _FNV_MASK = 2166136261, 16777619, 0xFFFFFFFF


def container_hash(container: Container) -> str:
    """Changes when a running container no longer is what the spec asks for: by name and image only (KEP-1287)."""
    digest = _FNV_OFFSET
    for byte in msgspec.json.encode({"name": container.name, "image": container.image}):
        digest = (digest ^ byte) * _FNV_PRIME & _FNV_MASK
    return f"{digest:x}"


def sandbox_labels(pod: Pod) -> dict[str, str]:
    """The labels of the pod's sandboxes."""
    return {**pod.metadata.labels, **_identity(pod)}


def container_labels(pod: Pod, container: Container) -> dict[str, str]:
    """The labels of a container."""
    return {**_identity(pod), CONTAINER_NAME: container.name}


def container_annotations(pod: Pod, container: Container, attempt: int, kind: str) -> dict[str, str]:
    """What must be known of a container when its pod's spec is gone or was never seen."""
    annotations = {
        HASH: container_hash(container),
        RESTART_COUNT: str(attempt),
        TERMINATION_MESSAGE_PATH: container.terminationMessagePath,
        TERMINATION_MESSAGE_POLICY: container.terminationMessagePolicy,
        KIND: kind,
    }
    if pod.spec.terminationGracePeriodSeconds is not None:
        annotations[GRACE_PERIOD] = str(pod.spec.terminationGracePeriodSeconds)
    if container.lifecycle is not None and container.lifecycle.preStop is not None:
        annotations[PRE_STOP] = encode(container.lifecycle.preStop).decode()
    return annotations


def pre_stop_of(annotations: Mapping[str, str]) -> LifecycleHandler | None:
    """The hook noted at a container's creation."""
    noted = annotations.get(PRE_STOP)
    return None if noted is None else decode(noted.encode(), LifecycleHandler)


def full_name(pod: Pod) -> str:
    """`name_namespace(uid)`, as upstream's messages call a pod."""
    meta = pod.metadata
    return f"{meta.name}_{meta.namespace}({meta.uid})"


def pod_log_directory(log_dir: Path, pod: Pod) -> Path:
    """Where the logs of all the pod's containers are."""
    meta = pod.metadata
    return log_dir / f"{meta.namespace}_{meta.name}_{meta.uid}"


def container_log_path(container_name: str, attempt: int) -> str:
    """A container's log file, relative to the pod's log directory."""
    return f"{container_name}/{attempt}.log"


def _identity(pod: Pod) -> dict[str, str]:
    meta = pod.metadata
    return {POD_NAME: meta.name, POD_NAMESPACE: meta.namespace, POD_UID: meta.uid}
