"""Service account tokens: issued for a pod, node or secret (or nothing), valid while these, account and time last.

Source: pkg/serviceaccount: claims; pkg/registry/core/serviceaccount/storage: TokenREST; KEP-1205, KEP-4193.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec

from steersman.api import authentication, core
from steersman.api.meta import Kind
from steersman.apimachinery.fielderrors import invalid_value
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import BadRequest, Unauthorized, conflict, invalid, not_found
from steersman.apimachinery.times import to_time
from steersman.apiserver.attributes import Presented
from steersman.apiserver.authn.x509 import bearer_token
from steersman.apiserver.context import RequestContext
from steersman.apiserver.user import AUTHENTICATED_GROUP, UserInfo
from steersman.component import jwt, legacyclaims
from steersman.component.clock import Clock
from steersman.component.keys import key_id

GROUP = "system:serviceaccounts"
DEFAULT_LIFETIME_SECONDS = 3600
LEAST_LIFETIME_SECONDS, MOST_LIFETIME_SECONDS = 600, 1 << 32
# A token of a deleted pod stops working this long after, so that its last requests pass. Source: claims.go.
LEEWAY = timedelta(seconds=60)
POD_NAME, POD_UID = "authentication.kubernetes.io/pod-name", "authentication.kubernetes.io/pod-uid"
NODE_NAME, NODE_UID = "authentication.kubernetes.io/node-name", "authentication.kubernetes.io/node-uid"
CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"
REMEMBERED = 4096
GROUP_KIND = "TokenRequest.authentication.k8s.io"

# The object of a kind, namespace and name as it is now, or None.
Find = Callable[[type[Kind], str, str], Kind | None]


BINDABLE: Mapping[str, tuple[type[Kind], str]] = {
    "Node": (core.Node, "nodes"),
    "Pod": (core.Pod, "pods"),
    "Secret": (core.Secret, "secrets"),
}


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs: the issuer's URL, the audiences the API server answers to, and the key."""

    url: str
    audiences: tuple[str, ...]
    key: ec.EllipticCurvePrivateKey


class ServiceAccountTokens:
    """Issues tokens, and knows the users of those it has issued."""

    def __init__(self, issuer: Issuer, find: Find, clock: Clock, random: Random) -> None:
        self._issuer = issuer
        self._find = find
        self._clock = clock
        self._random = random
        self._key_id = key_id(issuer.key)
        self._keys = {self._key_id: issuer.key.public_key()}
        self._verified: dict[str, Mapping[str, Any]] = {}

    async def authenticate(self, presented: Presented) -> UserInfo | None:
        """The token's user; None without a token. Unauthorized when it isn't ours, or is no longer good."""
        token = bearer_token(presented.headers)
        if not token:
            return None
        user, _ = self.verify(token, self._issuer.audiences)
        return user

    def verify(self, token: str, audiences: tuple[str, ...]) -> tuple[UserInfo, tuple[str, ...]]:
        """The user of a token and which of these audiences it is for."""
        claims = self._claims(token)
        if claims.get("iss") == legacyclaims.ISSUER:
            return self._user_of_secret(token, claims), audiences
        now = self._clock.now().timestamp()
        given = claims.get("aud", ())
        meant = tuple(one for one in audiences if one in given)
        if claims.get("iss") != self._issuer.url or not meant or not claims["nbf"] <= now < claims["exp"]:
            raise Unauthorized
        return self._user(claims["kubernetes.io"], str(claims.get("jti", ""))), meant

    async def issue(
        self, context: RequestContext, account: core.ServiceAccount, request: authentication.TokenRequest
    ) -> authentication.TokenRequest:
        """The request with its token. Conflict when what it is to be bound to isn't the object it names."""
        _check_account(request, account)
        seconds = request.spec.expirationSeconds
        if seconds is None:
            seconds = DEFAULT_LIFETIME_SECONDS
        _check_lifetime(seconds)
        issued = context.now.replace(microsecond=0)
        expires = issued + timedelta(seconds=seconds)
        meta = account.metadata
        about: dict[str, Any] = {
            "namespace": meta.namespace,
            "serviceaccount": {"name": meta.name, "uid": meta.uid},
            **self._bound(request, meta.namespace, meta.name),
        }
        audiences = request.spec.audiences or self._issuer.audiences
        claims = {
            "aud": list(audiences),
            "exp": int(expires.timestamp()),
            "iat": int(issued.timestamp()),
            "iss": self._issuer.url,
            "jti": str(UUID(int=self._random.getrandbits(128), version=4)),
            "kubernetes.io": about,
            "nbf": int(issued.timestamp()),
            "sub": f"system:serviceaccount:{meta.namespace}:{meta.name}",
        }
        token = jwt.sign(claims, self._issuer.key, self._key_id)
        spec = replace(request.spec, expirationSeconds=seconds, audiences=audiences)
        status = authentication.TokenRequestStatus(token=token, expirationTimestamp=to_time(expires))
        named = replace(
            request.metadata, name=meta.name, namespace=meta.namespace, uid=meta.uid, creationTimestamp=to_time(issued)
        )
        return replace(request, metadata=named, spec=spec, status=status)

    def openid_configuration(self) -> bytes:
        """The discovery document of OpenID Connect, for whoever verifies our tokens elsewhere."""
        document = {
            "issuer": self._issuer.url,
            "jwks_uri": f"{self._issuer.url}/openid/v1/jwks",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [jwt.ALGORITHM],
        }
        return json.dumps(document).encode()

    def jwks(self) -> bytes:
        """The public keys."""
        return json.dumps({"keys": [jwt.jwk(key, name) for name, key in self._keys.items()]}).encode()

    def _claims(self, token: str) -> Mapping[str, Any]:
        claims = self._verified.get(token)
        if claims is None:
            try:
                claims = jwt.verify(token, self._keys)
            except jwt.TokenError as error:
                raise Unauthorized from error
            if len(self._verified) >= REMEMBERED:
                self._verified.pop(next(iter(self._verified)))
            self._verified[token] = claims
        return claims

    def _user(self, about: Mapping[str, Any], token_id: str) -> UserInfo:
        namespace, account = about["namespace"], about["serviceaccount"]
        self._check_alive(core.ServiceAccount, namespace, account)
        extra: dict[str, tuple[str, ...]] = {CREDENTIAL_ID: (f"JTI={token_id}",)}
        if "pod" in about:
            self._check_alive(core.Pod, namespace, about["pod"])
            extra |= {POD_NAME: (about["pod"]["name"],), POD_UID: (about["pod"]["uid"],)}
        elif "node" in about:
            self._check_alive(core.Node, "", about["node"])
        elif "secret" in about:
            self._check_alive(core.Secret, namespace, about["secret"])
        extra |= _node_extra(about.get("node", {}))
        name = f"system:serviceaccount:{namespace}:{account['name']}"
        return UserInfo(name, account["uid"], (GROUP, f"{GROUP}:{namespace}", AUTHENTICATED_GROUP), extra)

    def _user_of_secret(self, token: str, claims: Mapping[str, Any]) -> UserInfo:
        """The user of a token without an end: as good as the Secret it lives in."""
        namespace, name = str(claims.get(legacyclaims.NAMESPACE)), str(claims.get(legacyclaims.ACCOUNT))
        account = {"name": name, "uid": str(claims.get(legacyclaims.ACCOUNT_UID))}
        self._check_alive(core.ServiceAccount, namespace, account)
        secret = self._find(core.Secret, namespace, str(claims.get(legacyclaims.SECRET)))
        if not isinstance(secret, core.Secret) or secret.metadata.deletionTimestamp is not None:
            raise Unauthorized
        if not hmac.compare_digest(secret.data.get("token", b""), token.encode()):
            raise Unauthorized
        groups = (GROUP, f"{GROUP}:{namespace}", AUTHENTICATED_GROUP)
        return UserInfo(f"system:serviceaccount:{namespace}:{name}", account["uid"], groups)

    def _check_alive(self, kind: type[Kind], namespace: str, named: Mapping[str, str]) -> None:
        found = self._find(kind, namespace, named["name"])
        if found is None or found.metadata.uid != named["uid"]:
            raise Unauthorized
        deleted: datetime | None = found.metadata.deletionTimestamp
        if deleted is not None and deleted.astimezone(UTC) + LEEWAY < self._clock.now():
            raise Unauthorized

    def _bound(self, request: authentication.TokenRequest, namespace: str, account: str) -> dict[str, Any]:
        """The claims about what a token is bound to."""
        reference = request.spec.boundObjectRef
        if reference is None:
            return {}
        group, _, version = reference.apiVersion.rpartition("/")
        bindable = BINDABLE.get(reference.kind) if not group else None
        if bindable is None:
            raise BadRequest(f"cannot bind token to object of type {group}/{version}, Kind={reference.kind}")
        kind, plural = bindable
        found = self._find(kind, "" if kind is core.Node else namespace, reference.name)
        if found is None:
            raise not_found(plural, reference.name)
        if isinstance(found, core.Pod) and (found.spec.serviceAccountName or "default") != account:
            text = (
                f'cannot bind token for serviceaccount "{account}" to pod running with different serviceaccount name.'
            )
            raise BadRequest(text)
        if reference.uid and reference.uid != found.metadata.uid:
            why = f"the UID in the bound object reference ({reference.uid}) does not match the UID in record."
            raise conflict(
                reference.kind, reference.name, f"{why} The object might have been deleted and then recreated"
            )
        bound = {reference.kind.lower(): {"name": reference.name, "uid": found.metadata.uid}}
        if isinstance(found, core.Pod) and found.spec.nodeName:
            bound["node"] = self._node_claim(found.spec.nodeName)
        return bound

    def _node_claim(self, name: str) -> dict[str, str]:
        """The node a pod is on; its name alone when it is gone."""
        node = self._find(core.Node, "", name)
        return {"name": name} if node is None else {"name": name, "uid": node.metadata.uid}


def _node_extra(node: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {extra: (node[field],) for extra, field in ((NODE_NAME, "name"), (NODE_UID, "uid")) if field in node}


def _check_account(request: authentication.TokenRequest, account: core.ServiceAccount) -> None:
    """What a request says of its account must be true."""
    given, meta = request.metadata, account.metadata
    for field, said, known in (("name", given.name, meta.name), ("namespace", given.namespace, meta.namespace)):
        if said and said != known:
            text = f"must match the service account {field} if specified"
            raise invalid(GROUP_KIND, meta.name, [invalid_value(Path(f"metadata.{field}"), said, text)])
    if given.uid and given.uid != meta.uid:
        why = f"the UID in the token request ({given.uid}) does not match the UID of the service account ({meta.uid})"
        raise conflict(GROUP_KIND, meta.name, why)


def _check_lifetime(seconds: int) -> None:
    text = ""
    if seconds < LEAST_LIFETIME_SECONDS:
        text = "may not specify a duration less than 10 minutes"
    elif seconds > MOST_LIFETIME_SECONDS:
        text = "may not specify a duration larger than 2^32 seconds"
    if text:
        raise invalid(GROUP_KIND, "", [invalid_value(Path("spec.expirationSeconds"), seconds, text)])
