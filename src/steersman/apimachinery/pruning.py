"""Takes away what a schema doesn't know, from wire trees: what custom resources and lenient writes need."""

from typing import Any

from steersman.apimachinery.schema import Form, TypeSchema


def prune(tree: Any, schema: TypeSchema) -> list[str]:
    """Remove unknown fields in place; their paths, in the document's order."""
    removed: list[str] = []
    _prune(tree, schema, "", removed)
    return removed


def _prune(tree: Any, schema: TypeSchema, path: str, removed: list[str]) -> None:
    if isinstance(tree, dict) and schema.form is Form.OBJECT:
        for name in list(tree):
            field, where = schema.fields.get(name), f"{path}.{name}" if path else name
            if field is None and schema.keeps_unknown:
                continue
            if field is None:
                del tree[name]
                removed.append(where)
            else:
                _prune(tree[name], field.schema, where, removed)
    elif isinstance(tree, dict) and schema.items is not None:
        for name, value in tree.items():
            _prune(value, schema.items, f"{path}.{name}", removed)
    elif isinstance(tree, list) and schema.items is not None:
        for position, value in enumerate(tree):
            _prune(value, schema.items, f"{path}[{position}]", removed)
