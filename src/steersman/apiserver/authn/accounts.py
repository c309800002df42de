"""Service accounts as users: their names and groups, and what the claims of their tokens say. Pure.

Source: apiserver/pkg/authentication/serviceaccount/util.go; pkg/serviceaccount: claims.go, legacy.go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.user import AUTHENTICATED_GROUP, UserInfo
from steersman.component import legacyclaims

USER_PREFIX, GROUP = "system:serviceaccount:", "system:serviceaccounts"
POD_NAME, POD_UID = "authentication.kubernetes.io/pod-name", "authentication.kubernetes.io/pod-uid"
NODE_NAME, NODE_UID = "authentication.kubernetes.io/node-name", "authentication.kubernetes.io/node-uid"
CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"
LAST_MOMENT = 1 << 62
# Where bound tokens keep what is Kubernetes' own; what a token may be bound to.
CLAIM, BOUND = "kubernetes.io", ("pod", "node", "secret")


@dataclass(frozen=True, slots=True)
class Reference:
    """A name, and the uid that the object must still have."""

    name: str
    uid: str = ""


@dataclass(frozen=True, slots=True)
class AccountClaims:
    """What a token says of its account. Times in seconds since 1970; ends, warns after: None if it doesn't end."""

    namespace: str
    account: Reference
    audiences: tuple[str, ...] = ()
    begins: float = 0.0
    ends: float | None = None
    warns_after: float | None = None
    token_id: str = ""
    pod: Reference | None = None
    node: Reference | None = None
    secret: Reference | None = None

    @property
    def user(self) -> UserInfo:
        """Whose token it is."""
        name = f"{USER_PREFIX}{self.namespace}:{self.account.name}"
        return UserInfo(name, self.account.uid, account_groups(self.namespace), self._extra)

    @property
    def _extra(self) -> Mapping[str, tuple[str, ...]]:
        extra = {CREDENTIAL_ID: (f"JTI={self.token_id}",)} if self.token_id else {}
        for reference, name, uid in ((self.pod, POD_NAME, POD_UID), (self.node, NODE_NAME, NODE_UID)):
            if reference is not None:
                extra[name] = (reference.name,)
                if reference.uid:
                    extra[uid] = (reference.uid,)
        return extra


def account_groups(namespace: str) -> tuple[str, ...]:
    """The groups of every account of a namespace."""
    return (GROUP, f"{GROUP}:{namespace}", AUTHENTICATED_GROUP)


def bound_claims(claims: Mapping[str, Any]) -> AccountClaims:
    """What a token of TokenRequest says. Unauthorized for one that lacks something."""
    about = _map(claims.get(CLAIM))
    bound = {kind: _reference(about[kind]) for kind in BOUND if about.get(kind) is not None}
    warns = about.get("warnafter")
    return AccountClaims(
        namespace=_text(about.get("namespace")),
        account=_reference(about.get("serviceaccount")),
        audiences=_texts(claims.get("aud")),
        begins=_moment(claims.get("nbf", 0)),
        ends=_moment(claims.get("exp")),
        warns_after=None if warns is None else _moment(warns),
        token_id=str(claims.get("jti") or ""),
        **bound,
    )


def legacy_claims(claims: Mapping[str, Any]) -> AccountClaims:
    """What a token that lives in a Secret says. Unauthorized for one that lacks something."""
    named = {
        "namespace": legacyclaims.NAMESPACE, "secretName": legacyclaims.SECRET,
        "serviceAccountName": legacyclaims.ACCOUNT, "serviceAccountUID": legacyclaims.ACCOUNT_UID,
    }  # fmt: skip
    if not claims.get("sub"):
        raise Unauthorized("sub claim is missing")
    for shown, claim in named.items():
        if not isinstance(claims.get(claim), str) or not claims[claim]:
            raise Unauthorized(f"{shown} claim is missing")
    namespace, secret, name, uid = (claims[claim] for claim in named.values())
    if claims["sub"] != f"{USER_PREFIX}{namespace}:{name}":
        raise Unauthorized("sub claim is invalid")
    return AccountClaims(namespace, Reference(name, uid), secret=Reference(secret))


def _reference(given: Any) -> Reference:
    about = _map(given)
    uid = about.get("uid", "")
    return Reference(_text(about.get("name")), uid if isinstance(uid, str) else "")


def _map(given: Any) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise Unauthorized("service account token claims could not be validated due to unexpected private claim")
    return given


def _text(given: Any) -> str:
    if not isinstance(given, str) or not given:
        raise Unauthorized("service account token claims could not be validated due to unexpected private claim")
    return given


def _texts(given: Any) -> tuple[str, ...]:
    """One audience may stand without a list. Source: RFC 7519, 4.1.3."""
    if isinstance(given, str):
        return (given,)
    return tuple(one for one in given if isinstance(one, str)) if isinstance(given, list) else ()


def _moment(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not abs(given) < LAST_MOMENT:
        raise Unauthorized("service account token claims could not be validated due to unexpected validation error")
    return float(given)
