"""JSON patch, RFC 6902, on wire trees.

Source: evanphx/json-patch v4: what is lenient (negative indexes) and the reasons; apiserver's handlers/patch.go: the
limit and what the client hears.
"""

import copy
import re
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.gotext import quote
from steersman.apimachinery.status import BadRequest, Invalid, RequestEntityTooLarge, request_too_large

MAX_OPERATIONS = 10_000
# The client only hears this, whichever operation failed: upstream drops the reason, which stays in the error's cause.
REJECTED = "the server rejected our request due to an error in our request"
_OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")
_INDEX = re.compile(r"[+-]?[0-9]+")


class PatchError(ValueError):
    """An operation that doesn't apply; the message is json-patch's."""


class TestFailed(PatchError):
    """A value isn't what the patch wants it to be."""

    # A name that pytest takes for one of its own.
    __test__ = False


@dataclass(frozen=True, slots=True)
class _Operation:
    op: str
    path: str | None
    from_: str | None
    value: Any


def apply(target: Any, patch: Any) -> Any:
    """The target with all operations applied. It is changed in place, also by a patch that fails later on."""
    try:
        return apply_operations(target, patch)
    except PatchError as error:
        raise Invalid(REJECTED) from error


def apply_operations(target: Any, patch: Any) -> Any:
    """The same for those who tell why a patch doesn't apply: PatchError."""
    operations = _read(patch)
    root = {"": target}
    for operation in operations:
        _apply(root, operation)
    return root[""]


def _read(patch: Any) -> list[_Operation]:
    if not isinstance(patch, list) or not all(isinstance(entry, dict) for entry in patch):
        raise BadRequest(
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
        )
    if len(patch) > MAX_OPERATIONS:
        raise _too_many(len(patch))
    return [_Operation(str(e.get("op", "")), e.get("path"), e.get("from"), e.get("value")) for e in patch]


def _too_many(count: int) -> RequestEntityTooLarge:
    return request_too_large(f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {count}")


def _apply(root: dict[str, Any], operation: _Operation) -> None:
    path = operation.path
    if operation.op not in _OPERATIONS:
        raise PatchError(f"Unexpected kind: {operation.op or 'unknown'}")
    if not isinstance(path, str):
        raise PatchError(f"{operation.op} operation failed to decode path: missing value")
    match operation.op:
        case "add":
            holder, key = _holder(root, path, f"add operation does not apply: doc is missing path: {quote(path)}")
            _add(holder, key, operation.value, path)
        case "remove":
            holder, key = _holder(root, path, f"remove operation does not apply: doc is missing path: {quote(path)}")
            _remove(holder, key, path)
        case "replace":
            holder, key = _holder(root, path, f"replace operation does not apply: doc is missing path: {path}")
            _replace(holder, key, operation.value, path)
        case "test":
            holder, key = _holder(root, path, f"test operation does not apply: is missing path: {path}")
            if not same(_get(holder, key, path), operation.value):
                raise TestFailed(f"testing value {path} failed: test failed")
        case "move" | "copy":
            _transfer(root, operation, path)


def _transfer(root: dict[str, Any], operation: _Operation, path: str) -> None:
    source = operation.from_
    if not isinstance(source, str):
        raise PatchError(f"{operation.op} operation failed to decode from: missing value")
    does_not_apply = f"{operation.op} operation does not apply: doc is missing"
    holder, key = _holder(root, source, f"{does_not_apply} from path: {source}")
    value = _get(holder, key, source)
    if operation.op == "move":
        _remove(holder, key, source)
    else:
        value = copy.deepcopy(value)
    holder, key = _holder(root, path, f"{does_not_apply} destination path: {path}")
    _add(holder, key, value, path)


def _holder(root: dict[str, Any], path: str, complaint: str) -> tuple[Any, str]:
    """The object or list that holds the last part of a path, and that part."""
    *parts, last = (part.replace("~1", "/").replace("~0", "~") for part in path.split("/"))
    if path and path[0] != "/":
        raise PatchError(f"{complaint}: missing value")
    here: Any = root
    for part in parts:
        if isinstance(here, dict) and part in here:
            here = here[part]
        elif isinstance(here, list) and _INDEX.fullmatch(part) and -len(here) <= int(part) < len(here):
            here = here[int(part)]
        else:
            raise PatchError(f"{complaint}: missing value")
    if not isinstance(here, dict | list):
        raise PatchError(f"{complaint}: missing value")
    return here, last


def _position(holder: list[Any], key: str, limit: int, path: str) -> int:
    if not _INDEX.fullmatch(key):
        raise PatchError(f"error in path '{path}': strconv.Atoi: parsing {quote(key)}: invalid syntax")
    position = int(key)
    if not -limit <= position < limit:
        raise PatchError(
            f"error in path '{path}': Unable to access invalid index: {position}: invalid index referenced"
        )
    return position + limit if position < 0 else position


def _get(holder: Any, key: str, path: str) -> Any:
    if isinstance(holder, list):
        return holder[_position(holder, key, len(holder), path)]
    if key not in holder:
        raise PatchError(f"error in path '{path}': unable to get nonexistent key: {key}: missing value")
    return holder[key]


def _add(holder: Any, key: str, value: Any, path: str) -> None:
    if isinstance(holder, dict):
        holder[key] = value
    elif key == "-":
        holder.append(value)
    else:
        holder.insert(_position(holder, key, len(holder) + 1, path), value)


def _remove(holder: Any, key: str, path: str) -> None:
    if not path:
        raise PatchError("error in remove for path: '': the whole document can't be removed")
    if isinstance(holder, list):
        del holder[_position(holder, key, len(holder), path)]
    elif key in holder:
        del holder[key]
    else:
        raise PatchError(f"error in remove for path: '{path}': Unable to remove nonexistent key: {key}: missing value")


def _replace(holder: Any, key: str, value: Any, path: str) -> None:
    if isinstance(holder, list):
        holder[_position(holder, key, len(holder), path)] = value
    elif key in holder:
        holder[key] = value
    else:
        raise PatchError(f"replace operation does not apply: doc is missing key: {path}: missing value")


def same(left: Any, right: Any) -> bool:
    """Equal as JSON: Python holds True and 1 to be equal, JSON doesn't."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[name]) for name, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)
