"""An object as the watch cache keeps it: its bytes as clients get them, and the few facts that selectors ask for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

_METADATA = b'"metadata":{'


@dataclass(frozen=True, slots=True)
class Facts:
    """What is read off an object once, when it enters the cache. fields holds the selectable fields by path."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CachedObject:
    """One object at one revision. data is its JSON with the resourceVersion in it, the bytes every client gets."""

    key: str
    data: bytes
    revision: int
    create_revision: int
    facts: Facts


Index = Callable[[bytes], Facts]
Matches = Callable[[Facts], bool]
Fit = Callable[[bytes], bytes]


def unchanged(stored: bytes) -> bytes:
    """What is stored is what is served."""
    return stored


def with_resource_version(stored: bytes, revision: int) -> bytes:
    """Stored bytes with metadata.resourceVersion put first into metadata.

    Stored objects are always encoded by us with kind, apiVersion and metadata first, so that the first `"metadata":{`
    is the object's own, never a template's.
    """
    start = stored.index(_METADATA) + len(_METADATA)
    comma = b"" if stored[start] == ord("}") else b","
    return b'%b"resourceVersion":"%d"%b%b' % (stored[:start], revision, comma, stored[start:])
