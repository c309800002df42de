"""Who may use the kubelet's API: the API server by its certificate, others as the API server says.

Source: pkg/kubelet/server/auth.go.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID

from steersman.api.authentication import TokenReview, TokenReviewSpec
from steersman.api.authorization import ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec
from steersman.client.interface import Client
from steersman.component.clock import Clock
from steersman.component.http.message import Request

MASTERS = "system:masters"
REVIEW_TIMEOUT = timedelta(seconds=10)
_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_SUBRESOURCES = {"stats": "stats", "metrics": "metrics", "logs": "log", "containerLogs": "proxy", "spec": "spec",
                 "healthz": "healthz", "pods": "pods", "checkpoint": "checkpoint"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    name: str
    groups: tuple[str, ...]


class Access:
    """Authenticates by client certificate or token, authorizes by asking the API server."""

    def __init__(self, client: Client, clock: Clock, node_name: str, client_ca_pem: bytes) -> None:
        """`client_ca_pem` may hold several authorities."""
        self._client, self._clock, self._node_name = client, clock, node_name
        self._authorities = x509.load_pem_x509_certificates(client_ca_pem) if client_ca_pem else []

    async def caller(self, request: Request) -> Caller | None:
        """Who sent the request; None for nobody known. StatusError when the API server can't be asked."""
        if request.peer_cert_der is not None:
            known = self._by_certificate(request.peer_cert_der)
            if known is not None:
                return known
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        async with asyncio.timeout(REVIEW_TIMEOUT.total_seconds()):
            review = await self._client.create(TokenReview(spec=TokenReviewSpec(token=token.strip())))
        if not review.status.authenticated:
            return None
        return Caller(review.status.user.username, tuple(review.status.user.groups))

    async def is_allowed(self, caller: Caller, request: Request) -> bool:
        """May the caller do this to the node."""
        if MASTERS in caller.groups:
            return True
        attributes = ResourceAttributes(
            verb=_VERBS.get(request.method, "get"),
            version="v1",
            resource="nodes",
            subresource=_SUBRESOURCES.get(request.path.split("/")[1], "proxy"),
            name=self._node_name,
        )
        spec = SubjectAccessReviewSpec(resourceAttributes=attributes, user=caller.name, groups=caller.groups)
        async with asyncio.timeout(REVIEW_TIMEOUT.total_seconds()):
            review = await self._client.create(SubjectAccessReview(spec=spec))
        return review.status.allowed

    def _by_certificate(self, der: bytes) -> Caller | None:
        certificate, now = x509.load_der_x509_certificate(der), self._clock.now()
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            return None
        if not any(_is_issued_by(certificate, authority) for authority in self._authorities):
            return None
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        groups = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        name = str(names[0].value) if names else ""
        return Caller(name, tuple(str(group.value) for group in groups))


def _is_issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
