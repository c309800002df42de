"""Service account tokens: issued for a pod (or nothing), valid while account, pod and time last.

Source: pkg/serviceaccount: claims; KEP-1205 bound tokens.
"""

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
from steersman.apiserver.authn import jwt
from steersman.apiserver.authn.x509 import bearer_token
from steersman.apiserver.context import RequestContext
from steersman.apiserver.user import AUTHENTICATED_GROUP, UserInfo
from steersman.component.clock import Clock
from steersman.component.keys import key_id

GROUP = "system:serviceaccounts"
DEFAULT_LIFETIME_SECONDS = 3600
LEAST_LIFETIME_SECONDS, MOST_LIFETIME_SECONDS = 600, 1 << 32
# A token of a deleted pod stops working this long after, so that its last requests pass. Source: claims.go.
LEEWAY = timedelta(seconds=60)
POD_NAME, POD_UID = "authentication.kubernetes.io/pod-name", "authentication.kubernetes.io/pod-uid"
CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"
REMEMBERED = 4096

# The object of a kind, namespace and name as it is now, or None.
Find = Callable[[type[Kind], str, str], Kind | None]


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
        seconds = request.spec.expirationSeconds or DEFAULT_LIFETIME_SECONDS
        _check_lifetime(seconds, account.metadata.name)
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
        return replace(request, spec=spec, status=status)

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
        elif "secret" in about:
            self._check_alive(core.Secret, namespace, about["secret"])
        name = f"system:serviceaccount:{namespace}:{account['name']}"
        return UserInfo(name, account["uid"], (GROUP, f"{GROUP}:{namespace}", AUTHENTICATED_GROUP), extra)

    def _check_alive(self, kind: type[Kind], namespace: str, named: Mapping[str, str]) -> None:
        found = self._find(kind, namespace, named["name"])
        if found is None or found.metadata.uid != named["uid"]:
            raise Unauthorized
        deleted: datetime | None = found.metadata.deletionTimestamp
        if deleted is not None and deleted.astimezone(UTC) + LEEWAY < self._clock.now():
            raise Unauthorized

    def _bound(self, request: authentication.TokenRequest, namespace: str, account: str) -> dict[str, Any]:
        reference = request.spec.boundObjectRef
        if reference is None:
            return {}
        kinds: dict[str, tuple[type[Kind], str]] = {
            "Pod": (core.Pod, "pods"),
            "Secret": (core.Secret, "secrets"),
        }
        if reference.kind not in kinds:
            text = "supported values: Pod, Secret"
            raise invalid("TokenRequest", "", [invalid_value(Path("spec.boundObjectRef"), reference.kind, text)])
        kind, plural = kinds[reference.kind]
        found = self._find(kind, namespace, reference.name)
        if found is None:
            raise not_found(plural, reference.name)
        if reference.uid and reference.uid != found.metadata.uid:
            why = f"the UID in the bound object reference ({reference.uid}) does not match the UID in record."
            raise conflict(plural, reference.name, f"{why} The object might have been deleted and then recreated")
        if isinstance(found, core.Pod) and (found.spec.serviceAccountName or "default") != account:
            text = (
                f'cannot bind token for serviceaccount "{account}" to pod running with different serviceaccount name.'
            )
            raise BadRequest(text)
        return {reference.kind.lower(): {"name": reference.name, "uid": found.metadata.uid}}


def _check_lifetime(seconds: int, name: str) -> None:
    text = ""
    if seconds < LEAST_LIFETIME_SECONDS:
        text = "may not specify a duration less than 10 minutes"
    elif seconds > MOST_LIFETIME_SECONDS:
        text = "may not specify a duration larger than 2^32 seconds"
    if text:
        raise invalid("TokenRequest", name, [invalid_value(Path("spec.expirationSeconds"), seconds, text)])
