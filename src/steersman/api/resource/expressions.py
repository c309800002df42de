"""Selectors of devices, and the expressions in them.

This is the one place where such an expression is looked at before it is stored. Source:
pkg/apis/resource/validation/validation.go: validateSelector, validateCELSelector;
dynamic-resource-allocation/cel/compile.go: the type of a device.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from steersman.api.meta.fieldrules import MAX_DRIVER_NAME
from steersman.api.resource.claim import DeviceSelector
from steersman.api.resource.limits import (
    MAX_ATTRIBUTE_BYTES,
    MAX_ATTRIBUTES_AND_CAPACITIES,
    MAX_EXPRESSION_BYTES,
    MAX_ID,
    MAX_SELECTORS,
    each_fault,
)
from steersman.apimachinery.cel.environment import Environment
from steersman.apimachinery.cel.source import CELError
from steersman.apimachinery.cel.types import ANYTHING, BOOL, DYN, STRING, Type, map_of
from steersman.apimachinery.fielderrors import invalid_value, required, too_long
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause


def _by_domain(value: Type) -> Type:
    name, domain = Type(STRING.name, size=MAX_ID), Type(STRING.name, size=MAX_DRIVER_NAME)
    of_driver = map_of(name, value, MAX_ATTRIBUTES_AND_CAPACITIES)
    return map_of(domain, of_driver, MAX_ATTRIBUTES_AND_CAPACITIES)


DEVICE = Type(
    "kubernetes.DRADevice",
    fields={
        "driver": Type(STRING.name, size=MAX_DRIVER_NAME),
        "attributes": _by_domain(Type(DYN.name, size=MAX_ATTRIBUTE_BYTES)),
        "capacity": _by_domain(Type("kubernetes.Quantity")),
        "allowMultipleAllocations": BOOL,
    },
)
ENVIRONMENT = Environment({"device": DEVICE})


def selector_faults(selectors: Sequence[DeviceSelector], path: Path, *, is_stored: bool = False) -> list[Cause]:
    """Selectors of a request or class. What is stored already was right when it came, and isn't compiled again."""

    def check(selector: DeviceSelector, where: Path) -> Iterable[Cause]:
        if selector.cel is None:
            return [required(where.child("cel"))]
        return [] if is_stored else expression_faults(selector.cel.expression, where.child("cel", "expression"))

    return each_fault(selectors, MAX_SELECTORS, check, path)


def expression_faults(expression: str, path: Path) -> list[Cause]:
    """An expression that tells whether a `device` is right. Upstream also bounds its estimated cost by 1,000,000."""
    if len(expression.encode()) > MAX_EXPRESSION_BYTES:
        return [too_long(path, MAX_EXPRESSION_BYTES)]
    why = _error(expression)
    return [invalid_value(path, expression, why)] if why else []


@lru_cache(maxsize=256)
def _error(expression: str) -> str:
    """Why an expression can't be used; empty when it can. Claims made of one template have the same ones."""
    try:
        result = ENVIRONMENT.compile(expression).result
    except CELError as error:
        return str(error)
    if result.name in ANYTHING or result == BOOL:
        return ""
    return f"must evaluate to bool or the unknown type, not {result}"
