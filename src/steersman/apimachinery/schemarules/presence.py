"""Whether a schema has rules at all: only who has any pays for the language they are written in."""

from collections.abc import Iterator, Mapping
from typing import Any

Written = Mapping[str, Any]
RULES = "x-kubernetes-validations"


def has_rules(schema: Written) -> bool:
    """There is a rule in it, or in a part of it."""
    return bool(schema.get(RULES)) or any(map(has_rules, _below(schema)))


def _below(schema: Written) -> Iterator[Written]:
    yield from (schema.get("properties") or {}).values()
    yield from schema.get("allOf") or ()
    for name in ("items", "additionalProperties"):
        if isinstance(below := schema.get(name), Mapping):
            yield below
