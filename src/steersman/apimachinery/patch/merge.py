"""JSON merge patch, RFC 7386, on wire trees."""

from typing import Any

from steersman.apimachinery.patch.json import same
from steersman.apimachinery.status import BadRequest


def apply(target: Any, patch: Any) -> Any:
    """The target with the patch applied. The target is changed in place; take care that nobody else holds it."""
    if not isinstance(patch, dict):
        # Source: json-patch's ErrBadJSONPatch: an API object can't be replaced by a list or a scalar.
        raise BadRequest("Invalid JSON Patch")
    return _merge(target, patch)


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged = target if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value)
    return merged


def difference(original: Any, modified: Any) -> Any:
    """The merge patch that makes one object of the other. Nulls can't be said by such a patch."""
    if not isinstance(original, dict) or not isinstance(modified, dict):
        return modified
    patch: dict[str, Any] = {name: None for name in original if name not in modified}
    for name, value in modified.items():
        if name not in original:
            patch[name] = value
        elif not same(original[name], value):
            patch[name] = difference(original[name], value)
    return patch
