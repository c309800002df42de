"""What a new pod gets that its author only hinted at: from labels, gates and annotations.

Source: pkg/registry/core/pod/strategy.go: applySchedulingGatedCondition, mutatePodAffinity,
mutateTopologySpreadConstraints, applyAppArmorVersionSkew.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from steersman.api.core.affinity import (
    Affinity,
    PodAffinity,
    PodAffinityTerm,
    PodAntiAffinity,
    TopologySpreadConstraint,
)
from steersman.api.core.container import Container, EphemeralContainer
from steersman.api.core.pod import Pod, PodCondition, PodStatus
from steersman.api.core.qos import compute_qos_class
from steersman.api.core.security import AppArmorProfile, SecurityContext
from steersman.api.meta.objectmeta import LabelSelector, LabelSelectorRequirement
from steersman.apimachinery.object import replace

APP_ARMOR_PREFIX = "container.apparmor.security.beta.kubernetes.io/"
_GATED = PodCondition(
    type="PodScheduled",
    status="False",
    reason="SchedulingGated",
    message="Scheduling is blocked due to non-empty scheduling gates",
)

Labels = Mapping[str, str]
Terms = TypeVar("Terms", PodAffinity, PodAntiAffinity)
Runnable = TypeVar("Runnable", Container, EphemeralContainer)


def first_status(pod: Pod) -> PodStatus:
    """The status of a new pod: Pending, and told to be gated if it is."""
    conditions = (_GATED,) if pod.spec.schedulingGates else ()
    return PodStatus(phase="Pending", qosClass=compute_qos_class(pod), conditions=conditions)


def with_label_keys(pod: Pod) -> Pod:
    """The keys that affinity and spread take from the pod's labels, written into their selectors."""
    spec, labels = pod.spec, pod.metadata.labels
    spread, affinity = spec.topologySpreadConstraints, spec.affinity
    if spread:
        spread = tuple(_spread_with_keys(one, labels) for one in spread)
    if affinity is not None:
        affinity = _affinity_with_keys(affinity, labels)
    if spread is spec.topologySpreadConstraints and affinity is spec.affinity:
        return pod
    return replace(pod, spec=replace(spec, topologySpreadConstraints=spread, affinity=affinity))


def _spread_with_keys(constraint: TopologySpreadConstraint, labels: Labels) -> TopologySpreadConstraint:
    if not constraint.matchLabelKeys or constraint.labelSelector is None:
        return constraint
    selector = _narrowed(constraint.labelSelector, constraint.matchLabelKeys, "In", labels)
    return replace(constraint, labelSelector=selector)


def _affinity_with_keys(affinity: Affinity, labels: Labels) -> Affinity:
    near, far = affinity.podAffinity, affinity.podAntiAffinity
    return replace(
        affinity,
        podAffinity=None if near is None else _terms_with_keys(near, labels),
        podAntiAffinity=None if far is None else _terms_with_keys(far, labels),
    )


def _terms_with_keys(terms: Terms, labels: Labels) -> Terms:
    return replace(
        terms,
        requiredDuringSchedulingIgnoredDuringExecution=tuple(
            _term_with_keys(one, labels) for one in terms.requiredDuringSchedulingIgnoredDuringExecution
        ),
        preferredDuringSchedulingIgnoredDuringExecution=tuple(
            replace(one, podAffinityTerm=_term_with_keys(one.podAffinityTerm, labels))
            for one in terms.preferredDuringSchedulingIgnoredDuringExecution
        ),
    )


def _term_with_keys(term: PodAffinityTerm, labels: Labels) -> PodAffinityTerm:
    if term.labelSelector is None or not (term.matchLabelKeys or term.mismatchLabelKeys):
        return term
    selector = _narrowed(term.labelSelector, term.matchLabelKeys, "In", labels)
    return replace(term, labelSelector=_narrowed(selector, term.mismatchLabelKeys, "NotIn", labels))


def _narrowed(selector: LabelSelector, keys: Sequence[str], operator: str, labels: Labels) -> LabelSelector:
    added = [
        LabelSelectorRequirement(key=key, operator=operator, values=(labels[key],)) for key in keys if key in labels
    ]
    return replace(selector, matchExpressions=(*selector.matchExpressions, *added)) if added else selector


def with_app_armor_fields(pod: Pod) -> Pod:
    """Profiles written as annotations, as before v1.30, written into the containers that name none."""
    if not has_app_armor_annotations(pod.metadata.annotations) or _is_for_windows(pod):
        return pod
    spec = pod.spec
    context, annotations = spec.securityContext, pod.metadata.annotations
    of_pod = context.appArmorProfile if context is not None else None
    confined = replace(
        spec,
        containers=tuple(_confined(one, annotations, of_pod) for one in spec.containers),
        initContainers=tuple(_confined(one, annotations, of_pod) for one in spec.initContainers),
        ephemeralContainers=tuple(_confined(one, annotations, of_pod) for one in spec.ephemeralContainers),
    )
    return replace(pod, spec=confined)


def has_app_armor_annotations(annotations: Mapping[str, str]) -> bool:
    """Some container's profile is written as an annotation."""
    return any(key.startswith(APP_ARMOR_PREFIX) for key in annotations)


def _is_for_windows(pod: Pod) -> bool:
    return pod.spec.os is not None and pod.spec.os.name == "windows"


def _confined(container: Runnable, annotations: Mapping[str, str], of_pod: AppArmorProfile | None) -> Runnable:
    text, context = annotations.get(APP_ARMOR_PREFIX + container.name), container.securityContext
    if text is None or (context is not None and context.appArmorProfile is not None):
        return container
    profile = app_armor_profile(text)
    if profile is None or profile == of_pod:
        return container
    context = SecurityContext() if context is None else context
    return replace(container, securityContext=replace(context, appArmorProfile=profile))


def app_armor_profile(text: str) -> AppArmorProfile | None:
    """The profile an annotation names; None where it names none that can be."""
    match text.partition("/"):
        case ("unconfined", "", ""):
            return AppArmorProfile(type="Unconfined")
        case ("runtime", "/", "default"):
            return AppArmorProfile(type="RuntimeDefault")
        case ("localhost", "/", name) if name and name == name.strip():
            return AppArmorProfile(type="Localhost", localhostProfile=name)
        case _:
            return None
