"""Values encrypted by keys that derive from a seed, which stands beside them, encrypted by a KMS plugin.

The plugin is asked once for each seed, not for each value. Source: KEP-3299,
apiserver/pkg/storage/value/encrypt/envelope/kmsv2/envelope.go; server/options/encryptionconfig: kmsv2PluginProbe.
"""

import asyncio
import hashlib
import os
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Annotated
from uuid import UUID

from google.protobuf.message import DecodeError

from steersman.apimachinery.formats import dns1123_subdomain
from steersman.apimachinery.gotext import quote
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.component.protobuf import Codec
from steersman.storage.encryption.aes import GCM, SEED_BYTES, DerivedGCM
from steersman.storage.encryption.keyservice import DecryptRequest, KeyService, StatusResponse
from steersman.storage.encryption.transformer import Read, TransformError

_log = get_logger(__name__)

# Source: encryptionconfig/config.go.
POSITIVE_INTERVAL, NEGATIVE_INTERVAL = timedelta(minutes=1), timedelta(seconds=10)
WRITE_TTL = timedelta(minutes=3)
POSITIVE_TTL, NEGATIVE_TTL = timedelta(seconds=20), timedelta(seconds=3)
VERSIONS = ("v2", "v2beta1")
# Source: kmsv2/envelope.go.
MOST_SOURCE_BYTES, MOST_KEY_ID_BYTES, MOST_ANNOTATION_BYTES = 1024, 1024, 32 * 1024
AES_GCM_KEY, DERIVING_SEED = 0, 1
SEEDS = 1000


@dataclass(frozen=True, slots=True)
class EncryptedObject:
    """What is stored. source: the seed, encrypted. Source: kmsv2/v2/api.proto."""

    encrypted_data: Annotated[bytes, 1] = b""
    key_id: Annotated[str, 2] = ""
    source: Annotated[bytes, 3] = b""
    annotations: Annotated[Mapping[str, bytes], 4] = field(default_factory=dict)
    source_type: Annotated[int, 5] = AES_GCM_KEY


_Seed = tuple[int, bytes, str, tuple[tuple[str, bytes], ...]]


@dataclass(frozen=True, slots=True)
class _State:
    """What writes now: a seed, and until when it may. sealed has no data yet."""

    transformer: DerivedGCM
    sealed: EncryptedObject
    expires_at: float


class Envelope:
    """The transformer of one plugin. `check` keeps its seed: without it nothing can be written after three minutes."""

    def __init__(self, name: str, service: KeyService, clock: Clock, random: Random) -> None:
        self.name = name
        self._service = service
        self._clock = clock
        self._random = random
        self._codec = Codec("v2", (EncryptedObject,))
        self._state: _State | None = None
        self._version = ""
        self._seeds: OrderedDict[_Seed, GCM | DerivedGCM] = OrderedDict()
        self._failed: OrderedDict[_Seed, tuple[float, str]] = OrderedDict()
        self._checked: tuple[float, str] = (0.0, "")
        self._lock = asyncio.Lock()

    async def from_storage(self, data: bytes, place: bytes) -> Read:
        """See Transformer."""
        try:
            found = self._codec.decode(data, EncryptedObject)
        except DecodeError as error:
            raise TransformError(f"proto: {error}") from error
        _validate(found)
        state = self._current()
        transformer = await self._reading(found)
        read = await transformer.from_storage(found.encrypted_data, place)
        sealed = state.sealed
        return Read(read.value, found.key_id != sealed.key_id or found.source_type != sealed.source_type)

    async def to_storage(self, value: bytes, place: bytes) -> bytes:
        """See Transformer."""
        state = self._current()
        if self._clock.monotonic() > state.expires_at:
            raise TransformError(f'encryptedDEKSource with keyID hash "{_hash(state.sealed.key_id)}" expired')
        data = await state.transformer.to_storage(value, place)
        sealed = state.sealed
        return self._codec.encode(
            EncryptedObject(data, sealed.key_id, sealed.source, sealed.annotations, sealed.source_type)
        )

    async def run(self) -> None:
        """Look after the plugin and the seed, until cancelled."""
        while True:
            problem = await self.check()
            if problem:
                _log.error("kms plugin failed health check probe", name=self.name, error=problem)
            await self._clock.sleep((NEGATIVE_INTERVAL if problem else POSITIVE_INTERVAL).total_seconds())

    async def check(self) -> str:
        """What is wrong with the plugin, empty when nothing is; a new seed is made when its key has changed."""
        async with self._lock:
            until, problem = self._checked
            if self._clock.monotonic() >= until:
                problem = await self._probe()
                ttl = NEGATIVE_TTL if problem else POSITIVE_TTL
                self._checked = (self._clock.monotonic() + ttl.total_seconds(), problem)
            return problem

    async def close(self) -> None:
        """Nobody reads or writes by it any more."""
        await self._service.close()

    async def _probe(self) -> str:
        try:
            status = await self._service.status()
        except TransformError as error:
            return f"failed to perform status section of the healthz check for KMS Provider {self.name}, error: {error}"
        problems = self._faults(status)
        if not problems:
            try:
                await self._renew(status.key_id)
            except TransformError as error:
                problems.append(str(error))
        return f"kmsv2 Provider {self.name} is not healthy, error: {', '.join(problems)}" if problems else ""

    def _faults(self, status: StatusResponse) -> list[str]:
        problems = []
        if status.healthz != "ok":
            problems.append(f"got unexpected healthz status: {status.healthz}")
        if status.version not in VERSIONS:
            problems.append(f"expected KMSv2 API version {VERSIONS[0]}, got {status.version}")
        elif self._version not in ("", status.version):
            problems.append(
                "KMSv2 API version should not change after the initial status response version "
                f"{self._version}, got {status.version}"
            )
        else:
            self._version = status.version
        problem = _key_id_fault(status.key_id)
        if problem:
            problems.append(f'got invalid KMSv2 KeyID hash "{_hash(status.key_id)}": {problem}')
        return problems

    async def _renew(self, key_id: str) -> None:
        """The same seed may go on writing while the plugin's key is the same; with another key a new one is made."""
        # The moment is taken before anything is asked: the time that a seed may write is an upper bound.
        expires_at = self._clock.monotonic() + WRITE_TTL.total_seconds()
        state = self._state
        if state is not None and state.sealed.key_id == key_id:
            self._state = _State(state.transformer, state.sealed, expires_at)
            return
        seed = os.urandom(SEED_BYTES)
        made = await self._service.encrypt(seed, self._uid())
        sealed = EncryptedObject(b"", made.key_id, made.ciphertext, made.annotations, DERIVING_SEED)
        _validate(EncryptedObject(b"\0", made.key_id, made.ciphertext, made.annotations, DERIVING_SEED))
        if made.key_id != key_id:
            raise TransformError(
                f'failed to rotate DEK: statusKeyIDHash="{_hash(key_id)}", encryptKeyIDHash="{_hash(made.key_id)}"'
            )
        transformer = DerivedGCM(seed)
        self._remember(_seed_of(sealed), transformer)
        self._state = _State(transformer, sealed, expires_at)

    def _current(self) -> _State:
        if self._state is None:
            raise TransformError("got unexpected nil transformer")
        return self._state

    async def _reading(self, found: EncryptedObject) -> GCM | DerivedGCM:
        seed = _seed_of(found)
        known = self._seeds.get(seed)
        if known is not None:
            self._seeds.move_to_end(seed)
            return known
        until, problem = self._failed.get(seed, (0.0, ""))
        if self._clock.monotonic() < until:
            # Thousands of values may have this seed: the plugin isn't asked for each of them when it is away.
            raise TransformError(problem)
        request = DecryptRequest(found.source, self._uid(), found.key_id, found.annotations)
        try:
            plain = await self._service.decrypt(request)
        except TransformError as error:
            problem = f"failed to decrypt DEK, error: {error}"
            self._failed[seed] = (self._clock.monotonic() + NEGATIVE_TTL.total_seconds(), problem)
            if len(self._failed) > SEEDS:
                self._failed.popitem(last=False)
            raise TransformError(problem) from error
        return self._remember(seed, _transformer(plain, found.source_type))

    def _remember(self, seed: _Seed, transformer: GCM | DerivedGCM) -> GCM | DerivedGCM:
        self._seeds[seed] = transformer
        if len(self._seeds) > SEEDS:
            self._seeds.popitem(last=False)
        return transformer

    def _uid(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))


def _transformer(plain: bytes, source_type: int) -> GCM | DerivedGCM:
    if source_type == DERIVING_SEED:
        return DerivedGCM(plain)
    try:
        return GCM(plain)
    except ValueError as error:
        raise TransformError(f"crypto/aes: invalid key size {len(plain)}") from error


def _seed_of(found: EncryptedObject) -> _Seed:
    return found.source_type, found.source, found.key_id, tuple(sorted(found.annotations.items()))


def _validate(found: EncryptedObject) -> None:
    """Source: kmsv2/envelope.go: ValidateEncryptedObject."""
    problem = ""
    if found.source_type not in (AES_GCM_KEY, DERIVING_SEED):
        problem = f"unknown encryptedDEKSourceType: {found.source_type}"
    elif not found.encrypted_data:
        problem = "encrypted data is empty"
    elif not found.source:
        problem = "failed to validate encrypted DEK source: encrypted DEK source is empty"
    elif len(found.source) > MOST_SOURCE_BYTES:
        problem = (
            f"failed to validate encrypted DEK source: encrypted DEK source is {len(found.source)} bytes, "
            f"which exceeds the max size of {MOST_SOURCE_BYTES}"
        )
    elif fault := _key_id_fault(found.key_id):
        problem = f"failed to validate key id: {fault}"
    elif (size := sum(len(key.encode()) + len(text) for key, text in found.annotations.items())) > (
        MOST_ANNOTATION_BYTES
    ):
        problem = (
            f"failed to validate annotations: total size of annotations is {size}, "
            f"which exceeds the max size of {MOST_ANNOTATION_BYTES}"
        )
    if not problem:
        problem = next((fault for key in found.annotations if (fault := _annotation_fault(key))), "")
    if problem:
        raise TransformError(problem)


def _annotation_fault(key: str) -> str:
    """Source: IsFullyQualifiedDomainName."""
    faults = dns1123_subdomain(key)
    if not faults and "." not in key:
        faults = ["should be a domain with at least two segments separated by dots"]
    return f"failed to validate annotations: annotations: Invalid value: {quote(key)}: {faults[0]}" if faults else ""


def _key_id_fault(key_id: str) -> str:
    if not key_id:
        return "keyID is empty"
    size = len(key_id.encode())
    return (
        f"keyID is {size} bytes, which exceeds the max size of {MOST_KEY_ID_BYTES}" if size > MOST_KEY_ID_BYTES else ""
    )


def _hash(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" if text else ""
