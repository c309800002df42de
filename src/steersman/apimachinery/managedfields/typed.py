"""Values of a known topology: which fields one has, and how two differ.

Values are wire trees; nothing here changes them.
Source: structured-merge-diff, typed: ToFieldSet, Compare.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.managedfields.elements import SELF, key_element, single_key_element, value_element
from steersman.apimachinery.managedfields.fieldset import FieldSet, Path, insert
from steersman.apimachinery.managedfields.topology import ABSENT, UNTYPED, Shape, Topology


class BadItem(ValueError):
    """An item of a set or keyed list that can't be told apart from others."""


def item_element(topology: Topology, item: Any) -> str:
    """The path element of an item of a keyed list or a set."""
    if topology.shape is Shape.SET:
        if isinstance(item, dict):
            raise BadItem("associative list without keys has an element that's a map type")
        if isinstance(item, list):
            raise BadItem("not supported: associative list with lists as elements")
        if item is None:
            raise BadItem("associative list without keys has an element that's an explicit null")
        return value_element(item)
    if item is None:
        raise BadItem("associative list with keys may not have a null element")
    if not isinstance(item, dict):
        raise BadItem("associative list with keys may not have non-map elements")
    if len(topology.keys) == 1:
        (name,) = topology.keys
        value = item.get(name)
        if type(value) is str:
            return single_key_element(name, value)
    keys = {}
    for name, default in topology.keys.items():
        value = item.get(name, default)
        if value is not ABSENT:
            keys[name] = value
    if not keys:
        listed = " ".join(f'"{name}"' for name in topology.keys)
        raise BadItem(
            f"associative list with keys has an element that omits all key fields [{listed}] "
            "(and doesn't have default values for any key fields)"
        )
    return key_element(keys)


def field_set(topology: Topology, value: Any) -> FieldSet:
    """Every leaf and every item the value mentions."""
    made = _members(topology, value)
    return FieldSet({element: below for element, below in (made or {}).items() if element != SELF})


def _members(topology: Topology, value: Any) -> dict[str, Any] | None:
    """The tree of the value, {} if it is a leaf, None if it has nothing to own."""
    match topology.shape:
        case Shape.MAP:
            return _map_members(topology, value)
        case Shape.KEYED | Shape.SET:
            return _item_members(topology, value)
        case Shape.UNTYPED if isinstance(value, dict):
            return _map_members(topology, value)
        case _:
            return {}


def _map_members(topology: Topology, value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    made: dict[str, Any] = {}
    for name, part in value.items():
        declared = topology.fields.get(name)
        tree = _members(declared or topology.element or UNTYPED, part)
        if part is None or part == {}:
            tree = {}
        elif declared is None:
            tree = {SELF: {}, **tree} if tree else {}
        if tree is not None:
            made["f:" + name] = tree
    return made or None


def _item_members(topology: Topology, value: Any) -> dict[str, Any] | None:
    if not isinstance(value, list):
        return None
    made: dict[str, Any] = {}
    for item in value:
        element = item_element(topology, item)
        if element in made:
            made[element] = {}  # of duplicates only the item as a whole is owned
            continue
        tree = _members(topology.element or UNTYPED, item)
        made[element] = {SELF: {}, **tree} if tree else {}
    return made or None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a new value did to the old one. atomics: the changed paths that are replaced as a whole."""

    removed: FieldSet
    modified: FieldSet
    added: FieldSet
    atomics: tuple[Path, ...] = ()

    @property
    def changed(self) -> FieldSet:
        """What the new value set."""
        return self.modified | self.added

    def __bool__(self) -> bool:
        return bool(self.removed or self.modified or self.added)

    def without(self, fields: FieldSet) -> "Comparison":
        """As if the fields and all below them had not been looked at."""
        if not fields:
            return self
        return Comparison(
            self.removed.without_subtrees(fields),
            self.modified.without_subtrees(fields),
            self.added.without_subtrees(fields),
            self.atomics,
        )


def compare(topology: Topology, old: Any, new: Any) -> Comparison:
    """How the new value differs."""
    made = _Comparing()
    made.visit(topology, old, new, [])
    return Comparison(FieldSet(made.removed), FieldSet(made.modified), FieldSet(made.added), tuple(made.atomics))


class _Comparing:
    """Gathers the differences; path is the stack of elements above the values being looked at."""

    def __init__(self) -> None:
        self.removed: dict[str, Any] = {}
        self.modified: dict[str, Any] = {}
        self.added: dict[str, Any] = {}
        self.atomics: list[Path] = []

    def visit(self, topology: Topology, old: Any, new: Any, path: list[str]) -> None:
        """Note where two values differ. A null stands for an empty map or list, ABSENT for no value."""
        match topology.shape:
            case Shape.MAP:
                self._visit_map(topology, old, new, path)
            case Shape.KEYED | Shape.SET:
                self._visit_list(topology, old, new, path)
            case Shape.UNTYPED:
                self._visit_untyped(old, new, path)
            case shape:
                if shape is Shape.ATOMIC:
                    self.atomics.append(tuple(path))
                self._leaf(old, new, path)

    def _leaf(self, old: Any, new: Any, path: list[str]) -> None:
        if old is ABSENT:
            insert(self.added, tuple(path))
        elif new is ABSENT:
            insert(self.removed, tuple(path))
        elif old != new:
            insert(self.modified, tuple(path))

    def _came_or_went(self, old: Any, new: Any, path: list[str]) -> None:
        if old is ABSENT:
            insert(self.added, tuple(path))
        elif new is ABSENT:
            insert(self.removed, tuple(path))

    def _visit_untyped(self, old: Any, new: Any, path: list[str]) -> None:
        are_maps = isinstance(old, dict), isinstance(new, dict)
        if not any(are_maps):
            self._leaf(old, new, path)
        elif all(are_maps) or old is ABSENT or new is ABSENT or old is None or new is None:
            self._visit_map(UNTYPED, old, new, path)
        else:
            self._leaf(old, new, path)
            before, after = (one if isinstance(one, dict) else None for one in (old, new))
            self._visit_map(UNTYPED, before, after, path)

    def _visit_map(self, topology: Topology, old: Any, new: Any, path: list[str]) -> None:
        if not is_full(old) and not is_full(new):
            self._leaf(old, new, path)
            return
        before: Mapping[str, Any] = old if isinstance(old, dict) else {}
        after: Mapping[str, Any] = new if isinstance(new, dict) else {}
        # A struct that is there has its empty parts too, as Go's zero values are.
        old_empties = {} if old is ABSENT else topology.empties
        new_empties = {} if new is ABSENT else topology.empties
        names = before if before.keys() == after.keys() else {**before, **after}
        for name in names:
            mine, theirs = before.get(name, ABSENT), after.get(name, ABSENT)
            if mine == theirs:
                continue
            if mine is ABSENT and name in old_empties:
                mine = old_empties[name]
                if not is_full(theirs):
                    continue
            elif theirs is ABSENT and name in new_empties:
                theirs = new_empties[name]
                if not is_full(mine):
                    continue
            path.append("f:" + name)
            self.visit(topology.fields.get(name) or topology.element or UNTYPED, mine, theirs, path)
            path.pop()
        self._came_or_went(old, new, path)

    def _visit_list(self, topology: Topology, old: Any, new: Any, path: list[str]) -> None:
        if not is_full(old) and not is_full(new):
            self._leaf(old, new, path)
            return
        before, after = _by_element(topology, old), _by_element(topology, new)
        for element in before if before.keys() == after.keys() else {**before, **after}:
            mine, theirs = before.get(element, ()), after.get(element, ())
            if mine == theirs:
                continue
            path.append(element)
            self._visit_items(topology.element or UNTYPED, mine, theirs, path)
            path.pop()
        self._came_or_went(old, new, path)

    def _visit_items(self, element: Topology, old: tuple[Any, ...], new: tuple[Any, ...], path: list[str]) -> None:
        """The items under one element; several are duplicates, owned as if they were one atomic value."""
        if len(old) > 1 and len(new) > 1:
            insert(self.modified, tuple(path))
        elif len(old) > 1:
            if new:
                self.visit(element, ABSENT, new[0], path)
            insert(self.removed, tuple(path))
        elif len(new) > 1:
            if old:
                self.visit(element, old[0], ABSENT, path)
            insert(self.added, tuple(path))
        else:
            self.visit(element, old[0] if old else ABSENT, new[0] if new else ABSENT, path)


def is_full(value: Any) -> bool:
    """Whether a map or list holds anything; null and ABSENT don't."""
    return isinstance(value, dict | list) and bool(value)


def _by_element(topology: Topology, value: Any) -> dict[str, tuple[Any, ...]]:
    if not isinstance(value, list):
        return {}
    made: dict[str, tuple[Any, ...]] = {}
    for item in value:
        element = item_element(topology, item)
        made[element] = (*made.get(element, ()), item)
    return made
