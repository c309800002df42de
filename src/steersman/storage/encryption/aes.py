"""AES: GCM and CBC with given keys, and GCM with a key for each value, derived from a seed.

Source: apiserver/pkg/storage/value/encrypt/aes/aes.go, aes_extended_nonce.go.
"""

import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from steersman.storage.encryption.transformer import Read, TransformError

BLOCK_BYTES, NONCE_BYTES, TAG_BYTES = 16, 12, 16
INFO_BYTES, DERIVED_BYTES, SEED_BYTES = 32, 32, 32
TOO_SHORT = "the stored data was shorter than the required size"
# Deriving costs as much as decrypting: who reads the same values again, as for older revisions, needn't.
DERIVED_KEYS = 4096


class GCM:
    """A nonce, then the value with its tag; where it stands is authenticated too."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    async def from_storage(self, data: bytes, place: bytes) -> Read:
        """See Transformer."""
        return Read(self.opened(data, place))

    async def to_storage(self, value: bytes, place: bytes) -> bytes:
        """See Transformer."""
        return self.sealed(value, place)

    def opened(self, data: bytes, place: bytes) -> bytes:
        """The value."""
        if len(data) < NONCE_BYTES:
            raise TransformError(TOO_SHORT)
        try:
            return self._aead.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], place)
        except InvalidTag as error:
            raise TransformError("cipher: message authentication failed") from error

    def sealed(self, value: bytes, place: bytes) -> bytes:
        """What to store."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, value, place)


class CBC:
    """An initialization vector, then the value, filled up to whole blocks. Nothing is authenticated."""

    def __init__(self, key: bytes) -> None:
        self._algorithm = algorithms.AES(key)

    async def from_storage(self, data: bytes, place: bytes) -> Read:
        """See Transformer."""
        if len(data) < BLOCK_BYTES:
            raise TransformError(TOO_SHORT)
        if len(data) % BLOCK_BYTES:
            raise TransformError("the stored data is not a multiple of the block size")
        decryptor = Cipher(self._algorithm, modes.CBC(data[:BLOCK_BYTES])).decryptor()
        filled = decryptor.update(data[BLOCK_BYTES:]) + decryptor.finalize()
        size = filled[-1] if filled else 0
        if not 0 < size <= len(filled):
            raise TransformError("invalid PKCS7 data (empty or not padded)")
        if filled[-size:] != bytes([size]) * size:
            raise TransformError("invalid padding on input")
        return Read(filled[:-size])

    async def to_storage(self, value: bytes, place: bytes) -> bytes:
        """See Transformer."""
        vector = os.urandom(BLOCK_BYTES)
        size = BLOCK_BYTES - len(value) % BLOCK_BYTES
        encryptor = Cipher(self._algorithm, modes.CBC(vector)).encryptor()
        return vector + encryptor.update(value + bytes([size]) * size) + encryptor.finalize()


class DerivedGCM:
    """32 bytes of chance from which the value's own key comes, then what GCM makes of it. Source: KEP-3299."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) < SEED_BYTES:
            raise TransformError(f"invalid seed length {len(seed)} used for key generation")
        self._seed = seed
        self._known = lru_cache(DERIVED_KEYS)(self._derived)

    async def from_storage(self, data: bytes, place: bytes) -> Read:
        """See Transformer."""
        if len(data) < INFO_BYTES:
            raise TransformError(TOO_SHORT)
        return Read(self._known(data[:INFO_BYTES]).opened(data[INFO_BYTES:], place))

    async def to_storage(self, value: bytes, place: bytes) -> bytes:
        """See Transformer."""
        info = os.urandom(INFO_BYTES)
        return info + self._known(info).sealed(value, place)

    def _derived(self, info: bytes) -> GCM:
        return GCM(HKDFExpand(SHA256(), DERIVED_BYTES, info).derive(self._seed))
