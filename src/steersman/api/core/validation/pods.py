"""New pods, and templates that pods are made from.

Source: pkg/apis/core/validation: ValidatePodCreate, ValidatePodTemplateSpec, ValidatePodSpecificAnnotations.
"""

import re
from collections.abc import Mapping

from steersman.api.core.container import Container, EphemeralContainer
from steersman.api.core.pod import Pod, PodSpec, PodTemplateSpec
from steersman.api.core.podtemplate import PodTemplate
from steersman.api.core.security import AppArmorProfile, SeccompProfile
from steersman.api.core.validation.containers import padded_image
from steersman.api.core.validation.fields import descending_path, ratcheted
from steersman.api.core.validation.podspec import validate_pod_spec
from steersman.api.core.validation.windows import each_container
from steersman.api.meta.labelrules import validate_annotations, validate_labels
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.status import Cause

SPEC, ANNOTATIONS = Path("spec"), Path("metadata.annotations")
MIRROR = "kubernetes.io/config.mirror"
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
POD_SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"
CONTAINER_SECCOMP = "container.seccomp.security.alpha.kubernetes.io/"
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_COST = re.compile("-?[1-9][0-9]*|-?0[0-9]*|0", re.ASCII)
_SECCOMP_NAMES = ("runtime/default", "docker/default", "unconfined")


def validate_pod(pod: Pod) -> list[Cause]:
    """A new pod."""
    spec = pod.spec
    faults = validate_annotated_pod_spec(pod)
    if spec.ephemeralContainers:
        faults.append(forbidden_field(SPEC.child("ephemeralContainers"), "cannot be set on create"))
    if spec.nodeName and spec.schedulingGates:
        why = "cannot be set until all schedulingGates have been cleared"
        faults.append(forbidden_field(SPEC.child("nodeName"), why))
    if pod.metadata.annotations:
        faults += _profiles_match(pod.metadata.annotations, spec, SPEC)
    return faults


def validate_annotated_pod_spec(pod: Pod) -> list[Cause]:
    """What is asked of a pod whenever its spec is written, new or changed."""
    spec = pod.spec
    faults = validate_pod_annotations(pod.metadata.annotations, spec, ANNOTATIONS) if pod.metadata.annotations else []
    faults += validate_pod_spec(spec, SPEC, pod_name=pod.metadata.name, is_pod=True)
    if spec.volumes:
        faults += _volumes_of_pods(spec)
    for field, containers in (("containers", spec.containers), ("initContainers", spec.initContainers)):
        for position, container in enumerate(containers):
            if container.image != container.image.strip():
                faults += padded_image(container.image, SPEC.child(field).at(position))
    return faults


def _volumes_of_pods(spec: PodSpec) -> list[Cause]:
    """Templates may leave an image open, and the account to admission."""
    faults = []
    for position, volume in enumerate(spec.volumes):
        where = SPEC.child("volumes").at(position)
        if volume.image is not None and not volume.image.reference:
            faults.append(required(where.child("image", "reference")))
        if volume.projected is None or spec.serviceAccountName:
            continue
        for number, source in enumerate(volume.projected.sources):
            if source.serviceAccountToken is not None:
                field = where.child("projected", "sources").at(number).child("serviceAccountToken")
                faults.append(forbidden_field(field, "must not be specified when serviceAccountName is not set"))
    return faults


def validate_template(template: PodTemplateSpec, path: Path, old: PodTemplateSpec | None = None) -> list[Cause]:
    """The template of a workload. What stands in the old one already isn't held against the new one."""
    if template == old:
        return []
    meta, where = template.metadata, path.child("spec")
    faults = validate_labels(meta.labels, path.child("labels")) if meta.labels else []
    if meta.annotations:
        faults += validate_annotations(meta.annotations, path.child("annotations"))
        faults += validate_pod_annotations(meta.annotations, template.spec, path.child("annotations"))
    faults += validate_pod_spec(template.spec, where)
    if meta.annotations:
        faults += _profiles_match(meta.annotations, template.spec, where)
    if template.spec.ephemeralContainers:
        why = "ephemeral containers not allowed in pod template"
        faults.append(forbidden_field(where.child("ephemeralContainers"), why))
    return faults if old is None else ratcheted(faults, lambda: validate_template(old, path))


def validate_pod_template(template: PodTemplate, old: PodTemplate | None = None) -> list[Cause]:
    """A PodTemplate, which nothing but its users uses."""
    return validate_template(template.template, Path("template"), old.template if old is not None else None)


def validate_pod_annotations(annotations: Mapping[str, str], spec: PodSpec, path: Path) -> list[Cause]:
    """Annotations that mean something for a pod."""
    faults: list[Cause] = []
    for key, value in annotations.items():
        if key == MIRROR:
            if not spec.nodeName:
                why = "must set spec.nodeName if mirror pod annotation is set"
                faults.append(invalid_value(path.key(key), value, why))
        elif key == DELETION_COST:
            if not _is_cost(value):
                faults.append(invalid_value(path.key(key), value, "must be a 32bit integer"))
        elif key == POD_SECCOMP or key.startswith(CONTAINER_SECCOMP):
            faults += _seccomp_name(value, path.child(key))
        elif key.startswith(APP_ARMOR):
            faults += _app_armor_name(key, value, spec, path)
    return faults


def _is_cost(text: str) -> bool:
    return bool(_COST.fullmatch(text)) and (text == "0" or text.lstrip("-")[0] != "0") and -(2**31) <= int(text) < 2**31


def _seccomp_name(name: str, path: Path) -> list[Cause]:
    if name in _SECCOMP_NAMES:
        return []
    if name.startswith("localhost/"):
        return descending_path(name.removeprefix("localhost/"), path)
    return [invalid_value(path, name, "must be a valid seccomp profile")]


def _app_armor_name(key: str, value: str, spec: PodSpec, path: Path) -> list[Cause]:
    faults = []
    name = key.removeprefix(APP_ARMOR)
    if all(container.name != name for container, _ in each_container(spec, SPEC)):
        faults.append(invalid_value(path.key(key), name, "container not found"))
    if value not in ("", "runtime/default", "unconfined") and not value.startswith("localhost/"):
        faults.append(invalid_value(path.key(key), value, f"invalid AppArmor profile name: {quote(value)}"))
    return faults


def _profiles_match(annotations: Mapping[str, str], spec: PodSpec, path: Path) -> list[Cause]:
    """Where a profile is given by an annotation and by a field, the two agree."""
    if not any(key == POD_SECCOMP or key.startswith((CONTAINER_SECCOMP, APP_ARMOR)) for key in annotations):
        return []
    faults: list[Cause] = []
    context = spec.securityContext
    if context is not None and context.seccompProfile is not None and POD_SECCOMP in annotations:
        where = path.child("securityContext", "seccompProfile")
        faults += _agree(annotations[POD_SECCOMP], context.seccompProfile, where, "seccomp")
    for container, at in each_container(spec, path):
        own = container.securityContext
        text = annotations.get(CONTAINER_SECCOMP + container.name)
        if text is not None and own is not None and own.seccompProfile is not None:
            faults += _agree(text, own.seccompProfile, at.child("securityContext", "seccompProfile"), "seccomp")
        text = annotations.get(APP_ARMOR + container.name)
        profile = _app_armor_of(container, spec)
        if text is not None and profile is not None and (spec.os is None or spec.os.name != "windows"):
            faults += _agree(text, profile, at.child("securityContext", "appArmorProfile"), "apparmor")
    return faults


def _app_armor_of(container: Container | EphemeralContainer, spec: PodSpec) -> AppArmorProfile | None:
    own = container.securityContext
    if own is not None and own.appArmorProfile is not None:
        return own.appArmorProfile
    return spec.securityContext.appArmorProfile if spec.securityContext is not None else None


def _agree(text: str, profile: SeccompProfile | AppArmorProfile, path: Path, kind: str) -> list[Cause]:
    differs = forbidden_field(path.child("type"), f"{kind} type in annotation and field must match")
    match profile.type:
        case "Unconfined":
            return [] if text == "unconfined" else [differs]
        case "RuntimeDefault":
            names = _SECCOMP_NAMES[:2] if kind == "seccomp" else _SECCOMP_NAMES[:1]
            return [] if text in names else [differs]
        case "Localhost":
            if not text.startswith("localhost/"):
                return [differs]
            if text.removeprefix("localhost/") == profile.localhostProfile:
                return []
            why = f"{kind} profile in annotation and field must match"
            return [forbidden_field(path.child("localhostProfile"), why)]
        case _:
            return []
