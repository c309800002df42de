"""What of a pod may be changed: images, deadline, more tolerations, fewer gates, and where a gated pod may run.

Source: pkg/apis/core/validation: ValidatePodUpdate.
"""

from collections.abc import Mapping, Sequence

from steersman.api.core.affinity import Affinity, NodeAffinity
from steersman.api.core.container import Container
from steersman.api.core.pod import Pod, PodSchedulingGate, PodSpec
from steersman.api.core.reference import NodeSelectorTerm, Toleration
from steersman.api.core.validation.containers import padded_image
from steersman.api.core.validation.fields import MAX_INT32, ratcheted
from steersman.api.core.validation.pods import (
    ANNOTATIONS,
    APP_ARMOR,
    MIRROR,
    SPEC,
    validate_annotated_pod_spec,
    validate_pod_annotations,
)
from steersman.api.core.validation.scheduling import REQUIRED_TERMS, validate_tolerations
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause

POD_CHANGE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def validate_pod_update(pod: Pod, old: Pod) -> list[Cause]:
    """A changed pod. A spec that didn't change was valid when it came, so only annotations are looked at then."""
    faults = annotation_changes(pod, old)
    new, was = pod.spec, old.spec
    if new == was:
        return faults
    faults += changed_spec(pod, old)
    for field, containers, before in (
        ("containers", new.containers, was.containers),
        ("initContainers", new.initContainers, was.initContainers),
    ):
        if len(containers) != len(before):
            why = "pod updates may not add or remove containers"
            return [*faults, forbidden_field(SPEC.child(field), why)]
        faults += _images(containers, SPEC.child(field))
    if deadline := _deadline(new, was, SPEC.child("activeDeadlineSeconds")):
        faults += deadline
        if new.activeDeadlineSeconds is not None:
            return faults
    faults += _tolerations(new.tolerations, was.tolerations, SPEC.child("tolerations"))
    faults += _gates(new.schedulingGates, was.schedulingGates, SPEC.child("schedulingGates"))
    kept = _as_before(new, was)
    if was.schedulingGates:
        kept, gated = _gated(kept, was)
        faults += gated
    return faults + only_allowed(kept, was)


def annotation_changes(pod: Pod, old: Pod) -> list[Cause]:
    """Annotations that stay as they were, and what is wrong with the others."""
    new, was = pod.metadata.annotations, old.metadata.annotations
    if new == was:
        return []
    faults: list[Cause] = []
    for key in was:
        if new.get(key) != was[key]:
            faults += _fixed_annotation(key, "remove or update")
    for key in new.keys() - was.keys():
        faults += _fixed_annotation(key, "add")
    return faults + ratcheted(
        validate_pod_annotations(new, pod.spec, ANNOTATIONS),
        lambda: validate_pod_annotations(was, old.spec, ANNOTATIONS),
    )


def _fixed_annotation(key: str, what: str) -> list[Cause]:
    if key.startswith(APP_ARMOR):
        return [forbidden_field(ANNOTATIONS.key(key), f"may not {what} AppArmor annotations")]
    if key == MIRROR:
        return [forbidden_field(ANNOTATIONS.key(key), f"may not {what} mirror pod annotation")]
    return []


def changed_spec(pod: Pod, old: Pod) -> list[Cause]:
    """What is wrong with the new spec and wasn't with the old one."""
    return ratcheted(validate_annotated_pod_spec(pod), lambda: validate_annotated_pod_spec(old))


def only_allowed(kept: PodSpec, was: PodSpec) -> list[Cause]:
    """The spec with what may change put back has to be the old one."""
    if kept == was:
        return []
    changed = [name for name in was.__struct_fields__ if getattr(kept, name) != getattr(was, name)]
    return [forbidden_field(SPEC, f"{POD_CHANGE}\nchanged: {', '.join(changed)}")]


def _images(containers: Sequence[Container], path: Path) -> list[Cause]:
    faults = []
    for position, container in enumerate(containers):
        if not container.image:
            faults.append(required(path.at(position).child("image")))
        faults += padded_image(container.image, path.at(position))
    return faults


def _deadline(new: PodSpec, was: PodSpec, path: Path) -> list[Cause]:
    """It may be set, and come nearer."""
    deadline, before = new.activeDeadlineSeconds, was.activeDeadlineSeconds
    if deadline is None:
        if before is None:
            return []
        return [invalid_value(path, None, "must not update from a positive integer to nil value")]
    if not 0 <= deadline <= MAX_INT32:
        return [invalid_value(path, deadline, f"must be between 0 and {MAX_INT32}, inclusive")]
    if before is not None and before < deadline:
        return [invalid_value(path, deadline, "must be less than or equal to previous value")]
    return []


def _tolerations(new: Sequence[Toleration], old: Sequence[Toleration], path: Path) -> list[Cause]:
    if new == old:
        return []
    # How long a taint is tolerated may change.
    present = {replace(one, tolerationSeconds=None) for one in new}
    if any(replace(one, tolerationSeconds=None) not in present for one in old):
        return [forbidden_field(path, "existing toleration can not be modified except its tolerationSeconds")]
    return ratcheted(validate_tolerations(new, path), lambda: validate_tolerations(old, path))


def _gates(new: Sequence[PodSchedulingGate], old: Sequence[PodSchedulingGate], path: Path) -> list[Cause]:
    known = {gate.name for gate in old}
    return [
        forbidden_field(
            path.at(position).child("name"),
            f"only deletion is allowed, but found new scheduling gate '{gate.name}'",
        )
        for position, gate in enumerate(new)
        if gate.name not in known
    ]


def _as_before(new: PodSpec, was: PodSpec) -> PodSpec:
    """The new spec with what any client may change put back."""
    grace = new.terminationGracePeriodSeconds
    before = was.terminationGracePeriodSeconds
    return replace(
        new,
        containers=_with_images(new.containers, was.containers),
        initContainers=_with_images(new.initContainers, was.initContainers),
        activeDeadlineSeconds=was.activeDeadlineSeconds,
        tolerations=was.tolerations,
        schedulingGates=was.schedulingGates,
        terminationGracePeriodSeconds=before if grace == 1 and before is not None and before < 0 else grace,
    )


def _with_images(new: Sequence[Container], old: Sequence[Container]) -> tuple[Container, ...]:
    return tuple(
        one if one.image == other.image else replace(one, image=other.image)
        for one, other in zip(new, old, strict=True)
    )


def _gated(kept: PodSpec, was: PodSpec) -> tuple[PodSpec, list[Cause]]:
    """While gates are closed a pod may be told more narrowly where to run."""
    faults: list[Cause] = []
    if kept.nodeSelector != was.nodeSelector:
        faults += _only_more(kept.nodeSelector, was.nodeSelector, SPEC.child("nodeSelector"))
        kept = replace(kept, nodeSelector=was.nodeSelector)
    new = kept.affinity.nodeAffinity if kept.affinity is not None else None
    old = was.affinity.nodeAffinity if was.affinity is not None else None
    if new != old:
        faults += _narrower(new, old, SPEC.child("affinity", "nodeAffinity", REQUIRED_TERMS, "nodeSelectorTerms"))
        affinity = replace(kept.affinity or Affinity(), nodeAffinity=old)
        kept = replace(kept, affinity=None if was.affinity is None and affinity == Affinity() else affinity)
    return kept, faults


def _only_more(new: Mapping[str, str], old: Mapping[str, str], path: Path) -> list[Cause]:
    if all(new.get(key) == value for key, value in old.items()):
        return []
    why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
    return [invalid_value(path, new, why)]


def _narrower(new: NodeAffinity | None, old: NodeAffinity | None, path: Path) -> list[Cause]:
    old_terms, new_terms = _required_terms(old), _required_terms(new)
    if not old_terms:
        return []
    if len(old_terms) != len(new_terms):
        why = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        return [invalid_value(path, new_terms, why)]
    return [
        invalid_value(path.at(position), term, "only additions are allowed (no mutations or deletions)")
        for position, (term, before) in enumerate(zip(new_terms, old_terms, strict=True))
        if not _adds_only(term, before)
    ]


def _required_terms(affinity: NodeAffinity | None) -> tuple[NodeSelectorTerm, ...]:
    if affinity is None or affinity.requiredDuringSchedulingIgnoredDuringExecution is None:
        return ()
    return affinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms


def _adds_only(term: NodeSelectorTerm, before: NodeSelectorTerm) -> bool:
    if not before.matchExpressions and not before.matchFields:
        # A term without requirements matches nothing; with some it would match more.
        return not term.matchExpressions and not term.matchFields
    return (
        term.matchExpressions[: len(before.matchExpressions)] == before.matchExpressions
        and term.matchFields[: len(before.matchFields)] == before.matchFields
    )
