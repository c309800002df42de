"""rtnetlink, as little of it as the pod network needs: messages, attributes and one socket.

A socket belongs to the namespace it was opened in, whatever its thread does later, so one thread
can hold a socket of the node and one of the pod.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from steersman.cni.namespace import entered

NLM_F_REQUEST = 0x1
NLM_F_ACK = 0x4
NLM_F_REPLACE = 0x100
NLM_F_EXCL = 0x200
NLM_F_DUMP = 0x300
NLM_F_CREATE = 0x400
NLMSG_ERROR = 2
NLMSG_DONE = 3
NLA_F_NESTED = 0x8000
_ATTRIBUTE_TYPES = 0x3FFF
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_ERROR_NUMBER = struct.Struct("=i")
_RECEIVE_BYTES = 1 << 16
_ANSWER_SECONDS = 5.0


class NetlinkError(OSError):
    """The kernel refused a request; `errno` says why, `doing` what was asked."""

    def __init__(self, number: int, doing: str) -> None:
        """Keep the error number and what was asked."""
        super().__init__(number, f"{doing}: {os.strerror(number)}")
        self.doing = doing

    def is_exists(self) -> bool:
        """Whether what was to be made is there already."""
        return self.errno == errno.EEXIST

    def is_missing(self) -> bool:
        """Whether what was named isn't there."""
        return self.errno in (errno.ENODEV, errno.ESRCH, errno.ENOENT, errno.EADDRNOTAVAIL)


@dataclass(frozen=True, slots=True)
class Reply:
    """One message of an answer, without its header."""

    type: int
    body: bytes
    sequence: int = 0


class Netlink:
    """A route socket in a network namespace; a context manager."""

    def __init__(self, namespace: Path | None) -> None:
        """Open the socket; None is the caller's namespace."""
        with entered(namespace):
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._socket.settimeout(_ANSWER_SECONDS)
        self._sequence = 0

    def __enter__(self) -> "Netlink":
        """Hand out the socket."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the socket."""
        self._socket.close()

    def request(self, doing: str, type_: int, flags: int, body: bytes) -> None:
        """Ask for a change; NetlinkError if it is refused."""
        for _ in self._exchange(doing, type_, flags | NLM_F_ACK, body):
            pass

    def query(self, doing: str, type_: int, flags: int, body: bytes) -> tuple[Reply, ...]:
        """Ask for what there is."""
        # Without an acknowledgement a query of one object would have no end.
        return tuple(self._exchange(doing, type_, flags | NLM_F_ACK, body))

    def _exchange(self, doing: str, type_: int, flags: int, body: bytes) -> Iterator[Reply]:
        self._sequence += 1
        length = _HEADER.size + len(body)
        header = _HEADER.pack(length, type_, flags | NLM_F_REQUEST, self._sequence, 0)
        self._socket.send(header + body)
        while True:
            for reply in messages(self._socket.recv(_RECEIVE_BYTES)):
                if reply.sequence != self._sequence:
                    continue
                if reply.type in (NLMSG_ERROR, NLMSG_DONE):
                    number = -_ERROR_NUMBER.unpack_from(reply.body)[0]
                    if number:
                        raise NetlinkError(number, doing)
                    return
                yield reply


def messages(data: bytes) -> Iterator[Reply]:
    """The messages in what was received."""
    offset = 0
    while offset + _HEADER.size <= len(data):
        size, kind, _, sequence, _ = _HEADER.unpack_from(data, offset)
        if size < _HEADER.size:
            return
        yield Reply(kind, data[offset + _HEADER.size : offset + size], sequence)
        offset += _aligned(size)


def attribute(type_: int, data: bytes) -> bytes:
    """One attribute, padded."""
    size = _ATTRIBUTE.size + len(data)
    return _ATTRIBUTE.pack(size, type_) + data + b"\0" * (_aligned(size) - size)


def nested(type_: int, *attributes: bytes) -> bytes:
    """An attribute that holds attributes."""
    return attribute(type_ | NLA_F_NESTED, b"".join(attributes))


def text(type_: int, value: str) -> bytes:
    """An attribute that holds a name."""
    return attribute(type_, value.encode() + b"\0")


def number(type_: int, value: int) -> bytes:
    """An attribute that holds 32 bits."""
    return attribute(type_, struct.pack("=I", value))


def attributes(data: bytes) -> dict[int, bytes]:
    """The attributes in a message's end, by type."""
    found = {}
    offset = 0
    while offset + _ATTRIBUTE.size <= len(data):
        size, type_ = _ATTRIBUTE.unpack_from(data, offset)
        if size < _ATTRIBUTE.size:
            break
        found[type_ & _ATTRIBUTE_TYPES] = data[offset + _ATTRIBUTE.size : offset + size]
        offset += _aligned(size)
    return found


def _aligned(size: int) -> int:
    return (size + 3) & ~3
