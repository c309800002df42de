"""Our protobuf against upstream's golden files: JSON, YAML and protobuf of an object give the same bytes."""

from pathlib import Path

import pytest

from steersman.api import meta
from steersman.api.resources import RESOURCES
from steersman.apimachinery.codec import protobuf, yaml
from steersman.apimachinery.codec.json import decode, from_wire
from steersman.apimachinery.object import GroupVersionKind, Object
from steersman.apimachinery.schema import schema_of

FIXTURES = Path(__file__).parents[4] / "shared" / "facts" / "api-fixtures"
# Their files are of a version that had fields which ours has no more, or not yet those that Go writes when empty.
OTHER_VERSION = {"core.v1.Pod", "resource.k8s.io.v1.ResourceSlice", "storage.k8s.io.v1.CSINode"}


def kinds() -> dict[GroupVersionKind, type[Object]]:
    found: dict[GroupVersionKind, type[Object]] = {}
    bodies = [one for resource in RESOURCES for one in (resource.object_type, *(s.kind for s in resource.subresources))]
    for kind in (*bodies, meta.Status, meta.DeleteOptions):
        gvk = kind.__facts__.gvk
        if gvk is not None:
            found[gvk] = kind
    return found


def stem(gvk: GroupVersionKind) -> str:
    return f"{gvk.group or 'core'}.{gvk.version}.{gvk.kind}"


KINDS = {stem(gvk): kind for gvk, kind in kinds().items()}


@pytest.mark.parametrize("name", KINDS)
def test_json_yaml_and_protobuf_of_an_object_are_the_same_and_give_upstreams_bytes(name: str) -> None:
    path, kind = FIXTURES / f"{name}.pb", KINDS[name]
    if not path.exists():
        pytest.skip("no fixture")
    golden = path.read_bytes()
    of_json = decode(path.with_suffix(".json").read_bytes(), kind)
    of_yaml = from_wire(yaml.parse(path.with_suffix(".yaml").read_bytes()), kind)
    of_protobuf = protobuf.decode(golden, kind)
    assert of_yaml == of_json
    assert of_protobuf == of_json
    made = protobuf.encode(of_json)
    assert protobuf.encode(of_protobuf) == made
    if name not in OTHER_VERSION:
        assert made == golden


@pytest.mark.parametrize("name", KINDS)
def test_an_empty_object_survives(name: str) -> None:
    empty = KINDS[name]()
    assert protobuf.decode(protobuf.encode(empty), KINDS[name]) == empty


def test_every_field_of_every_kind_has_a_number() -> None:
    seen: set[type[Object]] = set()
    without: list[str] = []

    def visit(wanted: type[Object]) -> None:
        if wanted in seen:
            return
        seen.add(wanted)
        gvk = wanted.__facts__.gvk
        for field in schema_of(wanted).fields.values():
            if field.number is None and not (gvk is not None and field.name in ("kind", "apiVersion")):
                without.append(f"{wanted.__name__}.{field.name}")
            schema = field.schema
            while schema.items is not None:
                schema = schema.items
            if schema.object_type is not None:
                visit(schema.object_type)

    for kind in KINDS.values():
        visit(kind)
    assert without == []
