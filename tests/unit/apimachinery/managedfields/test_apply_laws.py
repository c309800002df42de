"""What holds for every configuration: applying again does nothing, and disjoint appliers don't mind their order."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.apimachinery.managedfields.sample import LATER, NOW, SPEC, manager, sample

from steersman.api.core.pod import Pod
from steersman.apimachinery.managedfields.combine import merge, remove
from steersman.apimachinery.managedfields.created import created_fields
from steersman.apimachinery.managedfields.fieldmanager import Write
from steersman.apimachinery.managedfields.fieldset import FieldSet
from steersman.apimachinery.managedfields.topology import UNTYPED, topology_of
from steersman.apimachinery.managedfields.typed import compare, field_set
from steersman.apimachinery.schema import schema_of

KIND = manager()
POD = topology_of(schema_of(Pod))

WORDS = st.sampled_from(["a", "b", "c"])
MAPS = st.dictionaries(WORDS, WORDS, max_size=3)
PORTS = st.fixed_dictionaries(
    {"port": st.sampled_from([80, 81, 82])},
    optional={"protocol": st.sampled_from(["TCP", "UDP"]), "name": WORDS, "options": MAPS},
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "replicas": st.integers(0, 2),
    "text": WORDS,
    "tags": st.lists(WORDS, unique=True, max_size=3),
    "arguments": st.lists(WORDS, max_size=2),
    "ports": st.lists(PORTS, max_size=3, unique_by=lambda port: (port["port"], port.get("protocol", "TCP"))),
    "options": MAPS,
    "selector": MAPS,
    "colour": st.fixed_dictionaries({}, optional={"red": st.integers(0, 1), "green": st.integers(0, 1)}),
    "inner": st.fixed_dictionaries({}, optional={"text": WORDS, "number": st.integers(0, 1)}),
    "value": st.fixed_dictionaries({}, optional={"text": WORDS}),
}
SPECS = st.fixed_dictionaries({}, optional=FIELDS)
APPLIES = st.lists(st.tuples(st.sampled_from(["one", "two", "three"]), SPECS), max_size=6)


def pod_like(spec: dict[str, Any]) -> dict[str, Any]:
    """A pod with some parts of a spec in places where Go's types have empty values of their own."""
    options, ports = spec.get("options"), [{"containerPort": one["port"], **one} for one in spec.get("ports", ())]
    container = {"name": spec.get("text", "a"), "resources": {"limits": options}, "ports": ports}
    labels = {"metadata": {"labels": options}} if options is not None else {}
    return {
        **labels, "spec": {"containers": [container, {"name": "z", "ports": None}], "nodeSelector": options},
        "status": {"conditions": []},
    }  # fmt: skip


def unordered(value: Any) -> Any:
    """A value in which the order of sets and keyed lists doesn't count."""
    if isinstance(value, dict):
        return {name: unordered(part) for name, part in sorted(value.items())}
    return sorted(map(unordered, value), key=repr) if isinstance(value, list) else value


def full(value: Any) -> Any:
    """A value without its empty maps and lists, which nobody owns in keyed lists."""
    if not isinstance(value, dict):
        return value
    made = {name: full(part) for name, part in value.items()}
    return {name: part for name, part in made.items() if part not in ({}, [], None)}


def config(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """What one applies: never nothing at all, as who applied nothing is unknown."""
    return sample(spec or None, labels={name: "1"})


def all_applied(applies: list[tuple[str, dict[str, Any]]], live: Any = None) -> Any:
    """The object after all of them, by force."""
    for name, spec in applies:
        live = KIND.apply(live, config(name, spec), Write(name, NOW, force=True))
        live["metadata"]["uid"] = "1"
    return live


@settings(deadline=None, max_examples=60)
@given(APPLIES, SPECS)
def test_applying_twice_is_applying_once(before: list[tuple[str, dict[str, Any]]], spec: dict[str, Any]) -> None:
    live = all_applied([*before, ("me", spec)])
    assert KIND.apply(live, config("me", spec), Write("me", LATER)) == live


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), st.sampled_from(["one", "two"])), SPECS)
def test_the_order_of_disjoint_appliers_does_not_matter(split: dict[str, str], spec: dict[str, Any]) -> None:
    parts = [
        (who, {name: part for name, part in spec.items() if split.get(name, "one") == who}) for who in ("one", "two")
    ]
    one, other = all_applied(parts), all_applied(parts[::-1])
    assert full(one.get("spec", {})) == full(other.get("spec", {})) == full(spec)
    assert one["metadata"].get("managedFields") == other["metadata"].get("managedFields")


@settings(deadline=None, max_examples=60)
@given(APPLIES, SPECS)
def test_what_is_applied_by_force_is_there_afterwards(before: list[tuple[str, Any]], spec: dict[str, Any]) -> None:
    live = all_applied([*before, ("me", spec)])
    found = compare(SPEC, merge(SPEC, live.get("spec", {}), spec), live.get("spec", {}))
    assert not found


@settings(deadline=None, max_examples=60)
@given(SPECS, SPECS)
def test_an_applier_that_was_alone_leaves_nothing_behind(first: dict[str, Any], then: dict[str, Any]) -> None:
    live = all_applied([("me", first), ("me", then)])
    assert unordered(full(live.get("spec", {}))) == unordered(full(then))


@settings(deadline=None, max_examples=60)
@given(SPECS, SPECS)
def test_a_comparison_names_what_makes_one_value_of_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    found = compare(SPEC, old, new)
    assert bool(found) == bool(compare(SPEC, new, old))
    assert not compare(SPEC, old, old)
    assert not (found.added & found.modified)
    assert not (found.added & found.removed)
    assert found.added == compare(SPEC, new, old).removed


@settings(deadline=None, max_examples=200)
@given(SPECS)
def test_a_created_value_has_the_fields_that_it_adds_to_nothing(spec: dict[str, Any]) -> None:
    for topology, value in ((SPEC, spec), (UNTYPED, spec), (POD, pod_like(spec))):
        fields = created_fields(topology, value)
        assert fields == compare(topology, {}, value).changed
        assert list(fields) == list(FieldSet(fields.tree))
        assert fields.to_json() == FieldSet(fields.tree).to_json()


@settings(deadline=None, max_examples=60)
@given(SPECS)
def test_removing_every_field_leaves_nothing(spec: dict[str, Any]) -> None:
    assert full(remove(SPEC, spec, field_set(SPEC, spec)) or {}) == {}


@settings(deadline=None, max_examples=60)
@given(APPLIES, SPECS)
def test_nobody_owns_what_an_update_took_away(before: list[tuple[str, dict[str, Any]]], new: dict[str, Any]) -> None:
    live = all_applied([*before, ("me", {})])
    entries = KIND.update(live, {**live, "spec": new}, Write("updater", LATER))
    fields = field_set(SPEC, {"value": {}} | new)  # a struct that is always there
    present = {path[:length] for path in fields for length in range(1, len(path) + 1)}
    taken = set(field_set(SPEC, live.get("spec", {}))) - present
    for entry in entries:
        spec = FieldSet.from_tree(entry["fieldsV1"].get("f:spec"))
        if entry["manager"] != "updater":
            assert not taken & set(spec)
