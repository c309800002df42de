"""The objects that expressions of mutating policies make: `Object{...}`, `Object.spec{...}`, `JSONPatch{...}`.

Their fields may be called anything and hold anything; what they make is checked where it is applied. Source:
apiserver/pkg/cel/mutation: typeresolver.go, jsonpatch.go, dynamic/objects.go.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.cel.types import DYN, STRING, Type
from steersman.apimachinery.cel.values import EvaluationError, Fields, no_such_key

OBJECT, JSON_PATCH = "Object", "JSONPatch"
_TEXTS = ("op", "path", "from")


class _AnyField(Mapping[str, Type]):
    """Every name is a field."""

    def __getitem__(self, name: str) -> Type:
        return DYN

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


OBJECT_TYPE = Type(OBJECT, fields=_AnyField())
JSON_PATCH_TYPE = Type(JSON_PATCH, fields={**dict.fromkeys(_TEXTS, STRING), "value": DYN})


@dataclass(frozen=True, slots=True)
class Made(Fields):
    """An object that an expression made. type_name: `Object.spec`, or `JSONPatch`."""

    type_name: str
    fields: Mapping[str, Any]

    def has(self, field: str) -> bool:
        """It was given."""
        return field in self.fields

    def get(self, field: str) -> Any:
        """EvaluationError when it wasn't given."""
        try:
            return self.fields[field]
        except KeyError:
            raise no_such_key(field) from None


def find_type(name: str) -> Type | None:
    """The type of a name, if objects can be made of it."""
    if name == JSON_PATCH:
        return JSON_PATCH_TYPE
    if name == OBJECT:
        return OBJECT_TYPE
    return Type(name, fields=OBJECT_TYPE.fields) if name.startswith(f"{OBJECT}.") else None


def make(name: str, fields: Mapping[str, Any]) -> Made:
    """An object of a type that `find_type` found. EvaluationError for a patch whose words aren't texts."""
    if name == JSON_PATCH:
        for one in _TEXTS:
            if one in fields and not isinstance(fields[one], str):
                raise EvaluationError(f"unexpected type {type(fields[one]).__name__} for JSONPatchType '{one}' field")
    return Made(name, fields)


def misnamed(value: Any, path: tuple[str, ...] = (OBJECT,)) -> list[str]:
    """What is wrong with the names of the types of an object and of those in it: they are the path of the fields."""
    found: list[str] = []
    if isinstance(value, Made):
        wanted = ".".join(path)
        if value.type_name != wanted:
            found.append(
                f'unexpected type name "{value.type_name}", expected "{wanted}", '
                "which matches field name path from root Object type"
            )
        for name, one in value.fields.items():
            found += misnamed(one, (*path, name))
    elif isinstance(value, Mapping):
        for one in value.values():
            found += misnamed(one, path)
    elif isinstance(value, list | tuple):
        for one in value:
            found += misnamed(one, path)
    return found
