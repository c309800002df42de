"""What a cluster is made of: nodes, namespaces, leases, priorities, roles.

Source: pkg/registry, pkg/printers/internalversion.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from steersman.api.coordination import Lease
from steersman.api.core import ComponentStatus, Namespace, NamespaceSpec, NamespaceStatus, Node
from steersman.api.core.defaults import default_namespace
from steersman.api.scheduling import PriorityClass
from steersman.apimachinery.fielderrors import forbidden_field
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.age import age
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Column, Strategy

ROLE_LABEL = "node-role.kubernetes.io/"
HIGHEST_USER_PRIORITY = 1_000_000_000
SYSTEM_PREFIX = "system-"


class NodeStrategy(Strategy[Node]):
    """Strategy of nodes."""

    has_generation = False
    columns = (
        NAME_COLUMN,
        Column("Status", description="Ready or not, and whether pods are sent there."),
        Column("Roles", description="What it is used for."),
        AGE_COLUMN,
        Column("Version", description="Its kubelet's version."),
        Column("Internal-IP", description="Its address inside the cluster.", priority=1),
        Column("External-IP", description="Its address outside.", priority=1),
        Column("OS-Image", description="Its operating system.", priority=1),
        Column("Kernel-Version", description="Its kernel.", priority=1),
        Column("Container-Runtime", description="Its container runtime.", priority=1),
    )

    def prepare_for_create(self, obj: Node) -> Node:
        """A kubelet registers its node with the status it has found."""
        return obj

    def selectable(self, obj: Node) -> dict[str, str]:
        """The fields nodes may be selected by."""
        return {"spec.unschedulable": "true" if obj.spec.unschedulable else "false"}

    def row(self, obj: Node, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        info = obj.status.nodeInfo
        addresses = {address.type: address.address for address in reversed(obj.status.addresses)}
        return (
            obj.metadata.name,
            _node_status(obj),
            _node_roles(obj),
            age(obj.metadata.creationTimestamp, now),
            info.kubeletVersion,
            addresses.get("InternalIP", "<none>"),
            addresses.get("ExternalIP", "<none>"),
            info.osImage or "<unknown>",
            info.kernelVersion or "<unknown>",
            info.containerRuntimeVersion or "<unknown>",
        )


def _node_status(node: Node) -> str:
    ready = next((condition for condition in node.status.conditions if condition.type == "Ready"), None)
    status = "Unknown" if ready is None else ("Ready" if ready.status == "True" else "NotReady")
    return f"{status},SchedulingDisabled" if node.spec.unschedulable else status


def _node_roles(node: Node) -> str:
    labels = node.metadata.labels
    roles = {label.removeprefix(ROLE_LABEL) for label in labels if label.startswith(ROLE_LABEL)}
    if "kubernetes.io/role" in labels:
        roles.add(labels["kubernetes.io/role"])
    return ",".join(sorted(roles - {""})) or "<none>"


class NamespaceStrategy(Strategy[Namespace]):
    """Strategy of namespaces: they stay until everything in them is gone."""

    has_generation = False
    columns = (NAME_COLUMN, Column("Status", description="Active or Terminating."), AGE_COLUMN)

    def default(self, obj: Namespace) -> Namespace:
        """Its name as a label."""
        return default_namespace(obj)

    def prepare_for_create(self, obj: Namespace) -> Namespace:
        """Active, and held by the finalizer of the namespace controller."""
        finalizers = tuple(dict.fromkeys((*obj.spec.finalizers, "kubernetes")))
        return replace(obj, spec=NamespaceSpec(finalizers=finalizers), status=NamespaceStatus(phase="Active"))

    def prepare_for_update(self, obj: Namespace, old: Namespace) -> Namespace:
        """Finalizers change through `finalize` only."""
        return replace(obj, spec=old.spec, status=old.status)

    def prepare_for_subresource(self, subresource: str, obj: Namespace, old: Namespace) -> Namespace:
        """`finalize` changes the finalizers, `status` the status."""
        if subresource == "finalize":
            return replace(obj, status=old.status)
        return self.prepare_for_status_update(obj, old)

    def selectable(self, obj: Namespace) -> dict[str, str]:
        """The fields namespaces may be selected by."""
        return {"status.phase": obj.status.phase, "name": obj.metadata.name}

    def row(self, obj: Namespace, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (obj.metadata.name, obj.status.phase, age(obj.metadata.creationTimestamp, now))


class LeaseStrategy(Strategy[Lease]):
    """Strategy of leases."""

    has_generation = False
    allows_create_on_update = True
    columns = (NAME_COLUMN, Column("Holder", description="Who has it."), AGE_COLUMN)

    def row(self, obj: Lease, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (obj.metadata.name, obj.spec.holderIdentity or "", age(obj.metadata.creationTimestamp, now))


class PriorityClassStrategy(Strategy[PriorityClass]):
    """Strategy of priority classes."""

    columns = (
        NAME_COLUMN,
        Column("Value", "integer"),
        Column("Global-Default", "boolean"),
        AGE_COLUMN,
        Column("PreemptionPolicy"),
    )

    def default(self, obj: PriorityClass) -> PriorityClass:
        """Preemption as usual."""
        return replace(obj, preemptionPolicy=obj.preemptionPolicy or "PreemptLowerPriority")

    def prepare_for_create(self, obj: PriorityClass) -> PriorityClass:
        """It has a generation without having a spec."""
        return replace(obj, metadata=replace(obj.metadata, generation=1))

    def validate(self, obj: PriorityClass) -> Sequence[Cause]:
        """Names and values of the system's own classes are the system's."""
        name = obj.metadata.name
        if name.startswith(SYSTEM_PREFIX) and name not in ("system-node-critical", "system-cluster-critical"):
            text = f"priority class names with '{SYSTEM_PREFIX}' prefix are reserved for system use only"
            return [forbidden_field(Path("metadata.name"), text)]
        if obj.value > HIGHEST_USER_PRIORITY and not name.startswith(SYSTEM_PREFIX):
            text = f"maximum allowed value of a user defined priority is {HIGHEST_USER_PRIORITY}"
            return [forbidden_field(Path("value"), text)]
        return ()

    def validate_update(self, obj: PriorityClass, old: PriorityClass) -> Sequence[Cause]:
        """A value stays: pods carry it."""
        if obj.value != old.value:
            return [forbidden_field(Path("value"), "may not be changed in an update.")]
        return ()

    def row(self, obj: PriorityClass, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        since = age(obj.metadata.creationTimestamp, now)
        return (obj.metadata.name, obj.value, obj.globalDefault, since, obj.preemptionPolicy or "")


class ComponentStatusStrategy(Strategy[ComponentStatus]):
    """How component statuses are shown; none is written."""

    columns = (
        NAME_COLUMN,
        Column("Status", description="Whether it is healthy."),
        Column("Message", description="What it says."),
        Column("Error", description="What is wrong."),
    )

    def row(self, obj: ComponentStatus, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        for one in obj.conditions:
            if one.type == "Healthy":
                state = "Healthy" if one.status == "True" else "Unhealthy"
                return (obj.metadata.name, state, one.message, one.error)
        return (obj.metadata.name, "Unknown", "", "")
