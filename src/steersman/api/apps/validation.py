"""What makes a workload wrong, in upstream's words.

Source: pkg/apis/apps/validation/validation.go.
"""

from steersman.api.apps.daemonset import DaemonSet
from steersman.api.apps.deployment import Deployment
from steersman.api.apps.replicaset import ReplicaSet
from steersman.api.apps.statefulset import StatefulSet
from steersman.api.core.pod import PodTemplateSpec
from steersman.api.core.validation import validate_template
from steersman.api.meta import LabelSelector
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.selectors import SelectorError, from_label_selector
from steersman.apimachinery.status import Cause

SPEC = Path("spec")
IMMUTABLE = "field is immutable"


def validate_deployment(deployment: Deployment) -> list[Cause]:
    """A deployment."""
    spec, strategy = deployment.spec, deployment.spec.strategy
    faults = _workload(spec.selector, spec.template, spec.replicas)
    if strategy.type == "Recreate" and strategy.rollingUpdate is not None:
        text = "may not be specified when strategy `type` is 'Recreate'"
        faults.append(forbidden_field(SPEC.child("strategy", "rollingUpdate"), text))
    elif strategy.type not in ("Recreate", "RollingUpdate"):
        faults.append(not_supported(SPEC.child("strategy", "type"), strategy.type, ("Recreate", "RollingUpdate")))
    elif strategy.rollingUpdate is not None:
        rolling = strategy.rollingUpdate
        if is_zero(rolling.maxSurge) and is_zero(rolling.maxUnavailable):
            where = SPEC.child("strategy", "rollingUpdate", "maxUnavailable")
            faults.append(invalid_value(where, rolling.maxUnavailable, "may not be 0 when `maxSurge` is 0"))
    if spec.progressDeadlineSeconds is not None and spec.progressDeadlineSeconds <= spec.minReadySeconds:
        where = SPEC.child("progressDeadlineSeconds")
        faults.append(invalid_value(where, spec.progressDeadlineSeconds, "must be greater than minReadySeconds"))
    return faults


def validate_replica_set(replica_set: ReplicaSet) -> list[Cause]:
    """A replica set."""
    return _workload(replica_set.spec.selector, replica_set.spec.template, replica_set.spec.replicas)


def validate_daemon_set(daemon_set: DaemonSet) -> list[Cause]:
    """A daemon set."""
    return _workload(daemon_set.spec.selector, daemon_set.spec.template, None)


def validate_stateful_set(stateful_set: StatefulSet) -> list[Cause]:
    """A stateful set."""
    return _workload(stateful_set.spec.selector, stateful_set.spec.template, stateful_set.spec.replicas)


def selector_change(new: LabelSelector | None, old: LabelSelector | None) -> list[Cause]:
    """A workload's selector never changes."""
    return [] if new == old else [invalid_value(SPEC.child("selector"), new, IMMUTABLE)]


def is_zero(value: int | str | None) -> bool:
    """0 or 0%."""
    return value in (0, "0%", None)


def _workload(selector: LabelSelector | None, template: PodTemplateSpec, replicas: int | None) -> list[Cause]:
    faults: list[Cause] = []
    if replicas is not None and replicas < 0:
        faults.append(invalid_value(SPEC.child("replicas"), replicas, "must be greater than or equal to 0"))
    where = SPEC.child("selector")
    if selector is None:
        faults.append(required(where))
    elif not selector.matchLabels and not selector.matchExpressions:
        faults.append(invalid_value(where, selector, "empty selector is invalid for deployment"))
    else:
        faults += _template_is_selected(selector, template)
    faults += validate_template(template, SPEC.child("template"))
    policy = template.spec.restartPolicy
    if policy != "Always":
        faults.append(not_supported(SPEC.child("template", "spec", "restartPolicy"), policy, ("Always",)))
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
