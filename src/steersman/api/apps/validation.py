"""What makes a workload wrong, in upstream's words.

Source: pkg/apis/apps/validation/validation.go.
"""

import re

from steersman.api.apps.daemonset import DaemonSet, DaemonSetSpec
from steersman.api.apps.deployment import Deployment, DeploymentSpec, RollingUpdateDeployment
from steersman.api.apps.replicaset import ReplicaSet, ReplicaSetSpec
from steersman.api.apps.statefulset import StatefulSet, StatefulSetSpec
from steersman.api.core.pod import PodTemplateSpec
from steersman.api.core.validation import validate_template
from steersman.api.core.validation.fields import not_negative
from steersman.api.meta import LabelSelector
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.markers import IntOrString
from steersman.apimachinery.selectors import SelectorError, from_label_selector
from steersman.apimachinery.status import Cause

SPEC = Path("spec")
IMMUTABLE = "field is immutable"
MANAGEMENT, RETENTION = ("OrderedReady", "Parallel"), ("Retain", "Delete")
ALL_PERCENT = 100
_PERCENT = re.compile(r"[0-9]+%")
NO_PERCENT = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
    "regex used for validation is '[0-9]+%')"
)
CHANGEABLE = frozenset({
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
})  # fmt: skip
ONLY_THESE = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
WorkloadSpec = DaemonSetSpec | DeploymentSpec | ReplicaSetSpec | StatefulSetSpec


def validate_deployment(deployment: Deployment) -> list[Cause]:
    """A deployment."""
    spec, strategy = deployment.spec, deployment.spec.strategy
    faults = _workload(spec, "deployment", "ReplicaSet") + _counts(spec, "replicas", "minReadySeconds")
    where = SPEC.child("strategy")
    if strategy.type == "Recreate" and strategy.rollingUpdate is not None:
        text = "may not be specified when strategy `type` is 'Recreate'"
        faults.append(forbidden_field(where.child("rollingUpdate"), text))
    elif strategy.type == "RollingUpdate" and strategy.rollingUpdate is None:
        why = "this should be defaulted and never be nil"
        faults.append(required(where.child("rollingUpdate"), why))
    elif strategy.rollingUpdate is not None:
        faults += _rolling(strategy.rollingUpdate, where.child("rollingUpdate"))
    faults += _counts(spec, "revisionHistoryLimit", "progressDeadlineSeconds")
    if spec.progressDeadlineSeconds is not None and spec.progressDeadlineSeconds <= spec.minReadySeconds:
        where = SPEC.child("progressDeadlineSeconds")
        faults.append(invalid_value(where, spec.progressDeadlineSeconds, "must be greater than minReadySeconds"))
    return faults


def validate_replica_set(replica_set: ReplicaSet) -> list[Cause]:
    """A replica set. Upstream's words about its selector are the deployment's."""
    spec = replica_set.spec
    return _counts(spec, "replicas", "minReadySeconds") + _workload(spec, "deployment", "ReplicaSet")


def validate_daemon_set(daemon_set: DaemonSet) -> list[Cause]:
    """A daemon set."""
    spec, strategy = daemon_set.spec, daemon_set.spec.updateStrategy
    faults = _workload(spec, "daemonset", "DaemonSet") + _counts(spec, "minReadySeconds", "revisionHistoryLimit")
    where = SPEC.child("updateStrategy", "rollingUpdate")
    if strategy.type != "RollingUpdate":
        return faults
    rolling = strategy.rollingUpdate
    if rolling is None:
        return [*faults, required(where)]
    faults += _amount(rolling.maxUnavailable, where.child("maxUnavailable"))
    faults += _amount(rolling.maxSurge, where.child("maxSurge"))
    if not is_zero(rolling.maxUnavailable) and not is_zero(rolling.maxSurge):
        why = "may not be set when maxUnavailable is non-zero"
        faults.append(invalid_value(where.child("maxSurge"), rolling.maxSurge, why))
    elif is_zero(rolling.maxUnavailable) and is_zero(rolling.maxSurge):
        faults.append(required(where.child("maxUnavailable"), "cannot be 0 when maxSurge is 0"))
    return faults


def validate_stateful_set(stateful_set: StatefulSet) -> list[Cause]:
    """A stateful set."""
    spec, strategy = stateful_set.spec, stateful_set.spec.updateStrategy
    faults: list[Cause] = []
    if spec.podManagementPolicy not in MANAGEMENT:
        why = f"must be '{MANAGEMENT[0]}' or '{MANAGEMENT[1]}'"
        faults.append(invalid_value(SPEC.child("podManagementPolicy"), spec.podManagementPolicy, why))
    where = SPEC.child("updateStrategy")
    if strategy.type == "OnDelete" and strategy.rollingUpdate is not None:
        shown, why = strategy.rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'"
        faults.append(invalid_value(where.child("rollingUpdate"), shown, why))
    elif strategy.type not in ("OnDelete", "RollingUpdate"):
        faults.append(invalid_value(where, strategy, "must be 'RollingUpdate' or 'OnDelete'"))
    elif strategy.rollingUpdate is not None:
        rolling, below = strategy.rollingUpdate, where.child("rollingUpdate")
        faults += not_negative(rolling.partition or 0, below, "partition")
        if rolling.maxUnavailable is not None:
            faults += _amount(rolling.maxUnavailable, below.child("maxUnavailable"))
            if is_zero(rolling.maxUnavailable):
                faults.append(invalid_value(below.child("maxUnavailable"), rolling.maxUnavailable, "cannot be 0"))
    faults += _retention(stateful_set) + _counts(spec, "replicas", "minReadySeconds", "revisionHistoryLimit")
    if spec.ordinals is not None:
        faults += not_negative(spec.ordinals.start, SPEC, "ordinals", "start")
    return faults + _workload(spec, "statefulset", "StatefulSet")


def _retention(stateful_set: StatefulSet) -> list[Cause]:
    policy = stateful_set.spec.persistentVolumeClaimRetentionPolicy
    if policy is None:
        return []
    where = SPEC.child("persistentVolumeClaimRetentionPolicy")
    given = (("whenDeleted", policy.whenDeleted), ("whenScaled", policy.whenScaled))
    return [not_supported(where.child(field), value, RETENTION) for field, value in given if value not in RETENTION]


def stateful_set_changes(stateful_set: StatefulSet, old: StatefulSet) -> list[Cause]:
    """Little of a stateful set may change. Source: ValidateStatefulSetUpdate."""
    new, was = stateful_set.spec, old.spec
    changed = [field for field in was.__struct_fields__ if getattr(new, field) != getattr(was, field)]
    return [] if set(changed) <= CHANGEABLE else [forbidden_field(SPEC, ONLY_THESE)]


def selector_change(new: LabelSelector | None, old: LabelSelector | None) -> list[Cause]:
    """A workload's selector never changes."""
    return [] if new == old else [invalid_value(SPEC.child("selector"), new, IMMUTABLE)]


def is_zero(value: int | str | None) -> bool:
    """0 or 0%."""
    return value in (0, "0%", None)


def _rolling(rolling: RollingUpdateDeployment, path: Path) -> list[Cause]:
    faults = _amount(rolling.maxUnavailable, path.child("maxUnavailable"))
    faults += _amount(rolling.maxSurge, path.child("maxSurge"), is_share_of_all=False)
    if is_zero(rolling.maxSurge) and is_zero(rolling.maxUnavailable):
        why = "may not be 0 when `maxSurge` is 0"
        faults.append(invalid_value(path.child("maxUnavailable"), rolling.maxUnavailable, why))
    return faults


def _amount(value: IntOrString | None, path: Path, *, is_share_of_all: bool = True) -> list[Cause]:
    """A number of pods, or a share of them. Source: ValidatePositiveIntOrPercent, IsNotMoreThan100Percent."""
    if isinstance(value, int):
        return not_negative(value, path)
    if value is None:
        return []
    if not _PERCENT.fullmatch(value):
        return [invalid_value(path, value, NO_PERCENT)]
    if is_share_of_all and int(value[:-1]) > ALL_PERCENT:
        return [invalid_value(path, value, "must not be greater than 100%")]
    return []


def _counts(spec: WorkloadSpec, *names: str) -> list[Cause]:
    given = ((name, getattr(spec, name)) for name in names)
    return [fault for name, value in given if value is not None for fault in not_negative(value, SPEC, name)]


def _workload(spec: WorkloadSpec, name: str, kind: str) -> list[Cause]:
    """The selector, and a template that it selects and that runs on."""
    faults: list[Cause] = []
    selector, template, where = spec.selector, spec.template, SPEC.child("selector")
    if selector is None:
        faults.append(required(where))
    elif not selector.matchLabels and not selector.matchExpressions:
        faults.append(invalid_value(where, selector, f"empty selector is invalid for {name}"))
    else:
        faults += _template_is_selected(selector, template)
    within = SPEC.child("template")
    faults += validate_template(template, within)
    policy = template.spec.restartPolicy
    if policy != "Always":
        faults.append(not_supported(within.child("spec", "restartPolicy"), policy, ("Always",)))
    if template.spec.activeDeadlineSeconds is not None:
        why = f"activeDeadlineSeconds in {kind} is not Supported"
        faults.append(forbidden_field(within.child("spec", "activeDeadlineSeconds"), why))
    return faults


def _template_is_selected(selector: LabelSelector, template: PodTemplateSpec) -> list[Cause]:
    try:
        parsed = from_label_selector(selector)
    except SelectorError as error:
        return [invalid_value(SPEC.child("selector"), selector, str(error))]
    labels = template.metadata.labels
    if parsed.matches(labels):
        return []
    where = SPEC.child("template", "metadata", "labels")
    return [invalid_value(where, dict(labels), "`selector` does not match template `labels`")]
