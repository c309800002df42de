"""Which volumes a policy allows. Pure.

Source: pkg/security/podsecuritypolicy/provider.go: validatePodVolumes, util/util.go as of 1.20.
"""

from collections.abc import Iterable

from steersman.api.core import PodSpec, ProjectedVolumeSource, Volume, VolumeProjection
from steersman.api.policy.podsecuritypolicy import PodSecurityPolicySpec
from steersman.api.policy.podsecurityrules import ALL, VOLUMES
from steersman.apimachinery.fielderrors import invalid_value
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause

CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


def check_volumes(spec: PodSecurityPolicySpec, pod: PodSpec) -> list[Cause]:
    """What is wrong with a pod's volumes."""
    faults: list[Cause] = []
    for position, volume in enumerate(pod.volumes):
        path = Path("spec.volumes").at(position)
        kind = next((one for one in VOLUMES if getattr(volume, one) is not None), "")
        if not kind:
            faults.append(invalid_value(path, kind, f"unknown volume type for volume: {volume.name}"))
        elif not _is_allowed(spec, kind, volume):
            faults.append(invalid_value(path, kind, f"{kind} volumes are not allowed to be used"))
        else:
            faults += _check_source(spec, volume, path, pod)
    return faults


def _is_allowed(spec: PodSecurityPolicySpec, kind: str, volume: Volume) -> bool:
    if ALL in spec.volumes or kind in spec.volumes:
        return True
    # Who may mount secrets may mount tokens too, however they come.
    return "secret" in spec.volumes and volume.projected is not None and is_only_token(volume.projected)


def _check_source(spec: PodSecurityPolicySpec, volume: Volume, path: Path, pod: PodSpec) -> Iterable[Cause]:
    if volume.hostPath is not None and spec.allowedHostPaths:
        below = [one for one in spec.allowedHostPaths if is_below(volume.hostPath.path, one.pathPrefix)]
        if not below:
            where = path.child("hostPath", "pathPrefix")
            return [invalid_value(where, volume.hostPath.path, "is not allowed to be used")]
        return _check_read_only(volume.name, pod) if all(one.readOnly for one in below) else ()
    if volume.flexVolume is not None and spec.allowedFlexVolumes:
        driver = volume.flexVolume.driver
        if driver not in {one.driver for one in spec.allowedFlexVolumes}:
            return [invalid_value(path.child("driver"), driver, "Flexvolume driver is not allowed to be used")]
    if volume.csi is not None and spec.allowedCSIDrivers:
        driver = volume.csi.driver
        if driver not in {one.name for one in spec.allowedCSIDrivers}:
            return [invalid_value(path.child("csi", "driver"), driver, "Inline CSI driver is not allowed to be used")]
    return ()


def _check_read_only(name: str, pod: PodSpec) -> list[Cause]:
    return [
        invalid_value(
            Path("spec").child(field).at(at).child("volumeMounts").at(number).child("readOnly"),
            mount.readOnly,
            "must be read-only",
        )
        for field in CONTAINERS
        for at, container in enumerate(getattr(pod, field))
        for number, mount in enumerate(container.volumeMounts)
        if mount.name == name and not mount.readOnly
    ]


def is_below(path: str, prefix: str) -> bool:
    """The path is the prefix or in a directory below it."""
    path, prefix = path.removesuffix("/"), prefix.removesuffix("/")
    return path == prefix or path.startswith(f"{prefix}/")


def is_only_token(projected: ProjectedVolumeSource) -> bool:
    """Nothing but what the ServiceAccount plugin mounts."""
    return all(_is_of_token(one) for one in projected.sources)


def _is_of_token(source: VolumeProjection) -> bool:
    token, config, downward = source.serviceAccountToken, source.configMap, source.downwardAPI
    if token is None and config is None and downward is None:
        return False
    if token is not None and (token.path != "token" or token.audience):
        return False
    if config is not None and config.name != "kube-root-ca.crt":
        return False
    return downward is None or all(
        item.path == "namespace"
        and item.fieldRef is not None
        and (item.fieldRef.apiVersion, item.fieldRef.fieldPath) == ("v1", "metadata.namespace")
        for item in downward.items
    )
