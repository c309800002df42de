"""authentication"""

from collections.abc import Mapping
from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Atomic, Int64, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class TokenReviewSpec(Object, package="k8s.io.api.authentication.v1"):
    """Token review spec."""

    token: Annotated[str, Wire(1), Required()] = ""
    audiences: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()


class UserInfo(Object, package="k8s.io.api.authentication.v1"):
    """User info."""

    username: Annotated[str, Wire(1)] = ""
    uid: Annotated[str, Wire(2)] = ""
    groups: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()
    extra: Annotated[Mapping[str, tuple[str, ...]], Wire(4)] = {}


class TokenReviewStatus(Object, package="k8s.io.api.authentication.v1"):
    """Token review status."""

    authenticated: Annotated[bool, Wire(1)] = False
    user: Annotated[UserInfo, Wire(2)] = always(UserInfo)
    audiences: Annotated[tuple[str, ...], Wire(4), Atomic()] = ()
    error: Annotated[str, Wire(3)] = ""


class TokenReview(Kind, api="authentication.k8s.io/v1", package="k8s.io.api.authentication.v1"):
    """Token review."""

    spec: Annotated[TokenReviewSpec, Wire(2), Required()] = always(TokenReviewSpec)
    status: Annotated[TokenReviewStatus, Wire(3)] = always(TokenReviewStatus)


class BoundObjectReference(Object, package="k8s.io.api.authentication.v1"):
    """Bound object reference."""

    kind: Annotated[str, Wire(1)] = ""
    apiVersion: Annotated[str, Wire(2)] = ""
    name: Annotated[str, Wire(3)] = ""
    uid: Annotated[str, Wire(4)] = ""


class TokenRequestSpec(Object, package="k8s.io.api.authentication.v1"):
    """Token request spec."""

    audiences: Annotated[tuple[str, ...], Wire(1), Atomic()] = always(())
    expirationSeconds: Annotated[Int64 | None, Wire(4)] = None
    boundObjectRef: Annotated[BoundObjectReference | None, Wire(3)] = None
    attestations: Annotated[Mapping[str, tuple[str, ...]], Wire(5)] = {}


class TokenRequestStatus(Object, package="k8s.io.api.authentication.v1"):
    """Token request status."""

    token: Annotated[str, Wire(1)] = always("")
    expirationTimestamp: Annotated[Time | None, Wire(2)] = None


class TokenRequest(Kind, api="authentication.k8s.io/v1", package="k8s.io.api.authentication.v1"):
    """Token request."""

    spec: Annotated[TokenRequestSpec, Wire(2)] = always(TokenRequestSpec)
    status: Annotated[TokenRequestStatus, Wire(3)] = always(TokenRequestStatus)


class SelfSubjectReviewStatus(Object, package="k8s.io.api.authentication.v1"):
    """Self subject review status."""

    userInfo: Annotated[UserInfo, Wire(1)] = always(UserInfo)


class SelfSubjectReview(Kind, api="authentication.k8s.io/v1", package="k8s.io.api.authentication.v1"):
    """Self subject review."""

    status: Annotated[SelfSubjectReviewStatus, Wire(2)] = always(SelfSubjectReviewStatus)
