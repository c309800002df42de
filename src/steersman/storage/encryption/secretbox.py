"""Secretbox: XSalsa20 and Poly1305.

Source: apiserver/pkg/storage/value/encrypt/secretbox.
"""

import os

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from steersman.storage.encryption.transformer import Read, TransformError

KEY_BYTES = SecretBox.KEY_SIZE


class Secretbox:
    """A nonce, then the sealed value. Where it stands isn't authenticated."""

    def __init__(self, key: bytes) -> None:
        self._box = SecretBox(key)

    async def from_storage(self, data: bytes, place: bytes) -> Read:
        """See Transformer."""
        if len(data) < SecretBox.NONCE_SIZE + SecretBox.MACBYTES:
            raise TransformError("the stored data was shorter than the required size")
        try:
            return Read(self._box.decrypt(data))
        except CryptoError as error:
            # Upstream's words for any failure.
            raise TransformError("output array was not large enough for encryption") from error

    async def to_storage(self, value: bytes, place: bytes) -> bytes:
        """See Transformer."""
        return bytes(self._box.encrypt(value, os.urandom(SecretBox.NONCE_SIZE)))
