"""NetworkPolicy: which connections pods may have."""

from enum import StrEnum
from typing import Annotated

from steersman.api.core.container import Protocol
from steersman.api.meta.kind import Kind
from steersman.api.meta.objectmeta import LabelSelector
from steersman.apimachinery.markers import Atomic, Int32, IntOrString, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object


class PolicyType(StrEnum):
    """The direction that a policy is about."""

    INGRESS = "Ingress"
    EGRESS = "Egress"


class IPBlock(Object, package="k8s.io.api.networking.v1"):
    """A range of addresses, without some parts of it."""

    cidr: Annotated[str, Wire(1), Required()] = always("")
    except_: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()


class NetworkPolicyPeer(Object, package="k8s.io.api.networking.v1"):
    """Who may be at the other end: pods, namespaces or addresses."""

    podSelector: Annotated[LabelSelector | None, Wire(1)] = None
    namespaceSelector: Annotated[LabelSelector | None, Wire(2)] = None
    ipBlock: Annotated[IPBlock | None, Wire(3)] = None


class NetworkPolicyPort(Object, package="k8s.io.api.networking.v1"):
    """Ports that may be used."""

    protocol: Annotated[str | None, Wire(1), OneOf(Protocol)] = None
    port: Annotated[IntOrString | None, Wire(2)] = None
    endPort: Annotated[Int32 | None, Wire(3)] = None


class NetworkPolicyEgressRule(Object, package="k8s.io.api.networking.v1"):
    """Where connections may go, and to which ports."""

    ports: Annotated[tuple[NetworkPolicyPort, ...], Wire(1), Atomic()] = ()
    to: Annotated[tuple[NetworkPolicyPeer, ...], Wire(2), Atomic()] = ()


class NetworkPolicyIngressRule(Object, package="k8s.io.api.networking.v1"):
    """Where connections may come from, and to which ports."""

    ports: Annotated[tuple[NetworkPolicyPort, ...], Wire(1), Atomic()] = ()
    from_: Annotated[tuple[NetworkPolicyPeer, ...], Wire(2), Atomic()] = ()


class NetworkPolicySpec(Object, package="k8s.io.api.networking.v1"):
    """Which pods are isolated, and which connections they still may have."""

    podSelector: Annotated[LabelSelector, Wire(1)] = always(LabelSelector)
    ingress: Annotated[tuple[NetworkPolicyIngressRule, ...], Wire(2), Atomic()] = ()
    egress: Annotated[tuple[NetworkPolicyEgressRule, ...], Wire(3), Atomic()] = ()
    policyTypes: Annotated[tuple[str, ...], Wire(4), Atomic()] = ()


class NetworkPolicy(Kind, api="networking.k8s.io/v1", package="k8s.io.api.networking.v1"):
    """Isolates pods but for the connections that it allows."""

    spec: Annotated[NetworkPolicySpec, Wire(2)] = always(NetworkPolicySpec)
