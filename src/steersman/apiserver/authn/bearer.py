"""Where a request carries its token: the Authorization header, or for browsers a protocol of a WebSocket.

Source: apiserver/pkg/authentication/request: bearertoken, websocket/protocol.go.
"""

from collections.abc import Mapping

from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.attributes import Presented
from steersman.apiserver.authn.tokens import TokenAuthenticator, authenticated
from steersman.apiserver.user import UserInfo
from steersman.component.jws import decoded

PROTOCOL_PREFIX = "base64url.bearer.authorization.k8s.io."
INVALID = "invalid bearer token"


class BearerTokens:
    """Users by the token of a request. audiences: who the API server is to those who give out tokens."""

    def __init__(self, tokens: TokenAuthenticator, audiences: tuple[str, ...] = ()) -> None:
        self._tokens = tokens
        self._audiences = audiences

    async def authenticate(self, presented: Presented) -> UserInfo | None:
        """The token's user; None without a token. Unauthorized when nobody knows it."""
        token = bearer_token(presented.headers) or protocol_token(presented.headers)
        if not token:
            return None
        known = await self._tokens.verify(token, self._audiences)
        if known is None:
            raise Unauthorized(INVALID)
        return authenticated(known.user)


def bearer_token(headers: Mapping[str, str]) -> str:
    """The token of an Authorization header, empty when there is none."""
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    return token.strip().partition(" ")[0] if scheme.lower() == "bearer" else ""


def protocol_token(headers: Mapping[str, str]) -> str:
    """The token among the protocols of a WebSocket, empty when there is none. Unauthorized for a wrong one."""
    if headers.get("upgrade", "").lower() != "websocket":
        return ""
    protocols = [one.strip() for one in headers.get("sec-websocket-protocol", "").split(",")]
    given = [one.removeprefix(PROTOCOL_PREFIX) for one in protocols if one.startswith(PROTOCOL_PREFIX)]
    if not given:
        return ""
    if len(given) > 1:
        raise Unauthorized("multiple base64.bearer.authorization tokens specified")
    if len(protocols) == 1:
        raise Unauthorized("missing additional subprotocol")
    try:
        return decoded(given[0]).decode()
    except ValueError as error:
        raise Unauthorized("invalid base64.bearer.authorization token encoding") from error
