"""The columns of `kubectl get` that a definition declares.

Source: apiextensions-apiserver/pkg/registry/customresource/tableconvertor.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from steersman.api.apiextensions import CustomResourceColumnDefinition
from steersman.api.meta import Kind
from steersman.apimachinery.codec.json import encode, to_wire
from steersman.apimachinery.jsonpath import compile_path
from steersman.apiserver.registry.age import age
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Column

AGE = CustomResourceColumnDefinition(
    name="Age", type="date", description=AGE_COLUMN.description, jsonPath=".metadata.creationTimestamp"
)


class CustomColumns:
    """The columns, and the cells of an object; without any the age is shown."""

    def __init__(self, declared: Sequence[CustomResourceColumnDefinition]) -> None:
        declared = declared or (AGE,)
        self.columns = (NAME_COLUMN, *map(_column, declared))
        self._cells = [(one.type, compile_path(one.jsonPath)) for one in declared]

    def row(self, obj: Kind, now: datetime) -> tuple[Any, ...]:
        """The cells; None where there is nothing to show."""
        tree = {name: getattr(obj, name) for name in obj.__struct_fields__}
        tree["metadata"] = to_wire(obj.metadata)
        found = ((kind, find(tree)) for kind, find in self._cells)
        return (obj.metadata.name, *(_cell(kind, values[0], now) if values else None for kind, values in found))


def _column(declared: CustomResourceColumnDefinition) -> Column:
    described = declared.description or f"Custom resource definition column (in JSONPath format): {declared.jsonPath}"
    return Column(declared.name, declared.type, declared.format, described, declared.priority)


def _cell(kind: str, value: Any, now: datetime) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case "string":
            return _text(value)
        case "integer" if is_number:
            return int(value)
        case "number" if is_number:
            return float(value)
        case "boolean" if isinstance(value, bool):
            return value
        case "date" if isinstance(value, str):
            return _age_of(value, now)
        case _:
            return None


def _text(value: Any) -> str:
    """As client-go's JSONPath prints a value."""
    match value:
        case str():
            return value
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case _:
            return encode(value).decode()


def _age_of(text: str, now: datetime) -> str:
    try:
        since = datetime.fromisoformat(text)
    except ValueError:
        return "<invalid>"
    return age(since if since.tzinfo else since.replace(tzinfo=UTC), now)
