"""Lease: who holds something, and since when."""

from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Int32, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import MicroTime


class LeaseSpec(Object, package="k8s.io.api.coordination.v1"):
    """Who holds the lease, for how long, and when it was last renewed."""

    holderIdentity: Annotated[str | None, Wire(1)] = None
    leaseDurationSeconds: Annotated[Int32 | None, Wire(2)] = None
    acquireTime: Annotated[MicroTime | None, Wire(3)] = None
    renewTime: Annotated[MicroTime | None, Wire(4)] = None
    leaseTransitions: Annotated[Int32 | None, Wire(5)] = None
    strategy: Annotated[str | None, Wire(6)] = None
    preferredHolder: Annotated[str | None, Wire(7)] = None


class Lease(Kind, api="coordination.k8s.io/v1", package="k8s.io.api.coordination.v1"):
    """A claim that its holder has to renew; leaders and living nodes are known by it."""

    spec: Annotated[LeaseSpec, Wire(2)] = always(LeaseSpec)
