"""A store whose values are encrypted at rest, around any other. Keys, revisions and times stay as they are.

A value that can't be read is told as such, with its key: one broken value must not hide the others.
Source: apiserver/pkg/storage/etcd3/store.go, which authenticates a value with its key.
"""

from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import TypeVar

from steersman.component.log import get_logger
from steersman.component.metrics import Registry
from steersman.storage.encryption.providers import Providers
from steersman.storage.encryption.transformer import PREFIX, Transformer, TransformError
from steersman.storage.interface import (
    Changes,
    Compare,
    CompareFailed,
    Entry,
    Event,
    Page,
    Put,
    Store,
    TransformFailed,
    TxnResult,
    Write,
)

_log = get_logger(__name__)

# Source: storage/value/metrics.go.
OK, FAILED = "OK", "unknown-non-grpc"
LONGEST_PREFIX = 64
# So many unreadable keys are remembered, to tell of each once.
LOGGED = 10_000
Told = TypeVar("Told", Entry, Event)


class EncryptedStore:
    """See Store. Of a key such as `/registry/secrets/default/x`, the segment below root names the resource."""

    def __init__(self, store: Store, root: str, providers: Providers, metrics: Registry | None = None) -> None:
        self._done = (metrics or Registry()).counter(
            "apiserver_storage_transformation_operations_total",
            "Total number of transformations. Successful transformation will have a status 'OK' and a varied status "
            "string when the transformation fails. The status, resource, and transformation_type fields can be used "
            "for alerting purposes.",
            ("resource", "status", "transformation_type", "transformer_prefix"),
        )
        self._store = store
        self._root = root
        self.providers = providers
        self._logged: OrderedDict[str, str] = OrderedDict()

    @property
    def revision(self) -> int:
        """See Store."""
        return self._store.revision

    async def current_revision(self) -> int:
        """See Store."""
        return await self._store.current_revision()

    async def get(self, key: str, revision: int = 0) -> Entry | None:
        """See Store."""
        entry = await self._store.get(key, revision)
        return None if entry is None else await self._read(entry)

    async def list(self, prefix: str, *, limit: int = 0, start_after: str = "", revision: int = 0) -> Page:
        """See Store."""
        page = await self._store.list(prefix, limit=limit, start_after=start_after, revision=revision)
        return replace(page, entries=tuple([await self._read(entry) for entry in page.entries]))

    async def txn(self, compares: tuple[Compare, ...], writes: tuple[Write, ...]) -> TxnResult:
        """See Store. TransformFailed when a value can't be encrypted: nothing was written."""
        try:
            return await self._store.txn(compares, tuple([await self._written(write) for write in writes]))
        except CompareFailed as error:
            current = error.current
            raise CompareFailed(error.key, None if current is None else await self._read(current)) from error

    async def watch(self, prefix: str, from_revision: int) -> AsyncGenerator[Changes, None]:
        """See Store."""
        async with aclosing(self._store.watch(prefix, from_revision)) as told:
            async for changes in told:
                yield Changes(tuple([await self._read(event) for event in changes.events]), changes.revision)

    async def is_stale(self, key: str) -> bool:
        """See Store."""
        transformer = self._transformer(key)
        entry = None if transformer is None else await self._store.get(key)
        if transformer is None or entry is None:
            return False
        try:
            return (await transformer.from_storage(entry.value, key.encode())).is_stale
        except TransformError as error:
            raise TransformFailed(str(error)) from error

    async def compact(self, revision: int) -> None:
        """See Store."""
        await self._store.compact(revision)

    async def close(self) -> None:
        """See Store."""
        await self._store.close()
        for envelope in self.providers.envelopes:
            await envelope.close()

    async def _read(self, told: Told) -> Told:
        transformer = self._transformer(told.key)
        if transformer is None:
            return told
        try:
            value = (await transformer.from_storage(told.value, told.key.encode())).value
            self._count(told.key, OK, "from_storage", told.value)
        except TransformError as error:
            self._count(told.key, FAILED, "from_storage", told.value)
            self._log_once(told.key, str(error))
            return replace(told, value=b"", problem=str(error))
        return told if value is told.value else replace(told, value=value)

    async def _written(self, write: Write) -> Write:
        transformer = self._transformer(write.key) if isinstance(write, Put) else None
        if transformer is None or not isinstance(write, Put):
            return write
        try:
            value = await transformer.to_storage(write.value, write.key.encode())
            self._count(write.key, OK, "to_storage", value)
            return replace(write, value=value)
        except TransformError as error:
            self._count(write.key, FAILED, "to_storage", b"")
            _log.error("failed to encrypt data", key=write.key, error=str(error))
            raise TransformFailed(str(error)) from error

    def _log_once(self, key: str, problem: str) -> None:
        """What can't be read is read again and again, in the hope that it can be."""
        if self._logged.get(key) != problem:
            self._logged[key] = problem
            _log.error("failed to decrypt data", key=key, error=problem)
            if len(self._logged) > LOGGED:
                self._logged.popitem(last=False)

    def _transformer(self, key: str) -> Transformer | None:
        """None for what is no object."""
        if not key.startswith(self._root):
            return None
        return self.providers.of(self._resource(key))

    def _resource(self, key: str) -> str:
        return key[len(self._root) :].partition("/")[0]

    def _count(self, key: str, status: str, way: str, data: bytes) -> None:
        """An empty prefix is a way that has none, or isn't known."""
        parts = data[:LONGEST_PREFIX].split(b":") if data.startswith(PREFIX) else []
        # `k8s:enc:aescbc:v1:`, and of a plugin its name too.
        count = 5 if parts[2:3] == [b"kms"] else 4
        prefix = b":".join([*parts[:count], b""]).decode(errors="replace") if len(parts) > count else ""
        self._done.inc(self._resource(key), status, way, prefix)
