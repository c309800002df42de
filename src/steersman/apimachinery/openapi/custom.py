"""The published schema of a custom resource: what users wrote, in what each version of OpenAPI can say.

Source: apiextensions-apiserver/pkg/controller/openapi: builder, v2/conversion.go.
"""

from collections.abc import Mapping
from typing import Any

# What version 2 knows no word for.
_NOT_IN_V2 = ("allOf", "anyOf", "oneOf", "not", "nullable")
_BELOW = ("properties", "patternProperties")
_LISTS = ("allOf", "anyOf", "oneOf")


def says_nothing(written: Mapping[str, Any], *, is_v3: bool) -> bool:
    """There is no schema, or one that version 2 can't tell: whatever it said would forbid all else."""
    return not written or (not is_v3 and bool(written.get("x-kubernetes-preserve-unknown-fields")))


def published(written: Mapping[str, Any], *, is_v3: bool) -> dict[str, Any]:
    """The schema of a whole object; its root is an object."""
    made = _published(written, is_v3)
    return {**made, "type": "object"}


def _published(written: Mapping[str, Any], is_v3: bool) -> dict[str, Any]:
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
    return made if is_v3 else _in_v2(made, written)


def _in_v2(made: dict[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """What kubectl can't cope with taken away: it would refuse more than the schema does."""
    keeps_unknown = bool(written.get("x-kubernetes-preserve-unknown-fields"))
    if written.get("nullable") or keeps_unknown:
        made.pop("items", None)
        made.pop("properties", None)
    is_bare_list = made.get("type") == "array" and "items" not in made
    if written.get("nullable") or is_bare_list or (keeps_unknown and made.get("type") == "object"):
        made.pop("type", None)
    nullable = [name for name, one in (written.get("properties") or {}).items() if one.get("nullable")]
    if nullable and "required" in made:
        made["required"] = [name for name in made["required"] if name not in nullable]
    return made
