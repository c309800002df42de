"""Service account tokens are issued: for a pod, node or secret, or for nothing in particular.

Source: pkg/registry/core/serviceaccount/storage: TokenREST; pkg/serviceaccount/claims.go; KEP-1205, KEP-4193.
"""

from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from steersman.api import authentication, core
from steersman.api.meta import Kind
from steersman.apimachinery.fielderrors import invalid_value
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import BadRequest, conflict, invalid, not_found
from steersman.apimachinery.times import to_time
from steersman.apiserver.authn.accounts import CLAIM, USER_PREFIX
from steersman.apiserver.authn.accounttokens import Find
from steersman.apiserver.authn.issuer import Issuer, key_set, openid_configuration
from steersman.apiserver.context import RequestContext
from steersman.component import jwt

DEFAULT_LIFETIME_SECONDS = 3600
LEAST_LIFETIME_SECONDS, MOST_LIFETIME_SECONDS = 600, 1 << 32
# A pod's token that was asked for with the first lasts the second: old clients don't read it again. Source: KEP-1205.
WARN_SECONDS, EXTENDED_SECONDS = 3607, 365 * 24 * 60 * 60
GROUP_KIND = "TokenRequest.authentication.k8s.io"

BINDABLE: Mapping[str, tuple[type[Kind], str]] = {
    "Node": (core.Node, "nodes"),
    "Pod": (core.Pod, "pods"),
    "Secret": (core.Secret, "secrets"),
}


class ServiceAccountIssuer:
    """Issues tokens, and publishes the keys they are verified by."""

    def __init__(self, issuer: Issuer, find: Find, random: Random) -> None:
        self._issuer = issuer
        self._find = find
        self._random = random
        self._key_id = next(iter(issuer.named_keys))

    @property
    def is_discoverable(self) -> bool:
        """Source of TokenIssuer.is_discoverable."""
        return self._issuer.is_discoverable

    def openid_configuration(self) -> bytes:
        """Source of TokenIssuer.openid_configuration."""
        return openid_configuration(self._issuer)

    def jwks(self) -> bytes:
        """Source of TokenIssuer.jwks."""
        return key_set(self._issuer)

    async def issue(
        self, context: RequestContext, account: core.ServiceAccount, request: authentication.TokenRequest
    ) -> authentication.TokenRequest:
        """The request with its token. Conflict when what it is to be bound to isn't the object it names."""
        _check_account(request, account)
        seconds = request.spec.expirationSeconds
        if seconds is None:
            seconds = DEFAULT_LIFETIME_SECONDS
        _check_lifetime(seconds)
        most = self._issuer.max_seconds
        if 0 < most < seconds:
            context.warnings.append(f"requested expiration of {seconds} seconds shortened to {most} seconds")
            seconds = most
        issued, meta = context.now.replace(microsecond=0), account.metadata
        audiences = request.spec.audiences or self._issuer.audiences
        spec = replace(request.spec, expirationSeconds=seconds, audiences=audiences)
        about = {
            "namespace": meta.namespace,
            "serviceaccount": {"name": meta.name, "uid": meta.uid},
            **self._bound(request, meta.namespace, meta.name),
        }
        lasts = seconds
        if self._outlasts(spec):
            about["warnafter"], lasts = int(issued.timestamp()) + seconds, EXTENDED_SECONDS
        begins = int(issued.timestamp())
        claims = {
            "aud": list(audiences),
            "exp": begins + lasts,
            "iat": begins,
            "iss": self._issuer.url,
            "jti": str(UUID(int=self._random.getrandbits(128), version=4)),
            CLAIM: about,
            "nbf": begins,
            "sub": f"{USER_PREFIX}{meta.namespace}:{meta.name}",
        }
        token = jwt.signed(claims, self._issuer.key, self._key_id)
        # What was asked for is told: who reads tokens anew in time needs no more.
        expires = to_time(issued + timedelta(seconds=seconds))
        named = replace(
            request.metadata, name=meta.name, namespace=meta.namespace, uid=meta.uid, creationTimestamp=to_time(issued)
        )
        status = authentication.TokenRequestStatus(token=token, expirationTimestamp=expires)
        return replace(request, metadata=named, spec=spec, status=status)

    def _outlasts(self, spec: authentication.TokenRequestSpec) -> bool:
        """A token as it is put into pods, for the API server alone."""
        reference = spec.boundObjectRef
        is_pods = reference is not None and reference.kind == "Pod"
        is_own = all(one in self._issuer.audiences for one in spec.audiences)
        return self._issuer.extends and is_pods and spec.expirationSeconds == WARN_SECONDS and is_own

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
