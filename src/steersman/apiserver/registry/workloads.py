"""Workloads: Deployment, ReplicaSet, DaemonSet, StatefulSet, ReplicationController.

Source: pkg/registry/apps, pkg/printers/internalversion.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from steersman.api.apps import ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet
from steersman.api.apps.defaults import (
    default_daemon_set,
    default_deployment,
    default_replica_set,
    default_stateful_set,
    default_template,
)
from steersman.api.apps.validation import (
    selector_change,
    stateful_set_changes,
    validate_daemon_set,
    validate_deployment,
    validate_replica_set,
    validate_stateful_set,
)
from steersman.api.core import ReplicationController
from steersman.api.core.podwarnings import template_warnings
from steersman.api.core.validation import validate_template
from steersman.api.meta import LabelSelector
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import replace
from steersman.apimachinery.selectors import from_label_selector, from_labels
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.age import age
from steersman.apiserver.registry.pods import template_cells
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Column, Strategy

TEMPLATE = Path("spec.template")
CONTAINERS = Column("Containers", description="Names of the template's containers.", priority=1)
IMAGES = Column("Images", description="Images of the template's containers.", priority=1)
SELECTOR = Column("Selector", description="Which pods belong to it.", priority=1)


def selector_text(selector: LabelSelector | None) -> str:
    """A selector as `-o wide` shows it."""
    text = str(from_label_selector(selector)) if selector is not None else ""
    if selector is not None and not selector.matchExpressions:
        text = str(from_labels(selector.matchLabels))
    return text or "<none>"


class DeploymentStrategy(Strategy[Deployment]):
    """Strategy of deployments."""

    columns = (
        NAME_COLUMN,
        Column("Ready", description="Ready replicas, of how many."),
        Column("Up-to-date", "integer", description="Replicas of the newest template."),
        Column("Available", "integer", description="Replicas ready long enough."),
        AGE_COLUMN,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    )

    def default(self, obj: Deployment) -> Deployment:
        """Upstream's defaults."""
        return default_deployment(obj)

    def warnings(self, obj: Deployment) -> Sequence[str]:
        """Of the template."""
        return template_warnings(obj.spec.template, TEMPLATE)

    def validate(self, obj: Deployment) -> Sequence[Cause]:
        """The spec."""
        return validate_deployment(obj)

    def validate_update(self, obj: Deployment, old: Deployment) -> Sequence[Cause]:
        """The spec, whose selector stays."""
        return [*self.validate(obj), *selector_change(obj.spec.selector, old.spec.selector)]

    def prepare_for_status_update(self, obj: Deployment, old: Deployment) -> Deployment:
        """The labels stay too, of this kind alone. Source: deploymentStatusStrategy."""
        kept = super().prepare_for_status_update(obj, old)
        return replace(kept, metadata=replace(kept.metadata, labels=old.metadata.labels))

    def row(self, obj: Deployment, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        spec, status = obj.spec, obj.status
        return (
            obj.metadata.name,
            f"{status.readyReplicas}/{spec.replicas or 0}",
            status.updatedReplicas,
            status.availableReplicas,
            age(obj.metadata.creationTimestamp, now),
            *template_cells(spec.template),
            selector_text(spec.selector),
        )


class ReplicaSetStrategy(Strategy[ReplicaSet]):
    """Strategy of replica sets."""

    columns = (
        NAME_COLUMN,
        Column("Desired", "integer", description="Replicas wanted."),
        Column("Current", "integer", description="Replicas there are."),
        Column("Ready", "integer", description="Replicas that are ready."),
        AGE_COLUMN,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    )

    def default(self, obj: ReplicaSet) -> ReplicaSet:
        """Upstream's defaults."""
        return default_replica_set(obj)

    def warnings(self, obj: ReplicaSet) -> Sequence[str]:
        """Of the template."""
        return template_warnings(obj.spec.template, TEMPLATE)

    def validate(self, obj: ReplicaSet) -> Sequence[Cause]:
        """The spec."""
        return validate_replica_set(obj)

    def validate_update(self, obj: ReplicaSet, old: ReplicaSet) -> Sequence[Cause]:
        """The spec, whose selector stays."""
        return [*self.validate(obj), *selector_change(obj.spec.selector, old.spec.selector)]

    def selectable(self, obj: ReplicaSet) -> dict[str, str]:
        """The fields replica sets may be selected by."""
        return {"status.replicas": str(obj.status.replicas)}

    def row(self, obj: ReplicaSet, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        spec, status = obj.spec, obj.status
        return (
            obj.metadata.name,
            spec.replicas or 0,
            status.replicas,
            status.readyReplicas,
            age(obj.metadata.creationTimestamp, now),
            *template_cells(spec.template),
            selector_text(spec.selector),
        )


class ReplicationControllerStrategy(Strategy[ReplicationController]):
    """Strategy of replication controllers."""

    columns = ReplicaSetStrategy.columns

    def default(self, obj: ReplicationController) -> ReplicationController:
        """One replica; selector and labels follow the template's labels."""
        spec, meta = obj.spec, obj.metadata
        if spec.template is not None:
            labels = spec.template.metadata.labels
            spec = replace(spec, selector=spec.selector or labels, template=default_template(spec.template))
            meta = replace(meta, labels=meta.labels or labels)
        return replace(obj, metadata=meta, spec=replace(spec, replicas=1 if spec.replicas is None else spec.replicas))

    def validate(self, obj: ReplicationController) -> Sequence[Cause]:
        """The template."""
        template = obj.spec.template
        return validate_template(template, Path("spec.template")) if template is not None else ()

    def selectable(self, obj: ReplicationController) -> dict[str, str]:
        """The fields replication controllers may be selected by."""
        return {"status.replicas": str(obj.status.replicas)}

    def row(self, obj: ReplicationController, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        spec, status = obj.spec, obj.status
        containers, images = template_cells(spec.template) if spec.template is not None else ("", "")
        counts = (spec.replicas or 0, status.replicas, status.readyReplicas)
        since = age(obj.metadata.creationTimestamp, now)
        return (obj.metadata.name, *counts, since, containers, images, str(from_labels(spec.selector)) or "<none>")


class DaemonSetStrategy(Strategy[DaemonSet]):
    """Strategy of daemon sets."""

    columns = (
        NAME_COLUMN,
        Column("Desired", "integer", description="Nodes that should run it."),
        Column("Current", "integer", description="Nodes that run it."),
        Column("Ready", "integer", description="Nodes where it is ready."),
        Column("Up-to-date", "integer", description="Nodes that run the newest template."),
        Column("Available", "integer", description="Nodes where it has been ready long enough."),
        Column("Node Selector", description="Which nodes run it."),
        AGE_COLUMN,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    )

    def default(self, obj: DaemonSet) -> DaemonSet:
        """Upstream's defaults."""
        return default_daemon_set(obj)

    def warnings(self, obj: DaemonSet) -> Sequence[str]:
        """Of the template."""
        return template_warnings(obj.spec.template, TEMPLATE)

    def validate(self, obj: DaemonSet) -> Sequence[Cause]:
        """The spec."""
        return validate_daemon_set(obj)

    def validate_update(self, obj: DaemonSet, old: DaemonSet) -> Sequence[Cause]:
        """The spec, whose selector stays."""
        return [*self.validate(obj), *selector_change(obj.spec.selector, old.spec.selector)]

    def row(self, obj: DaemonSet, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        spec, status = obj.spec, obj.status
        return (
            obj.metadata.name,
            status.desiredNumberScheduled,
            status.currentNumberScheduled,
            status.numberReady,
            status.updatedNumberScheduled,
            status.numberAvailable,
            str(from_labels(spec.template.spec.nodeSelector)) or "<none>",
            age(obj.metadata.creationTimestamp, now),
            *template_cells(spec.template),
            selector_text(spec.selector),
        )


class StatefulSetStrategy(Strategy[StatefulSet]):
    """Strategy of stateful sets."""

    columns = (
        NAME_COLUMN,
        Column("Ready", description="Ready replicas, of how many."),
        AGE_COLUMN,
        CONTAINERS,
        IMAGES,
    )

    def default(self, obj: StatefulSet) -> StatefulSet:
        """Upstream's defaults."""
        return default_stateful_set(obj)

    def warnings(self, obj: StatefulSet) -> Sequence[str]:
        """Of the template."""
        return template_warnings(obj.spec.template, TEMPLATE)

    def validate(self, obj: StatefulSet) -> Sequence[Cause]:
        """The spec."""
        return validate_stateful_set(obj)

    def validate_update(self, obj: StatefulSet, old: StatefulSet) -> Sequence[Cause]:
        """The spec, most of which stays."""
        return [*self.validate(obj), *stateful_set_changes(obj, old)]

    def row(self, obj: StatefulSet, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        ready = f"{obj.status.readyReplicas}/{obj.spec.replicas or 0}"
        since = age(obj.metadata.creationTimestamp, now)
        return (obj.metadata.name, ready, since, *template_cells(obj.spec.template))


class ControllerRevisionStrategy(Strategy[ControllerRevision]):
    """Strategy of controller revisions."""

    columns = (NAME_COLUMN, Column("Controller"), Column("Revision", "integer"), AGE_COLUMN)

    def row(self, obj: ControllerRevision, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        owner = next((one for one in obj.metadata.ownerReferences if one.controller), None)
        group = owner.apiVersion.partition("/")[0] if owner is not None and "/" in owner.apiVersion else ""
        kind = f"{owner.kind.lower()}.{group}" if owner is not None and group else (owner.kind.lower() if owner else "")
        controller = f"{kind}/{owner.name}" if owner is not None else "<none>"
        return (obj.metadata.name, controller, obj.revision, age(obj.metadata.creationTimestamp, now))
