"""The three patches, on wire trees."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.api import apps, core
from steersman.apimachinery.patch import json as json_patch
from steersman.apimachinery.patch import merge, strategic
from steersman.apimachinery.schema import schema_of
from steersman.apimachinery.status import BadRequest, Invalid, RequestEntityTooLarge, StatusError

POD = schema_of(core.Pod)

SCALARS = st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from("abcd"), TREES, max_size=4)


@given(OBJECTS, OBJECTS)
def test_a_computed_merge_patch_leads_from_one_object_to_the_other(original: Any, modified: Any) -> None:
    patch = merge.difference(original, modified)
    assert json_patch.same(merge.apply(copy.deepcopy(original), patch), modified)


@given(OBJECTS)
def test_equal_objects_differ_by_an_empty_patch(tree: Any) -> None:
    assert merge.difference(tree, copy.deepcopy(tree)) == {}


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"a": [{"b": "c"}]}, {"a": [1, None]}, {"a": [1, None]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ],
)
def test_merge_patch_does_what_its_rfc_shows(target: Any, patch: Any, result: Any) -> None:
    assert merge.apply(target, patch) == result


def test_a_merge_patch_that_is_no_object_is_refused() -> None:
    with pytest.raises(BadRequest):
        merge.apply({}, [1])


@pytest.mark.parametrize(
    ("operations", "result"),
    [
        ([{"op": "add", "path": "/b", "value": 1}], {"a": [1, 2], "x/y": {"m~n": 1}, "b": 1}),
        ([{"op": "add", "path": "/a/1", "value": 9}], {"a": [1, 9, 2], "x/y": {"m~n": 1}}),
        ([{"op": "add", "path": "/a/-", "value": 9}], {"a": [1, 2, 9], "x/y": {"m~n": 1}}),
        ([{"op": "remove", "path": "/a/-1"}], {"a": [1], "x/y": {"m~n": 1}}),
        ([{"op": "replace", "path": "/x~1y/m~0n", "value": None}], {"a": [1, 2], "x/y": {"m~n": None}}),
        ([{"op": "move", "from": "/a/0", "path": "/c"}], {"a": [2], "x/y": {"m~n": 1}, "c": 1}),
        ([{"op": "copy", "from": "/a", "path": "/c"}, {"op": "remove", "path": "/a/0"}],
         {"a": [2], "x/y": {"m~n": 1}, "c": [1, 2]}),
        ([{"op": "test", "path": "/a", "value": [1, 2]}], {"a": [1, 2], "x/y": {"m~n": 1}}),
    ],
)  # fmt: skip
def test_json_patch_knows_all_operations(operations: Any, result: Any) -> None:
    assert json_patch.apply({"a": [1, 2], "x/y": {"m~n": 1}}, operations) == result


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ({"op": "test", "path": "/a", "value": True}, "testing value /a failed: test failed"),
        ({"op": "add", "path": "/b/c", "value": 1},
         'add operation does not apply: doc is missing path: "/b/c": missing value'),
        ({"op": "remove", "path": "/b"},
         "error in remove for path: '/b': Unable to remove nonexistent key: b: missing value"),
        ({"op": "replace", "path": "/b", "value": 1},
         "replace operation does not apply: doc is missing key: /b: missing value"),
        ({"op": "add", "path": "/l/7", "value": 1},
         "error in path '/l/7': Unable to access invalid index: 7: invalid index referenced"),
        ({"op": "move", "path": "/b"}, "move operation failed to decode from: missing value"),
        ({"op": "leap", "path": "/b"}, "Unexpected kind: leap"),
    ],
)  # fmt: skip
def test_a_json_patch_that_does_not_apply_is_invalid(operation: Any, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        json_patch.apply({"a": 1, "l": []}, [operation])
    assert caught.value.message == "the server rejected our request due to an error in our request"
    assert str(caught.value.__cause__) == reason


def test_too_many_operations_are_refused() -> None:
    with pytest.raises(RequestEntityTooLarge, match="allowed maximum operations in a JSON patch is 10000, got 10001"):
        json_patch.apply({}, [{"op": "add", "path": "/a", "value": 1}] * 10001)


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"spec": {"containers": list(containers), **spec}}


def patched(target: dict[str, Any], patch: dict[str, Any]) -> Any:
    return strategic.apply(target, patch, POD)["spec"]


A, B = {"name": "a", "image": "1"}, {"name": "b", "image": "1"}


def test_lists_merge_by_key_and_new_items_come_first_as_upstream_has_it() -> None:
    spec = patched(pod(dict(A), dict(B)), pod({"name": "b", "image": "2"}, {"name": "c"}))
    assert spec["containers"] == [A, {"name": "b", "image": "2"}, {"name": "c"}]


def test_set_element_order_orders_and_keeps_what_only_the_server_has() -> None:
    patch = pod({"name": "c"}, **{"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}]})
    names = [one["name"] for one in patched(pod(dict(A), dict(B)), patch)["containers"]]
    assert names == ["c", "a", "b"]


def test_order_alone_reorders() -> None:
    patch = {"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}}
    assert [one["name"] for one in patched(pod(dict(A), dict(B)), patch)["containers"]] == ["b", "a"]


def test_items_are_deleted_and_lists_replaced_by_directive() -> None:
    assert patched(pod(dict(A), dict(B)), pod({"name": "a", "$patch": "delete"}))["containers"] == [B]
    assert patched(pod(dict(A), dict(B)), pod({"$patch": "replace"}, {"name": "z"}))["containers"] == [{"name": "z"}]


def test_maps_are_replaced_by_directive() -> None:
    target = pod(nodeSelector={"a": "1", "b": "2"})
    assert patched(target, {"spec": {"nodeSelector": {"$patch": "replace", "c": "3"}}})["nodeSelector"] == {"c": "3"}
    target = pod(nodeSelector={"a": "1"})
    assert patched(target, {"spec": {"nodeSelector": {"$patch": "delete"}}})["nodeSelector"] == {}


def test_primitive_lists_merge_as_sets() -> None:
    target = {"metadata": {"finalizers": ["a", "b"]}}
    made = strategic.apply(target, {"metadata": {"finalizers": ["b", "c"]}}, POD)
    assert set(made["metadata"]["finalizers"]) == {"a", "b", "c"}
    made = strategic.apply(made, {"metadata": {"$deleteFromPrimitiveList/finalizers": ["b"]}}, POD)
    assert set(made["metadata"]["finalizers"]) == {"a", "c"}


def test_lists_without_a_strategy_are_replaced() -> None:
    spec = patched(pod(dict(A, args=["x"])), pod({"name": "a", "args": ["y"]}))
    assert spec["containers"][0]["args"] == ["y"]


def test_retain_keys_drops_what_is_not_named() -> None:
    deployment = schema_of(apps.Deployment)
    target = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert strategic.apply(target, patch, deployment) == {"spec": {"strategy": {"type": "Recreate"}}}


def test_nulls_delete_and_never_stay() -> None:
    assert patched(pod(hostname="x"), {"spec": {"hostname": None, "subdomain": None}}) == {"containers": []}
    assert patched(pod(), pod({"name": "a", "image": None}))["containers"] == [{"name": "a"}]


def test_an_item_without_its_key_is_told_as_upstream_tells_it() -> None:
    with pytest.raises(StatusError) as caught:
        patched(pod(dict(A)), pod({"image": "x", "args": ["y", "z"]}))
    assert caught.value.message == "map: map[args:[y z] image:x] does not contain declared merge key: name"
    assert caught.value.code == 500


CONTAINERS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from("abcde")},
        optional={"image": st.sampled_from(["1", "2"]), "args": st.lists(st.sampled_from("xy"), max_size=2)},
    ),
    unique_by=lambda one: one["name"],
    max_size=4,
)


@settings(max_examples=200)
@given(CONTAINERS, CONTAINERS, st.permutations("abcde"))
def test_a_strategic_patch_applied_twice_changes_nothing_more(old: Any, new: Any, order: Any) -> None:
    asked = sorted(new, key=lambda one: order.index(one["name"]))
    patch = pod(*asked, **{"$setElementOrder/containers": [{"name": one["name"]} for one in asked]})
    once = strategic.apply(copy.deepcopy(pod(*old)), copy.deepcopy(patch), POD)
    twice = strategic.apply(copy.deepcopy(once), copy.deepcopy(patch), POD)
    assert twice == once
    names = [one["name"] for one in once["spec"]["containers"]]
    assert [name for name in names if name in {one["name"] for one in asked}] == [one["name"] for one in asked]
    assert set(names) == {one["name"] for one in [*old, *new]}
