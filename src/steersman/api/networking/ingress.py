"""Ingress: HTTP from outside, by host and path."""

from typing import Annotated

from steersman.api.core.container import Protocol
from steersman.api.core.reference import TypedLocalObjectReference
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Atomic, Int32, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object


class ServiceBackendPort(Object, atomic=True, package="k8s.io.api.networking.v1"):
    """A port of a Service, by name or number."""

    name: Annotated[str, Wire(1)] = ""
    number: Annotated[Int32, Wire(2)] = 0


class IngressServiceBackend(Object, package="k8s.io.api.networking.v1"):
    """A Service and its port."""

    name: Annotated[str, Wire(1), Required()] = always("")
    port: Annotated[ServiceBackendPort, Wire(2)] = always(ServiceBackendPort)


class IngressBackend(Object, package="k8s.io.api.networking.v1"):
    """Where requests go: a Service, or another resource."""

    service: Annotated[IngressServiceBackend | None, Wire(4)] = None
    resource: Annotated[TypedLocalObjectReference | None, Wire(3)] = None


class HTTPIngressPath(Object, package="k8s.io.api.networking.v1"):
    """A path, and where its requests go."""

    path: Annotated[str, Wire(1)] = ""
    pathType: Annotated[str | None, Wire(3), Required()] = None
    backend: Annotated[IngressBackend, Wire(2), Required()] = always(IngressBackend)


class HTTPIngressRuleValue(Object, package="k8s.io.api.networking.v1"):
    """The paths of a host."""

    paths: Annotated[tuple[HTTPIngressPath, ...], Wire(1), Required(), Atomic()] = always(())


class IngressRuleValue(Object, package="k8s.io.api.networking.v1"):
    """What is done with a host's requests."""

    http: Annotated[HTTPIngressRuleValue | None, Wire(1)] = None


class IngressRule(IngressRuleValue, inline=2, package="k8s.io.api.networking.v1"):
    """A host, and where its requests go."""

    host: Annotated[str, Wire(1)] = ""


class IngressTLS(Object, package="k8s.io.api.networking.v1"):
    """Hosts, and the Secret with their certificate."""

    hosts: Annotated[tuple[str, ...], Wire(1), Atomic()] = ()
    secretName: Annotated[str, Wire(2)] = ""


class IngressSpec(Object, package="k8s.io.api.networking.v1"):
    """Which requests go where, by which class, with which certificates."""

    ingressClassName: Annotated[str | None, Wire(4)] = None
    defaultBackend: Annotated[IngressBackend | None, Wire(1)] = None
    tls: Annotated[tuple[IngressTLS, ...], Wire(2), Atomic()] = ()
    rules: Annotated[tuple[IngressRule, ...], Wire(3), Atomic()] = ()


class IngressPortStatus(Object, package="k8s.io.api.networking.v1"):
    """The state of a port of the load balancer."""

    port: Annotated[Int32, Wire(1), Required()] = always(0)
    protocol: Annotated[str, Wire(2), Required(), OneOf(Protocol)] = always("")
    error: Annotated[str | None, Wire(3)] = None


class IngressLoadBalancerIngress(Object, package="k8s.io.api.networking.v1"):
    """An address of the load balancer."""

    ip: Annotated[str, Wire(1)] = ""
    hostname: Annotated[str, Wire(2)] = ""
    ports: Annotated[tuple[IngressPortStatus, ...], Wire(4), Atomic()] = ()


class IngressLoadBalancerStatus(Object, package="k8s.io.api.networking.v1"):
    """The addresses of the load balancer."""

    ingress: Annotated[tuple[IngressLoadBalancerIngress, ...], Wire(1), Atomic()] = ()


class IngressStatus(Object, package="k8s.io.api.networking.v1"):
    """Where the Ingress is reached."""

    loadBalancer: Annotated[IngressLoadBalancerStatus, Wire(1)] = always(IngressLoadBalancerStatus)


class Ingress(Kind, api="networking.k8s.io/v1", package="k8s.io.api.networking.v1"):
    """Leads HTTP requests from outside to Services, by host and path."""

    spec: Annotated[IngressSpec, Wire(2)] = always(IngressSpec)
    status: Annotated[IngressStatus, Wire(3)] = always(IngressStatus)


class IngressClassParametersReference(Object, package="k8s.io.api.networking.v1"):
    """An object with parameters for the class's controller."""

    apiGroup: Annotated[str | None, Wire(1)] = None
    kind: Annotated[str, Wire(2), Required()] = always("")
    name: Annotated[str, Wire(3), Required()] = always("")
    scope: Annotated[str | None, Wire(4)] = None
    namespace: Annotated[str | None, Wire(5)] = None


class IngressClassSpec(Object, package="k8s.io.api.networking.v1"):
    """The controller that serves the class, and its parameters."""

    controller: Annotated[str, Wire(1)] = ""
    parameters: Annotated[IngressClassParametersReference | None, Wire(2)] = None


class IngressClass(Kind, api="networking.k8s.io/v1", package="k8s.io.api.networking.v1"):
    """A way to serve Ingresses."""

    spec: Annotated[IngressClassSpec, Wire(2)] = always(IngressClassSpec)
