"""EventRateLimit: those who report too much are told to stop, before the store is full of it.

Source: plugin/pkg/admission/eventratelimit.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from steersman.api.core import Event
from steersman.apimachinery.fielderrors import invalid_value, not_supported
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.gotext import aggregate
from steersman.apimachinery.object import Object
from steersman.apimachinery.status import Cause, TooManyRequests
from steersman.apiserver.admission.configuration import Expected
from steersman.apiserver.admission.plugin import CREATE_UPDATE, Plugin
from steersman.apiserver.attributes import AdmissionAttributes
from steersman.component.clock import Clock

API_VERSION = "eventratelimit.admission.k8s.io/v1alpha1"
EXPECTED = Expected("EventRateLimit", frozenset({(API_VERSION, "Configuration")}))
DEFAULT_CACHE_SIZE = 4096


class LimitType(StrEnum):
    """What has a rate of its own."""

    SERVER = "Server"
    NAMESPACE = "Namespace"
    USER = "User"
    SOURCE_AND_OBJECT = "SourceAndObject"


class Limit(Object, package="k8s.io.kubernetes.plugin.eventratelimit"):
    """So many events a second, and so many at once; the server remembers so many of those that have a rate."""

    type: str = ""
    qps: int = 0
    burst: int = 0
    cacheSize: int = 0


class Configuration(Object, api=API_VERSION, package="k8s.io.kubernetes.plugin.eventratelimit"):
    """The limits, all of which count."""

    limits: tuple[Limit, ...] = ()


def read_limits(tree: Mapping[str, Any] | None) -> tuple[Limit, ...]:
    """The limits. ConfigurationError for what can't be used."""
    if tree is None:
        return ()
    limits = EXPECTED.read(tree, Configuration).limits
    faults: list[Cause] = []
    if not limits:
        faults.append(invalid_value(Path("limits"), [], "must not be empty"))
    for position, one in enumerate(limits):
        path = Path("limits").at(position)
        if one.type not in set(LimitType):
            faults.append(not_supported(path.child("type"), one.type, sorted(LimitType)))
        if one.burst <= 0:
            faults.append(invalid_value(path.child("burst"), one.burst, "must be positive"))
        if one.qps <= 0:
            faults.append(invalid_value(path.child("qps"), one.qps, "must be positive"))
        if one.type != LimitType.SERVER and one.cacheSize < 0:
            faults.append(invalid_value(path.child("cacheSize"), one.cacheSize, "must not be negative"))
    EXPECTED.check(faults)
    return limits


class Bucket:
    """Tokens that come back with time; a request takes one."""

    def __init__(self, limit: Limit, now: float) -> None:
        self._limit = limit
        self._tokens = float(limit.burst)
        self._since = now

    def takes(self, now: float) -> bool:
        """Take a token, if there is one. now is in seconds."""
        gained = (now - self._since) * self._limit.qps
        self._tokens, self._since = min(self._limit.burst, self._tokens + gained), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def _source_and_object(event: Event) -> str:
    about, source = event.involvedObject, event.source
    return "".join(
        (source.component, source.host, about.kind, about.namespace, about.name, about.uid, about.apiVersion)
    )


KEYS: Mapping[str, Callable[[AdmissionAttributes, Event], str]] = {
    LimitType.SERVER: lambda *_: "",
    LimitType.NAMESPACE: lambda attributes, _: attributes.namespace,
    LimitType.USER: lambda attributes, _: attributes.user.name,
    LimitType.SOURCE_AND_OBJECT: lambda _, event: _source_and_object(event),
}


class Enforcer:
    """One limit: a bucket for each key, of which the longest unused are forgotten."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._size = 1 if limit.type == LimitType.SERVER else limit.cacheSize or DEFAULT_CACHE_SIZE
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def refusal(self, attributes: AdmissionAttributes, event: Event) -> str | None:
        """Why an event is one too many; None when it isn't."""
        key, now = KEYS[self._limit.type](attributes, event), self._clock.monotonic()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(self._limit, now)
            if len(self._buckets) > self._size:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        return None if bucket.takes(now) else f"limit reached on type {self._limit.type} for key {key}"


class EventRateLimit(Plugin):
    """See the module. Events of the group events.k8s.io aren't counted, as upstream has it."""

    name = "EventRateLimit"
    operations = CREATE_UPDATE

    def __init__(self, limits: tuple[Limit, ...], clock: Clock) -> None:
        self._enforcers = tuple(Enforcer(limit, clock) for limit in limits)

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """TooManyRequests for an event beyond any limit."""
        event = attributes.object
        if not isinstance(event, Event) or attributes.dry_run:
            return
        refusals = [one for enforcer in self._enforcers if (one := enforcer.refusal(attributes, event)) is not None]
        if refusals:
            raise TooManyRequests(f"Too many requests: {aggregate(refusals)}")
