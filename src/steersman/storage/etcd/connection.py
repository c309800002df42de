"""Calls to an etcd cluster over gRPC: one channel a member, the one in use changed when it fails.

The only module of the store that knows gRPC; what goes wrong becomes one of the store's errors.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import grpc
import grpc.aio

from steersman.component.keypair import KeyPair
from steersman.storage.etcd.messages import Call, new_codec
from steersman.storage.interface import StoreClosed, StoreError, StoreFailed, StoreFull, StoreUnavailable

Request = TypeVar("Request")
Response = TypeVar("Response")

# etcd itself gives a request up after 5 s and two elections.
REQUEST_SECONDS = 7.0
TIMED_OUT = "etcdserver: request timed out"
CONNECTION_LOST = "etcdserver: request timed out, possibly due to connection lost"
NO_SPACE = "etcdserver: mvcc: database space exceeded"

_OPTIONS = (
    # As upstream's client: etcd bounds what it takes; a page of many objects or events may be big.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Source: apiserver/pkg/storage/storagebackend/factory/etcd3.go: keepaliveTime, keepaliveTimeout.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 2_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # Two stores in one process are two clients.
    ("grpc.use_local_subchannel_pool", 1),
)
# Ends a watch whose member has lost its cluster, instead of leaving it silent.
_REQUIRE_LEADER = (("hasleader", "true"),)
_END: Any = vars(grpc.aio)["EOF"]  # which the published types leave out
_AWAY = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.INTERNAL,
    }
)


class Refusal(StrEnum):
    """Refusals that the store understands, by etcd's words: their gRPC codes stand for others too."""

    COMPACTED = "etcdserver: mvcc: required revision has been compacted"
    FUTURE_REVISION = "etcdserver: mvcc: required revision is a future revision"
    LEASE_NOT_FOUND = "etcdserver: requested lease not found"


class Refused(StoreFailed):
    """etcd said no and did nothing; refusal is None for a reason that the store doesn't know."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.refusal = next((refusal for refusal in Refusal if refusal == said), None)


@dataclass(frozen=True, slots=True)
class EtcdConfig:
    """Where etcd is, as URLs of its members; whom to trust and who we are, for those that are https."""

    servers: tuple[str, ...]
    ca_pem: bytes | None = None
    pair: KeyPair | None = None


class Connection:
    """Calls go to one member at a time."""

    def __init__(self, config: EtcdConfig) -> None:
        self._channels = tuple(_channel(server, config) for server in config.servers)
        self._codec = new_codec()
        self._methods: dict[tuple[str, int], Callable[..., Any]] = {}
        self._current = 0
        self._closed = asyncio.Event()
        self._running: set[Any] = set()

    @property
    def is_closed(self) -> bool:
        """No more calls are made."""
        return self._closed.is_set()

    async def call(self, call: Call[Request, Response], request: Request) -> Response:
        """Ask and get the answer. A read is asked once more of each member when the one in use goes away."""
        self._check_open()
        tries = len(self._channels) + 1 if call.is_read else 1
        member = self._current
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                while True:
                    tries -= 1
                    member = await self._ready()
                    try:
                        return await self._ask(member, call, request)
                    except StoreUnavailable:
                        if not tries:
                            raise
        except TimeoutError as error:
            self._leave(member)
            raise StoreUnavailable(TIMED_OUT) from error
        except asyncio.CancelledError:
            self._check_cancelled_by_caller()
            raise

    async def stream(self, call: Call[Request, Response], request: Request) -> AsyncGenerator[Response, None]:
        """What comes for one request; it ends only by an error, or when the connection is closed."""
        self._check_open()
        stream: Any = None
        member = self._current
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                member = await self._ready()
            stream = self._method(call, member, is_stream=True)(self._only(request), metadata=_REQUIRE_LEADER)
            self._running.add(stream)
            while True:
                answer = await stream.read()
                if answer is _END:
                    raise StoreUnavailable(CONNECTION_LOST)
                yield answer
        except TimeoutError as error:
            raise StoreUnavailable(TIMED_OUT) from error
        except grpc.aio.AioRpcError as error:
            raise self._failed(member, error) from error
        except asyncio.CancelledError:
            self._check_cancelled_by_caller()
            raise
        finally:
            if stream is not None:
                self._running.discard(stream)
                stream.cancel()

    async def why_unavailable(self, call: Call[Request, Response], request: Request) -> str:
        """The reason, for people, that no member can be reached."""
        try:
            await self._method(call, self._current)(request, timeout=REQUEST_SECONDS, wait_for_ready=False)
        except grpc.aio.AioRpcError as error:
            return error.details() or error.code().name
        return TIMED_OUT

    async def close(self) -> None:
        """Calls under way end with StoreClosed."""
        self._closed.set()
        for running in tuple(self._running):
            running.cancel()  # a channel that is closed doesn't see to all of them
        for channel in self._channels:
            await channel.close(grace=None)

    async def _ask(self, member: int, call: Call[Request, Response], request: Request) -> Response:
        # Of one member, waiting for the connection isn't failing: a write that was never sent isn't given up.
        running = self._method(call, member)(request, wait_for_ready=len(self._channels) == 1)
        self._running.add(running)
        try:
            answer: Response = await running
            return answer
        except grpc.aio.AioRpcError as error:
            raise self._failed(member, error) from error
        finally:
            self._running.discard(running)

    def _failed(self, member: int, error: grpc.aio.AioRpcError) -> StoreError:
        """What the store says of an error; a member that can't serve is left."""
        said = error.details() or error.code().name
        if error.code() in _AWAY:
            self._leave(member)
            return StoreUnavailable(said if said.startswith("etcdserver:") else CONNECTION_LOST)
        return StoreFull(said) if said == NO_SPACE else Refused(said)

    async def _ready(self) -> int:
        """A connected member: the one in use, else the first that can be reached."""
        if self._channels[self._current].get_state(try_to_connect=True) is grpc.ChannelConnectivity.READY:
            return self._current
        waiting = [asyncio.ensure_future(channel.channel_ready()) for channel in self._channels]
        closing = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait([*waiting, closing], return_when=asyncio.FIRST_COMPLETED)
            self._check_open()
            self._current = next(member for member, ready in enumerate(waiting) if ready.done())
        finally:
            for each in (*waiting, closing):
                each.cancel()
            await asyncio.gather(*waiting, closing, return_exceptions=True)
        return self._current

    async def _only(self, request: Request) -> AsyncGenerator[Request, None]:
        """Etcd ends a watch whose requests have ended."""
        yield request
        await self._closed.wait()

    def _leave(self, member: int) -> None:
        """Ask another from now on: one that hangs, or has lost its cluster, is connected all the same."""
        if member == self._current:
            self._current = (member + 1) % len(self._channels)

    def _method(self, call: Call[Any, Any], member: int, *, is_stream: bool = False) -> Callable[..., Any]:
        key = (call.path, member)
        method = self._methods.get(key)
        if method is None:
            channel = self._channels[member]
            make: Any = channel.stream_stream if is_stream else channel.unary_unary
            method = self._methods[key] = make(
                call.path,
                request_serializer=self._codec.encode,
                response_deserializer=self._codec.viewer(call.response),
            )
        return method

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise StoreClosed

    def _check_cancelled_by_caller(self) -> None:
        """A closed channel cancels its calls; to the caller that isn't a cancellation."""
        task = asyncio.current_task()
        if self.is_closed and task is not None and not task.cancelling():
            raise StoreClosed


def _channel(server: str, config: EtcdConfig) -> grpc.aio.Channel:
    scheme, _, address = server.rpartition("://")
    if scheme != "https":
        return grpc.aio.insecure_channel(address, options=_OPTIONS)
    credentials = grpc.ssl_channel_credentials(
        root_certificates=config.ca_pem,
        private_key=config.pair.key_pem if config.pair else None,
        certificate_chain=config.pair.cert_pem if config.pair else None,
    )
    return grpc.aio.secure_channel(address, credentials, options=_OPTIONS)
