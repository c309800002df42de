"""What differs for custom resources: their fields are wire trees, and their rules are written in their definition.

Source: apiextensions-apiserver/pkg/registry/customresource: strategy.go, status_strategy.go, tableconvertor.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from steersman.api.apiextensions import CustomResourceDefinition, CustomResourceDefinitionVersion
from steersman.api.customresources import written_schema
from steersman.api.meta import Kind
from steersman.apimachinery.codec.json import to_wire
from steersman.apimachinery.defaulting import default_tree
from steersman.apimachinery.fielderrors import invalid_value
from steersman.apimachinery.jsonpath import compile_path
from steersman.apimachinery.object import replace
from steersman.apimachinery.pruning import prune
from steersman.apimachinery.schema import NO_DEFAULT, TypeSchema, schema_of
from steersman.apimachinery.schemachecks import check
from steersman.apimachinery.schemalists import list_faults
from steersman.apimachinery.schemarules.presence import has_rules
from steersman.apimachinery.status import Cause
from steersman.apiserver.crd.columns import CustomColumns
from steersman.apiserver.crd.scale import CustomScaling
from steersman.apiserver.registry.strategy import Strategy, replace_fields, spec_fields

if TYPE_CHECKING:
    from steersman.apimachinery.schemarules.compiled import Rules

# Where the shape is wrong rules can't be asked. Source: validation/cel.go: hasBlockingErr.
BLOCKING = frozenset({"FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"})
NOT_CHECKED = (
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete "
    "validation"
)


class CustomStrategy(Strategy[Any]):
    """Strategy of one version of one definition."""

    allows_unconditional_update = False

    def __init__(
        self, crd: CustomResourceDefinition, version: CustomResourceDefinitionVersion, kind: type[Kind]
    ) -> None:
        self._schema = schema_of(kind)
        self._written = written_schema(crd, version)
        self._has_status = version.subresources is not None and version.subresources.status is not None
        self._columns = CustomColumns(version.additionalPrinterColumns)
        self._selectable = {one.jsonPath.lstrip("."): compile_path(one.jsonPath) for one in version.selectableFields}
        self.columns = self._columns.columns
        scale = version.subresources.scale if version.subresources is not None else None
        self.scaling = CustomScaling(scale) if scale is not None else None

    def default(self, obj: Any) -> Any:
        """Prune, then fill in. The trees are this write's own, and changed in place."""
        changes: dict[str, Any] = {}
        for name in spec_fields_and_status(obj):
            field, value = self._schema.fields.get(name), getattr(obj, name)
            if field is None:
                continue
            if value is None and field.default is not NO_DEFAULT:
                value = changes[name] = _copied(field.default)
            if value is not None:
                _fit(value, field.schema)
        return replace(obj, **changes) if changes else obj

    def prepare_for_create(self, obj: Any) -> Any:
        """A status of its own is written by its own door."""
        if self._has_status and getattr(obj, "status", None) is not None:
            obj = replace_fields(obj, status=None)
        return replace(obj, metadata=replace(obj.metadata, generation=1))

    def prepare_for_update(self, obj: Any, old: Any) -> Any:
        """Whatever changes but metadata counts; a status that has its own door doesn't change here."""
        if self._has_status and hasattr(obj, "status"):
            obj = replace_fields(obj, status=getattr(old, "status", None))
        names = {*spec_fields_and_status(obj), *spec_fields_and_status(old)}
        changed = any(getattr(obj, name, None) != getattr(old, name, None) for name in names)
        generation = old.metadata.generation + 1 if changed else old.metadata.generation
        return replace(obj, metadata=replace(obj.metadata, generation=generation))

    def prepare_for_status_update(self, obj: Any, old: Any) -> Any:
        """Nothing but the status, and the owners of its fields."""
        if not hasattr(obj, "status"):
            return replace(old, metadata=replace(old.metadata, managedFields=obj.metadata.managedFields))
        meta = replace(old.metadata, managedFields=obj.metadata.managedFields)
        return replace_fields(obj, metadata=meta, **{name: getattr(old, name, None) for name in spec_fields(obj)})

    def reset_fields(self, kind: type[Any], subresource: str) -> Sequence[str]:
        """As for built-in kinds, when there is a status subresource."""
        return super().reset_fields(kind, subresource) if self._has_status else ()

    def validate(self, obj: Any) -> Sequence[Cause]:
        """What the schema says is wrong."""
        tree = _tree(obj)
        found = [*check(tree, self._written), *list_faults(tree, self._schema)]
        return [*found, *self._rule_faults(found, tree, None)]

    def validate_update(self, obj: Any, old: Any) -> Sequence[Cause]:
        """What is wrong in what has changed: a schema that became stricter doesn't hold up other changes."""
        tree, was = _tree(obj), _tree(old)
        found = check(tree, self._written, old=was)
        if not list_faults(was, self._schema):
            found += list_faults(tree, self._schema)
        return [*found, *self._rule_faults(found, tree, was)]

    def warnings_of_change(self, obj: Any, old: Any) -> Sequence[str]:
        """Rules that what hasn't changed doesn't keep to."""
        return [] if self._rules is None else _checked(self._rules, _tree(obj), _tree(old))[1]

    @cached_property
    def _rules(self) -> "Rules | None":
        """Compiled when first needed: a cluster may have hundreds of definitions that nobody uses now."""
        if not has_rules(self._written):
            return None
        from steersman.apimachinery.schemarules.compiled import compile_rules

        return compile_rules(self._written, is_root=True)

    def _rule_faults(self, found: Sequence[Cause], tree: dict[str, Any], was: dict[str, Any] | None) -> Sequence[Cause]:
        if self._rules is None:
            return ()
        if any(one.reason in BLOCKING for one in found):
            return (invalid_value("", None, NOT_CHECKED),)
        return _checked(self._rules, tree, was)[0]

    def validate_subresource(self, subresource: str, obj: Any, old: Any) -> Sequence[Cause]:
        """What is wrong with the result."""
        return self.validate_update(obj, old)

    def selectable(self, obj: Any) -> Mapping[str, str]:
        """The selectable fields of the definition."""
        if not self._selectable:
            return {}
        tree = {name: getattr(obj, name) for name in spec_fields_and_status(obj)}
        found = {name: find(tree) for name, find in self._selectable.items()}
        return {name: _text(values[0]) if values else "" for name, values in found.items()}

    def row(self, obj: Any, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return self._columns.row(obj, now)


def _checked(rules: "Rules", tree: dict[str, Any], was: dict[str, Any] | None) -> tuple[list[Cause], list[str]]:
    """See `check_rules`, which only who has rules needs."""
    from steersman.apimachinery.schemarules.checking import check_rules

    return check_rules(rules, tree, was)


def _tree(obj: Any) -> dict[str, Any]:
    """What the schema is about: of metadata only the name can be constrained."""
    found = {name: value for name in spec_fields_and_status(obj) if (value := getattr(obj, name)) is not None}
    meta = {"name": obj.metadata.name, "generateName": obj.metadata.generateName}
    return {"kind": obj.kind, "apiVersion": obj.apiVersion, "metadata": meta, **found}


def spec_fields_and_status(obj: Kind) -> tuple[str, ...]:
    """Every field but what all objects have."""
    return (*spec_fields(obj), "status") if "status" in obj.__struct_fields__ else spec_fields(obj)


def _fit(tree: Any, schema: TypeSchema) -> None:
    prune(tree, schema)
    default_tree(tree, schema)


def _copied(tree: Any) -> Any:
    return to_wire(tree)


def _text(value: Any) -> str:
    """Source: selectablefields: strings as they are, numbers and booleans as Go prints them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
