"""What a node has to do with: its pods, and all that they, their claims and volumes name.

Nothing is kept but an index of pods by node: what a node asks for it asks once, and what a pod names is short. Source:
plugin/pkg/auth/authorizer/node/graph.go.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

from steersman.api import core, resource, storage
from steersman.api.core import PersistentVolume, Pod, Volume
from steersman.api.meta import Kind

MIRROR = "kubernetes.io/config.mirror"
K = TypeVar("K", bound=Kind)


class Objects(Protocol):
    """Where objects are looked up: always the newest, from memory."""

    def find(self, kind: type[K], namespace: str, name: str) -> K | None:
        """The object, or None."""
        ...

    def where(self, kind: type[K], value: str, namespace: str = "") -> Iterable[K]:
        """The objects with a value in the field that their kind is found by."""
        ...


class NodeRelations:
    """Whether an object concerns a node."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def has_pod(self, node: str, namespace: str, name: str) -> bool:
        """A pod of the node's."""
        pod = self._objects.find(Pod, namespace, name)
        return pod is not None and pod.spec.nodeName == node

    def has_secret(self, node: str, namespace: str, name: str) -> bool:
        """A pod of the node's names it, or one of its volumes does."""
        if any(name in secrets_of(pod) for pod in self._pods(node, namespace)):
            return True
        wanted = (namespace, name)
        return any(wanted in secrets_of_volume(volume) for volume in self._volumes(node))

    def has_config_map(self, node: str, namespace: str, name: str) -> bool:
        """A pod of the node's names it."""
        return any(name in config_maps_of(pod) for pod in self._pods(node, namespace))

    def has_claim(self, node: str, namespace: str, name: str) -> bool:
        """A pod of the node's uses it."""
        return any(name in claims_of(pod) for pod in self._pods(node, namespace))

    def has_volume(self, node: str, name: str) -> bool:
        """It is bound to a claim of a pod of the node's."""
        return any(volume.metadata.name == name for volume in self._volumes(node))

    def has_account(self, node: str, namespace: str, name: str) -> bool:
        """A pod of the node's runs as it."""
        return any(pod.spec.serviceAccountName == name for pod in self._pods(node, namespace))

    def has_resource_claim(self, node: str, namespace: str, name: str) -> bool:
        """A pod of the node's has devices by it."""
        return any(name in resource_claims_of(pod) for pod in self._pods(node, namespace))

    def has_attachment(self, node: str, name: str) -> bool:
        """A volume's way to the node."""
        found = self._objects.find(storage.VolumeAttachment, "", name)
        return found is not None and found.spec.nodeName == node

    def has_slice(self, node: str, name: str) -> bool:
        """Devices of the node's."""
        found = self._objects.find(resource.ResourceSlice, "", name)
        return found is not None and found.spec.nodeName == node

    def _pods(self, node: str, namespace: str = "") -> Iterator[Pod]:
        # A mirror pod stands for what the kubelet was told otherwise: it opens nothing to it.
        found = self._objects.where(Pod, node, namespace)
        return (pod for pod in found if MIRROR not in pod.metadata.annotations)

    def _volumes(self, node: str) -> Iterator[PersistentVolume]:
        for pod in self._pods(node):
            for name in claims_of(pod):
                volume = self._bound(pod.metadata.namespace, name)
                if volume is not None:
                    yield volume

    def _bound(self, namespace: str, name: str) -> PersistentVolume | None:
        """The volume of a claim, if it says the same."""
        claim = self._objects.find(core.PersistentVolumeClaim, namespace, name)
        if claim is None or not claim.spec.volumeName:
            return None
        volume = self._objects.find(PersistentVolume, "", claim.spec.volumeName)
        reference = volume.spec.claimRef if volume is not None else None
        is_same = reference is not None and (reference.namespace, reference.name) == (namespace, name)
        return volume if is_same else None


def _containers(pod: Pod) -> Iterator[core.Container | core.EphemeralContainer]:
    yield from pod.spec.initContainers
    yield from pod.spec.containers
    yield from pod.spec.ephemeralContainers


def secrets_of(pod: Pod) -> Iterator[str]:
    """The names of the Secrets that a pod's containers, pulls and volumes want."""
    yield from (one.name for one in pod.spec.imagePullSecrets)
    for container in _containers(pod):
        yield from (source.secretRef.name for source in container.envFrom if source.secretRef is not None)
        for variable in container.env:
            if variable.valueFrom is not None and variable.valueFrom.secretKeyRef is not None:
                yield variable.valueFrom.secretKeyRef.name
    for volume in pod.spec.volumes:
        yield from _secrets_of_source(volume)


def _secrets_of_source(volume: Volume) -> Iterator[str]:
    if volume.secret is not None:
        yield volume.secret.secretName
    if volume.azureFile is not None:
        yield volume.azureFile.secretName
    if volume.csi is not None and volume.csi.nodePublishSecretRef is not None:
        yield volume.csi.nodePublishSecretRef.name
    for name in ("cephfs", "cinder", "flexVolume", "rbd", "scaleIO", "iscsi", "storageos"):
        source = getattr(volume, name)
        if source is not None and source.secretRef is not None:
            yield source.secretRef.name
    if volume.projected is not None:
        yield from (source.secret.name for source in volume.projected.sources if source.secret is not None)


def secrets_of_volume(volume: PersistentVolume) -> Iterator[tuple[str, str]]:
    """Namespace and name of the Secrets that mounting a volume takes."""
    spec, claim = volume.spec, volume.spec.claimRef
    own = claim.namespace if claim is not None else ""
    if spec.azureFile is not None:
        yield spec.azureFile.secretNamespace or own, spec.azureFile.secretName
    for name in ("cephfs", "cinder", "flexVolume", "rbd", "scaleIO", "iscsi", "storageos"):
        source = getattr(spec, name)
        if source is not None and source.secretRef is not None:
            yield source.secretRef.namespace or own, source.secretRef.name
    for field in ("nodePublishSecretRef", "nodeStageSecretRef", "nodeExpandSecretRef"):
        secret = getattr(spec.csi, field) if spec.csi is not None else None
        if secret is not None:
            yield secret.namespace, secret.name


def config_maps_of(pod: Pod) -> Iterator[str]:
    """The names of the ConfigMaps that a pod's containers and volumes want."""
    for container in _containers(pod):
        yield from (source.configMapRef.name for source in container.envFrom if source.configMapRef is not None)
        for variable in container.env:
            if variable.valueFrom is not None and variable.valueFrom.configMapKeyRef is not None:
                yield variable.valueFrom.configMapKeyRef.name
    for volume in pod.spec.volumes:
        if volume.configMap is not None:
            yield volume.configMap.name
        if volume.projected is not None:
            yield from (one.configMap.name for one in volume.projected.sources if one.configMap is not None)


def claims_of(pod: Pod) -> Iterator[str]:
    """The names of the claims of storage that a pod's volumes are, those made for it among them."""
    for volume in pod.spec.volumes:
        if volume.persistentVolumeClaim is not None:
            yield volume.persistentVolumeClaim.claimName
        elif volume.ephemeral is not None:
            yield f"{pod.metadata.name}-{volume.name}"


def resource_claims_of(pod: Pod) -> Iterator[str]:
    """The names of the claims of devices that a pod has, those made for it among them."""
    yield from (one.resourceClaimName for one in pod.spec.resourceClaims if one.resourceClaimName)
    yield from (one.resourceClaimName for one in pod.status.resourceClaimStatuses if one.resourceClaimName)
    extended = pod.status.extendedResourceClaimStatus
    if extended is not None:
        yield extended.resourceClaimName
