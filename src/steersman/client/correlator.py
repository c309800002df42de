"""Folds repeated and similar Events into one, and stops floods. A state machine without I/O.

Source: client-go tools/record/events_cache.go.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from steersman.api.core import Event
from steersman.apimachinery.object import replace

CACHE_SIZE = 4096
SIMILAR_LIMIT = 10
SIMILAR_INTERVAL_SECONDS = 600.0
BURST = 25
REFILL_SECONDS = 300.0
COMBINED = "(combined from similar events): "

V = TypeVar("V")
Identity = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Send:
    """Write this Event: as new, or as a repetition of one that was sent before."""

    event: Event
    is_new: bool


class _Recent(Generic[V]):
    """A map that forgets what was used longest ago."""

    def __init__(self) -> None:
        self._entries: OrderedDict[Identity, V] = OrderedDict()

    def get(self, key: Identity) -> V | None:
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def put(self, key: Identity, value: V) -> None:
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > CACHE_SIZE:
            self._entries.popitem(last=False)


@dataclass(slots=True)
class _Similar:
    """The messages of one kind of event lately."""

    last_seen: float
    messages: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Bucket:
    """Tokens of one source and object."""

    tokens: float
    filled_at: float


class Correlator:
    """Decides about each Event in turn; `now` is in seconds of any steady clock."""

    def __init__(self) -> None:
        self._similar: _Recent[_Similar] = _Recent()
        self._sent: _Recent[Event] = _Recent()
        self._buckets: _Recent[_Bucket] = _Recent()

    def take(self, event: Event, now: float) -> Send | None:
        """What to send for the Event; None when its source says too much about its object."""
        event, key = self._aggregate(event, now)
        if not self._has_token(event, now):
            return None
        before = self._sent.get(key)
        if before is None:
            made = Send(event, is_new=True)
        else:
            repeated = replace(before, count=before.count + 1, lastTimestamp=event.lastTimestamp, message=event.message)
            made = Send(repeated, is_new=False)
        self._sent.put(key, made.event)
        return made

    def sent_as(self, asked: Event, stored: Event) -> None:
        """The server stored the Event under this form; repetitions refer to it."""
        for key in (_identity(asked), (*_identity(asked), asked.message)):
            known = self._sent.get(key)
            if known is not None and known.metadata.name == asked.metadata.name:
                self._sent.put(key, replace(known, metadata=stored.metadata))

    def _aggregate(self, event: Event, now: float) -> tuple[Event, Identity]:
        similar_key = _identity(event)
        similar = self._similar.get(similar_key)
        if similar is None or now - similar.last_seen > SIMILAR_INTERVAL_SECONDS:
            similar = _Similar(now)
            self._similar.put(similar_key, similar)
        similar.last_seen = now
        similar.messages.add(event.message)
        if len(similar.messages) < SIMILAR_LIMIT:
            return event, (*similar_key, event.message)
        # Only the number matters from here on.
        similar.messages.pop()
        return replace(event, message=COMBINED + event.message), similar_key

    def _has_token(self, event: Event, now: float) -> bool:
        key = _about(event)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = _Bucket(BURST, now)
            self._buckets.put(key, bucket)
        bucket.tokens = min(BURST, bucket.tokens + (now - bucket.filled_at) / REFILL_SECONDS)
        bucket.filled_at = now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True


def _about(event: Event) -> Identity:
    about = event.involvedObject
    source = event.source
    return (source.component, source.host, about.kind, about.namespace, about.name, about.uid, about.apiVersion)


def _identity(event: Event) -> Identity:
    return (*_about(event), event.involvedObject.fieldPath, event.type, event.reason, event.reportingComponent)
