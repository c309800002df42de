"""Seams of what answers a request without storing anything: reviews, and tokens of service accounts."""

from typing import Any, Protocol

from steersman.api import authentication, core
from steersman.api.meta import Kind
from steersman.apiserver.context import RequestContext


class ReviewHandler(Protocol):
    """Answers a POST of a kind that isn't stored (SubjectAccessReview ...), by its type."""

    async def review(self, context: RequestContext, obj: Any) -> Kind:
        """The object with its status filled in."""
        ...


class TokenIssuer(Protocol):
    """Makes and publishes what verifies service account tokens."""

    async def issue(
        self, context: RequestContext, account: core.ServiceAccount, request: authentication.TokenRequest
    ) -> authentication.TokenRequest:
        """The request with status.token and status.expirationTimestamp."""
        ...

    @property
    def is_discoverable(self) -> bool:
        """Whether the issuer is a URL, so that the two documents are served."""
        ...

    def openid_configuration(self) -> bytes:
        """The JSON of /.well-known/openid-configuration."""
        ...

    def jwks(self) -> bytes:
        """The JSON of /openid/v1/jwks."""
        ...
