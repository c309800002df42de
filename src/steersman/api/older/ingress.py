"""Ingress of networking.k8s.io/v1beta1 and extensions/v1beta1: backends name a Service and its port flatly.

Source: k8s.io/api/networking/v1beta1, pkg/apis/networking/v1beta1: conversion.go, defaults.go as of 1.20.
"""

from typing import Annotated

from steersman.api import networking
from steersman.api.core.reference import TypedLocalObjectReference
from steersman.api.meta.kind import Kind
from steersman.api.older.trees import EACH, edited, filled, renamed, without
from steersman.api.older.variant import variant
from steersman.api.older.version import Older, Tree
from steersman.apimachinery.markers import Atomic, IntOrString, Required, Wire, always
from steersman.apimachinery.object import Object

PACKAGE = "k8s.io.api.networking.v1beta1"
PATHS = ("spec", "rules", EACH, "http", "paths", EACH)


class IngressBackend(Object, package=PACKAGE):
    """Where requests go: a Service and its port, or another resource."""

    serviceName: Annotated[str, Wire(1)] = ""
    servicePort: Annotated[IntOrString, Wire(2)] = always(0)
    resource: Annotated[TypedLocalObjectReference | None, Wire(3)] = None


class HTTPIngressPath(Object, package=PACKAGE):
    """A path, and where its requests go."""

    path: Annotated[str, Wire(1)] = ""
    pathType: Annotated[str | None, Wire(3)] = None
    backend: Annotated[IngressBackend, Wire(2), Required()] = always(IngressBackend)


class HTTPIngressRuleValue(Object, package=PACKAGE):
    """The paths of a host."""

    paths: Annotated[tuple[HTTPIngressPath, ...], Wire(1), Required(), Atomic()] = always(())


class IngressRuleValue(Object, package=PACKAGE):
    """What is done with a host's requests."""

    http: Annotated[HTTPIngressRuleValue | None, Wire(1)] = None


class IngressRule(IngressRuleValue, inline=2, package=PACKAGE):
    """A host, and where its requests go."""

    host: Annotated[str, Wire(1)] = ""


class IngressSpec(Object, package=PACKAGE):
    """Which requests go where, by which class, with which certificates."""

    ingressClassName: Annotated[str | None, Wire(4)] = None
    backend: Annotated[IngressBackend | None, Wire(1)] = None
    tls: Annotated[tuple[networking.IngressTLS, ...], Wire(2), Atomic()] = ()
    rules: Annotated[tuple[IngressRule, ...], Wire(3), Atomic()] = ()


class Ingress(Kind, api="networking.k8s.io/v1beta1", package=PACKAGE):
    """Leads HTTP requests from outside to Services, by host and path."""

    spec: Annotated[IngressSpec, Wire(2)] = always(IngressSpec)
    status: Annotated[networking.IngressStatus, Wire(3)] = always(networking.IngressStatus)


def of_extensions() -> type[Kind]:
    """The same in the group where it began."""
    made: type[Kind] = variant(Ingress, "k8s.io.api.extensions.v1beta1", api="extensions/v1beta1")
    return made


def default(tree: Tree) -> Tree:
    """A path without a type is as its controller likes."""
    return edited(tree, PATHS, lambda path: filled(path, {"pathType": "ImplementationSpecific"}))


def inward(tree: Tree) -> Tree:
    """As networking.k8s.io/v1 has it."""
    named = edited(tree, ("spec",), lambda spec: renamed(spec, {"backend": "defaultBackend"}))
    return edited(edited(named, ("spec", "defaultBackend"), _nested), (*PATHS, "backend"), _nested)


def outward(tree: Tree) -> Tree:
    """As the older versions have it."""
    named = edited(tree, ("spec",), lambda spec: renamed(spec, {"defaultBackend": "backend"}))
    return edited(edited(named, ("spec", "backend"), _flat), (*PATHS, "backend"), _flat)


def _nested(backend: Tree) -> Tree:
    name, port = backend.get("serviceName"), backend.get("servicePort")
    rest = without(backend, "serviceName", "servicePort")
    if not name and not port and not isinstance(port, str):
        return rest
    number = {"name": port} if isinstance(port, str) else {"number": port}
    return {**rest, "service": {"name": name or "", "port": {key: value for key, value in number.items() if value}}}


def _flat(backend: Tree) -> Tree:
    service = backend.get("service")
    rest = without(backend, "service")
    if not isinstance(service, dict):
        return rest
    port = service.get("port") or {}
    return {**rest, "serviceName": service.get("name") or "", "servicePort": port.get("name") or port.get("number", 0)}


OLDER = Older(networking.Ingress, default, inward, outward)
