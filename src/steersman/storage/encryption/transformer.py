"""How a value becomes what is stored, and back: the common shape, and the choice among several ways by their prefixes.

Source: apiserver/pkg/storage/value/transformer.go, pkg/storage/value/encrypt/identity.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

PREFIX = b"k8s:enc:"


class TransformError(Exception):
    """A value can't be stored or read; the message names no key and shows nothing of the value."""


@dataclass(frozen=True, slots=True)
class Read:
    """A value as it was given. is_stale: today it would be stored otherwise."""

    value: bytes
    is_stale: bool = False


class Transformer(Protocol):
    """One way. place is where the value stands in the store, which belongs to what is authenticated."""

    async def from_storage(self, data: bytes, place: bytes) -> Read:
        """What was stored; TransformError when it can't be read."""
        ...

    async def to_storage(self, value: bytes, place: bytes) -> bytes:
        """What to store; TransformError when that can't be made."""
        ...


class Identity:
    """Values are stored as they are."""

    async def from_storage(self, data: bytes, place: bytes) -> Read:
        """What was stored, unless that is encrypted."""
        if data.startswith(PREFIX):
            raise TransformError("identity transformer tried to read encrypted data")
        return Read(data)

    async def to_storage(self, value: bytes, place: bytes) -> bytes:
        """The value."""
        return value


@dataclass(frozen=True, slots=True)
class Prefixed:
    """A way, and what its values begin with."""

    prefix: bytes
    transformer: Transformer


class Chain:
    """Several ways: the first writes, and those whose prefix fits are tried in their order to read."""

    def __init__(self, transformers: Sequence[Prefixed], no_match: str) -> None:
        self._transformers = tuple(transformers)
        self._no_match = no_match

    async def from_storage(self, data: bytes, place: bytes) -> Read:
        """What was stored. Two ways may have the same prefix and other keys, so that a failure isn't the end."""
        problems: list[str] = []
        for index, one in enumerate(self._transformers):
            if not data.startswith(one.prefix):
                continue
            try:
                read = await one.transformer.from_storage(data[len(one.prefix) :], place)
            except TransformError as error:
                if one.prefix:
                    problems.append(str(error))
                continue
            return Read(read.value, read.is_stale or index > 0)
        raise TransformError(_joined(problems) or self._no_match)

    async def to_storage(self, value: bytes, place: bytes) -> bytes:
        """What to store, by the first way."""
        first = self._transformers[0]
        return first.prefix + await first.transformer.to_storage(value, place)


def _joined(problems: Sequence[str]) -> str:
    """Several as one, each told once. Source: apimachinery/pkg/util/errors: Aggregate."""
    distinct = tuple(dict.fromkeys(problems))
    return distinct[0] if len(distinct) == 1 else f"[{', '.join(distinct)}]" if distinct else ""
