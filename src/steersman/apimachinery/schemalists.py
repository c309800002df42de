"""Lists of custom resources that are sets or maps must not name anything twice.

Source: apiextensions-apiserver/pkg/apiserver/schema/listtype/validation.go.
"""

from typing import Any

from steersman.apimachinery.codec.json import encode
from steersman.apimachinery.fielderrors import duplicate
from steersman.apimachinery.fieldpath import ROOT, Path
from steersman.apimachinery.patch.json import same
from steersman.apimachinery.schema import FieldSchema, TypeSchema
from steersman.apimachinery.status import Cause


def list_faults(tree: Any, schema: TypeSchema, path: Path = ROOT) -> list[Cause]:
    """Every duplicate in sets and keyed lists, at any depth."""
    found: list[Cause] = []
    if isinstance(tree, dict):
        for name, value in tree.items():
            field = schema.fields.get(name)
            if field is not None and field.schema.is_structural:
                found += _in_field(value, field, path.child(name))
            elif field is None and schema.items is not None:
                found += list_faults(value, schema.items, path.key(name))
    elif isinstance(tree, list) and schema.items is not None:
        for position, value in enumerate(tree):
            found += list_faults(value, schema.items, path.at(position))
    return found


def _in_field(value: Any, field: FieldSchema, path: Path) -> list[Cause]:
    found = list_faults(value, field.schema, path)
    if not isinstance(value, list):
        return found
    if field.is_set:
        found += [
            duplicate(path.at(position), encode(item).decode() if isinstance(item, dict | list) else item)
            for position, item in enumerate(value)
            if any(same(item, other) for other in value[:position])
        ]
    elif field.list_keys is not None:
        keys = [_keys(item, field.list_keys) for item in value]
        found += [duplicate(path.at(i), key) for i, key in enumerate(keys) if key is not None and key in keys[:i]]
    return found


def _keys(item: Any, names: tuple[str, ...]) -> dict[str, Any] | None:
    return {name: item[name] for name in names if name in item} if isinstance(item, dict) else None
