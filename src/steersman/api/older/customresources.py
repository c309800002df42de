"""CustomResourceDefinition of apiextensions.k8s.io/v1beta1: what all versions have in common stands beside them.

Source: apiextensions-apiserver/pkg/apis/apiextensions: v1/conversion.go, v1beta1/defaults.go as of 1.20.
"""

from typing import Annotated, Any

from steersman.api import apiextensions
from steersman.api.meta.kind import Kind
from steersman.api.older.trees import EACH, edited, filled, renamed, without
from steersman.api.older.version import Older, Tree
from steersman.apimachinery.markers import Atomic, Int32, Required, Wire, always
from steersman.apimachinery.object import Object

PACKAGE = "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1beta1"
# What may stand beside the versions: its name there and in each of them.
SHARED = (
    ("subresources", "subresources"),
    ("validation", "schema"),
    ("additionalPrinterColumns", "additionalPrinterColumns"),
    ("selectableFields", "selectableFields"),
)


class CustomResourceColumnDefinition(Object, package=PACKAGE):
    """A column of `kubectl get`."""

    name: Annotated[str, Wire(1), Required()] = always("")
    type: Annotated[str, Wire(2), Required()] = always("")
    format: Annotated[str, Wire(3)] = ""
    description: Annotated[str, Wire(4)] = ""
    priority: Annotated[Int32, Wire(5)] = 0
    JSONPath: Annotated[str, Wire(6), Required()] = always("")


class CustomResourceConversion(Object, package=PACKAGE):
    """How objects get from one version to another."""

    strategy: Annotated[str, Wire(1), Required()] = always("")
    webhookClientConfig: Annotated[apiextensions.WebhookClientConfig | None, Wire(2)] = None
    conversionReviewVersions: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()


class CustomResourceDefinitionVersion(Object, package=PACKAGE):
    """One version of the kind."""

    name: Annotated[str, Wire(1), Required()] = always("")
    served: Annotated[bool, Wire(2), Required()] = always(False)
    storage: Annotated[bool, Wire(3), Required()] = always(False)
    deprecated: Annotated[bool, Wire(7)] = False
    deprecationWarning: Annotated[str | None, Wire(8)] = None
    schema: Annotated[apiextensions.CustomResourceValidation | None, Wire(4)] = None
    subresources: Annotated[apiextensions.CustomResourceSubresources | None, Wire(5)] = None
    additionalPrinterColumns: Annotated[tuple[CustomResourceColumnDefinition, ...], Wire(6), Atomic()] = ()
    selectableFields: Annotated[tuple[apiextensions.SelectableField, ...], Wire(9), Atomic()] = ()


class CustomResourceDefinitionSpec(Object, package=PACKAGE):
    """The kind that is wanted."""

    group: Annotated[str, Wire(1), Required()] = always("")
    version: Annotated[str, Wire(2)] = ""
    names: Annotated[apiextensions.CustomResourceDefinitionNames, Wire(3), Required()] = always(
        apiextensions.CustomResourceDefinitionNames
    )
    scope: Annotated[str, Wire(4), Required()] = always("")
    validation: Annotated[apiextensions.CustomResourceValidation | None, Wire(5)] = None
    subresources: Annotated[apiextensions.CustomResourceSubresources | None, Wire(6)] = None
    versions: Annotated[tuple[CustomResourceDefinitionVersion, ...], Wire(7), Atomic()] = ()
    additionalPrinterColumns: Annotated[tuple[CustomResourceColumnDefinition, ...], Wire(8), Atomic()] = ()
    conversion: Annotated[CustomResourceConversion | None, Wire(9)] = None
    preserveUnknownFields: Annotated[bool | None, Wire(10)] = None
    selectableFields: Annotated[tuple[apiextensions.SelectableField, ...], Wire(11), Atomic()] = ()


class CustomResourceDefinition(Kind, api="apiextensions.k8s.io/v1beta1", package=PACKAGE):
    """A kind that users define."""

    spec: Annotated[CustomResourceDefinitionSpec, Wire(2), Required()] = always(CustomResourceDefinitionSpec)
    status: Annotated[apiextensions.CustomResourceDefinitionStatus, Wire(3)] = always(
        apiextensions.CustomResourceDefinitionStatus
    )


def default(tree: Tree) -> Tree:
    """A namespaced kind of one version, which keeps what its schema doesn't know."""
    made = edited(tree, ("spec",), _defaulted)
    return edited(made, ("spec", "conversion", "webhookClientConfig", "service"), lambda one: filled(one, _PORT))


_PORT: Tree = {"port": 443}


def _defaulted(spec: Tree) -> Tree:
    versions, version = spec.get("versions"), spec.get("version")
    made = {**filled(spec, {"preserveUnknownFields": True})}
    if not spec.get("scope"):
        made["scope"] = "Namespaced"
    if not versions and version:
        made["versions"] = [{"name": version, "served": True, "storage": True}]
    conversion = spec.get("conversion")
    if isinstance(conversion, dict) and conversion.get("strategy") == "Webhook":
        made["conversion"] = filled(conversion, {"conversionReviewVersions": ["v1beta1"]})
    return made


def inward(tree: Tree) -> Tree:
    """What stands beside the versions belongs to each of them."""
    made = edited(tree, ("spec",), lambda spec: _spread(_with_columns(spec, {"JSONPath": "jsonPath"})))
    return edited(made, ("spec", "conversion"), _nested)


def outward(tree: Tree) -> Tree:
    """What all versions have in common stands beside them."""
    made = edited(tree, ("spec",), lambda spec: _with_columns(_gathered(spec), {"jsonPath": "JSONPath"}))
    return edited(made, ("spec", "conversion"), _flat)


def _with_columns(spec: Tree, names: dict[str, str]) -> Tree:
    for path in (("additionalPrinterColumns", EACH), ("versions", EACH, "additionalPrinterColumns", EACH)):
        spec = edited(spec, path, lambda column: renamed(column, names))
    return spec


def _spread(spec: Tree) -> Tree:
    shared = {inner: spec[outer] for outer, inner in SHARED if spec.get(outer) is not None}
    made = without(spec, "version", *(outer for outer, _ in SHARED))
    if not made.get("versions") and spec.get("version"):
        made["versions"] = [{"name": spec["version"], "served": True, "storage": True}]
    if not shared:
        return made
    return edited(made, ("versions", EACH), lambda version: {**version, **shared})


def _gathered(spec: Tree) -> Tree:
    made = {**filled(spec, {"preserveUnknownFields": False})}
    versions = [one for one in spec.get("versions") or [] if isinstance(one, dict)]
    if not versions:
        return made
    made["version"] = versions[0].get("name")
    for outer, inner in SHARED:
        value = _common(versions, inner)
        if value is not None:
            made = {**_without_in_versions(made, inner), outer: value}
    return made


def _without_in_versions(spec: Tree, name: str) -> Tree:
    return edited(spec, ("versions", EACH), lambda version: without(version, name))


def _common(versions: list[Tree], name: str) -> Any:
    first = versions[0].get(name)
    return first if all(one.get(name) == first for one in versions) else None


def _nested(conversion: Tree) -> Tree:
    config, versions = conversion.get("webhookClientConfig"), conversion.get("conversionReviewVersions")
    rest = without(conversion, "webhookClientConfig", "conversionReviewVersions")
    if config is None and versions is None:
        return rest
    webhook = {"conversionReviewVersions": versions or []} | ({} if config is None else {"clientConfig": config})
    return {**rest, "webhook": webhook}


def _flat(conversion: Tree) -> Tree:
    webhook = conversion.get("webhook")
    rest = without(conversion, "webhook")
    if not isinstance(webhook, dict):
        return rest
    config, versions = webhook.get("clientConfig"), webhook.get("conversionReviewVersions")
    made = {} if config is None else {"webhookClientConfig": config}
    return {**rest, **made} | ({"conversionReviewVersions": versions} if versions else {})


OLDER = Older(apiextensions.CustomResourceDefinition, default, inward, outward)
