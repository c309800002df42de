"""Selectors of devices, and the expressions in them.

This is the one place where such an expression is looked at before it is stored. Source:
pkg/apis/resource/validation/validation.go: validateSelector, validateCELExpression.
"""

from collections.abc import Iterable, Sequence

from steersman.api.resource.claim import DeviceSelector
from steersman.api.resource.limits import MAX_EXPRESSION_BYTES, MAX_SELECTORS, each_fault
from steersman.apimachinery.fielderrors import required, too_long
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause


def selector_faults(selectors: Sequence[DeviceSelector], path: Path, *, is_stored: bool = False) -> list[Cause]:
    """Selectors of a request or class. What is stored already was right when it came, and isn't compiled again."""

    def check(selector: DeviceSelector, where: Path) -> Iterable[Cause]:
        if selector.cel is None:
            return [required(where.child("cel"))]
        return [] if is_stored else expression_faults(selector.cel.expression, where.child("cel", "expression"))

    return each_fault(selectors, MAX_SELECTORS, check, path)


def expression_faults(expression: str, path: Path) -> list[Cause]:
    """An expression over a `device`: its length. Upstream also compiles it, and bounds its cost by 1,000,000."""
    return [too_long(path, MAX_EXPRESSION_BYTES)] if len(expression.encode()) > MAX_EXPRESSION_BYTES else []
