"""Configuration, secrets, accounts, events, claims, budgets.

Source: pkg/registry/core, pkg/registry/policy, pkg/printers/internalversion.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from steersman.api import events
from steersman.api.core import ConfigMap, Event, Secret, ServiceAccount
from steersman.api.core.defaults import default_secret
from steersman.api.policy import PodDisruptionBudget
from steersman.api.policy.selectors import with_plain_selector
from steersman.apimachinery.fielderrors import forbidden_field, invalid_values
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import config_map_key
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.age import age
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Column, Strategy

MAX_BYTES = 1024 * 1024
FROZEN = "field is immutable when `immutable` is set"


class ConfigMapStrategy(Strategy[ConfigMap]):
    """Strategy of config maps."""

    columns = (NAME_COLUMN, Column("Data"), AGE_COLUMN)

    def validate(self, obj: ConfigMap) -> Sequence[Cause]:
        """Keys are file names, and all of it is at most 1 MiB."""
        faults: list[Cause] = []
        for field, values in (("data", obj.data), ("binaryData", obj.binaryData)):
            for key in values:
                faults += invalid_values(Path(field).key(key), key, config_map_key(key))
        size = sum(len(value.encode()) for value in obj.data.values()) + sum(map(len, obj.binaryData.values()))
        return faults + _too_big(size)

    def validate_update(self, obj: ConfigMap, old: ConfigMap) -> Sequence[Cause]:
        """An immutable one stays as it is."""
        faults = list(self.validate(obj))
        if old.immutable:
            faults += _frozen(
                obj.immutable, (("data", obj.data == old.data), ("binaryData", obj.binaryData == old.binaryData))
            )
        return faults

    def row(self, obj: ConfigMap, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (obj.metadata.name, len(obj.data) + len(obj.binaryData), age(obj.metadata.creationTimestamp, now))


class SecretStrategy(Strategy[Secret]):
    """Strategy of secrets."""

    columns = (NAME_COLUMN, Column("Type"), Column("Data"), AGE_COLUMN)

    def default(self, obj: Secret) -> Secret:
        """Type, and stringData written into data."""
        return default_secret(obj)

    def validate(self, obj: Secret) -> Sequence[Cause]:
        """Keys are file names, and all of it is at most 1 MiB."""
        faults: list[Cause] = []
        for key in obj.data:
            faults += invalid_values(Path("data").key(key), key, config_map_key(key))
        return faults + _too_big(sum(map(len, obj.data.values())))

    def validate_update(self, obj: Secret, old: Secret) -> Sequence[Cause]:
        """The type stays, and an immutable one stays as it is."""
        faults = list(self.validate(obj))
        if obj.type != old.type:
            faults += invalid_values(Path("type"), obj.type, ["field is immutable"])
        if old.immutable:
            faults += _frozen(obj.immutable, (("data", obj.data == old.data),))
        return faults

    def selectable(self, obj: Secret) -> dict[str, str]:
        """The fields secrets may be selected by."""
        return {"type": obj.type}

    def row(self, obj: Secret, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (obj.metadata.name, obj.type, len(obj.data), age(obj.metadata.creationTimestamp, now))


def _too_big(size: int) -> list[Cause]:
    if size <= MAX_BYTES:
        return []
    return [Cause("FieldValueTooLong", f"Too long: may not be more than {MAX_BYTES} bytes", "data")]


def _frozen(immutable: bool | None, unchanged: Sequence[tuple[str, bool]]) -> list[Cause]:
    faults = [] if immutable else [forbidden_field(Path("immutable"), FROZEN)]
    return faults + [forbidden_field(Path(field), FROZEN) for field, is_same in unchanged if not is_same]


class ServiceAccountStrategy(Strategy[ServiceAccount]):
    """Strategy of service accounts."""

    columns = (NAME_COLUMN, Column("Secrets", "integer"), AGE_COLUMN)

    def row(self, obj: ServiceAccount, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (obj.metadata.name, len(obj.secrets), age(obj.metadata.creationTimestamp, now))


EVENT_COLUMNS = (
    Column("Last Seen"),
    Column("Type"),
    Column("Reason"),
    Column("Object"),
    Column("Subobject", priority=1),
    Column("Source", priority=1),
    Column("Message"),
    Column("First Seen", priority=1),
    Column("Count", priority=1),
    Column("Name", format="name", priority=1),
)


class EventStrategy(Strategy[Event]):
    """Strategy of events, which take no notice of a spec."""

    allows_create_on_update = True
    columns = EVENT_COLUMNS

    def default(self, obj: Event) -> Event:
        """An event without a time of its own has none, as upstream keeps it."""
        return obj

    def selectable(self, obj: Event) -> dict[str, str]:
        """The fields events may be selected by."""
        about = obj.involvedObject
        return {
            # As events.k8s.io names them: both groups are indexed together.
            "regarding.kind": about.kind,
            "regarding.name": about.name,
            "regarding.namespace": about.namespace,
            "regarding.uid": about.uid,
            "reportingController": obj.reportingComponent,
            "involvedObject.kind": about.kind,
            "involvedObject.namespace": about.namespace,
            "involvedObject.name": about.name,
            "involvedObject.uid": about.uid,
            "involvedObject.apiVersion": about.apiVersion,
            "involvedObject.resourceVersion": about.resourceVersion,
            "involvedObject.fieldPath": about.fieldPath,
            "reason": obj.reason,
            "reportingComponent": obj.reportingComponent,
            "source": obj.source.component or obj.reportingComponent,
            "type": obj.type,
        }

    def row(self, obj: Event, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        first = obj.firstTimestamp or obj.eventTime
        last = obj.series.lastObservedTime if obj.series is not None else obj.lastTimestamp or first
        source = obj.source
        shown = ", ".join(part for part in (source.component or obj.reportingComponent, source.host) if part)
        return (
            age(last, now),
            obj.type,
            obj.reason,
            f"{obj.involvedObject.kind.lower()}/{obj.involvedObject.name}",
            obj.involvedObject.fieldPath,
            shown,
            obj.message.strip(),
            age(first, now),
            str((obj.series.count if obj.series is not None else obj.count) or 1),
            obj.metadata.name,
        )


class EventsEventStrategy(Strategy[events.Event]):
    """Strategy of events in events.k8s.io: the same events under newer names."""

    allows_create_on_update = True
    columns = EVENT_COLUMNS

    def selectable(self, obj: events.Event) -> dict[str, str]:
        """The fields events may be selected by."""
        return {
            "reason": obj.reason,
            "regarding.kind": obj.regarding.kind,
            "regarding.name": obj.regarding.name,
            "regarding.namespace": obj.regarding.namespace,
            "regarding.uid": obj.regarding.uid,
            "reportingController": obj.reportingController,
            "type": obj.type,
        }

    def row(self, obj: events.Event, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        first = obj.deprecatedFirstTimestamp or obj.eventTime
        last = obj.series.lastObservedTime if obj.series is not None else obj.deprecatedLastTimestamp or first
        count = obj.series.count if obj.series is not None else obj.deprecatedCount
        about = f"{obj.regarding.kind.lower()}/{obj.regarding.name}"
        source = obj.reportingController
        times = (age(first, now), str(count or 1), obj.metadata.name)
        return (age(last, now), obj.type, obj.reason, about, obj.regarding.fieldPath, source, obj.note.strip(), *times)


class BudgetStrategy(Strategy[PodDisruptionBudget]):
    """Strategy of pod disruption budgets."""

    columns = (
        NAME_COLUMN,
        Column("Min Available"),
        Column("Max Unavailable"),
        Column("Allowed Disruptions"),
        AGE_COLUMN,
    )

    def default(self, obj: PodDisruptionBudget) -> PodDisruptionBudget:
        """See `with_plain_selector`."""
        return with_plain_selector(obj)

    def row(self, obj: PodDisruptionBudget, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        least, most = obj.spec.minAvailable, obj.spec.maxUnavailable
        return (
            obj.metadata.name,
            str(least) if least is not None else "N/A",
            str(most) if most is not None else "N/A",
            obj.status.disruptionsAllowed,
            age(obj.metadata.creationTimestamp, now),
        )
