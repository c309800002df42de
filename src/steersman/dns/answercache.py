"""Other servers' answers, kept for a while: their times to live count down as they age."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from steersman.component.clock import Clock
from steersman.dns.message import HEADER, RCODE, TC, Found, MalformedMessage, find_records
from steersman.dns.records import Rcode, Type

MAX_SECONDS = 30  # kubeadm's CoreDNS: `cache 30`
MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply; ttls says where in it a time to live stands, and what it was."""

    reply: bytes
    ttls: tuple[tuple[int, int], ...]
    since: float
    until: float


class AnswerCache:
    """Replies by question; the oldest go when there are too many."""

    def __init__(self, clock: Clock, max_entries: int = MAX_ENTRIES) -> None:
        self._clock = clock
        self._max_entries = max_entries
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()

    def get(self, key: Hashable) -> bytes | None:
        """A reply that still holds, as old as it is."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        now = self._clock.monotonic()
        if now >= kept.until:
            del self._kept[key]
            return None
        reply, age = bytearray(kept.reply), int(now - kept.since)
        for at, ttl in kept.ttls:
            reply[at : at + 4] = max(ttl - age, 0).to_bytes(4)
        return bytes(reply)

    def put(self, key: Hashable, reply: bytes) -> None:
        """Keep a reply, if it may be."""
        try:
            records = tuple(record for record in find_records(reply) if record.type != Type.OPT)
        except MalformedMessage:
            return
        seconds = lifetime(reply, records)
        if seconds <= 0:
            return
        now = self._clock.monotonic()
        ttls = tuple((record.ttl_at, record.ttl) for record in records)
        self._kept[key] = Kept(reply, ttls, now, now + seconds)
        self._kept.move_to_end(key)
        while len(self._kept) > self._max_entries:
            self._kept.popitem(last=False)


def lifetime(reply: bytes, records: tuple[Found, ...]) -> int:
    """For how many seconds a reply may be kept. Source: RFC 2308: what isn't there, as long as the SOA says."""
    flags = HEADER.unpack_from(reply)[1]
    if flags & TC or flags & RCODE not in (Rcode.NOERROR, Rcode.NXDOMAIN):
        return 0
    if flags & RCODE == Rcode.NOERROR and any(record.section == 0 for record in records):
        return min(MAX_SECONDS, *(record.ttl for record in records))
    limits = (
        min(record.ttl, int.from_bytes(reply[record.end - 4 : record.end]))
        for record in records
        if record.type == Type.SOA and record.section == 1
    )
    return min(MAX_SECONDS, next(limits, 0))
