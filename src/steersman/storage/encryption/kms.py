"""A KMS plugin: a gRPC server behind a unix socket of this machine.

Source: apiserver/pkg/storage/value/encrypt/envelope/kmsv2/grpc_service.go.
"""

from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import grpc
import grpc.aio

from steersman.component.protobuf import Codec
from steersman.storage.encryption.keyservice import (
    DecryptRequest,
    DecryptResponse,
    EncryptRequest,
    EncryptResponse,
    StatusRequest,
    StatusResponse,
)
from steersman.storage.encryption.transformer import TransformError

Answer = TypeVar("Answer")

SERVICE = "v2.KeyManagementService"
_OPTIONS = (("grpc.default_authority", "localhost"), ("grpc.use_local_subchannel_pool", 1))


class Plugin:
    """A plugin at an endpoint such as `unix:///run/kms.sock`."""

    def __init__(self, endpoint: str, timeout: timedelta) -> None:
        self._channel = grpc.aio.insecure_channel(_target(endpoint), options=_OPTIONS)
        self._timeout_seconds = timeout.total_seconds()
        self._codec = Codec(
            "v2", (StatusRequest, StatusResponse, DecryptRequest, DecryptResponse, EncryptRequest, EncryptResponse)
        )

    async def status(self) -> StatusResponse:
        """See KeyService."""
        return await self._call("Status", StatusRequest(), StatusResponse)

    async def encrypt(self, plaintext: bytes, uid: str) -> EncryptResponse:
        """See KeyService."""
        return await self._call("Encrypt", EncryptRequest(plaintext, uid), EncryptResponse)

    async def decrypt(self, request: DecryptRequest) -> bytes:
        """See KeyService."""
        return (await self._call("Decrypt", request, DecryptResponse)).plaintext

    async def close(self) -> None:
        """See KeyService."""
        await self._channel.close(None)

    async def _call(self, method: str, request: object, answer: type[Answer]) -> Answer:
        call: Any = self._channel.unary_unary(f"/{SERVICE}/{method}", self._codec.encode, self._codec.decoder(answer))
        try:
            made: Answer = await call(request, timeout=self._timeout_seconds, wait_for_ready=True)
        except grpc.aio.AioRpcError as error:
            code = error.code().name.title().replace("_", "")
            raise TransformError(f"rpc error: code = {code} desc = {error.details()}") from error
        return made


def _target(endpoint: str) -> str:
    """`unix:///@name` is a socket without a file, as upstream has it."""
    path = urlsplit(endpoint).path
    return f"unix-abstract:{path[2:]}" if path.startswith("/@") else f"unix:{path}"
