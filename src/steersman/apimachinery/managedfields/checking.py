"""Whether an applied configuration fits its type; apply says so before it merges anything.

Source: structured-merge-diff, typed: Validate; its wording.
"""

from typing import Any

from steersman.apimachinery.gotext import plain
from steersman.apimachinery.managedfields.elements import describe
from steersman.apimachinery.managedfields.topology import UNTYPED, Shape, Topology
from steersman.apimachinery.managedfields.typed import BadItem, item_element
from steersman.apimachinery.schema import Form

_NUMERIC = {Form.INTEGER, Form.NUMBER}
_STRINGS = {Form.STRING, Form.BYTES}


class BadConfiguration(ValueError):
    """The configuration doesn't fit its type; the text lists every reason with its path."""


def check(topology: Topology, value: Any) -> None:
    """Raise BadConfiguration with everything that doesn't fit."""
    found: list[str] = []
    _check(topology, value, "", found)
    if len(found) == 1:
        raise BadConfiguration(found[0])
    if found:
        raise BadConfiguration("\n".join(["errors:", *(f"  {one}" for one in found)]))


def _check(topology: Topology, value: Any, path: str, found: list[str]) -> None:
    if value is None:
        return
    match topology.form:
        case Form.OBJECT | Form.MAP:
            _check_map(topology, value, path, found)
        case Form.LIST:
            _check_list(topology, value, path, found)
        case Form.ANY:
            pass
        case form:
            if reason := _scalar_error(form, value):
                found.append(_at(path, reason))


def _check_map(topology: Topology, value: Any, path: str, found: list[str]) -> None:
    if not isinstance(value, dict):
        found.append(_at(path, f"expected map, got {_show(value)}"))
        return
    for name, part in value.items():
        declared = topology.fields.get(name) or topology.element
        if declared is None:
            found.append(_at(f"{path}.{name}", "field not declared in schema"))
        else:
            _check(declared, part, f"{path}.{name}", found)


def _check_list(topology: Topology, value: Any, path: str, found: list[str]) -> None:
    if not isinstance(value, list):
        found.append(_at(path, f"expected list, got {_show(value)}"))
        return
    seen: set[str] = set()
    for position, item in enumerate(value):
        text = f"[{position}]"
        if topology.shape in (Shape.KEYED, Shape.SET):
            try:
                element = item_element(topology, item)
            except BadItem as error:
                found.append(_at(path, f"element {position}: {error}"))
                return
            text = describe(element)
            if element in seen:
                found.append(_at(path, f"duplicate entries for key {text}"))
            seen.add(element)
        _check(topology.element or UNTYPED, item, path + text, found)


def _scalar_error(form: Form, value: Any) -> str:
    if isinstance(value, dict | list):
        expected = {Form.BOOLEAN: "boolean"}.get(form, "any scalar")
        expected = "numeric (int or float)" if form in _NUMERIC else "string" if form in _STRINGS else expected
        return f"expected {expected}, got {_show(value)}"
    if form in _NUMERIC and (isinstance(value, bool) or not isinstance(value, int | float)):
        return f"expected numeric (int or float), got {'bool' if isinstance(value, bool) else 'string'}"
    if form in _STRINGS and not isinstance(value, str):
        return f"expected string, got {_show(value)}"
    if form is Form.BOOLEAN and not isinstance(value, bool):
        return f"expected boolean, got {_show(value)}"
    return ""


def _at(path: str, reason: str) -> str:
    return f"{path}: {reason}" if path else reason


def _show(value: Any) -> str:
    """A value as Go prints one in these messages."""
    return f"&{{{plain(value)}}}"
