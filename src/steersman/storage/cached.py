"""An object as the watch cache keeps it: its bytes as clients get them, and the few facts that selectors ask for."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

_METADATA = b'"metadata":{'


@dataclass(frozen=True, slots=True)
class Facts:
    """What is read off an object once, when it enters the cache. fields holds the selectable fields by path."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    fields: Mapping[str, str]


@dataclass(slots=True, eq=False)
class CachedObject:
    """One object at one revision. data is its JSON with the resourceVersion in it, the bytes every client gets.

    Nothing of it changes, but that its other forms join it as they are asked for.
    """

    key: str
    data: bytes
    revision: int
    create_revision: int
    facts: Facts
    _forms: dict[Hashable, bytes] | None = None

    def form(self, name: Hashable) -> bytes | None:
        """The object in another form than JSON, if it has been kept."""
        return None if self._forms is None else self._forms.get(name)

    def keep(self, name: Hashable, data: bytes) -> bytes:
        """Keep a form for all who ask for it; it must be made of this object's data alone."""
        if self._forms is None:
            self._forms = {}
        self._forms[name] = data
        return data


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
