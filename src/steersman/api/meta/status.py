"""Status: how the server says that something went wrong, or well."""

from typing import Annotated

from steersman.api.meta.listmeta import ListMeta
from steersman.apimachinery.markers import Atomic, Int32, Wire, always
from steersman.apimachinery.object import Object


class StatusCause(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """One of several reasons, and the field it is about."""

    reason: Annotated[str, Wire(1)] = ""
    message: Annotated[str, Wire(2)] = ""
    field: Annotated[str, Wire(3)] = ""


class StatusDetails(Object, package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """What a status is about, and when to try again."""

    name: Annotated[str, Wire(1)] = ""
    group: Annotated[str, Wire(2)] = ""
    kind: Annotated[str, Wire(3)] = ""
    uid: Annotated[str, Wire(6)] = ""
    causes: Annotated[tuple[StatusCause, ...], Wire(4), Atomic()] = ()
    retryAfterSeconds: Annotated[Int32, Wire(5)] = 0


class Status(Object, api="v1", package="k8s.io.apimachinery.pkg.apis.meta.v1"):
    """An answer that is no object: success, or an error with its reason."""

    metadata: Annotated[ListMeta, Wire(1)] = always(ListMeta)
    status: Annotated[str, Wire(2)] = ""
    message: Annotated[str, Wire(3)] = ""
    reason: Annotated[str, Wire(4)] = ""
    details: Annotated[StatusDetails | None, Wire(5)] = None
    code: Annotated[Int32, Wire(6)] = 0
