"""Objects of many kinds that break one rule each, new ones and changed ones: what is said of them, in upstream's words.

Each file of `wrong` lists kinds: an object that is right, and patches that make it wrong.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from steersman.api.meta import Kind
from steersman.api.resources import RESOURCES, Resource
from steersman.apimachinery.codec.json import from_wire
from steersman.apimachinery.defaulting import apply_defaults
from steersman.apimachinery.patch import merge
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.__init__ import strategy_for
from steersman.apiserver.verbs.metadata import checked_change, checked_metadata

FOLDER = Path(__file__).parent / "wrong"


@dataclass(frozen=True)
class Case:
    """right: the object before; wrong: a merge patch over it. context: what of the object before is otherwise."""

    kind: str
    right: Mapping[str, Any]
    wrong: Mapping[str, Any]
    says: Sequence[str]
    is_change: bool
    subresource: str = ""


def patched(target: Any, patch: Any) -> Any:
    return merge.apply(copy.deepcopy(target), patch)


def cases() -> Iterator[Any]:
    for file in sorted(FOLDER.glob("*.yaml")):
        for one in yaml.safe_load(file.read_text()):
            for name in ("new", "changed", "status"):
                for at, case in enumerate(one.get(name, ())):
                    right = patched(one["right"], case.get("from", {}))
                    made = Case(
                        one["kind"], right, case["wrong"], case["says"], name != "new", "status" * (name == "status")
                    )
                    yield pytest.param(made, id=f"{one['kind'].rpartition('/')[2]}-{name}-{at}")


def resource_of(kind: str) -> Resource:
    version, _, name = kind.rpartition("/")
    group, _, number = version.rpartition("/")
    return next(one for one in RESOURCES if (one.group, one.version, one.kind) == (group, number, name))


def made(resource: Resource, tree: Any) -> Kind:
    strategy = strategy_for(resource.object_type)
    obj: Kind = strategy.default(apply_defaults(from_wire(tree, resource.object_type)))
    return obj


def faults(case: Case, wrong: Mapping[str, Any]) -> list[Cause]:
    resource = resource_of(case.kind)
    strategy = strategy_for(resource.object_type)
    new = made(resource, patched(case.right, wrong))
    if not case.is_change:
        return [*checked_metadata(new, resource), *strategy.validate(strategy.prepare_for_create(new))]
    old = made(resource, case.right)
    if case.subresource:
        new = strategy.prepare_for_subresource(case.subresource, new, old)
        return [*strategy.validate_subresource(case.subresource, new, old)]
    new = strategy.prepare_for_update(new, old)
    return [*checked_metadata(new, resource), *checked_change(new, old), *strategy.validate_update(new, old)]


@pytest.mark.parametrize("case", cases())
def test_a_rule_that_is_broken_is_told(case: Case) -> None:
    assert [f"{one.field}: {one.message}" for one in faults(case, case.wrong)] == list(case.says)


@pytest.mark.parametrize("case", cases())
def test_what_is_right_is_not_blamed(case: Case) -> None:
    assert faults(case, {}) == []
