"""`Older`: how objects of an older version become those that are stored, and back; `Family`: a kind's versions."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from steersman.api.meta import Kind
from steersman.apimachinery.codec.json import from_wire, to_wire

Tree = dict[str, Any]
Convert = Callable[[Tree], Tree]


def unchanged(tree: Tree) -> Tree:
    """Nothing differs."""
    return tree


@dataclass(frozen=True, slots=True)
class Older:
    """An older version of a stored kind.

    The functions give wire trees of wire trees, which they leave as they are; `kind` and `apiVersion` aren't theirs.
    They must bear a part that is missing or null: trees of server-side apply have such.
    hub: the type that is stored. default: what this version fills in and the stored one wouldn't, or otherwise.
    """

    hub: type[Kind]
    default: Convert = unchanged
    inward: Convert = unchanged
    outward: Convert = unchanged

    @property
    def is_same(self) -> bool:
        """Only apiVersion differs."""
        return self.outward is unchanged

    def defaulted(self, obj: Kind) -> Kind:
        """An object of the older version with its defaults."""
        return obj if self.default is unchanged else from_wire(self.default(to_wire(obj)), type(obj))

    def entered(self, obj: Kind) -> Kind:
        """The object to be stored, with what its version fills in."""
        return from_wire(self.to_hub(self.default(to_wire(obj))), self.hub)

    def to_hub(self, tree: Tree) -> Tree:
        """A tree in the version that is stored."""
        return {**self.inward(tree), **_identity(self.hub)}

    def shown(self, stored: Kind, kind: type[Kind]) -> Kind:
        """A stored object in the older version, whose type is given."""
        return from_wire(self.from_hub(to_wire(stored), kind), kind)

    def from_hub(self, tree: Tree, kind: type[Kind]) -> Tree:
        """A tree in the older version."""
        return {**self.outward(tree), **_identity(kind)}


@dataclass(frozen=True, slots=True)
class Family:
    """A stored kind and its older versions, by apiVersion."""

    hub: type[Kind]
    older: Mapping[str, tuple[Older, type[Kind]]]

    @property
    def types(self) -> Mapping[str, type[Kind]]:
        """Every version's type, by apiVersion."""
        return {_api_version(self.hub): self.hub, **{version: kind for version, (_, kind) in self.older.items()}}

    def shown(self, obj: Kind, kind: type[Kind]) -> Tree:
        """An object of the stored version as a tree of the version whose type is given."""
        found = self.older.get(_api_version(kind))
        tree: Tree = to_wire(obj if found is None else found[0].shown(obj, kind))
        return tree

    def converted(self, tree: Any, wanted: str) -> Any:
        """A tree of any version in another. What says of itself no version, as an empty one, stays."""
        given = tree.get("apiVersion") if isinstance(tree, dict) else None
        if given is None or given == wanted:
            return tree
        stored = self.older[given][0].to_hub(tree) if given in self.older else tree
        if wanted not in self.older:
            return stored
        older, kind = self.older[wanted]
        return older.from_hub(stored, kind)


def _identity(kind: type[Kind]) -> Tree:
    gvk = kind.__facts__.gvk
    assert gvk is not None, f"{kind.__name__} declares no api"
    return {"kind": gvk.kind, "apiVersion": gvk.api_version}


def _api_version(kind: type[Kind]) -> str:
    return str(_identity(kind)["apiVersion"])


class Line(Protocol):
    """A line of the resource table."""

    @property
    def object_type(self) -> type[Kind]: ...
    @property
    def older(self) -> Older | None: ...


def families(lines: Iterable[Line]) -> Mapping[type[Kind], Family]:
    """The kinds that are served in older versions too, by the type of each version."""
    found: dict[type[Kind], dict[str, tuple[Older, type[Kind]]]] = {}
    for line in lines:
        if line.older is not None:
            found.setdefault(line.older.hub, {})[_api_version(line.object_type)] = (line.older, line.object_type)
    made = (Family(hub, older) for hub, older in found.items())
    return {kind: family for family in made for kind in family.types.values()}
