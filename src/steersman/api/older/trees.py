"""Changes of wire trees that leave the tree as it was, and bear parts that are missing, null or of another form."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from steersman.api.older.version import Tree

# In a path: every item of the list.
EACH = "*"


def edited(tree: Tree, path: Sequence[str], change: Callable[[Tree], Tree]) -> Tree:
    """The tree with the objects at a path changed."""
    made: Tree = _edited(tree, path, change)
    return made


def _edited(part: Any, path: Sequence[str], change: Callable[[Tree], Tree]) -> Any:
    if path and path[0] == EACH:
        return [_edited(one, path[1:], change) for one in part] if isinstance(part, list) else part
    if not isinstance(part, dict):
        return part
    if not path:
        return change(part)
    name, *rest = path
    return {**part, name: _edited(part[name], rest, change)} if name in part else part


def renamed(tree: Tree, names: Mapping[str, str]) -> Tree:
    """The tree with other names for some of its fields."""
    return {names.get(name, name): value for name, value in tree.items()}


def without(tree: Tree, *names: str) -> Tree:
    """The tree without these fields."""
    return {name: value for name, value in tree.items() if name not in names}


def filled(tree: Tree, defaults: Tree) -> Tree:
    """The tree with these values where it has none."""
    missing = {name: value for name, value in defaults.items() if tree.get(name) is None}
    return {**tree, **missing} if missing else tree
