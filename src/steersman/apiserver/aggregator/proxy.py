"""Hands requests for other servers' group versions on to them.

Source: kube-aggregator/pkg/apiserver/handler_proxy.go: ServeHTTP.
"""

import ssl
from http import HTTPStatus

from steersman.apimachinery.status import StatusError
from steersman.apiserver.aggregator.backends import Backends
from steersman.apiserver.aggregator.services import Remote
from steersman.apiserver.http.answers import text_answer
from steersman.apiserver.relay import relayed, upgraded, wants_upgrade
from steersman.apiserver.user import UserInfo
from steersman.component.http.client import HTTPClientError
from steersman.component.http.message import Request, Response


class Proxy:
    """The user has been authenticated and authorized; the other server may ask again what they may do."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends

    async def answer(self, remote: Remote, request: Request, user: UserInfo) -> Response:
        """The other server's response, or UPGRADED; 503 when it can't be reached."""
        if not remote.is_available:
            return _unavailable("service unavailable")
        try:
            backend = self._backends.backend(remote.service, request.path, request.query, user)
            return await (upgraded if wants_upgrade(request) else relayed)(backend, request)
        except StatusError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE and error.code != HTTPStatus.NOT_FOUND:
                raise
            return _unavailable("service unavailable")
        except (HTTPClientError, ssl.SSLError, OSError) as error:
            return _unavailable(f"error trying to reach service: {error}")


def _unavailable(text: str) -> Response:
    return text_answer(HTTPStatus.SERVICE_UNAVAILABLE, f"{text}\n")
