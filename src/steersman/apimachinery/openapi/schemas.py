"""OpenAPI schemas of our types: one definition a type, in the dialect of version 2 or 3.

Source: kube-openapi: names, x-kubernetes extensions, how references are wrapped.
"""

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from steersman.apimachinery.markers import Doc, OneOf
from steersman.apimachinery.object import GroupVersionKind, Object
from steersman.apimachinery.openapi import custom
from steersman.apimachinery.schema import NO_DEFAULT, FieldSchema, Form, TypeSchema, schema_of

META = "io.k8s.apimachinery.pkg.apis.meta.v1"
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
RAW_EXTENSION = "io.k8s.apimachinery.pkg.runtime.RawExtension"
FIELDS_V1 = f"{META}.FieldsV1"
TIME, MICRO_TIME, PATCH, WATCH_EVENT = f"{META}.Time", f"{META}.MicroTime", f"{META}.Patch", f"{META}.WatchEvent"

_NAMED: Mapping[Form, str] = {
    Form.QUANTITY: QUANTITY, Form.INT_OR_STRING: INT_OR_STRING, Form.TIME: TIME, Form.MICRO_TIME: MICRO_TIME,
    Form.ANY: RAW_EXTENSION,
}  # fmt: skip
_SCALARS: Mapping[Form, dict[str, str]] = {
    Form.STRING: {"type": "string"},
    Form.BOOLEAN: {"type": "boolean"},
    Form.NUMBER: {"type": "number", "format": "double"},
    Form.BYTES: {"type": "string", "format": "byte"},
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between the versions: where definitions stand, and whether a reference may have siblings."""

    prefix: str
    is_v3: bool


V2 = Dialect("#/definitions/", False)
V3 = Dialect("#/components/schemas/", True)


def definition_name(wanted: type[Object]) -> str:
    """`io.k8s.api.core.v1.Pod`: the Go package with its domain reversed, and the type."""
    # Protobuf writes k8s.io.apiextensions_apiserver.pkg...: the first two parts are the domain, and Go has hyphens.
    parts = wanted.__facts__.package.replace("_", "-").split(".")
    return ".".join([*reversed(parts[:2]), *parts[2:], wanted.__name__])


def list_name(wanted: type[Object]) -> str:
    """The definition of a kind's list."""
    return f"{definition_name(wanted)}List"


def gvk_entry(gvk: GroupVersionKind) -> dict[str, str]:
    """The value of x-kubernetes-group-version-kind."""
    return {"group": gvk.group, "kind": gvk.kind, "version": gvk.version}


@dataclass(slots=True)
class Definitions:
    """Collects the definitions of types and of all they refer to."""

    dialect: Dialect
    made: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, types: Iterable[type[Object]]) -> None:
        """Define types and what they need."""
        for wanted in types:
            self.reference(schema_of(wanted))

    def add_list(self, wanted: type[Object], list_meta: type[Object]) -> str:
        """Define a kind's list; its name."""
        name, gvk = list_name(wanted), wanted.__facts__.gvk
        if name not in self.made and gvk is not None:
            items = {"type": "array", "items": self.reference(schema_of(wanted))}
            self.made[name] = {
                "description": f"{gvk.kind}List is a list of objects of kind {gvk.kind}.",
                "type": "object",
                "required": ["items"],
                "properties": {
                    "apiVersion": {"type": "string"},
                    "items": items,
                    "kind": {"type": "string"},
                    "metadata": self.reference(schema_of(list_meta)),
                },
                "x-kubernetes-group-version-kind": [
                    gvk_entry(GroupVersionKind(gvk.group, gvk.version, f"{gvk.kind}List"))
                ],
            }
        return name

    def reference(self, schema: TypeSchema) -> dict[str, Any]:
        """The schema of a value: a reference where the type has a definition, which is made if need be."""
        match schema.form:
            case Form.OBJECT if schema.object_type is not None:
                return self._ref(self._define(schema))
            case Form.LIST if schema.items is not None:
                return {"type": "array", "items": self.reference(schema.items)}
            case Form.MAP if schema.items is not None:
                return {"type": "object", "additionalProperties": self.reference(schema.items)}
            case Form.INTEGER:
                return {"type": "integer", "format": f"int{schema.bits}"}
            case Form.ANY if schema.named:
                return self._ref(self.define_special(schema.named))
            case form if form in _NAMED:
                return self._ref(self.define_special(_NAMED[form]))
            case form:
                return dict(_SCALARS.get(form, {"type": "object"}))

    def ref_to(self, name: str) -> dict[str, str]:
        """A bare reference to a definition by name."""
        return {"$ref": self.dialect.prefix + name}

    def _ref(self, name: str) -> dict[str, Any]:
        return self.ref_to(name)

    def define_special(self, name: str) -> str:
        """Define one of the types that are no structs on the wire."""
        if name not in self.made:
            self.made[name] = _special(name, self.dialect)
            if name == WATCH_EVENT:
                raw = self._ref(self.define_special(RAW_EXTENSION))
                self.made[name]["properties"]["object"] = raw
        return name

    def _define(self, schema: TypeSchema) -> str:
        wanted = schema.object_type
        assert wanted is not None, "only objects are defined"
        name = definition_name(wanted)
        if name in self.made:
            return name
        if schema.facts.published is not None:
            self._define_custom(name, schema)
            return name
        # Entered before its fields are read, because types may contain themselves.
        made = self.made[name] = {"description": inspect.cleandoc(wanted.__doc__ or wanted.__name__), "type": "object"}
        properties = {one.name: self._property(one) for one in schema.fields.values()}
        if properties:
            made["properties"] = dict(sorted(properties.items()))
        if required := sorted(one.name for one in schema.fields.values() if one.is_required):
            made["required"] = required
        if schema.facts.gvk is not None:
            made["x-kubernetes-group-version-kind"] = [gvk_entry(schema.facts.gvk)]
        if schema.facts.atomic:
            made["x-kubernetes-map-type"] = "atomic"
        return name

    def _define_custom(self, name: str, schema: TypeSchema) -> None:
        """A custom resource's, as its users wrote it, with what every object has."""
        assert schema.facts.published is not None
        assert schema.facts.gvk is not None
        if custom.says_nothing(schema.facts.published, is_v3=self.dialect.is_v3):
            # Any property would have kubectl forbid all others.
            self.made[name] = {"type": "object"}
        else:
            made = self.made[name] = custom.published(schema.facts.published, is_v3=self.dialect.is_v3)
            envelope = {one: self._property(schema.fields[one]) for one in ("apiVersion", "kind", "metadata")}
            made["properties"] = dict(sorted({**made.get("properties", {}), **envelope}.items()))
        made = self.made[name]
        made["x-kubernetes-group-version-kind"] = [gvk_entry(schema.facts.gvk)]

    def _property(self, one: FieldSchema) -> dict[str, Any]:
        if one.schema.form is Form.ANY and one.name == "fieldsV1":
            made = self._ref(self.define_special(FIELDS_V1))
        else:
            made = self.reference(one.schema)
        beside = {**_described(one), **(_default(one) if self.dialect.is_v3 else {}), **_enum(one), **_topology(one)}
        if "$ref" in made and beside and self.dialect.is_v3:
            return {"allOf": [made], **beside}
        return made | beside


def _described(one: FieldSchema) -> dict[str, Any]:
    doc = one.marker(Doc)
    return {"description": doc.text} if doc else {}


def _default(one: FieldSchema) -> dict[str, Any]:
    """Version 2 goes without: older clients can't cope. Source: kube-openapi/pkg/handler: PruneDefaults."""
    if one.default is not NO_DEFAULT:
        return {"default": one.default}
    return {"default": {}} if one.schema.form is Form.OBJECT and not one.nullable else {}


def _enum(one: FieldSchema) -> dict[str, Any]:
    marker = one.marker(OneOf)
    return {"enum": sorted(marker.values)} if marker and one.schema.form is Form.STRING else {}


def _topology(one: FieldSchema) -> dict[str, Any]:
    made: dict[str, Any] = {}
    strategies = []
    if one.merge_by is not None:
        strategies.append("merge")
        if one.merge_by.key is not None:
            made["x-kubernetes-patch-merge-key"] = one.merge_by.key
    if one.retains_keys:
        strategies.append("retainKeys")
    if one.is_replaced_by_patch:
        strategies.append("replace")
    if strategies:
        made["x-kubernetes-patch-strategy"] = ",".join(strategies)
    if one.list_keys is not None:
        made |= {"x-kubernetes-list-map-keys": list(one.list_keys), "x-kubernetes-list-type": "map"}
    elif one.is_set:
        made["x-kubernetes-list-type"] = "set"
    elif one.is_atomic and one.schema.form in (Form.LIST, Form.BYTES):
        made["x-kubernetes-list-type"] = "atomic"
    elif one.is_granular:
        made["x-kubernetes-map-type"] = "granular"
    elif one.is_atomic and not one.schema.facts.atomic:
        made["x-kubernetes-map-type"] = "atomic"
    return made


def _special(name: str, dialect: Dialect) -> dict[str, Any]:
    match name:
        case _ if name in (TIME, MICRO_TIME):
            return {"description": "A time, as RFC 3339 writes it.", "type": "string", "format": "date-time"}
        case _ if name == QUANTITY:
            described = {"description": "An exact amount with a suffix, such as 100m or 1.5Gi."}
            return described | (
                {"oneOf": [{"type": "string"}, {"type": "number"}]} if dialect.is_v3 else {"type": "string"}
            )
        case _ if name == INT_OR_STRING:
            described = {"description": "A number or a string.", "format": "int-or-string"}
            return described | (
                {"oneOf": [{"type": "integer"}, {"type": "string"}]} if dialect.is_v3 else {"type": "string"}
            )
        case _ if name == WATCH_EVENT:
            return {
                "description": "One event of a watch.",
                "type": "object",
                "required": ["type", "object"],
                "properties": {"type": {"type": "string"}},
            }
        case _:
            return {"description": "Any object.", "type": "object"}
