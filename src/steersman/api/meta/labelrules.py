"""What makes labels, annotations and label selectors wrong, for every kind that carries them.

Source: apimachinery/pkg/apis/meta/v1/validation, apimachinery/pkg/api/validation/objectmeta.go.
"""

from collections.abc import Mapping, Sequence

from steersman.api.meta.objectmeta import LabelSelector, LabelSelectorRequirement
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, invalid_values, required, too_long
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import label_value, qualified_name
from steersman.apimachinery.status import Cause

OPERATORS = frozenset({"In", "NotIn", "Exists", "DoesNotExist"})
MAX_ANNOTATION_BYTES = 256 * 1024


def validate_labels(labels: Mapping[str, str], path: Path) -> list[Cause]:
    """Keys and values; both are blamed on the map."""
    faults: list[Cause] = []
    for key, value in labels.items():
        faults += invalid_values(path, key, qualified_name(key))
        faults += invalid_values(path, value, label_value(value))
    return faults


def validate_annotations(annotations: Mapping[str, str], path: Path) -> list[Cause]:
    """Keys, in whatever case, and the size of all of it."""
    faults: list[Cause] = []
    size = 0
    for key, value in annotations.items():
        faults += invalid_values(path, key, qualified_name(key.lower()))
        size += len(key.encode()) + len(value.encode())
    if size > MAX_ANNOTATION_BYTES:
        faults.append(too_long(path, MAX_ANNOTATION_BYTES))
    return faults


def validate_label_selector(selector: LabelSelector | None, path: Path, *, checks_values: bool = True) -> list[Cause]:
    """A selector, if there is one. Kinds that once took any value let stored ones stay by not checking them."""
    if selector is None:
        return []
    faults = validate_labels(selector.matchLabels, path.child("matchLabels"))
    for position, requirement in enumerate(selector.matchExpressions):
        where = path.child("matchExpressions").at(position)
        faults += requirement_faults(requirement, where)
        if requirement.operator not in OPERATORS:
            faults.append(invalid_value(where.child("operator"), requirement.operator, "not a valid selector operator"))
        faults += validate_label_values(requirement.values, where.child("values")) if checks_values else []
    return faults


def requirement_faults(requirement: LabelSelectorRequirement, path: Path) -> list[Cause]:
    """A requirement of a selector, whose operator may be one that isn't known yet."""
    faults: list[Cause] = []
    match requirement.operator:
        case "In" | "NotIn":
            if not requirement.values:
                faults.append(required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"))
        case "Exists" | "DoesNotExist":
            if requirement.values:
                why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                faults.append(forbidden_field(path.child("values"), why))
    return faults + invalid_values(path.child("key"), requirement.key, qualified_name(requirement.key))


def validate_label_values(values: Sequence[str], path: Path) -> list[Cause]:
    """Values that a label may have, each blamed on its place in the list."""
    faults: list[Cause] = []
    for position, value in enumerate(values):
        if errors := label_value(value):
            faults += invalid_values(path.at(position), value, errors)
    return faults
