"""discovery"""

from typing import Annotated

from steersman.apimachinery.markers import Atomic, Required, Wire, always
from steersman.apimachinery.object import Object


class ServerAddressByClientCIDR(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """Server address by client cidr."""

    clientCIDR: Annotated[str, Wire(1), Required()] = always("")
    serverAddress: Annotated[str, Wire(2), Required()] = always("")


class APIVersions(Object, api="v1", package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """Api versions."""

    versions: Annotated[tuple[str, ...], Wire(1), Required(), Atomic()] = always(())
    serverAddressByClientCIDRs: Annotated[tuple[ServerAddressByClientCIDR, ...], Wire(2), Required(), Atomic()] = (
        always(())
    )


class GroupVersionForDiscovery(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """Group version for discovery."""

    groupVersion: Annotated[str, Wire(1), Required()] = always("")
    version: Annotated[str, Wire(2), Required()] = always("")


class APIGroup(Object, api="v1", package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """Api group."""

    name: Annotated[str, Wire(1), Required()] = always("")
    versions: Annotated[tuple[GroupVersionForDiscovery, ...], Wire(2), Required(), Atomic()] = always(())
    preferredVersion: Annotated[GroupVersionForDiscovery, Wire(3)] = always(GroupVersionForDiscovery)
    serverAddressByClientCIDRs: Annotated[tuple[ServerAddressByClientCIDR, ...], Wire(4), Atomic()] = ()


class APIGroupList(Object, api="v1", package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """Api group list."""

    groups: Annotated[tuple[APIGroup, ...], Wire(1), Required(), Atomic()] = always(())


class APIResource(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """Api resource."""

    name: Annotated[str, Wire(1), Required()] = always("")
    singularName: Annotated[str, Wire(6), Required()] = always("")
    namespaced: Annotated[bool, Wire(2), Required()] = always(False)
    group: Annotated[str, Wire(8)] = ""
    version: Annotated[str, Wire(9)] = ""
    kind: Annotated[str, Wire(3), Required()] = always("")
    verbs: Annotated[tuple[str, ...], Wire(4), Required()] = always(())
    shortNames: Annotated[tuple[str, ...], Wire(5), Atomic()] = ()
    categories: Annotated[tuple[str, ...], Wire(7), Atomic()] = ()
    storageVersionHash: Annotated[str, Wire(10)] = ""


class APIResourceList(Object, api="v1", package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """Api resource list."""

    groupVersion: Annotated[str, Wire(1), Required()] = always("")
    resources: Annotated[tuple[APIResource, ...], Wire(2), Required(), Atomic()] = always(())
