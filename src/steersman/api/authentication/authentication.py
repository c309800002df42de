"""Who somebody is: reviews of tokens, and tokens of service accounts."""

from collections.abc import Mapping
from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Atomic, Int64, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class TokenReviewSpec(Object, package="k8s.io.api.authentication.v1"):
    """The token in question, and for whom it has to be meant."""

    token: Annotated[str, Wire(1), Required()] = ""
    audiences: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()


class UserInfo(Object, package="k8s.io.api.authentication.v1"):
    """A user as the authenticator knows it: name, uid, groups and further facts."""

    username: Annotated[str, Wire(1)] = ""
    uid: Annotated[str, Wire(2)] = ""
    groups: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()
    extra: Annotated[Mapping[str, tuple[str, ...]], Wire(4)] = {}


class TokenReviewStatus(Object, package="k8s.io.api.authentication.v1"):
    """Whether the token is good, and whose it is."""

    authenticated: Annotated[bool, Wire(1)] = False
    user: Annotated[UserInfo, Wire(2)] = always(UserInfo)
    audiences: Annotated[tuple[str, ...], Wire(4), Atomic()] = ()
    error: Annotated[str, Wire(3)] = ""


class TokenReview(Kind, api="authentication.k8s.io/v1", package="k8s.io.api.authentication.v1"):
    """Asks who the bearer of a token is."""

    spec: Annotated[TokenReviewSpec, Wire(2), Required()] = always(TokenReviewSpec)
    status: Annotated[TokenReviewStatus, Wire(3)] = always(TokenReviewStatus)


class BoundObjectReference(Object, package="k8s.io.api.authentication.v1"):
    """The object whose end is also the token's."""

    kind: Annotated[str, Wire(1)] = ""
    apiVersion: Annotated[str, Wire(2)] = ""
    name: Annotated[str, Wire(3)] = ""
    uid: Annotated[str, Wire(4)] = ""


class TokenRequestSpec(Object, package="k8s.io.api.authentication.v1"):
    """For whom a token is to be good, how long, and to what it is bound."""

    audiences: Annotated[tuple[str, ...], Wire(1), Atomic()] = always(())
    expirationSeconds: Annotated[Int64 | None, Wire(4)] = None
    boundObjectRef: Annotated[BoundObjectReference | None, Wire(3)] = None
    attestations: Annotated[Mapping[str, tuple[str, ...]], Wire(5)] = {}


class TokenRequestStatus(Object, package="k8s.io.api.authentication.v1"):
    """The token, and when it ends."""

    token: Annotated[str, Wire(1)] = always("")
    expirationTimestamp: Annotated[Time | None, Wire(2)] = None


class TokenRequest(Kind, api="authentication.k8s.io/v1", package="k8s.io.api.authentication.v1"):
    """Asks for a token of a service account."""

    spec: Annotated[TokenRequestSpec, Wire(2)] = always(TokenRequestSpec)
    status: Annotated[TokenRequestStatus, Wire(3)] = always(TokenRequestStatus)


class SelfSubjectReviewStatus(Object, package="k8s.io.api.authentication.v1"):
    """What the server knows about the asker."""

    userInfo: Annotated[UserInfo, Wire(1)] = always(UserInfo)


class SelfSubjectReview(Kind, api="authentication.k8s.io/v1", package="k8s.io.api.authentication.v1"):
    """Asks the server who it takes the asker for."""

    status: Annotated[SelfSubjectReviewStatus, Wire(2)] = always(SelfSubjectReviewStatus)
