"""Rules for pods that some clusters have: about anti-affinity, images and special devices.

Source: plugin/pkg/admission/antiaffinity, plugin/pkg/admission/alwayspullimages,
plugin/pkg/admission/extendedresourcetoleration.
"""

from collections.abc import Iterator

from steersman.api.core import Container, EphemeralContainer, Pod, PodSpec, Toleration
from steersman.api.core.resourcenames import is_extended
from steersman.apimachinery.fielderrors import not_supported
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.gotext import aggregate
from steersman.apimachinery.object import Object, replace
from steersman.apiserver.admission.plugin import CREATE_UPDATE, Plugin, denied, pod_of
from steersman.apiserver.attributes import AdmissionAttributes, Operation

HOSTNAME = "kubernetes.io/hostname"
ALWAYS = "Always"


class LimitPodHardAntiAffinityTopology(Plugin):
    """A pod may keep others off its node, but not off its zone."""

    name = "LimitPodHardAntiAffinityTopology"
    operations = CREATE_UPDATE

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Refuse wider topologies."""
        pod = pod_of(attributes)
        affinity = pod.spec.affinity.podAntiAffinity if pod is not None and pod.spec.affinity is not None else None
        for term in affinity.requiredDuringSchedulingIgnoredDuringExecution if affinity is not None else ():
            if term.topologyKey != HOSTNAME:
                has = f"affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey {term.topologyKey}"
                raise denied(attributes, f"{has} but only key {HOSTNAME} is allowed")


class AlwaysPullImages(Plugin):
    """Images are pulled for every container, so that only those run that the pod has credentials for."""

    name = "AlwaysPullImages"
    operations = CREATE_UPDATE

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Set every pull policy."""
        pod = pod_of(attributes)
        if pod is None or _has_no_new_images(attributes, pod):
            return attributes.object
        spec = replace(
            pod.spec,
            containers=tuple(replace(one, imagePullPolicy=ALWAYS) for one in pod.spec.containers),
            initContainers=tuple(replace(one, imagePullPolicy=ALWAYS) for one in pod.spec.initContainers),
            ephemeralContainers=tuple(replace(one, imagePullPolicy=ALWAYS) for one in pod.spec.ephemeralContainers),
            volumes=tuple(
                replace(one, image=replace(one.image, pullPolicy=ALWAYS)) if one.image is not None else one
                for one in pod.spec.volumes
            ),
        )
        return replace(pod, spec=spec)

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Refuse what has been changed since."""
        pod = pod_of(attributes)
        if pod is None or _has_no_new_images(attributes, pod):
            return
        found = [not_supported(path, policy, [ALWAYS]) for path, policy in _policies(pod.spec) if policy != ALWAYS]
        if found:
            raise denied(attributes, aggregate([f"{cause.field}: {cause.message}" for cause in found]))


def _policies(spec: PodSpec) -> Iterator[tuple[Path, str]]:
    for field in ("initContainers", "containers", "ephemeralContainers"):
        containers: tuple[Container | EphemeralContainer, ...] = getattr(spec, field)
        for position, container in enumerate(containers):
            yield Path("spec").child(field).at(position).child("imagePullPolicy"), container.imagePullPolicy
    for position, volume in enumerate(spec.volumes):
        if volume.image is not None:
            yield Path("spec.volumes").at(position).child("image", "pullPolicy"), volume.image.pullPolicy


def _has_no_new_images(attributes: AdmissionAttributes, pod: Pod) -> bool:
    old = attributes.old_object
    return attributes.operation is Operation.UPDATE and isinstance(old, Pod) and _images(pod) <= _images(old)


def _images(pod: Pod) -> set[str]:
    spec = pod.spec
    containers: tuple[Container | EphemeralContainer, ...] = (*spec.containers, *spec.initContainers)
    containers += spec.ephemeralContainers
    volumes = {one.image.reference for one in spec.volumes if one.image is not None}
    return {one.image for one in containers} | volumes


class ExtendedResourceToleration(Plugin):
    """Nodes with special devices can be tainted by their names: who asks for a device tolerates its taint."""

    name = "ExtendedResourceToleration"
    operations = CREATE_UPDATE

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """Add a toleration for each extended resource."""
        pod = pod_of(attributes)
        if pod is None:
            return attributes.object
        containers = (*pod.spec.containers, *pod.spec.initContainers)
        names = {name for one in containers for name in one.resources.requests if is_extended(name)}
        tolerations = pod.spec.tolerations
        for name in sorted(names):
            tolerations = _with(tolerations, Toleration(key=name, operator="Exists", effect="NoSchedule"))
        if tolerations == pod.spec.tolerations:
            return pod
        return replace(pod, spec=replace(pod.spec, tolerations=tolerations))


def _with(tolerations: tuple[Toleration, ...], added: Toleration) -> tuple[Toleration, ...]:
    """With one more, in place of those that differ only in how long they last."""
    same = [replace(one, tolerationSeconds=None) == added for one in tolerations]
    if not any(same):
        return (*tolerations, added)
    return tuple(added if is_same else one for one, is_same in zip(tolerations, same, strict=True))
