"""How ownership moves: what a changed value does to the managers, and what an applied configuration does to the value.

Source: structured-merge-diff, merge: Updater.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.managedfields.combine import drop_emptied, merge, remove, with_named_fields
from steersman.apimachinery.managedfields.conflicts import ApplyConflicts, FieldConflict
from steersman.apimachinery.managedfields.created import created_fields
from steersman.apimachinery.managedfields.elements import SELF
from steersman.apimachinery.managedfields.fieldset import EMPTY, FieldSet, Path, Tree
from steersman.apimachinery.managedfields.managers import UNTRACKED, Manager, Managers, Owned
from steersman.apimachinery.managedfields.topology import Shape, Topology
from steersman.apimachinery.managedfields.typed import Comparison, compare, field_set


def same_in_every_version(value: Any, version: str) -> Any:
    """The conversion of a kind that has one version."""
    return value


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of a kind. convert gives a value, of any version, in another; ignored: fields nobody may own."""

    own: str
    topologies: Mapping[str, Topology]
    convert: Callable[[Any, str], Any] = same_in_every_version
    ignored: Mapping[str, FieldSet] | None = None

    @property
    def topology(self) -> Topology:
        """The type in the version that is written."""
        return self.topologies[self.own]

    def ignored_in(self, version: str) -> FieldSet:
        """The fields whose changes don't count."""
        return (self.ignored or {}).get(version, EMPTY)

    def in_version(self, value: Any, version: str) -> Any:
        """A value of this kind's own version in another."""
        return value if version == self.own else self.convert(value, version)

    def compare(self, old: Any, new: Any, version: str) -> Comparison:
        """How two values of the own version differ in another version."""
        old, new = self.in_version(old, version), self.in_version(new, version)
        return compare(self.topologies[version], old, new).without(self.ignored_in(version))


@dataclass(frozen=True, slots=True)
class Change:
    """A write: the value before and after."""

    versions: Versions
    old: Any
    new: Any

    def compare_all(self, managers: Managers) -> dict[str, Comparison]:
        """How the values differ, in every version that some manager speaks and the own one."""
        wanted = {self.versions.own, *(owned.api_version for owned in managers.values())}
        known = wanted & self.versions.topologies.keys()
        return {version: self.versions.compare(self.old, self.new, version) for version in known}


def update(change: Change, managers: Managers, writer: Manager) -> tuple[Managers, bool]:
    """The managers after the writer, an updater in the own version, made a change; and whether it owns any of it."""
    if not managers and not change.old:
        return _created(change, writer)
    compared = change.compare_all(managers)
    own = compared[change.versions.own]
    taken = own.changed - UNTRACKED
    mine = managers.get(writer)
    left = _give_up(managers, compared, writer)
    if mine is not None:
        # Mostly a manager changes again what it owns already: then its set is the very same.
        fields = (_collapse(mine.fields, own.atomics) - own.removed) | taken
        if fields is mine.fields:
            return left, bool(taken)
        if not fields:
            return {manager: owned for manager, owned in left.items() if manager != writer}, False
        return {**left, writer: mine.with_fields(fields)}, bool(taken)
    return ({**left, writer: Owned(taken, change.versions.own, False)} if taken else left), bool(taken)


def _created(change: Change, writer: Manager) -> tuple[Managers, bool]:
    versions = change.versions
    fields = created_fields(versions.topology, change.new).without_subtrees(versions.ignored_in(versions.own))
    taken = fields - UNTRACKED
    return ({writer: Owned(taken, versions.own, False)} if taken else {}), bool(taken)


def _give_up(managers: Managers, compared: Mapping[str, Comparison], keeper: Manager | None = None) -> Managers:
    """What all but the keeper still own; managers of versions that are gone go too."""
    are_known = all(owned.fields and owned.api_version in compared for owned in managers.values())
    if are_known and not any(compared.values()):
        return managers
    left: dict[Manager, Owned] = {}
    for manager, owned in managers.items():
        difference = compared.get(owned.api_version)
        if manager == keeper:
            if owned.fields:
                left[manager] = owned
        elif difference is not None:
            fields = _collapse(owned.fields, difference.atomics) - difference.changed - difference.removed
            if fields:
                left[manager] = owned.with_fields(fields)
    return left


def _collapse(fields: FieldSet, paths: Iterable[Path]) -> FieldSet:
    """Parts owned of what has become atomic since are the whole of it."""
    tree = fields.tree
    for path in paths:
        tree = _collapse_at(tree, path)
    return fields if tree is fields.tree else FieldSet(tree)


def _collapse_at(tree: Tree, path: Path) -> Tree:
    if not path:
        return {}
    below = tree.get(path[0])
    if not below:
        return tree
    made = _collapse_at(below, path[1:])
    return tree if made is below else {**tree, path[0]: made}


@dataclass(frozen=True, slots=True)
class Application:
    """What is applied onto what, by whom. force: take what others own."""

    versions: Versions
    live: Any
    config: Any
    manager: Manager
    force: bool = False


def apply(application: Application, managers: Managers) -> tuple[Any, Managers]:
    """The merged value (live itself if it is equal) and the managers. Raises ApplyConflicts."""
    versions, applier = application.versions, application.manager
    known = {manager: _reconciled(versions, owned) for manager, owned in managers.items()}
    last = known.get(applier)
    fields = field_set(versions.topology, application.config)
    fields = fields.without_subtrees(versions.ignored_in(versions.own))
    known[applier] = _reowned(last, fields, versions.own)
    merged = whole = merge(versions.topology, application.live, application.config)
    if last is not None and _may_drop(last, known[applier]) and last.api_version in versions.topologies:
        merged = _Pruning(versions, merged, known).prune(last)
    change = Change(versions, application.live, merged)
    compared = change.compare_all(known)
    if not application.force:
        _refuse_conflicts(known, compared, applier)
    left = _give_up(known, compared, applier)
    if merged is not whole:
        # What was emptied by pruning may be applied as empty.
        merged = merge(versions.topology, drop_emptied(versions.topology, merged, whole), application.config)
    return (application.live if merged == application.live else merged), left


def _may_drop(last: Owned, now: Owned) -> bool:
    """Whether something was applied before that isn't now; only then there is anything to prune."""
    return bool(last.fields if last.api_version != now.api_version else last.fields - now.fields)


def _reowned(last: Owned | None, fields: FieldSet, version: str) -> Owned:
    if last is not None and last.api_version == version and last.fields == fields:
        return last
    return Owned(fields, version, True, last.time if last else None)


def _refuse_conflicts(managers: Managers, compared: Mapping[str, Comparison], applier: Manager) -> None:
    found = []
    for manager, owned in sorted(managers.items()):
        difference = compared.get(owned.api_version)
        if manager != applier and difference is not None:
            found += [FieldConflict(manager, path) for path in owned.fields & difference.changed]
    if found:
        raise ApplyConflicts(found)


def _reconciled(versions: Versions, owned: Owned) -> Owned:
    """What is owned, as the type is today: parts of what became atomic become the whole."""
    topology = versions.topologies.get(owned.api_version)
    if topology is None:
        return owned
    tree = _reconcile(topology, owned.fields.tree)
    return owned if tree is owned.fields.tree else owned.with_fields(FieldSet(tree))


def _reconcile(topology: Topology, tree: Tree) -> Tree:
    made: dict[str, Any] | None = None
    for element, below in tree.items():
        part = topology.fields.get(element[2:]) or topology.element
        if element == SELF or not below or part is None or part.shape in (Shape.SCALAR, Shape.UNTYPED):
            continue
        now = {} if part.shape is Shape.ATOMIC else _reconcile(part, below)
        if now is not below:
            made = dict(tree) if made is None else made
            made[element] = now
    return tree if made is None else made


class _Pruning:
    """Takes from a merged value what the applier owned before, mentions no more, and nobody else owns."""

    def __init__(self, versions: Versions, merged: Any, managers: Managers) -> None:
        self._versions = versions
        self._merged = merged
        self._managers = managers
        self._whole: dict[str, FieldSet] = {}

    def prune(self, last: Owned) -> Any:
        """The merged value without what the applier dropped; last: what it owned before.

        Maps and lists that lost everything are null: that they went is nobody's change.
        """
        version = last.api_version
        pruned = remove(self._topology(version), self._in(version), self._named(version, last.fields))
        pruned = self._back(pruned, version)
        for other in sorted({owned.api_version for owned in self._managers.values()} - {version}):
            if other in self._versions.topologies:
                pruned = self._versions.convert(pruned, other)
                pruned = self._versions.convert(self._back(pruned, other), version)
        pruned = self._keep_unowned(pruned, last)
        own = self._versions.own
        return pruned if version == own else self._versions.convert(pruned, own)

    def _back(self, pruned: Any, version: str) -> Any:
        """With what any manager, the new configuration included, says to own."""
        owned = EMPTY
        for one in self._managers.values():
            if one.api_version == version:
                owned |= one.fields
        kept = self._named_fields_of(version, pruned) | self._named(version, owned)
        return remove(self._topology(version), self._in(version), self._named_whole(version) - kept)

    def _keep_unowned(self, pruned: Any, last: Owned) -> Any:
        """With what went away only because something above it did, and never was the applier's."""
        version = last.api_version
        gone = self._named_whole(version) - self._named_fields_of(version, pruned)
        return remove(self._topology(version), self._in(version), gone & self._named(version, last.fields))

    def _topology(self, version: str) -> Topology:
        return self._versions.topologies[version]

    def _in(self, version: str) -> Any:
        return self._versions.in_version(self._merged, version)

    def _named(self, version: str, fields: FieldSet) -> FieldSet:
        return with_named_fields(self._topology(version), fields)

    def _named_whole(self, version: str) -> FieldSet:
        """The fields of the merged value; most of pruning's time would go into making them again."""
        known = self._whole.get(version)
        if known is None:
            known = self._whole[version] = self._named_fields_of(version, self._in(version))
        return known

    def _named_fields_of(self, version: str, value: Any) -> FieldSet:
        return self._named(version, field_set(self._topology(version), value))
