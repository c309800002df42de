"""Requests handed on to a node's kubelet, or to a pod or Service itself."""

import ssl
from http import HTTPStatus
from random import Random
from typing import assert_never

from steersman.apimachinery.object import Object
from steersman.apimachinery.status import BadRequest, InternalError, ServiceUnavailable, StatusError
from steersman.apiserver.collections import Collections
from steersman.apiserver.connectoptions import STREAMED
from steersman.apiserver.context import RequestContext
from steersman.apiserver.locations import Locator, Transport
from steersman.apiserver.relay import Backend, relayed, upgraded, wants_upgrade
from steersman.component.http.client import Connect, ConnectFailed, ConnectionLost, HTTPPool
from steersman.component.http.message import Request, Response
from steersman.component.tls import client_context


class KubeletConnector:
    """Reaches kubelets with the server's own client certificate, and pods with none."""

    def __init__(
        self, collections: Collections, ssl_context: ssl.SSLContext | None, connect: Connect, random: Random
    ) -> None:
        self._locator = Locator(collections, random)
        self._ssl = ssl_context
        self._connect = connect

    async def connect(self, context: RequestContext, options: Object | None, request: Request) -> Response:
        """See Connector."""
        await context.catch_up()
        place = self._locator.place(context, options, request.query)
        if place is None:
            return Response(200, (("Content-Type", "text/plain"),), b"")
        is_upgrade = wants_upgrade(request)
        if isinstance(options, STREAMED) and not is_upgrade:
            raise BadRequest("Upgrade request required")
        if not place.path and not is_upgrade:
            # Relative links of a page at the root would lead out of the proxy.
            query = f"?{request.query}" if request.query else ""
            return Response(HTTPStatus.MOVED_PERMANENTLY, (("Location", f"{request.path}/{query}"),), b"")
        tls = self._tls(place.transport)
        pool = HTTPPool(place.host, place.port, ssl_context=tls, connect=self._connect)
        is_proxy = context.info.subresource == "proxy"
        backend = Backend(place, pool, _prefix(context, request) if is_proxy else "")
        try:
            if is_upgrade:
                return await upgraded(backend, request)
            return await relayed(backend, request, is_log=context.info.subresource == "log")
        except (ConnectFailed, ConnectionLost) as error:
            await pool.close()
            raise _unreachable(error, is_proxy) from error
        except BaseException:
            await pool.close()
            raise

    def _tls(self, transport: Transport) -> ssl.SSLContext | None:
        match transport:
            case Transport.KUBELET:
                return self._ssl
            case Transport.UNVERIFIED:
                return client_context(None, is_insecure=True)
            case Transport.CLEAR:
                return None
        assert_never(transport)


def _unreachable(error: Exception, is_proxy: bool) -> StatusError:
    if is_proxy:
        return ServiceUnavailable(f"error trying to reach service: {error}")
    return InternalError(f"error dialing backend: {error}")


def _prefix(context: RequestContext, request: Request) -> str:
    """`/api/v1/namespaces/ns/pods/name/proxy`, or a node's."""
    return "/".join(request.path.split("/")[: 8 if context.namespace else 6])
