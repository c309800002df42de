"""The published schema of a custom resource: what users wrote, in what each version of OpenAPI can say.

Source: apiextensions-apiserver/pkg/controller/openapi: builder, v2/conversion.go.
"""

from collections.abc import Mapping
from typing import Any

# What version 2 knows no word for.
_NOT_IN_V2 = ("anyOf", "oneOf", "not", "nullable")
_BELOW = ("properties", "patternProperties")
_LISTS = ("allOf", "anyOf", "oneOf")


def published(written: Mapping[str, Any], *, is_v3: bool) -> dict[str, Any]:
    """The schema of a whole object; its root is an object."""
    made = _published(written, is_v3)
    return {**made, "type": "object"}


def _published(written: Mapping[str, Any], is_v3: bool) -> dict[str, Any]:
    keeps_unknown = bool(written.get("x-kubernetes-preserve-unknown-fields"))
    is_either = bool(written.get("x-kubernetes-int-or-string"))
    made: dict[str, Any] = {}
    for name, value in written.items():
        if not is_v3 and name in _NOT_IN_V2:
            continue
        if name in _BELOW and isinstance(value, Mapping):
            made[name] = {key: _published(one, is_v3) for key, one in value.items()}
        elif name in _LISTS:
            made[name] = [_published(one, is_v3) for one in value]
        elif isinstance(value, Mapping) and name in ("items", "additionalProperties", "not"):
            made[name] = _published(value, is_v3)
        elif name != "default" or is_v3:
            made[name] = value
    if is_v3:
        return made
    if is_either or (written.get("nullable") and written.get("type")):
        # A client that validates by version 2 couldn't express either: it is told nothing.
        made.pop("type", None)
        if written.get("nullable"):
            for name in ("properties", "items", "additionalProperties"):
                made.pop(name, None)
    if keeps_unknown:
        for name in ("properties", "items", "additionalProperties", "type"):
            made.pop(name, None)
    return made
