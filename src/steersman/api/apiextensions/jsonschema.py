"""JSON schema as CustomResourceDefinitions write it.

Parts that are a schema or something else (`items`, `additionalProperties`) stay wire trees.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from steersman.apimachinery.markers import Atomic, Int64, ListMap, MergeBy, Named, Required, Wire, always
from steersman.apimachinery.object import Object

_PACKAGE = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1"
JSON = Annotated[Any, Named(f"{_PACKAGE}.JSON")]
SchemaOrArray = Annotated[Any, Named(f"{_PACKAGE}.JSONSchemaPropsOrArray")]
SchemaOrBool = Annotated[Any, Named(f"{_PACKAGE}.JSONSchemaPropsOrBool")]
SchemaOrStrings = Annotated[Any, Named(f"{_PACKAGE}.JSONSchemaPropsOrStringArray")]


class ExternalDocumentation(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """Where more is written."""

    description: Annotated[str, Wire(1)] = ""
    url: Annotated[str, Wire(2)] = ""


class ValidationRule(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """A CEL rule and what to say when it doesn't hold."""

    rule: Annotated[str, Wire(1), Required()] = always("")
    message: Annotated[str, Wire(2)] = ""
    messageExpression: Annotated[str, Wire(3)] = ""
    reason: Annotated[str | None, Wire(4)] = None
    fieldPath: Annotated[str, Wire(5)] = ""
    optionalOldSelf: Annotated[bool | None, Wire(6)] = None


class JSONSchemaProps(Object, package="k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1"):
    """A schema: constraints on a JSON value."""

    id: Annotated[str, Wire(1)] = ""
    dollar_schema: Annotated[str, Wire(2)] = ""
    dollar_ref: Annotated[str | None, Wire(3)] = None
    description: Annotated[str, Wire(4)] = ""
    type: Annotated[str, Wire(5)] = ""
    format: Annotated[str, Wire(6)] = ""
    title: Annotated[str, Wire(7)] = ""
    default: Annotated[JSON | None, Wire(8)] = None
    maximum: Annotated[float | None, Wire(9)] = None
    exclusiveMaximum: Annotated[bool, Wire(10)] = False
    minimum: Annotated[float | None, Wire(11)] = None
    exclusiveMinimum: Annotated[bool, Wire(12)] = False
    maxLength: Annotated[Int64 | None, Wire(13)] = None
    minLength: Annotated[Int64 | None, Wire(14)] = None
    pattern: Annotated[str, Wire(15)] = ""
    maxItems: Annotated[Int64 | None, Wire(16)] = None
    minItems: Annotated[Int64 | None, Wire(17)] = None
    uniqueItems: Annotated[bool, Wire(18)] = False
    multipleOf: Annotated[float | None, Wire(19)] = None
    enum: Annotated[tuple[JSON, ...], Wire(20), Atomic()] = ()
    maxProperties: Annotated[Int64 | None, Wire(21)] = None
    minProperties: Annotated[Int64 | None, Wire(22)] = None
    required: Annotated[tuple[str, ...], Wire(23), Atomic()] = ()
    items: Annotated[SchemaOrArray | None, Wire(24)] = None
    allOf: Annotated[tuple["JSONSchemaProps", ...], Wire(25), Atomic()] = ()
    oneOf: Annotated[tuple["JSONSchemaProps", ...], Wire(26), Atomic()] = ()
    anyOf: Annotated[tuple["JSONSchemaProps", ...], Wire(27), Atomic()] = ()
    not_: Annotated["JSONSchemaProps | None", Wire(28)] = None
    properties: Annotated[Mapping[str, "JSONSchemaProps"], Wire(29)] = {}
    additionalProperties: Annotated[SchemaOrBool | None, Wire(30)] = None
    patternProperties: Annotated[Mapping[str, "JSONSchemaProps"], Wire(31)] = {}
    dependencies: Annotated[Mapping[str, SchemaOrStrings], Wire(32)] = {}
    additionalItems: Annotated[SchemaOrBool | None, Wire(33)] = None
    definitions: Annotated[Mapping[str, "JSONSchemaProps"], Wire(34)] = {}
    externalDocs: Annotated[ExternalDocumentation | None, Wire(35)] = None
    example: Annotated[JSON | None, Wire(36)] = None
    nullable: Annotated[bool, Wire(37)] = False
    x_kubernetes_preserve_unknown_fields: Annotated[bool | None, Wire(38)] = None
    x_kubernetes_embedded_resource: Annotated[bool, Wire(39)] = False
    x_kubernetes_int_or_string: Annotated[bool, Wire(40)] = False
    x_kubernetes_list_map_keys: Annotated[tuple[str, ...], Wire(41), Atomic()] = ()
    x_kubernetes_list_type: Annotated[str | None, Wire(42)] = None
    x_kubernetes_map_type: Annotated[str | None, Wire(43)] = None
    x_kubernetes_validations: Annotated[tuple[ValidationRule, ...], Wire(44), MergeBy("rule"), ListMap("rule")] = ()
