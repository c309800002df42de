"""Conditions of the common form. Source: apimachinery/pkg/apis/meta/v1/validation/validation_test.go."""

from typing import Any

import pytest

from steersman.api.meta.conditionrules import validate_conditions
from steersman.api.meta.listmeta import Condition
from steersman.apimachinery.codec.json import from_wire
from steersman.apimachinery.fieldpath import Path

GOOD = {
    "type": "Ready",
    "status": "True",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
    "reason": "AsWanted",
    "message": "",
}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"type": ""}, ".type: Required value: is required"),
        ({"type": "a b"}, '.type: Invalid value: "a b": name part must consist of'),
        ({"status": ""}, ".status: Required value"),
        ({"status": "Maybe"}, '.status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"'),
        ({"observedGeneration": -1}, ".observedGeneration: Invalid value: -1: must be greater than or equal to zero"),
        ({"lastTransitionTime": None}, ".lastTransitionTime: Required value"),
        ({"reason": ""}, ".reason: Required value"),
        ({"reason": "no good"}, '.reason: Invalid value: "no good": a condition reason must start with alphabetic'),
        ({"reason": 1025 * "r"}, ".reason: Too long: may not be more than 1024 bytes"),
        ({"message": 32769 * "m"}, ".message: Too long: may not be more than 32768 bytes"),
    ],
)
def test_what_is_wrong_with_a_condition_is_told(change: dict[str, Any], fault: str) -> None:
    (found,) = validate_conditions((from_wire({**GOOD, **change}, Condition),), Path("status.conditions"))
    assert f"{found.field}: {found.message}".startswith(f"status.conditions[0]{fault}")


def test_there_is_one_condition_of_each_type() -> None:
    good = from_wire(GOOD, Condition)
    assert validate_conditions((good,), Path("c")) == []
    (found,) = validate_conditions((good, good), Path("c"))
    assert (found.field, found.message) == ("c[1]", 'Duplicate value: "Ready"')
