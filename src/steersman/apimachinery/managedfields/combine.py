"""A configuration laid onto a live value, and parts taken out of a value again.

Results share what did not change with the arguments: treat them as read-only, or copy.
Source: structured-merge-diff, typed: Merge, RemoveItems, ExtractItems.
"""

from collections import deque
from typing import Any

from steersman.apimachinery.managedfields.elements import SELF
from steersman.apimachinery.managedfields.fieldset import FieldSet, Tree
from steersman.apimachinery.managedfields.topology import ABSENT, UNTYPED, Shape, Topology
from steersman.apimachinery.managedfields.typed import is_full, item_element


def merge(topology: Topology, live: Any, config: Any) -> Any:
    """The live value with everything the configuration mentions; nothing is removed.

    Lists keep the live order where the configuration says nothing, and take its order where it does.
    """
    if config is ABSENT or live is ABSENT:
        return live if config is ABSENT else config
    match topology.shape:
        case Shape.MAP:
            return _merge_maps(topology, live, config)
        case Shape.KEYED | Shape.SET:
            return _merge_lists(topology, live, config)
        case Shape.UNTYPED if config is None or isinstance(config, dict):
            return _merge_maps(topology, live, config)
        case _:
            return config


def _merge_maps(topology: Topology, live: Any, config: Any) -> Any:
    if not is_full(live):
        # Both empty: the configuration's null or {} stands; else only one of them has anything.
        return config
    if not isinstance(config, dict) or not isinstance(live, dict):
        return live if isinstance(live, dict) else config
    made = dict(live)
    for name, value in config.items():
        part = topology.fields.get(name) or topology.element or UNTYPED
        made[name] = merge(part, live.get(name, ABSENT), value)
    return made


def _merge_lists(topology: Topology, live: Any, config: Any) -> Any:
    if not is_full(live):
        return config
    if not isinstance(config, list) or not isinstance(live, list):
        return live if isinstance(live, list) else config
    return _interleave(topology, live, config)


def _interleave(topology: Topology, live: list[Any], config: list[Any]) -> list[Any]:
    """Items of both lists in the configuration's order; live ones keep their place between those as far as it goes."""
    element_type = topology.element or UNTYPED
    applied = {item_element(topology, item): item for item in config}
    left = deque((item_element(topology, item), item) for item in live)
    known: dict[str, Any] = {}
    for element, item in left:
        # Which of several duplicates the configuration means can't be told: it replaces them all.
        known[element] = None if element in known else item
    right, shared = deque(applied), deque(element for element in applied if element in known)
    made: list[Any] = []
    done: set[str] = set()
    while left or right:
        head, following = left[0][0] if left else None, right[0] if right else None
        if head is not None and head not in applied:
            made.append(left.popleft()[1])
            continue
        if head not in (None, following) and following is not None and shared and shared[0] != head:
            left.popleft()  # its turn comes where the configuration has it
            continue
        if head is not None and (head == following or head in done):
            left.popleft()
        if following is not None:
            made.append(merge(element_type, known.get(following, ABSENT), applied[right.popleft()]))
            done.add(following)
            if shared and shared[0] == following:
                shared.popleft()
    return made


def remove(topology: Topology, value: Any, items: FieldSet) -> Any:
    """The value without these members; a map or list that loses everything becomes null."""
    return _remove(topology, value, items.tree) if items else value


def _remove(topology: Topology, value: Any, tree: Tree) -> Any:
    match topology.shape:
        case Shape.SCALAR:
            return value
        case Shape.MAP:
            return _remove_from_map(topology, value, tree)
        case Shape.KEYED | Shape.SET:
            return _remove_from_list(topology, value, tree)
        case Shape.UNTYPED if not isinstance(value, list):
            return _remove_from_map(topology, value, tree) if isinstance(value, dict) else value
        case _:
            return None


def _remove_from_map(topology: Topology, value: Any, tree: Tree) -> Any:
    if not is_full(value) or not isinstance(value, dict):
        return None
    made = {}
    for name, part in value.items():
        below = tree.get("f:" + name)
        if below is None:
            made[name] = part
        elif below and SELF not in below:
            made[name] = _remove(topology.fields.get(name) or topology.element or UNTYPED, part, below)
    return made or None


def _remove_from_list(topology: Topology, value: Any, tree: Tree) -> Any:
    if not is_full(value) or not isinstance(value, list):
        return None
    made = []
    for item in value:
        below = tree.get(item_element(topology, item))
        if below is None:
            made.append(item)
        elif below and SELF not in below:
            made.append(_remove(topology.element or UNTYPED, item, below))
    return made or None


def extract(topology: Topology, value: Any, items: FieldSet) -> Any:
    """Only these members of the value, with the keys of the list items they are in."""
    return _extract(topology, value, items.leaves().tree)


def _extract(topology: Topology, value: Any, tree: Tree) -> Any:
    if not tree or not is_full(value) or topology.shape in (Shape.SCALAR, Shape.ATOMIC):
        return value
    if isinstance(value, dict):
        return {
            name: _extract(topology.fields.get(name) or topology.element or UNTYPED, part, tree["f:" + name])
            for name, part in value.items()
            if "f:" + name in tree
        }
    if topology.shape is Shape.UNTYPED:
        return value
    return [_extract_item(topology, item, tree) for item in value if item_element(topology, item) in tree]


def _extract_item(topology: Topology, item: Any, tree: Tree) -> Any:
    made = _extract(topology.element or UNTYPED, item, tree[item_element(topology, item)])
    if not isinstance(made, dict):
        return made
    return {name: item[name] for name in topology.keys if name in item} | made


def with_named_fields(topology: Topology, fields: FieldSet) -> FieldSet:
    """The set with every declared field that has members below it as a member too."""
    return FieldSet(_name_fields(topology, fields.tree))


def _name_fields(topology: Topology | None, tree: Tree) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for element, below in tree.items():
        if element == SELF or not below:
            made[element] = below
            continue
        part, is_named = _below(topology, element)
        named = _name_fields(part, below)
        made[element] = {SELF: {}, **named} if is_named and SELF not in named else named
    return made


def _below(topology: Topology | None, element: str) -> tuple[Topology | None, bool]:
    """The type below an element, and whether the element is a declared field."""
    if topology is None:
        return None, False
    if element.startswith("f:"):
        declared = topology.fields.get(element[2:])
        return declared or topology.element, declared is not None
    return (topology.element if element.startswith("k:") else None), False


def drop_emptied(topology: Topology, value: Any, before: Any) -> Any:
    """The value without the nulls that `remove` left in declared fields; before: what it was before.

    Null and absence are one for a declared field. The entries of maps are what the map is about: they stay, as null.
    """
    if value is before or not is_full(value):
        return value
    if isinstance(value, list):
        same = {id(item) for item in before} if isinstance(before, list) else set()
        part = topology.element or UNTYPED
        return [item if id(item) in same else drop_emptied(part, item, None) for item in value if item is not None]
    known = before if isinstance(before, dict) else {}
    made = {}
    for name, part in value.items():
        declared = topology.fields.get(name)
        if part is not None or declared is None or (name in known and known[name] is None):
            made[name] = drop_emptied(declared or topology.element or UNTYPED, part, known.get(name))
    return made
