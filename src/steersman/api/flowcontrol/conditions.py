"""What makes the conditions of a flow schema or a priority level wrong, in upstream's words.

Source: pkg/apis/flowcontrol/validation/validation.go.
"""

from collections.abc import Sequence

from steersman.api.flowcontrol.flowcontrol import FlowSchemaCondition, PriorityLevelConfigurationCondition
from steersman.apimachinery.fielderrors import duplicate, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause

CONDITIONS = Path("status.conditions")


def condition_faults(conditions: Sequence[FlowSchemaCondition | PriorityLevelConfigurationCondition]) -> list[Cause]:
    """Each has a type, and one of its own."""
    faults: list[Cause] = []
    seen: set[str] = set()
    for position, condition in enumerate(conditions):
        where = CONDITIONS.at(position).child("type")
        if condition.type in seen:
            faults.append(duplicate(where, condition.type))
        seen.add(condition.type)
        if not condition.type:
            faults.append(required(where, "must not be empty"))
    return faults
