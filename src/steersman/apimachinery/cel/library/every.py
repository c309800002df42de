"""All functions, by name. Source: apiserver/pkg/cel/environment/base.go."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from steersman.apimachinery.cel.library import (
    addresses,
    authorization,
    lists,
    namedformats,
    optionals,
    patterns,
    quantities,
    standard,
    strings,
    urls,
)
from steersman.apimachinery.cel.operators import type_name
from steersman.apimachinery.cel.signatures import Function
from steersman.apimachinery.cel.types import Type, is_parameter
from steersman.apimachinery.cel.values import NoSuchOverload

_MODULES = (
    standard, strings, lists, optionals, patterns, urls, addresses, quantities, namedformats, authorization,
)  # fmt: skip
# Their implementations know by themselves what they are for.
_OPERATORS = frozenset({module_function.name for module_function in standard.FUNCTIONS if "_" in module_function.name})
_RUNTIME = {"null": "null_type", "timestamp": "google.protobuf.Timestamp", "duration": "google.protobuf.Duration"}


@cache
def functions() -> Mapping[str, Sequence[Function]]:
    """The overloads of each name."""
    found: dict[str, list[Function]] = {}
    for module in _MODULES:
        for function in module.FUNCTIONS:
            found.setdefault(function.name, []).append(function)
    return found


@cache
def qualified_names() -> frozenset[str]:
    """Functions with a dot in their name."""
    return frozenset(name for name in functions() if "." in name) | {"cel.bind"}


@cache
def implementation(name: str, count: int, is_member: bool) -> Callable[..., Any] | None:  # a key
    """What calls of a name with so many arguments go to, by the types of the values; None if nothing can."""
    fitting = [one for one in functions().get(name, ()) if one.is_member is is_member and len(one.args) == count]
    if not fitting:
        return None
    if name in _OPERATORS:
        return fitting[0].implementation
    cases = [(tuple(map(_runtime_name, one.args)), one.implementation) for one in fitting]
    if len(cases) == 1 and not any(cases[0][0]):
        return cases[0][1]

    def dispatched(*values: Any) -> Any:
        names = [type_name(value) for value in values]
        for wanted, called in cases:
            if all(not one or one == name for one, name in zip(wanted, names, strict=True)):
                return called(*values)
        raise NoSuchOverload

    return dispatched


def _runtime_name(wanted: Type) -> str:
    """The name that a value's type must have; empty for any."""
    if is_parameter(wanted) or wanted.name == "dyn":
        return ""
    return _RUNTIME.get(wanted.name, wanted.name)
