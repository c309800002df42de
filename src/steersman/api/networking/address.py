"""Addresses of Services: where they come from, and which are taken."""

from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.api.meta.listmeta import Condition
from steersman.apimachinery.markers import Atomic, ListMap, MergeBy, Required, Wire, always
from steersman.apimachinery.object import Object


class ParentReference(Object, package="k8s.io.api.networking.v1"):
    """The object that an address belongs to."""

    group: Annotated[str, Wire(1)] = ""
    resource: Annotated[str, Wire(2), Required()] = ""
    namespace: Annotated[str, Wire(3)] = ""
    name: Annotated[str, Wire(4), Required()] = ""


class IPAddressSpec(Object, package="k8s.io.api.networking.v1"):
    """Whose the address is."""

    parentRef: Annotated[ParentReference | None, Wire(1), Required()] = None


class IPAddress(Kind, api="networking.k8s.io/v1", package="k8s.io.api.networking.v1"):
    """An address that is taken; its name is the address."""

    spec: Annotated[IPAddressSpec, Wire(2), Required()] = always(IPAddressSpec)


class ServiceCIDRSpec(Object, package="k8s.io.api.networking.v1"):
    """The ranges, one for each family of addresses."""

    cidrs: Annotated[tuple[str, ...], Wire(1), Atomic()] = ()


class ServiceCIDRStatus(Object, package="k8s.io.api.networking.v1"):
    """Whether the ranges may be used."""

    conditions: Annotated[tuple[Condition, ...], Wire(1), MergeBy("type"), ListMap("type")] = ()


class ServiceCIDR(Kind, api="networking.k8s.io/v1", package="k8s.io.api.networking.v1"):
    """A range that Services get their addresses from."""

    spec: Annotated[ServiceCIDRSpec, Wire(2)] = always(ServiceCIDRSpec)
    status: Annotated[ServiceCIDRStatus, Wire(3)] = always(ServiceCIDRStatus)
