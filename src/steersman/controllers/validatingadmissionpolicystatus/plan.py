"""What the status of a policy says of its expressions. Pure.

Source: pkg/controller/validatingadmissionpolicystatus.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from steersman.api.admissionregistration import ExpressionWarning, ValidatingAdmissionPolicy
from steersman.apimachinery.codec.json import to_wire
from steersman.reconcile.plan import Patch, Plan


@dataclass(frozen=True, slots=True)
class View:
    """A policy that has changed, and what is doubtful about its expressions."""

    policy: ValidatingAdmissionPolicy
    warnings: Sequence[ExpressionWarning]


def is_due(policy: ValidatingAdmissionPolicy) -> bool:
    """What its status says is of a spec that is no more."""
    return policy.metadata.generation > policy.status.observedGeneration


def plan(view: View) -> Plan:
    """Tell, and of which spec."""
    # Without a warning an empty object says that somebody has looked.
    warnings = [to_wire(one) for one in view.warnings] or None
    status = {
        "observedGeneration": view.policy.metadata.generation,
        "typeChecking": {"expressionWarnings": warnings},
    }
    return Plan((Patch(view.policy, {"status": status}, "status"),))
