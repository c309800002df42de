"""`FieldSet`: a set of field paths, kept as the very tree that FieldsV1 is on the wire.

A tree maps path elements to the trees below them. An empty tree below an element says that the path is a member;
with children below, a member carries the element `.` as well. So entries of managedFields need no decoding, and what
did not change is shared, never copied: trees are not to be changed by anyone.
Source: structured-merge-diff, fieldpath: Set.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from steersman.apimachinery.managedfields.elements import SELF, BadElement, describe, normalize, order

Tree = Mapping[str, Any]
Path = tuple[str, ...]

_MAX_DEPTH = 200


class BadFieldSet(ValueError):
    """The bytes or the tree are no FieldsV1."""


@dataclass(frozen=True, slots=True, eq=False)
class FieldSet:
    """A set of paths. `a - b` of a parent and its child is the parent: membership is not inherited.

    is_ordered: the tree was made in the order of `to_tree`.
    """

    tree: Tree
    is_ordered: bool = False

    @classmethod
    def of(cls, *paths: Path) -> "FieldSet":
        """The set of these paths."""
        tree: dict[str, Any] = {}
        for path in paths:
            insert(tree, path)
        return cls(tree)

    @classmethod
    def from_json(cls, data: bytes | str) -> "FieldSet":
        """Read FieldsV1; elements of kinds unknown to this version are dropped, as upstream does."""
        try:
            tree = msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadFieldSet(str(error)) from error
        return cls.from_tree(tree)

    @classmethod
    def from_tree(cls, tree: Any) -> "FieldSet":
        """Check a decoded FieldsV1 and give every element its one spelling."""
        if tree is None:
            return cls({})
        if not isinstance(tree, dict):
            raise BadFieldSet("fieldsV1 must be an object")
        try:
            return cls(_checked(tree, 0)[0])
        except BadElement as error:
            raise BadFieldSet(str(error)) from error

    def to_tree(self) -> dict[str, Any]:
        """The FieldsV1 tree in upstream's order of elements."""
        return dict(self.tree) if self.is_ordered else _sorted(self.tree)

    def to_json(self) -> bytes:
        """FieldsV1 in upstream's order of elements."""
        return msgspec.json.encode(self.to_tree())

    def __bool__(self) -> bool:
        return bool(self.tree)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldSet) and self.tree == other.tree

    def __hash__(self) -> int:
        return hash(frozenset(self))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, path: Path) -> bool:
        """Whether the path itself is a member."""
        node: Any = self.tree
        for element in path:
            node = node.get(element)
            if node is None:
                return False
        return bool(path) and _is_member(node)

    def __iter__(self) -> Iterator[Path]:
        """The members in upstream's order: those of one level first, then what is below each."""
        return _walk(self.tree, ())

    def __or__(self, other: "FieldSet") -> "FieldSet":
        if not other.tree:
            return self
        if not self.tree:
            return other
        if self.is_ordered:
            other = FieldSet(other.to_tree(), is_ordered=True)
        joined = _union_children(self.tree, other.tree)
        return self if joined is self.tree else FieldSet(joined, self.is_ordered)

    def __and__(self, other: "FieldSet") -> "FieldSet":
        return FieldSet(_intersection_children(self.tree, other.tree))

    def __sub__(self, other: "FieldSet") -> "FieldSet":
        left = _difference_children(self.tree, other.tree, is_deep=False)
        return self if left is self.tree else FieldSet(left, self.is_ordered)

    def without_subtrees(self, other: "FieldSet") -> "FieldSet":
        """Without the other's members and everything below them."""
        left = _difference_children(self.tree, other.tree, is_deep=True)
        return self if left is self.tree else FieldSet(left, self.is_ordered)

    def leaves(self) -> "FieldSet":
        """The members that have none below."""
        return FieldSet(_leaves(self.tree))

    def __repr__(self) -> str:
        return "FieldSet(" + ", ".join(path_text(path) for path in self) + ")"


EMPTY = FieldSet({})


def path_text(path: Path) -> str:
    """A path as error messages write it: `.spec.containers[name="web"].image`."""
    return "".join(map(describe, path))


def insert(tree: dict[str, Any], path: Path) -> None:
    """Add a path to a tree that is still being made."""
    for element in path[:-1]:
        below = tree.get(element)
        if below is None:
            below = tree[element] = {}
        elif not below:
            below[SELF] = {}
        tree = below
    if not path:
        return
    below = tree.get(path[-1])
    if below is None:
        tree[path[-1]] = {}
    elif below:
        below[SELF] = {}


def _is_member(node: Tree) -> bool:
    return not node or SELF in node


def _checked(tree: dict[str, Any], depth: int) -> tuple[dict[str, Any], bool]:
    """The tree with elements spelt right, and whether it says that its path is a member."""
    if depth > _MAX_DEPTH:
        raise BadFieldSet("fieldsV1 is nested too deeply")
    made: dict[str, Any] = {}
    is_member = False
    for text, below in tree.items():
        if text == SELF:
            is_member = True
            continue
        element = normalize(text)
        if element is None:
            continue
        if not isinstance(below, dict):
            raise BadFieldSet(f"{text}: expected an object")
        node, is_below_member = _checked(below, depth + 1)
        if is_below_member and node:
            node = {SELF: {}, **node}
        made[element] = _union(made[element], node) if element in made else node
    return made, is_member or not made


def in_order(tree: Tree) -> dict[str, Any]:
    """One level of a tree in upstream's order of elements."""
    return {name: tree[name] for name in _names(tree)}


def _names(tree: Tree) -> list[str]:
    names = sorted(tree)
    # `.` comes before `f:`, and both before `i:`, `k:` and `v:`: mostly a tree has fields only, in this very order.
    if names and names[-1][0] not in ".f":
        names.sort(key=_order)
    return names


def _sorted(tree: Tree) -> dict[str, Any]:
    return {name: _sorted(below) if (below := tree[name]) else below for name in _names(tree)}


def _order(element: str) -> Any:
    return (0,) if element == SELF else (1, *order(element))


def _walk(tree: Tree, above: Path) -> Iterator[Path]:
    elements = sorted((element for element in tree if element != SELF), key=order)
    for element in elements:
        if _is_member(tree[element]):
            yield (*above, element)
    for element in elements:
        if tree[element]:
            yield from _walk(tree[element], (*above, element))


def _leaves(tree: Tree) -> dict[str, Any]:
    return {element: _leaves(below) for element, below in tree.items() if element != SELF}


def _union(one: Tree, other: Tree) -> Tree:
    """Of two trees that stand below an element."""
    if one is other or (not one and not other):
        return one
    if not one:
        return other if SELF in other else {SELF: {}, **other}  # it comes first
    if not other:
        return one if SELF in one else {SELF: {}, **one}
    return _union_children(one, other)


def _union_children(one: Tree, other: Tree) -> Tree:
    """Of two ordered trees it is ordered too."""
    made: dict[str, Any] | None = None
    for element, below in other.items():
        known = one.get(element)
        joined = below if known is None else _union(known, below)
        if joined is not known:
            if made is None:
                made = dict(one)
            made[element] = joined
    if made is None:
        return one
    return made if len(made) == len(one) else in_order(made)


def _intersection(one: Tree, other: Tree) -> Tree | None:
    children = _intersection_children(one, other)
    if _is_member(one) and _is_member(other):
        return {SELF: {}, **children} if children else {}
    return children or None


def _intersection_children(one: Tree, other: Tree) -> dict[str, Any]:
    made = {}
    for element, below in one.items():
        also = other.get(element)
        if also is None or element == SELF:
            continue
        both = _intersection(below, also)
        if both is not None:
            made[element] = both
    return made


def _difference(one: Tree, other: Tree, *, is_deep: bool) -> Tree | None:
    """What is left of a tree below an element; None if nothing is."""
    is_taken = _is_member(other)
    if is_taken and (is_deep or not one):
        return None
    left = _difference_children(one, other, is_deep=is_deep)
    if left is one and not (is_taken and SELF in one):
        return one
    if SELF not in left:
        return left or None
    if is_taken:
        return {element: below for element, below in left.items() if element != SELF} or None
    return {} if len(left) == 1 else left


def _difference_children(one: Tree, other: Tree, *, is_deep: bool) -> Tree:
    """Goes through the other's elements: what changed is mostly small beside what is owned."""
    made: dict[str, Any] | None = None
    for element, below in other.items():
        known = one.get(element)
        if known is None or element == SELF:
            continue
        left = _difference(known, below, is_deep=is_deep)
        if left is known:
            continue
        if made is None:
            made = dict(one)
        if left is None:
            del made[element]
        else:
            made[element] = left
    return one if made is None else made
