"""managedFields: the managers of an object, as entries on the wire and as what each owns.

Source: apimachinery/pkg/util/managedfields/internal: managedfields.go, capmanagers.go, fieldmanager.go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from steersman.apimachinery.managedfields.fieldset import BadFieldSet, FieldSet

APPLY = "Apply"
UPDATE = "Update"
FIELDS_TYPE = "FieldsV1"
UNKNOWN_MANAGER = "unknown"
ANCIENT_CHANGES = "ancient-changes"
MAX_UPDATERS = 10


_TEXTS = ("manager", "operation", "apiVersion", "time", "fieldsType", "subresource")


class BadManagedFields(ValueError):
    """The entries can't be read."""


class Manager(NamedTuple):
    """Who owns fields. Appliers have no apiVersion here: one applier is the same in every version.

    A tuple, as managers are looked up often on every write, and a dataclass hashes slowly.
    """

    name: str
    operation: str
    api_version: str = ""
    subresource: str = ""

    @classmethod
    def applier(cls, name: str, subresource: str) -> "Manager":
        """Who applies."""
        return cls(name or UNKNOWN_MANAGER, APPLY, "", subresource)

    @classmethod
    def updater(cls, name: str, api_version: str, subresource: str) -> "Manager":
        """Who creates, updates or patches."""
        return cls(name or UNKNOWN_MANAGER, UPDATE, api_version, subresource)


@dataclass(frozen=True, slots=True)
class Owned:
    """What a manager owns. entry: the wire entry that says exactly this, if there is one."""

    fields: FieldSet
    api_version: str
    is_applied: bool
    time: str | None = None
    entry: dict[str, Any] | None = field(default=None, compare=False)

    def with_fields(self, fields: FieldSet) -> "Owned":
        """Owning other fields; the time stays that of the manager's own last change."""
        return self if fields is self.fields else replace(self, fields=fields, entry=None)

    def changed_at(self, time: str) -> "Owned":
        """Owning the same since a later time."""
        entry = {**self.entry, "time": time} if self.entry and "time" in self.entry else None
        return replace(self, time=time, entry=entry)


Managers = Mapping[Manager, Owned]


def decode(entries: Sequence[dict[str, Any]], *, is_own: bool = False) -> dict[Manager, Owned]:
    """Read managedFields. is_own: this server wrote them, so their sets needn't be checked again."""
    managers: dict[Manager, Owned] = {}
    for position, entry in enumerate(entries):
        if not is_own and not _is_well_formed(entry):
            raise BadManagedFields(f"entry {position} is malformed")
        manager = _manager_of(entry, position)
        managers[manager] = _owned_of(entry, is_own)
    return managers


def _is_well_formed(entry: Any) -> bool:
    return isinstance(entry, dict) and all(isinstance(entry.get(name), str | None) for name in _TEXTS)


def _manager_of(entry: Mapping[str, Any], position: int) -> Manager:
    operation, version = entry.get("operation"), entry.get("apiVersion")
    if operation not in (APPLY, UPDATE):
        raise BadManagedFields("operation must be `Apply` or `Update`")
    if not version:
        raise BadManagedFields("apiVersion must not be empty")
    if not (fields_type := entry.get("fieldsType")):
        raise BadManagedFields(f"missing fieldsType in managed fields entry {position}")
    if fields_type != FIELDS_TYPE:
        raise BadManagedFields(f'invalid fieldsType "{fields_type}" in managed fields entry {position}')
    version = "" if operation == APPLY else version
    return Manager(entry.get("manager") or "", operation, version, entry.get("subresource") or "")


def _owned_of(entry: dict[str, Any], is_own: bool) -> Owned:
    tree = entry.get("fieldsV1")
    applied, time = entry["operation"] == APPLY, entry.get("time")
    if is_own and isinstance(tree, dict):
        return Owned(FieldSet(tree, is_ordered=True), entry["apiVersion"], applied, time, entry)
    try:
        return Owned(FieldSet.from_tree(tree), entry["apiVersion"], applied, time)
    except BadFieldSet as error:
        raise BadManagedFields(f"error decoding set: {error}") from error


def encode(managers: Managers) -> list[dict[str, Any]]:
    """The wire entries, ordered by operation, time and name."""
    ordered = sorted(managers.items(), key=lambda one: (one[0].operation, one[1].time or "", *_rest(*one)))
    return [owned.entry or _entry(manager, owned) for manager, owned in ordered]


def _rest(manager: Manager, owned: Owned) -> tuple[str, str, str]:
    return manager.name, owned.api_version, manager.subresource


def _entry(manager: Manager, owned: Owned) -> dict[str, Any]:
    made: dict[str, Any] = {"manager": manager.name} if manager.name else {}
    made["operation"] = APPLY if owned.is_applied else manager.operation
    made["apiVersion"] = owned.api_version
    if owned.time is not None:
        made["time"] = owned.time
    made["fieldsType"] = FIELDS_TYPE
    made["fieldsV1"] = owned.fields.to_tree()
    if manager.subresource:
        made["subresource"] = manager.subresource
    return made


def is_reset(entries: Any) -> bool:
    """Whether a client asks to forget all owners: an empty list, or one empty entry."""
    return isinstance(entries, list) and (not entries or entries == [{}])


def cap_updaters(managers: Managers, limit: int = MAX_UPDATERS) -> Managers:
    """At most so many updaters: the oldest of one version are merged into `ancient-changes`."""
    if len(managers) <= limit:
        return managers
    updaters = sorted(
        (manager for manager, owned in managers.items() if not owned.is_applied),
        key=lambda manager: (managers[manager].time or "", manager),
    )
    surplus = len(updaters) - limit
    if surplus <= 0:
        return managers
    left = dict(managers)
    first_of: dict[str, Manager] = {}
    for manager in updaters:
        if surplus <= 0:
            break
        owned = managers[manager]
        first = first_of.setdefault(owned.api_version, manager)
        bucket = Manager(ANCIENT_CHANGES, UPDATE, owned.api_version)
        if manager in (first, bucket):
            continue
        known = left[bucket] if bucket in left else left.pop(first)
        # The time is that of the later one.
        del left[manager]
        left[bucket] = replace(owned, fields=owned.fields | known.fields, entry=None)
        surplus -= 1
    return left


def strip(managers: dict[Manager, Owned], manager: Manager) -> None:
    """Take from one manager the fields nobody owns: what identifies the object, and what the server sets."""
    owned = managers.get(manager)
    if owned is None:
        return
    fields = owned.fields - UNTRACKED
    if fields:
        managers[manager] = owned.with_fields(fields)
    else:
        del managers[manager]


_UNTRACKED_METADATA = (
    "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields",
    "resourceVersion",
)  # fmt: skip
UNTRACKED = FieldSet.of(
    ("f:apiVersion",), ("f:kind",), ("f:metadata",), *(("f:metadata", f"f:{name}") for name in _UNTRACKED_METADATA)
)
