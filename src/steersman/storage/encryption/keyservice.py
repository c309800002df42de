"""What is asked of a KMS plugin, version 2 of its API, and what it answers.

Source: kms/apis/v2/api.proto.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Protocol


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """How are you?"""


@dataclass(frozen=True, slots=True)
class StatusResponse:
    """healthz is `ok` when all is well; key_id names the key that encrypts now."""

    version: Annotated[str, 1] = ""
    healthz: Annotated[str, 2] = ""
    key_id: Annotated[str, 3] = ""


@dataclass(frozen=True, slots=True)
class DecryptRequest:
    """What Encrypt gave, all of it. uid is there to find the call in logs."""

    ciphertext: Annotated[bytes, 1] = b""
    uid: Annotated[str, 2] = ""
    key_id: Annotated[str, 3] = ""
    annotations: Annotated[Mapping[str, bytes], 4] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DecryptResponse:
    """What was encrypted."""

    plaintext: Annotated[bytes, 1] = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class EncryptRequest:
    """A data key, or a seed of data keys."""

    plaintext: Annotated[bytes, 1] = field(default=b"", repr=False)
    uid: Annotated[str, 2] = ""


@dataclass(frozen=True, slots=True)
class EncryptResponse:
    """It, encrypted, and what is needed to decrypt it."""

    ciphertext: Annotated[bytes, 1] = b""
    key_id: Annotated[str, 2] = ""
    annotations: Annotated[Mapping[str, bytes], 3] = field(default_factory=dict)


class KeyService(Protocol):
    """What keeps the key that encrypts keys. Everything raises TransformError."""

    async def status(self) -> StatusResponse:
        """How it is."""
        ...

    async def encrypt(self, plaintext: bytes, uid: str) -> EncryptResponse:
        """Encrypt a key."""
        ...

    async def decrypt(self, request: DecryptRequest) -> bytes:
        """Decrypt a key."""
        ...

    async def close(self) -> None:
        """Nobody asks any more."""
        ...
