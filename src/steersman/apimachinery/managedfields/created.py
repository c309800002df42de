"""The fields of a value that was nothing before, in one walk: what `compare` with an empty value finds, for creates.

Source: structured-merge-diff, typed: Compare, where the left side is empty.
"""

from typing import Any

from steersman.apimachinery.managedfields.elements import SELF
from steersman.apimachinery.managedfields.fieldset import FieldSet, in_order
from steersman.apimachinery.managedfields.topology import UNTYPED, Shape, Topology
from steersman.apimachinery.managedfields.typed import is_full, item_element


def created_fields(topology: Topology, value: Any) -> FieldSet:
    """Every field that the value sets. Raises BadItem."""
    return FieldSet(_map_fields(topology, value, is_new=False) or {}, is_ordered=True)


def _fields(topology: Topology, value: Any) -> dict[str, Any]:
    """The tree of a value that has come: {} where it is owned as a whole."""
    match topology.shape:
        case Shape.MAP:
            return _map_fields(topology, value, is_new=True) or {}
        case Shape.KEYED | Shape.SET:
            return _item_fields(topology, value, is_new=True) or {}
        case Shape.UNTYPED if isinstance(value, dict):
            return _map_fields(UNTYPED, value, is_new=True) or {}
        case _:
            return {}


def _filled_fields(topology: Topology, value: Any) -> dict[str, Any] | None:
    """The tree of a part that was there, empty, and is filled now; None if there is nothing to own."""
    match topology.shape:
        case Shape.MAP:
            return _map_fields(topology, value, is_new=False)
        case Shape.KEYED | Shape.SET:
            return _item_fields(topology, value, is_new=False)
        case _:
            return {}


def _map_fields(topology: Topology, value: Any, *, is_new: bool) -> dict[str, Any] | None:
    made: dict[str, Any] = {SELF: {}} if is_new else {}
    if isinstance(value, dict):
        fields, rest = topology.fields, topology.element or UNTYPED
        # A struct that is there has its empty parts too, as Go's zero values are.
        empties = () if is_new else topology.empties
        for name in sorted(value):
            part, below = value[name], fields.get(name) or rest
            if below.shape is Shape.SCALAR:
                made["f:" + name] = {}
            elif name not in empties:
                made["f:" + name] = _fields(below, part)
            elif is_full(part) and (tree := _filled_fields(below, part)) is not None:
                made["f:" + name] = tree
    return _settled(made, is_new)


def _item_fields(topology: Topology, value: Any, *, is_new: bool) -> dict[str, Any] | None:
    made: dict[str, Any] = {SELF: {}} if is_new else {}
    if isinstance(value, list):
        element = topology.element or UNTYPED
        for item in value:
            name = item_element(topology, item)
            # Of duplicates only the item as a whole is owned.
            made[name] = {} if name in made else _fields(element, item)
    return _settled(in_order(made) if len(made) > 1 + is_new else made, is_new)


def _settled(made: dict[str, Any], is_new: bool) -> dict[str, Any] | None:
    """A tree with nothing in it stands for the whole value, if that has come."""
    if len(made) > is_new:
        return made
    return {} if is_new else None
