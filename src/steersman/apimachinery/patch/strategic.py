"""Strategic merge patch on wire trees: lists merge by the keys their TypeSchema declares, `$` directives are obeyed.

Source: apimachinery/pkg/util/strategicpatch: directives, order of merged lists, error texts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.gotext import plain
from steersman.apimachinery.patch.json import REJECTED
from steersman.apimachinery.schema import Form, TypeSchema
from steersman.apimachinery.status import BadRequest, Invalid, StatusError

DIRECTIVE = "$patch"
RETAIN_KEYS = "$retainKeys"
DELETE_FROM_LIST = "$deleteFromPrimitiveList"
SET_ORDER = "$setElementOrder"

_ANY = TypeSchema(Form.ANY)


class MergeError(StatusError):
    """A patch the schema can't be reconciled with; upstream answers 500 without a reason."""


@dataclass(frozen=True, slots=True)
class _List:
    """How a list is merged: its items' schema; is_merged, by key or (without one) as a set of scalars."""

    items: TypeSchema
    is_merged: bool = False
    key: str | None = None


def apply(target: dict[str, Any], patch: Any, schema: TypeSchema) -> dict[str, Any]:
    """The target with the patch applied. Both are used up: take care that nobody else holds them."""
    if not isinstance(patch, dict):
        raise BadRequest("invalid JSON document")
    return _merge_map(target, patch, schema)


def _merge_map(target: dict[str, Any], patch: dict[str, Any], schema: TypeSchema) -> dict[str, Any]:
    if DIRECTIVE in patch:
        return _directed_map(patch)
    if RETAIN_KEYS in patch:
        _retain_keys(target, patch)
    for name in [name for name in patch if name.startswith(SET_ORDER)]:
        if name in patch:
            _merge_ordered(target, patch, name, schema)
    for name, value in patch.items():
        if name.startswith(DELETE_FROM_LIST):
            _delete_scalars(target, _bare(name, DELETE_FROM_LIST), value)
        elif value is None:
            target.pop(name, None)
        else:
            _merge_field(target, name, value, schema)
    return target


def _directed_map(patch: dict[str, Any]) -> dict[str, Any]:
    match patch.pop(DIRECTIVE):
        case "replace":
            return patch
        case "delete":
            return {}
        case other:
            raise MergeError(f"unknown patch type: {plain(other)} in map: {plain({DIRECTIVE: other} | patch)}")


def _merge_field(target: dict[str, Any], name: str, value: Any, schema: TypeSchema) -> None:
    old = target.get(name)
    field = schema.fields.get(name)
    if isinstance(old, dict) and isinstance(value, dict) and not (field and field.is_replaced_by_patch):
        target[name] = _merge_map(old, value, _field_schema(schema, name))
    elif isinstance(old, list) and isinstance(value, list):
        target[name] = _merge_list(old, value, _list_rule(schema, name))
    else:
        _drop_nulls(value)
        cleaned, is_kept = _without_directives(value)
        if is_kept:
            target[name] = cleaned
        else:
            target.pop(name, None)


def _field_schema(schema: TypeSchema, name: str) -> TypeSchema:
    if schema.form is Form.OBJECT:
        field = schema.fields.get(name)
        if field is None:
            kind = schema.object_type.__name__ if schema.object_type else "object"
            raise MergeError(f'unable to find api field in struct {kind} for the json field "{name}"')
        return field.schema
    return schema.items or _ANY


def _list_rule(schema: TypeSchema, name: str) -> _List:
    below = _field_schema(schema, name)
    rule = schema.fields[name].merge_by if schema.form is Form.OBJECT else None
    items = below.items or _ANY
    return _List(items) if rule is None else _List(items, True, rule.key)


def _bare(name: str, directive: str) -> str:
    prefix, slash, bare = name.partition("/")
    if prefix != directive or not slash:
        kind = "primitive list" if directive == DELETE_FROM_LIST else "setElementOrder list"
        raise BadRequest(f"invalid patch format of {kind}")
    return bare


def _retain_keys(target: dict[str, Any], patch: dict[str, Any]) -> None:
    kept = patch.pop(RETAIN_KEYS)
    if not isinstance(kept, list):
        raise BadRequest("invalid patch format of retainKeys")
    for name, value in patch.items():
        if value is not None and not name.startswith((DELETE_FROM_LIST, SET_ORDER)) and name not in kept:
            raise BadRequest("invalid patch format of retainKeys")
    for name in [name for name in target if name not in kept]:
        del target[name]


def _delete_scalars(target: dict[str, Any], name: str, unwanted: Any) -> None:
    current = target.get(name)
    if not isinstance(current, list):
        return
    if not isinstance(unwanted, list):
        raise BadRequest("invalid patch format of primitive list")
    gone = {_identity(value, None) for value in unwanted}
    target[name] = [value for value in current if _identity(value, None) not in gone]


# Lists.


def _merge_list(old: list[Any], patch: list[Any], rule: _List) -> list[Any]:
    if not rule.is_merged:
        return patch
    if not old and not patch:
        return old
    _check_elements(old, patch)
    if not isinstance((old or patch)[0], dict):
        merged = list({_identity(value, None): value for value in [*old, *patch]}.values())
        return _in_order(merged, patch, old, None)
    if rule.key is None:
        raise MergeError(f"cannot merge lists without merge key for {rule.items!r}")
    kept, given = _obey_item_directives(list(old), patch, rule.key)
    merged = _merge_items(kept, given, rule.key, rule.items)
    return _in_order(merged, given, kept, rule.key)


def _check_elements(*lists: list[Any]) -> None:
    kinds = {type(value) for values in lists for value in values}
    if list in kinds:
        raise Invalid(REJECTED) from MergeError("lists of lists are not supported")
    if len(kinds) > 1:
        raise MergeError(f"list element types are not identical: {plain(list(lists))}")


def _obey_item_directives(old: list[Any], patch: list[Any], key: str) -> tuple[list[Any], list[Any]]:
    """The old list without what `$patch: delete` names, and the patch's items proper, or these alone for `replace`."""
    plain_items, is_replaced = [], False
    for item in patch:
        match item.get(DIRECTIVE):
            case None:
                plain_items.append(item)
            case "delete":
                unwanted = _key_of(item, key)
                old = [one for one in old if not isinstance(one, dict) or _identity(one, key) != unwanted]
            case "replace":
                is_replaced = True
            case "merge":
                raise MergeError("merging lists cannot yet be specified in the patch")
            case other:
                raise MergeError(f"unknown patch type: {plain(other)} in map: {plain(item)}")
    return (plain_items, []) if is_replaced else (old, plain_items)


def _merge_items(old: list[Any], patch: list[Any], key: str, items: TypeSchema) -> list[Any]:
    merged = list(old)
    for item in patch:
        wanted = _key_of(item, key)
        place = next((i for i, one in enumerate(merged) if _identity(one, key) == wanted), None)
        if place is None:
            _drop_nulls(item)
            merged.append(item)
        else:
            merged[place] = _merge_map(merged[place], item, items)
    return merged


def _key_of(item: dict[str, Any], key: str) -> tuple[type, Any]:
    if key not in item:
        raise MergeError(f"map: {plain(item)} does not contain declared merge key: {key}")
    return _identity(item, key)


def _identity(item: Any, key: str | None) -> tuple[type, Any]:
    """What makes two items the same; with its type, since Python holds True and 1 to be equal."""
    value = item.get(key) if key is not None and isinstance(item, dict) else item
    # Merge keys are scalars; anything else can only be told apart by its text.
    return (type(value), value if not isinstance(value, dict | list) else plain(value))


def _in_order(merged: list[Any], wanted: list[Any], server: list[Any], key: str | None) -> list[Any]:
    """Items that `wanted` names in its order, woven into the rest, which keeps the server's."""
    wanted_at = _positions(wanted, key)
    server_at = _positions(server, key)
    last = len(merged) + len(server_at) + len(wanted_at)
    named = sorted(
        (item for item in merged if _identity(item, key) in wanted_at), key=lambda one: wanted_at[_identity(one, key)]
    )
    others = sorted(
        (item for item in merged if _identity(item, key) not in wanted_at),
        key=lambda one: server_at.get(_identity(one, key), last),
    )
    woven: list[Any] = []
    while named and others:
        other_at, named_at = server_at.get(_identity(others[0], key)), server_at.get(_identity(named[0], key))
        is_other_first = other_at is not None and named_at is not None and other_at < named_at
        woven.append((others if is_other_first else named).pop(0))
    return woven + named + others


def _positions(items: Iterable[Any], key: str | None) -> dict[tuple[type, Any], int]:
    found: dict[tuple[type, Any], int] = {}
    for position, item in enumerate(items):
        found.setdefault(_identity(item, key), position)
    return found


def _merge_ordered(target: dict[str, Any], patch: dict[str, Any], directive: str, schema: TypeSchema) -> None:
    """`$setElementOrder/x`: the list x, merged with the patch's x, comes in this order."""
    name, order = _bare(directive, SET_ORDER), patch.pop(directive)
    old, given = target.get(name), patch.get(name)
    if not isinstance(order, list) or not all(part is None or isinstance(part, list) for part in (old, given)):
        raise BadRequest("invalid patch format of setElementOrder list")
    rule = _list_rule(schema, name)
    _check_order(given or [], order, rule.key)
    if old is None and given is None:
        return
    if old is None:
        merged, _ = _without_directives(given)
    else:
        merged = old if given is None else _merge_list(old, given, rule)
    if rule.key is not None:
        for item in merged:
            _key_of(item, rule.key)
    target[name] = _in_order(merged, order, old or [], rule.key)
    patch.pop(name, None)


def _check_order(given: list[Any], order: list[Any], key: str | None) -> None:
    """What the patch gives must stand in the order it asks for."""
    if not given or not order:
        return
    asked = iter([_identity(item, key) for item in order])
    for item in given:
        if isinstance(item, dict) and DIRECTIVE in item:
            continue
        wanted = _key_of(item, key) if key is not None else _identity(item, None)
        if not any(one == wanted for one in asked):
            raise MergeError(
                f"The order in patch list:\n{plain(given)}\n doesn't match {SET_ORDER} list:\n{plain(order)}\n"
            )


# Values new to the target.


def _without_directives(value: Any) -> tuple[Any, bool]:
    """The value without anything that carries `$patch`, and whether it is itself to be kept."""
    if isinstance(value, dict):
        if DIRECTIVE in value:
            return None, False
        cleaned = ((name, _without_directives(below)) for name, below in value.items())
        return {name: below for name, (below, is_kept) in cleaned if is_kept}, True
    if isinstance(value, list):
        return [below for below, is_kept in map(_without_directives, value) if is_kept], True
    return value, True


def _drop_nulls(value: Any) -> None:
    if isinstance(value, dict):
        for name in [name for name, below in value.items() if below is None]:
            del value[name]
        for below in value.values():
            _drop_nulls(below)
    elif isinstance(value, list):
        for below in value:
            _drop_nulls(below)
