"""How an answer looks on the wire: its head, and a body sent in chunks."""

import asyncio
import time
from http import HTTPStatus

from steersman.component.http.message import Headers, Response

STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
# Source: Go's net/http answers so, and closes.
BAD_REQUEST = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
)
TOO_MANY_HEADERS = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Connection: close\r\n\r\n431 Request Header Fields Too Large"
)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BODILESS = frozenset({204, 304})


class _Date:
    """The Date header, formatted once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._line = b""

    def line(self) -> bytes:
        now = int(time.time())  # noqa: TID251  # wall time on the wire, no decision hangs on it
        if now != self._second:
            self._second = now
            self._line = time.strftime("Date: %a, %d %b %Y %H:%M:%S GMT\r\n", time.gmtime(now)).encode()
        return self._line


_date = _Date()


def response_head(response: Response, framing: bytes, keeps_alive: bool) -> bytes:
    """Status line and headers. `framing` is the line that says how long the body is, or nothing."""
    lines = [STATUS_LINES.get(response.status) or b"HTTP/1.1 %d Unknown\r\n" % response.status, _date.line()]
    lines += [f"{name}: {value}\r\n".encode("latin-1") for name, value in response.headers]
    lines.append(response.lines)
    lines.append(framing if keeps_alive else framing + b"Connection: close\r\n")
    lines.append(b"\r\n")
    return b"".join(lines)


def upgrade_head(headers: Headers) -> bytes:
    """The answer to a request for another protocol."""
    lines = [f"{name}: {value}\r\n".encode("latin-1") for name, value in headers.items()]
    return b"".join([STATUS_LINES[101], *lines, b"\r\n"])


class StreamWriter:
    """A body written bit by bit; writes within one turn of the loop go out together, as one chunk.

    HTTP/1.0 knows no chunks: such a client gets the bytes as they are, until the connection closes.
    """

    def __init__(self, transport: asyncio.Transport, is_writable: asyncio.Event, is_chunked: bool) -> None:
        self._transport = transport
        self._is_writable = is_writable
        self._is_chunked = is_chunked
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def is_closed(self) -> bool:
        """The client is gone."""
        return self._transport.is_closing()

    @property
    def buffered_bytes(self) -> int:
        """What was written and hasn't gone out."""
        return self._size if self.is_closed else self._size + self._transport.get_write_buffer_size()

    def write(self, chunk: bytes) -> None:
        """Send a chunk, with others of this turn of the loop."""
        if not self._parts:
            asyncio.get_running_loop().call_soon(self._flush)
        self._parts.append(chunk)
        self._size += len(chunk)

    async def drain(self) -> None:
        """Wait until the client has taken enough."""
        self._flush()
        await self._is_writable.wait()

    def end(self) -> None:
        """The body is whole."""
        self._flush()
        if self._is_chunked and not self.is_closed:
            self._transport.write(b"0\r\n\r\n")

    def _flush(self) -> None:
        # An empty chunk would end the body.
        if self._size and not self.is_closed:
            data = b"".join(self._parts)
            self._transport.write(b"%x\r\n%b\r\n" % (self._size, data) if self._is_chunked else data)
        self._parts.clear()
        self._size = 0
