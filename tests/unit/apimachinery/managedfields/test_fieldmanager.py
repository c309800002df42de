"""Ownership through creates, updates and applies, as the request pipeline sees it."""

import copy
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.unit.apimachinery.managedfields.sample import LATER, NOW, manager, paths, sample

from steersman.apimachinery.managedfields.fieldmanager import FieldManager, NotApplicable, Write
from steersman.apimachinery.managedfields.fieldset import FieldSet
from steersman.apimachinery.managedfields.lastapplied import ANNOTATION
from steersman.apimachinery.status import BadRequest, Conflict

KIND = manager()
STATUS = manager("status", ("f:spec",))
TCP80 = 'k:{"port":80,"protocol":"TCP"}'

Value = dict[str, Any]


def entries(value: Value) -> list[Value]:
    """The managedFields of an object."""
    found: list[Value] = value["metadata"].get("managedFields", [])
    return found


def owners(value: Value) -> dict[str, FieldSet]:
    """What each manager owns, by name."""
    return {entry["manager"]: FieldSet.from_tree(entry["fieldsV1"]) for entry in entries(value)}


def written(live: Value | None, new: Value, name: str, *, through: FieldManager = KIND, now: Any = NOW) -> Value:
    """The object after an update, as stored."""
    made = through.update(live, new, Write(name, now))
    metadata = {**new["metadata"], "managedFields": made, "uid": "1"}
    if not made:
        del metadata["managedFields"]
    return copy.deepcopy({**new, "metadata": metadata})


def applied(live: Value | None, config: Value, name: str, *, force: bool = False, now: Any = NOW) -> Value:
    """The object after an apply, as stored."""
    merged = KIND.apply(live, config, Write(name, now, force))
    return copy.deepcopy({**merged, "metadata": {**merged["metadata"], "uid": "1"}})


def test_a_create_owns_all_but_what_identifies_the_object() -> None:
    live = written(None, sample({"replicas": 1, "value": {"text": "a"}}, labels={"a": "b"}), "me")
    assert owners(live) == {"me": paths("metadata/labels", "metadata/labels/a", "spec/replicas", "spec/value/text")}
    (entry,) = entries(live)
    assert list(entry) == ["manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1"]
    assert (entry["operation"], entry["apiVersion"], entry["time"]) == (
        "Update",
        "example.com/v1",
        "2026-01-01T12:00:00Z",
    )


def test_an_update_takes_what_it_changes_from_others() -> None:
    live = written(None, sample({"replicas": 1, "text": "a"}), "creator")
    live = written(live, {**live, "spec": {"replicas": 2, "text": "a"}}, "scaler", now=LATER)
    assert owners(live) == {"creator": paths("spec/text"), "scaler": paths("spec/replicas")}
    assert [entry["time"] for entry in entries(live)] == ["2026-01-01T12:00:00Z", "2026-01-01T13:00:00Z"]


def test_an_update_that_removes_a_field_owns_nothing_of_it() -> None:
    live = written(None, sample({"replicas": 1, "text": "a"}), "creator")
    live = written(live, {**live, "spec": {"text": "a"}}, "remover", now=LATER)
    assert owners(live) == {"creator": paths("spec/text")}


def test_an_update_that_changes_nothing_keeps_the_very_entries() -> None:
    live = written(None, sample({"replicas": 1}), "creator")
    assert KIND.update(live, copy.deepcopy(live), Write("other", LATER)) is entries(live)


def test_a_manager_that_changes_its_own_field_gets_a_new_time_only() -> None:
    live = written(None, sample({"replicas": 1, "text": "a"}), "me")
    after = written(live, {**live, "spec": {"replicas": 2, "text": "a"}}, "me", now=LATER)
    assert owners(after) == owners(live)
    assert entries(after)[0]["time"] == "2026-01-01T13:00:00Z"


def test_subresources_have_entries_of_their_own_and_do_not_own_what_they_reset() -> None:
    live = written(None, sample({"replicas": 1}), "me")
    new = {**live, "spec": {"replicas": 9}, "status": {"ready": 1}}
    live = written(live, new, "me", through=STATUS, now=LATER)
    assert [(entry.get("subresource"), FieldSet.from_tree(entry["fieldsV1"])) for entry in entries(live)] == [
        (None, paths("spec/replicas")), ("status", paths("status/ready")),
    ]  # fmt: skip


def test_subresources_can_neither_edit_nor_reset_managed_fields() -> None:
    live = written(None, sample({"replicas": 1}), "me")
    attempts: list[list[Value]] = [[], [{}], [{**entries(live)[0], "manager": "forged"}]]
    for sent in attempts:
        new = {**live, "metadata": {**live["metadata"], "managedFields": sent}}
        assert STATUS.update(live, new, Write("me", LATER)) is entries(live)


@pytest.mark.parametrize("sent", [[], [{}]])
def test_an_empty_list_or_entry_makes_the_server_forget_owners(sent: list[Any]) -> None:
    live = written(None, sample({"replicas": 1}), "me")
    new = {**live, "metadata": {**live["metadata"], "managedFields": sent}}
    live = written(live, new, "me")
    assert entries(live) == []
    live = written(live, {**live, "spec": {"replicas": 2}}, "me")
    assert entries(live) == []


def test_the_first_apply_begins_to_track_what_was_there_before() -> None:
    live = sample({"replicas": 1}, uid="1")
    live = applied(live, sample({"text": "a"}), "applier")
    assert owners(live) == {"applier": paths("spec/text"), "before-first-apply": paths("spec/replicas")}
    assert [entry["operation"] for entry in entries(live)] == ["Apply", "Update"]


@pytest.mark.parametrize(
    "sent",
    [
        None,
        [{"manager": "x"}],
        ["x"],
        [{"manager": ["x"]}],
        [{"operation": "Apply", "apiVersion": "v1", "fieldsType": "X"}],
    ],
)
def test_clients_that_do_not_know_managed_fields_cannot_lose_them(sent: Any) -> None:
    live = written(None, sample({"replicas": 1, "text": "a"}), "creator")
    new = {**live, "metadata": {**live["metadata"], "managedFields": sent}, "spec": {"replicas": 2, "text": "a"}}
    assert owners(written(live, new, "other")) == {"creator": paths("spec/text"), "other": paths("spec/replicas")}


def test_clients_may_edit_managed_fields() -> None:
    live = written(None, sample({"replicas": 1}), "creator")
    edited = [{**entries(live)[0], "manager": "renamed", "fieldsV1": {"f:spec": {'k:{"b": 1,"a":2}': {}}}}]
    new = {**live, "metadata": {**live["metadata"], "managedFields": edited}}
    live = written(live, new, "other")
    assert entries(live)[0]["manager"] == "renamed"
    assert entries(live)[0]["fieldsV1"] == {"f:spec": {'k:{"a":2,"b":1}': {}}}


def test_the_oldest_of_many_updaters_become_ancient_changes() -> None:
    live = written(None, sample({"options": {"o0": "x"}}), "m00")
    for turn in range(1, 12):
        options = {**live["spec"]["options"], f"o{turn}": "x"}
        live = written(live, {**live, "spec": {"options": options}}, f"m{turn:02}", now=NOW + timedelta(minutes=turn))
    assert [entry["manager"] for entry in entries(live)] == [
        "ancient-changes",
        *(f"m{turn:02}" for turn in range(3, 12)),
    ]
    assert owners(live)["ancient-changes"] == paths(
        "spec/options", "spec/options/o0", "spec/options/o1", "spec/options/o2"
    )
    assert entries(live)[0]["time"] == "2026-01-01T12:02:00Z"


def test_an_apply_creates_and_owns_what_it_says() -> None:
    live = applied(None, sample({"replicas": 1, "ports": [{"port": 80}]}, labels={"a": "b"}), "applier")
    assert live["spec"] == {"replicas": 1, "ports": [{"port": 80}]}
    assert owners(live) == {
        "applier": paths("metadata/labels/a", "spec/replicas", f"spec/ports/{TCP80}", f"spec/ports/{TCP80}/port")
    }
    assert entries(live)[0]["operation"] == "Apply"


def test_changing_what_another_manager_set_is_a_conflict() -> None:
    live = written(None, sample({"replicas": 1, "text": "a"}), "kubectl-client-side-apply")
    with pytest.raises(Conflict) as raised:
        applied(live, sample({"replicas": 2, "text": "a"}), "applier")
    assert raised.value.message == (
        'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using example.com/v1: .spec.replicas'
    )
    assert raised.value.to_status()["details"] == {
        "causes": [
            {
                "reason": "FieldManagerConflict",
                "message": 'conflict with "kubectl-client-side-apply" using example.com/v1',
                "field": ".spec.replicas",
            }
        ]
    }


def test_several_conflicts_are_listed_by_manager() -> None:
    live = applied(None, sample({"ports": [{"port": 80, "name": "a"}]}), "bar")
    live = written(live, {**live, "status": {"ready": 1}, "spec": {**live["spec"], "replicas": 1}}, "foo")
    live = written(live, {**live, "status": {"ready": 2}}, "foo", through=STATUS)
    config = sample({"replicas": 2, "ports": [{"port": 80, "name": "b"}]}) | {"status": {"ready": 3}}
    with pytest.raises(Conflict) as raised:
        applied(live, config, "applier")
    assert raised.value.message == (
        'Apply failed with 3 conflicts: conflicts with "bar":\n- .spec.ports[port=80,protocol="TCP"].name\n'
        'conflicts with "foo" using example.com/v1:\n- .spec.replicas\n'
        'conflicts with "foo" with subresource "status" using example.com/v1:\n- .status.ready'
    )


def test_force_takes_the_fields_of_others() -> None:
    live = written(None, sample({"replicas": 1, "text": "a"}), "other")
    live = applied(live, sample({"replicas": 2}), "applier", force=True, now=LATER)
    assert live["spec"] == {"replicas": 2, "text": "a"}
    assert owners(live) == {"applier": paths("spec/replicas"), "other": paths("spec/text")}
    assert [entry["time"] for entry in entries(live)] == ["2026-01-01T13:00:00Z", "2026-01-01T12:00:00Z"]


def test_the_same_value_is_shared_not_fought_over() -> None:
    live = applied(None, sample({"replicas": 1}), "one")
    live = applied(live, sample({"replicas": 1}), "two")
    assert owners(live) == {"one": paths("spec/replicas"), "two": paths("spec/replicas")}


def test_a_field_no_longer_applied_goes_unless_another_owns_it() -> None:
    config = sample(
        {"replicas": 1, "text": "a", "options": {"x": "1", "y": "1"}, "tags": ["a", "b"]}, labels={"l": "1"}
    )
    live = applied(None, config, "one")
    live = applied(live, sample({"text": "a", "tags": ["b"]}), "two")
    live = applied(live, sample({"options": {"y": "1"}}), "one", now=LATER)
    assert live["spec"] == {"text": "a", "options": {"y": "1"}, "tags": ["b"]}
    assert "labels" not in live["metadata"]
    assert owners(live) == {"one": paths("spec/options/y"), "two": paths("spec/text", 'spec/tags/v:"b"')}


def test_what_an_updater_added_inside_an_applied_item_goes_with_the_item() -> None:
    live = applied(None, sample({"ports": [{"port": 80}, {"port": 81}]}), "applier")
    live = written(live, {**live, "spec": {"ports": [{"port": 80, "name": "x"}, {"port": 81}]}}, "updater")
    live = applied(live, sample({"ports": [{"port": 81}]}), "applier")
    assert live["spec"]["ports"] == [{"port": 81}]
    assert owners(live) == {
        "applier": paths('spec/ports/k:{"port":81,"protocol":"TCP"}', 'spec/ports/k:{"port":81,"protocol":"TCP"}/port')
    }


def test_a_key_that_is_defaulted_finds_the_live_item() -> None:
    live = written(None, sample({"ports": [{"port": 80, "protocol": "TCP", "name": "a"}]}), "creator")
    live = applied(live, sample({"ports": [{"port": 80, "options": {"k": "v"}}]}), "applier")
    assert live["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "name": "a", "options": {"k": "v"}}]


def test_applying_the_same_again_changes_nothing() -> None:
    config = sample({"replicas": 1, "ports": [{"port": 80}]}, labels={"a": "b"})
    live = applied(written(None, sample({"text": "a"}), "creator"), config, "applier")
    assert KIND.apply(live, config, Write("applier", LATER)) == live


def test_atomic_values_are_owned_and_replaced_whole() -> None:
    live = applied(None, sample({"selector": {"a": "1"}, "colour": {"red": 1}}), "one")
    with pytest.raises(Conflict, match=r"\.spec\.selector"):
        applied(live, sample({"selector": {"b": "1"}}), "two")
    live = applied(live, sample({"selector": {"b": "1"}, "colour": {"green": 1}}), "one")
    assert live["spec"] == {"selector": {"b": "1"}, "colour": {"green": 1}}


def test_what_became_atomic_is_owned_as_a_whole() -> None:
    live = applied(None, sample({"selector": {"a": "1"}}), "one")
    entries(live)[0]["fieldsV1"] = {"f:spec": {"f:selector": {".": {}, "f:a": {}}}}
    after = written(live, {**live, "spec": {"selector": {"a": "2"}}}, "updater")
    assert owners(after) == {"updater": paths("spec/selector")}
    with pytest.raises(Conflict, match=r"1 conflict: .*: \.spec\.selector$"):
        applied(live, sample({"selector": {"b": "1"}}), "two")


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (sample({}) | {"kind": "Other"}, "invalid object type: example.com/v1, Kind=Other"),
        (sample({}, managedFields=[]), "metadata.managedFields must be nil"),
    ],
)
def test_what_cannot_be_applied_is_a_bad_request(config: Value, text: str) -> None:
    with pytest.raises(BadRequest) as raised:
        applied(None, config, "applier")
    assert raised.value.message == text


def test_a_configuration_that_does_not_fit_the_type_is_refused_by_path() -> None:
    with pytest.raises(NotApplicable) as raised:
        applied(None, sample({"nothing": 1}, namespace="n"), "applier")
    assert raised.value.message == (
        "failed to create typed patch object (n/a; example.com/v1, Kind=Sample): "
        ".spec.nothing: field not declared in schema"
    )
    assert raised.value.to_status()["code"] == 500


def client_side(config: Value) -> Value:
    """An object as client-side apply creates it."""
    text = msgspec.json.encode(config).decode()
    return {**config, "metadata": {**config["metadata"], "annotations": {ANNOTATION: text}}}


def test_kubectl_takes_over_what_it_applied_from_the_client_side() -> None:
    live = written(None, client_side(sample({"replicas": 1, "text": "a"})), "kubectl-client-side-apply")
    config = sample({"replicas": 2, "text": "<b>"})
    live = applied(live, config, "kubectl")
    assert live["spec"] == {"replicas": 2, "text": "<b>"}
    text = live["metadata"]["annotations"][ANNOTATION]
    assert msgspec.json.decode(text) == config
    assert "\\u003cb\\u003e" in text


def test_kubectl_has_conflicts_over_what_changed_since_the_client_side_apply() -> None:
    live = written(None, client_side(sample({"replicas": 1, "text": "a"})), "kubectl-client-side-apply")
    live = written(live, {**live, "spec": {"replicas": 5, "text": "a"}}, "scaler")
    with pytest.raises(Conflict, match=r'1 conflict: conflict with "scaler" using example\.com/v1: \.spec\.replicas'):
        applied(live, sample({"replicas": 2, "text": "b"}), "kubectl")


def test_other_managers_do_not_profit_from_the_annotation() -> None:
    live = written(None, client_side(sample({"replicas": 1})), "kubectl-client-side-apply")
    with pytest.raises(Conflict):
        applied(live, sample({"replicas": 2}), "other")


def test_arguments_are_left_as_they_were() -> None:
    live = applied(None, sample({"replicas": 1, "options": {"a": "1"}, "ports": [{"port": 80}]}), "one")
    config = sample({"options": {"b": "1"}, "ports": [{"port": 81}]})
    before = copy.deepcopy((live, config))
    KIND.apply(live, config, Write("one", LATER))
    KIND.update(live, {**live, "spec": {"replicas": 2}}, Write("two", LATER))
    assert (live, config) == before
