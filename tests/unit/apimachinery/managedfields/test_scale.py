"""Owners of replicas, seen through the scale subresource. The cases are upstream's."""

from typing import Any

import pytest

from steersman.apimachinery.managedfields.scale import ScaleFields

FIELDS = ScaleFields(
    "apps/v1", {"apps/v1": ("f:spec", "f:replicas"), "apps/v2": ("f:spec", "f:the_replicas"), "apps/v3": None}
)
REPLICAS: dict[str, Any] = {"f:spec": {"f:replicas": {}}}
SELECTOR: dict[str, Any] = {"f:spec": {"f:selector": {}}}
BOTH: dict[str, Any] = {"f:spec": {"f:replicas": {}, "f:selector": {}}}


def entry(name: str, operation: str, version: str, fields: Any, **more: str) -> dict[str, Any]:
    """An entry of managedFields."""
    return {
        "manager": name, "operation": operation, "apiVersion": version, "fieldsType": "FieldsV1", "fieldsV1": fields,
    } | more  # fmt: skip


def test_only_owners_of_the_replicas_are_seen_through_the_scale() -> None:
    entries = [
        entry("one", "Apply", "apps/v1", SELECTOR),
        entry("two", "Apply", "apps/v1", BOTH, time="2026-01-01T00:00:00Z"),
        entry("three", "Update", "apps/v2", {"f:spec": {"f:the_replicas": {}}}, subresource="scale"),
        entry("unknown", "Apply", "apps/v10", REPLICAS),
        entry("scaleless", "Apply", "apps/v3", REPLICAS),
    ]
    assert FIELDS.to_scale(entries) == [
        entry("two", "Apply", "autoscaling/v1", REPLICAS, time="2026-01-01T00:00:00Z"),
        entry("three", "Update", "autoscaling/v1", REPLICAS, subresource="scale"),
    ]


@pytest.mark.parametrize("before", ["Apply", "Update"])
@pytest.mark.parametrize("now", ["Apply", "Update"])
@pytest.mark.parametrize("name", ["test", "scale"])
def test_who_scales_takes_the_replicas_from_the_object(before: str, now: str, name: str) -> None:
    scale = [entry(name, now, "autoscaling/v1", REPLICAS, subresource="scale")]
    made = FIELDS.to_object([entry("test", before, "apps/v1", BOTH)], scale)
    expected = [
        entry("test", before, "apps/v1", SELECTOR),
        entry(name, now, "apps/v1", REPLICAS, subresource="scale"),
    ]
    assert sorted(made, key=repr) == sorted(expected, key=repr)


@pytest.mark.parametrize("operation", ["Apply", "Update"])
def test_owners_that_still_have_the_replicas_keep_their_entry(operation: str) -> None:
    entries = [entry("test", operation, "apps/v1", BOTH, time="2026-01-01T00:00:00Z")]
    assert FIELDS.to_object(entries, FIELDS.to_scale(entries)) == entries


def test_an_owner_of_nothing_else_goes_with_the_replicas() -> None:
    scale = [entry("scale", "Update", "autoscaling/v1", REPLICAS, subresource="scale")]
    assert FIELDS.to_object([entry("test", "Apply", "apps/v1", REPLICAS)], scale) == [
        entry("scale", "Update", "apps/v1", REPLICAS, subresource="scale")
    ]
