"""HTTP GET as probes and hooks do it: headers, redirects on the same host, insecure TLS.

Source: pkg/probe/http.
"""

from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from steersman.api.core import Container, HTTPGetAction
from steersman.component.http.client import HTTPPool
from steersman.component.tls import client_context
from steersman.kubelet.dialer import NodeDialer

USER_AGENT = "kube-probe/1.37"
MAX_REDIRECTS = 10
MAX_BODY_BYTES = 10 * 1024
REDIRECTS = (301, 302, 303, 307, 308)


class PortNotFoundError(ValueError):
    """A port's name that the container hasn't."""


@dataclass(frozen=True, slots=True)
class HTTPTarget:
    """What to ask for."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `left_host` when a redirect led elsewhere and was not followed."""

    status: int
    body: str
    left_host: bool = False


def target_of(action: HTTPGetAction, container: Container, pod_ip: str) -> HTTPTarget:
    """The request of an action."""
    host = action.host or pod_ip
    shown = f"[{host}]" if ":" in host else host
    path = action.path if action.path.startswith("/") else f"/{action.path}"
    scheme = (action.scheme or "HTTP").lower()
    headers = tuple((header.name, header.value) for header in action.httpHeaders)
    return HTTPTarget(f"{scheme}://{shown}:{port_of(action.port, container)}{path}", headers)


def port_of(port: int | str, container: Container) -> int:
    """A port by number or name."""
    if isinstance(port, int):
        return port
    for each in container.ports:
        if each.name == port:
            return each.containerPort
    if port.isdigit():
        return int(port)
    raise PortNotFoundError(f"couldn't find port: {port}")


async def http_get(dialer: NodeDialer, target: HTTPTarget) -> Answer:
    """The answer, after redirects on the same host; OSError, ValueError. The caller bounds the time."""
    first = urlsplit(target.url)
    for _ in range(MAX_REDIRECTS):
        answer, location = await _get_once(dialer, target)
        if answer.status not in REDIRECTS or not location:
            return answer
        url = urljoin(target.url, location)
        if urlsplit(url).hostname != first.hostname:
            return replace(answer, left_host=True)
        target = replace(target, url=url)
    raise ValueError("stopped after 10 redirects")


async def _get_once(dialer: NodeDialer, target: HTTPTarget) -> tuple[Answer, str]:
    parts = urlsplit(target.url)
    is_tls = parts.scheme == "https"
    pool = HTTPPool(
        parts.hostname or "",
        parts.port or (443 if is_tls else 80),
        ssl_context=client_context(None, is_insecure=True) if is_tls else None,
        connect=dialer.connect,
    )
    path = parts.path or "/"
    try:
        request = await pool.request("GET", f"{path}?{parts.query}" if parts.query else path, _headers(target))
        body = bytearray()
        async for chunk in request.chunks():
            body += chunk
            if len(body) >= MAX_BODY_BYTES:
                break
    finally:
        await pool.close()
    text = bytes(body[:MAX_BODY_BYTES]).decode(errors="replace")
    return Answer(request.status, text), request.headers.get("location", "")


def _headers(target: HTTPTarget) -> dict[str, str]:
    headers = {"user-agent": USER_AGENT, "accept": "*/*", "connection": "close"}
    for name, value in target.headers:
        key = name.lower()
        if value or key not in ("user-agent", "accept"):
            headers[key] = value
        else:
            headers.pop(key, None)
    return headers
