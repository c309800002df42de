"""`FieldManager`: the facade that the request pipeline calls on every write of an object.

It keeps managedFields for creates, updates and patches, and carries server-side apply out. Values are wire trees of the
version being written; results share parts with the arguments, so that neither may be changed in place afterwards.
Source: apimachinery/pkg/util/managedfields/internal: the chain of managers in fieldmanager.go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from steersman.apimachinery.managedfields import lastapplied
from steersman.apimachinery.managedfields.checking import BadConfiguration, check
from steersman.apimachinery.managedfields.conflicts import ApplyConflicts, conflict_error
from steersman.apimachinery.managedfields.managers import (
    BadManagedFields,
    Manager,
    Managers,
    cap_updaters,
    decode,
    encode,
    is_reset,
    strip,
)
from steersman.apimachinery.managedfields.merge import Application, Change, Versions, apply, update
from steersman.apimachinery.managedfields.typed import BadItem
from steersman.apimachinery.object import GroupVersionKind
from steersman.apimachinery.status import BadRequest, StatusError
from steersman.apimachinery.times import format_time

BEFORE_FIRST_APPLY = "before-first-apply"

Value = dict[str, Any]
Entries = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Write:
    """Who writes and when. force: an apply takes the fields of others."""

    manager: str
    now: datetime
    force: bool = False


class NotApplicable(StatusError):
    """A configuration that can't be applied; upstream answers 500 without a reason."""


@dataclass(frozen=True, slots=True)
class FieldManager:
    """Keeps the owners of one kind's fields, as written through the kind itself or one of its subresources."""

    versions: Versions
    gvk: GroupVersionKind
    subresource: str = ""

    def update(self, live: Value | None, new: Value, write: Write) -> Entries:
        """The managedFields of a created (live is None), updated or patched object; [] for none.

        The very list of the live object if nothing changed.
        """
        stored = _entries(live)
        managers = self._sent_managers(live, new, stored)
        if not managers and live is not None and _metadata(live).get("uid"):
            return []  # nobody tracked it so far, or a client asked to forget: the first apply begins anew
        try:
            after = self._update(live or {}, new, managers, write)
        except BadItem:
            return stored
        return _settled(stored, encode(after))

    def apply(self, live: Value | None, config: Value, write: Write) -> Value:
        """The object to store, with its managedFields; all of it equal to live if the apply changes nothing.

        Raises Conflict if others own what would change, BadRequest and NotApplicable for what can't be applied.
        """
        self._check_config(live, config)
        stored = _entries(live)
        try:
            managers: Managers = decode(stored, is_own=True)
        except BadManagedFields as error:
            raise NotApplicable(f"failed to decode managed fields: {error}") from error
        before = _without_managed_fields(live or {})
        try:
            if not managers and live is not None:
                managers = self._update({}, before, managers, replace(write, manager=BEFORE_FIRST_APPLY))
            merged, managers = self._apply(before, config, managers, write)
        except BadItem as error:
            raise NotApplicable(f"failed to merge config: {error}") from error
        if write.manager == lastapplied.KUBECTL:
            merged = lastapplied.refresh(merged, config)
        entries = encode(managers)
        return _with_managed_fields(merged, entries if merged is not before else _settled(stored, entries))

    def _sent_managers(self, live: Value | None, new: Value, stored: Entries) -> Managers:
        """The managers before this write; clients may edit them, but not through a subresource."""
        sent = _entries(new) if not self.subresource else []
        if not self.subresource and is_reset(_metadata(new).get("managedFields")):
            return {}
        if sent and sent != stored:
            try:
                return decode(sent)
            except BadManagedFields:
                pass  # clients that don't know managedFields must not lose them
        try:
            return decode(stored, is_own=True)
        except BadManagedFields:
            return {}

    def _update(self, live: Value, new: Value, managers: Managers, write: Write) -> Managers:
        change = Change(self.versions, _without_managed_fields(live), _without_managed_fields(new))
        writer = Manager.updater(write.manager, self.versions.own, self.subresource)
        after, has_taken = update(change, managers, writer)
        if has_taken:
            after = {**after, writer: after[writer].changed_at(format_time(write.now))}
        return cap_updaters(after)

    def _apply(self, live: Value, config: Value, managers: Managers, write: Write) -> tuple[Value, Managers]:
        applier = Manager.applier(write.manager, self.subresource)
        application = Application(self.versions, live, config, applier, write.force)
        try:
            merged, after = apply(application, managers)
        except ApplyConflicts as conflicts:
            if write.manager != lastapplied.KUBECTL:
                raise conflict_error(conflicts.conflicts) from conflicts
            left = lastapplied.remaining_conflicts(self.versions, live, conflicts)
            if left:
                raise conflict_error(left) from conflicts
            merged, after = apply(replace(application, force=True), managers)
        settled = dict(after)
        strip(settled, applier)
        if merged is not live and applier in settled:
            settled[applier] = replace(settled[applier], time=format_time(write.now), entry=None)
        return merged, settled

    def _check_config(self, live: Value | None, config: Value) -> None:
        given = GroupVersionKind.parse(config.get("apiVersion") or "", config.get("kind") or "")
        if given != self.gvk:
            raise BadRequest(f"invalid object type: {_text(given)}")
        if _metadata(config).get("managedFields") is not None:
            raise BadRequest("metadata.managedFields must be nil")
        try:
            check(self.versions.topology, config)
        except BadConfiguration as error:
            metadata = _metadata(config)
            name = f"{metadata.get('namespace') or ''}/{metadata.get('name') or ''}; {_text(self.gvk)}"
            raise NotApplicable(f"failed to create typed patch object ({name}): {error}") from error


def _text(gvk: GroupVersionKind) -> str:
    return f"{gvk.group}/{gvk.version}, Kind={gvk.kind}"


def _metadata(value: Value | None) -> Mapping[str, Any]:
    found = value.get("metadata") if value else None
    return found if isinstance(found, dict) else {}


def _entries(value: Value | None) -> Entries:
    found = _metadata(value).get("managedFields")
    return found if isinstance(found, list) else []


def _without_managed_fields(value: Value) -> Value:
    metadata = _metadata(value)
    if "managedFields" not in metadata:
        return value
    return {**value, "metadata": {name: part for name, part in metadata.items() if name != "managedFields"}}


def _with_managed_fields(value: Value, entries: Sequence[Any]) -> Value:
    metadata = {name: part for name, part in _metadata(value).items() if name != "managedFields"}
    return {**value, "metadata": metadata | ({"managedFields": list(entries)} if entries else {})}


def _settled(stored: Entries, entries: Entries) -> Entries:
    """The stored entries if the new ones say nothing else."""
    return stored if stored and entries == stored else entries
