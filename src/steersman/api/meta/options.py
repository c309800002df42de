"""How a request is to be carried out."""

from typing import Annotated

from steersman.apimachinery.markers import Atomic, Int64, Wire
from steersman.apimachinery.object import Object


class Preconditions(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """What must be true of an object for a request to be carried out."""

    uid: Annotated[str | None, Wire(1)] = None
    resourceVersion: Annotated[str | None, Wire(2)] = None


class DeleteOptions(Object, api="v1", package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """How an object is to be deleted: when, with what, and on which conditions."""

    gracePeriodSeconds: Annotated[Int64 | None, Wire(1)] = None
    preconditions: Annotated[Preconditions | None, Wire(2)] = None
    orphanDependents: Annotated[bool | None, Wire(3)] = None
    propagationPolicy: Annotated[str | None, Wire(4)] = None
    dryRun: Annotated[tuple[str, ...], Wire(5), Atomic()] = ()
    ignoreStoreReadErrorWithClusterBreakingPotential: Annotated[bool | None, Wire(6)] = None
