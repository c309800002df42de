"""What a server says about itself: its groups, versions and resources."""

from typing import Annotated

from steersman.apimachinery.markers import Atomic, Required, Wire, Wrapped, always
from steersman.apimachinery.object import Object


class ServerAddressByClientCIDR(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """The address a client of a network is to use."""

    clientCIDR: Annotated[str, Wire(1), Required()] = always("")
    serverAddress: Annotated[str, Wire(2), Required()] = always("")


class APIVersions(Object, api="v1", package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """The versions of the core group."""

    versions: Annotated[tuple[str, ...], Wire(1), Required(), Atomic()] = always(())
    serverAddressByClientCIDRs: Annotated[tuple[ServerAddressByClientCIDR, ...], Wire(2), Required(), Atomic()] = (
        always(())
    )


class GroupVersionForDiscovery(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """A version of a group, in both its spellings."""

    groupVersion: Annotated[str, Wire(1), Required()] = always("")
    version: Annotated[str, Wire(2), Required()] = always("")


class APIGroup(Object, api="v1", package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """A group, its versions, and the one to prefer."""

    name: Annotated[str, Wire(1), Required()] = always("")
    versions: Annotated[tuple[GroupVersionForDiscovery, ...], Wire(2), Required(), Atomic()] = always(())
    preferredVersion: Annotated[GroupVersionForDiscovery, Wire(3)] = always(GroupVersionForDiscovery)
    serverAddressByClientCIDRs: Annotated[tuple[ServerAddressByClientCIDR, ...], Wire(4), Atomic()] = ()


class APIGroupList(Object, api="v1", package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """All groups of a server."""

    groups: Annotated[tuple[APIGroup, ...], Wire(1), Required(), Atomic()] = always(())


class APIResource(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """A resource: its names, its kind, and what can be done with it."""

    name: Annotated[str, Wire(1), Required()] = always("")
    singularName: Annotated[str, Wire(6), Required()] = always("")
    namespaced: Annotated[bool, Wire(2), Required()] = always(False)
    group: Annotated[str, Wire(8)] = ""
    version: Annotated[str, Wire(9)] = ""
    kind: Annotated[str, Wire(3), Required()] = always("")
    verbs: Annotated[tuple[str, ...], Wire(4), Wrapped(), Required()] = always(())
    shortNames: Annotated[tuple[str, ...], Wire(5), Atomic()] = ()
    categories: Annotated[tuple[str, ...], Wire(7), Atomic()] = ()
    storageVersionHash: Annotated[str, Wire(10)] = ""


class APIResourceList(Object, api="v1", package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """The resources of a group's version."""

    groupVersion: Annotated[str, Wire(1), Required()] = always("")
    resources: Annotated[tuple[APIResource, ...], Wire(2), Required(), Atomic()] = always(())
