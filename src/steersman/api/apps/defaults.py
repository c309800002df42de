"""What upstream fills in where a client left something out, in apps/v1.

Source: pkg/apis/apps/v1/defaults.go.
"""

from steersman.api.apps.daemonset import DaemonSet, RollingUpdateDaemonSet
from steersman.api.apps.deployment import Deployment, RollingUpdateDeployment
from steersman.api.apps.replicaset import ReplicaSet
from steersman.api.apps.statefulset import (
    RollingUpdateStatefulSetStrategy,
    StatefulSet,
    StatefulSetPersistentVolumeClaimRetentionPolicy,
)
from steersman.api.core.defaults import default_pod_spec
from steersman.api.core.pod import PodTemplateSpec
from steersman.api.core.volumedefaults import default_claim
from steersman.apimachinery.object import replace


def default_template(template: PodTemplateSpec) -> PodTemplateSpec:
    """The template of a workload's pods."""
    return replace(template, spec=default_pod_spec(template.spec))


def default_deployment(deployment: Deployment) -> Deployment:
    """One replica, rolled by quarters."""
    spec, strategy = deployment.spec, deployment.spec.strategy
    kind, rolling = strategy.type or "RollingUpdate", strategy.rollingUpdate
    if kind == "RollingUpdate":
        rolling = rolling if rolling is not None else RollingUpdateDeployment()
        rolling = replace(
            rolling,
            maxUnavailable="25%" if rolling.maxUnavailable is None else rolling.maxUnavailable,
            maxSurge="25%" if rolling.maxSurge is None else rolling.maxSurge,
        )
    spec = replace(
        spec,
        replicas=1 if spec.replicas is None else spec.replicas,
        strategy=replace(strategy, type=kind, rollingUpdate=rolling),
        revisionHistoryLimit=10 if spec.revisionHistoryLimit is None else spec.revisionHistoryLimit,
        progressDeadlineSeconds=600 if spec.progressDeadlineSeconds is None else spec.progressDeadlineSeconds,
        template=default_template(spec.template),
    )
    return replace(deployment, spec=spec)


def default_replica_set(replica_set: ReplicaSet) -> ReplicaSet:
    """One replica."""
    spec = replica_set.spec
    replicas = 1 if spec.replicas is None else spec.replicas
    return replace(replica_set, spec=replace(spec, replicas=replicas, template=default_template(spec.template)))


def default_daemon_set(daemon_set: DaemonSet) -> DaemonSet:
    """One node at a time."""
    spec, strategy = daemon_set.spec, daemon_set.spec.updateStrategy
    kind, rolling = strategy.type or "RollingUpdate", strategy.rollingUpdate
    if kind == "RollingUpdate":
        rolling = rolling if rolling is not None else RollingUpdateDaemonSet()
        rolling = replace(
            rolling,
            maxUnavailable=1 if rolling.maxUnavailable is None else rolling.maxUnavailable,
            maxSurge=0 if rolling.maxSurge is None else rolling.maxSurge,
        )
    spec = replace(
        spec,
        updateStrategy=replace(strategy, type=kind, rollingUpdate=rolling),
        revisionHistoryLimit=10 if spec.revisionHistoryLimit is None else spec.revisionHistoryLimit,
        template=default_template(spec.template),
    )
    return replace(daemon_set, spec=spec)


def default_stateful_set(stateful_set: StatefulSet) -> StatefulSet:
    """One replica, ordered, its claims kept."""
    spec, strategy = stateful_set.spec, stateful_set.spec.updateStrategy
    kind, rolling = strategy.type or "RollingUpdate", strategy.rollingUpdate
    if kind == "RollingUpdate":
        rolling = rolling if rolling is not None else RollingUpdateStatefulSetStrategy()
        rolling = replace(rolling, partition=0 if rolling.partition is None else rolling.partition)
    kept = spec.persistentVolumeClaimRetentionPolicy or StatefulSetPersistentVolumeClaimRetentionPolicy()
    spec = replace(
        spec,
        podManagementPolicy=spec.podManagementPolicy or "OrderedReady",
        replicas=1 if spec.replicas is None else spec.replicas,
        updateStrategy=replace(strategy, type=kind, rollingUpdate=rolling),
        revisionHistoryLimit=10 if spec.revisionHistoryLimit is None else spec.revisionHistoryLimit,
        persistentVolumeClaimRetentionPolicy=replace(
            kept, whenDeleted=kept.whenDeleted or "Retain", whenScaled=kept.whenScaled or "Retain"
        ),
        volumeClaimTemplates=tuple(map(default_claim, spec.volumeClaimTemplates)),
        template=default_template(spec.template),
    )
    return replace(stateful_set, spec=spec)
