"""From a query's bytes to its reply's: by the zone where it is the zone's to answer, else by other servers.

What the zone answered is kept ready-made until the zone changes; most queries are one look into a dictionary.
"""

from dataclasses import dataclass, replace

from steersman.dns import message
from steersman.dns.forward import Forwarder
from steersman.dns.message import MAX_TCP_SIZE, Body, MalformedMessage, Query
from steersman.dns.records import Answer, Name, Rcode, name_wire
from steersman.dns.zone import Zone

MAX_BODIES = 20_000


@dataclass(frozen=True, slots=True)
class Pending:
    """A query that others have to be asked about; begun is what the zone says first: where a CNAME leads."""

    query: Query
    over_tcp: bool
    begun: Answer | None = None


class Responder:
    """Answers queries."""

    def __init__(self, zone: Zone, forwarder: Forwarder) -> None:
        self._zone, self._forwarder = zone, forwarder
        self._bodies: dict[tuple[bytes, int], Body] = {}
        self._serial = zone.serial
        self._turn = 0

    def answer(self, data: bytes, over_tcp: bool) -> bytes | Pending | None:
        """The reply, or what is still to be asked, or None where there is nothing to say."""
        query = message.parse_query(data)
        if not isinstance(query, Query):
            return query
        if self._serial != self._zone.serial:
            self._bodies.clear()
            self._serial = self._zone.serial
        made = self._bodies.get((query.key, query.type))
        if made is None:
            name = message.labels(query.key)
            answer = self._zone.answer(name, query.type)
            if answer is None or answer.outside is not None:
                return Pending(query, over_tcp, answer)
            made = self._keep(query, message.body(answer, name))
        self._turn += 1
        return message.reply(query, made, MAX_TCP_SIZE if over_tcp else query.size, self._turn)

    async def finish(self, pending: Pending) -> bytes:
        """The reply, after others were asked."""
        query, over_tcp = pending.query, pending.over_tcp
        begun = pending.begun
        if begun is None or begun.outside is None:
            reply = await self._forwarder.ask(query, over_tcp)
            return reply if reply is not None else message.error(query, Rcode.SERVFAIL)
        return await self._follow(pending, begun, begun.outside)

    async def _follow(self, pending: Pending, begun: Answer, outside: Name) -> bytes:
        """The zone's CNAMEs, and what they lead to."""
        query = pending.query
        wire = name_wire(outside)
        # Always as by TCP: what doesn't fit is left out by us.
        found = await self._forwarder.ask(replace(query, name=wire, key=wire), over_tcp=True)
        if found is None or found[3] & message.RCODE not in (Rcode.NOERROR, Rcode.NXDOMAIN):
            return message.error(query, Rcode.SERVFAIL)
        try:
            records = message.address_records(found)
        except MalformedMessage:
            return message.error(query, Rcode.SERVFAIL)
        whole = message.body(Answer(records=(*begun.records, *records)), message.labels(query.key))
        return message.reply(query, whole, MAX_TCP_SIZE if pending.over_tcp else query.size)

    def _keep(self, query: Query, made: Body) -> Body:
        if len(self._bodies) >= MAX_BODIES:
            self._bodies.clear()  # someone asks for ever new names
        self._bodies[query.key, query.type] = made
        return made
