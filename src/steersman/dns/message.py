"""DNS messages on the wire: queries read, replies written.

Answers are made into a Body once, without id and question; a reply is then a few joined bytes, whatever the case of
the letters the client asked with. Nothing a client or server sends raises anything but MalformedMessage.

Source: RFC 1035, 2181 (truncation), 6891 (EDNS).
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from steersman.dns.records import CLASS_IN, Answer, Name, Rcode, Record, Type, name_wire

HEADER = struct.Struct("!6H")
_RECORD = struct.Struct("!HHIH")
_TWO = struct.Struct("!HH")

QR, OPCODE, AA, TC, RD, RA, AD, CD, RCODE = 0x8000, 0x7800, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010, 0x000F
EDNS_DO = 0x8000
PLAIN_SIZE = 512
EDNS_SIZE = 1232
"""What passes everywhere without fragments, as agreed on DNS flag day 2020."""
MAX_UDP_SIZE, MAX_TCP_SIZE = 4096, 65535
MAX_NAME = 255
MAX_POINTERS = 64


class MalformedMessage(ValueError):
    """The bytes are no DNS message."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question. name is on the wire, in the client's letters; key the same in lower case."""

    id: int
    flags: int
    name: bytes
    key: bytes
    type: int
    has_edns: bool = False
    wants_dnssec: bool = False
    size: int = PLAIN_SIZE

    @property
    def question(self) -> bytes:
        """The question section."""
        return self.name + _TWO.pack(self.type, CLASS_IN)


@dataclass(frozen=True, slots=True)
class Body:
    """An answer ready to be sent to whoever asks this question: its sections record by record."""

    flags: int
    records: tuple[bytes, ...] = ()
    authority: tuple[bytes, ...] = ()
    additional: tuple[bytes, ...] = ()
    may_rotate: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Where a record of a message is: its owner, type, time to live and where in the message its parts are."""

    section: int
    owner: int
    type: int
    ttl: int
    ttl_at: int
    start: int
    end: int


def parse_query(data: bytes) -> Query | bytes | None:
    """The question, or the reply that refuses it, or None where nothing is to be answered."""
    if len(data) < HEADER.size:
        return None
    number, flags, questions, answers, authorities, additionals = HEADER.unpack_from(data)
    if flags & QR:
        return None  # to answer answers would let two servers talk for ever
    if flags & OPCODE:
        return _refusal(number, flags, Rcode.NOTIMP)
    try:
        if questions != 1:
            raise MalformedMessage
        end = _question_name_end(data)
        kind, class_ = _unpack(_TWO, data, end)
        name = data[HEADER.size : end]
        question = Query(number, flags, name, name.lower(), kind)
        if class_ != CLASS_IN:
            return _refusal(number, flags, Rcode.REFUSED, data[HEADER.size : end + 4])
        if answers or authorities or additionals:
            return _with_edns(data, end + 4, question, answers + authorities + additionals)
        return question
    except MalformedMessage:
        return _refusal(number, flags, Rcode.FORMERR)


def labels(wire: bytes) -> Name:
    """The labels of an uncompressed name."""
    found, at = [], 0
    while wire[at]:
        found.append(wire[at + 1 : at + 1 + wire[at]].decode("latin-1"))
        at += 1 + wire[at]
    return tuple(found)


def body(answer: Answer, name: Name) -> Body:
    """An answer made ready for those who ask by this name."""
    first = answer.records[0].type if answer.records else 0
    return Body(
        QR | RA | AA | answer.rcode,
        tuple(_record_wire(record, name) for record in answer.records),
        tuple(_record_wire(record, name) for record in answer.authority),
        tuple(_record_wire(record, name) for record in answer.additional),
        # A chain of CNAMEs has an order; addresses of one name have none, and clients take the first.
        may_rotate=len(answer.records) > 1 and first != Type.CNAME,
    )


def reply(query: Query, made: Body, limit: int, turn: int = 0) -> bytes:
    """The reply of at most `limit` bytes; what has no room is left out, the answers last and with TC set."""
    records = made.records
    if made.may_rotate:
        turn %= len(records)
        records = records[turn:] + records[:turn]
    opt = _opt(query)
    flags = made.flags | query.flags & (RD | CD)
    for additional in (made.additional, ()):
        whole = _join(query, flags, (records, made.authority, additional), opt)
        if len(whole) <= limit:
            return whole
    room = limit - HEADER.size - len(query.question) - len(opt)
    return _join(query, flags | TC, (_fitting(records, room), (), ()), opt)


def error(query: Query, rcode: Rcode) -> bytes:
    """A reply without records."""
    flags = QR | RA | rcode & RCODE | query.flags & (RD | CD)
    return _join(query, flags, ((), (), ()), _opt(query, rcode))


def forwarded(query: Query, number: int) -> bytes:
    """The question as it is put to another server, under an id of our own."""
    opt = _opt_record(query.size, query.wants_dnssec) if query.has_edns else b""
    flags = RD | query.flags & (CD | AD)
    return HEADER.pack(number, flags, 1, 0, 0, 1 if opt else 0) + query.question + opt


def answers_question(data: bytes, query: Query, number: int) -> bool:
    """Whether this is a server's reply to the question, rather than something forged or late."""
    if len(data) < HEADER.size:
        return False
    found, flags, questions, *_ = HEADER.unpack_from(data)
    wanted = query.question
    given = data[HEADER.size : HEADER.size + len(wanted)]
    is_reply = found == number and bool(flags & QR) and not flags & OPCODE and questions == 1
    return is_reply and given.lower() == wanted.lower()


def readdressed(data: bytes, query: Query) -> bytes:
    """A server's reply as the client shall see it: under its id, in its letters."""
    flags = int.from_bytes(data[2:4]) | RA
    start = HEADER.size + len(query.question)
    return query.id.to_bytes(2) + flags.to_bytes(2) + data[4:12] + query.question + data[start:]


def find_records(data: bytes) -> tuple[Found, ...]:
    """Every record of a message."""
    if len(data) < HEADER.size:
        raise MalformedMessage
    _, _, questions, *counts = HEADER.unpack_from(data)
    at = HEADER.size
    for _ in range(questions):
        at = _name_end(data, at) + _TWO.size
    found = []
    for section, count in enumerate(counts):
        for _ in range(count):
            owner, at = at, _name_end(data, at)
            kind, _, ttl, length = _unpack(_RECORD, data, at)
            start = at + _RECORD.size
            if start + length > len(data):
                raise MalformedMessage
            found.append(Found(section, owner, kind, ttl, at + 4, start, start + length))
            at = start + length
    return tuple(found)


def address_records(data: bytes) -> tuple[Record, ...]:
    """The addresses and CNAMEs that a reply answers with."""
    made = []
    for each in find_records(data):
        if each.section != 0 or each.type not in (Type.A, Type.AAAA, Type.CNAME):
            continue
        content = data[each.start : each.end]
        if each.type == Type.CNAME:
            content = name_wire(_read_name(data, each.start))
        made.append(Record(_read_name(data, each.owner), each.type, each.ttl, content))
    return tuple(made)


def _with_edns(data: bytes, at: int, query: Query, count: int) -> Query | bytes:
    for _ in range(count):
        owner, at = at, _name_end(data, at)
        kind, size, ttl, length = _unpack(_RECORD, data, at)
        at += _RECORD.size + length
        if at > len(data):
            raise MalformedMessage
        if kind != Type.OPT:
            continue
        if data[owner] != 0 or query.has_edns:
            raise MalformedMessage  # an OPT belongs to the root and is there once
        limit = min(max(size, PLAIN_SIZE), MAX_UDP_SIZE)
        wants_dnssec = bool(ttl & EDNS_DO)
        query = Query(query.id, query.flags, query.name, query.key, query.type, True, wants_dnssec, limit)
        if ttl >> 16 & 0xFF:
            return error(query, Rcode.BADVERS)
    return query


def _refusal(number: int, flags: int, rcode: Rcode, question: bytes = b"") -> bytes:
    answered = QR | flags & (OPCODE | RD) | rcode
    return HEADER.pack(number, answered, 1 if question else 0, 0, 0, 0) + question


def _question_name_end(data: bytes) -> int:
    at, length = HEADER.size, len(data)
    while at < length:
        size = data[at]
        at += 1 + size
        if size == 0:
            if at - HEADER.size > MAX_NAME:
                break
            return at
        if size > 63:
            break  # nothing stands before the question that it could point to
    raise MalformedMessage


def _name_end(data: bytes, at: int) -> int:
    """Where a name that may be compressed ends."""
    length = len(data)
    while at < length:
        size = data[at]
        if size == 0:
            return at + 1
        if size >= 0xC0:
            return at + 2
        if size > 63:
            break
        at += 1 + size
    raise MalformedMessage


def _read_name(data: bytes, at: int) -> Name:
    """A name's labels, along its pointers."""
    found: list[str] = []
    total = jumps = 0
    while at < len(data):
        size = data[at]
        if size == 0:
            return tuple(found)
        if size >= 0xC0:
            jumps += 1
            if at + 1 >= len(data) or jumps > MAX_POINTERS:
                break
            at = (size & 0x3F) << 8 | data[at + 1]
            continue
        total += 1 + size
        if size > 63 or total >= MAX_NAME or at + 1 + size > len(data):
            break
        found.append(data[at + 1 : at + 1 + size].decode("latin-1"))
        at += 1 + size
    raise MalformedMessage


def _unpack(shape: struct.Struct, data: bytes, at: int) -> tuple[int, ...]:
    if at + shape.size > len(data):
        raise MalformedMessage
    return shape.unpack_from(data, at)


def _record_wire(record: Record, question: Name) -> bytes:
    return (
        _owner(record.name, question) + _RECORD.pack(record.type, CLASS_IN, record.ttl, len(record.data)) + record.data
    )


def _owner(name: Name, question: Name) -> bytes:
    """A record's owner, shortened by a pointer to what it has in common with the question's end."""
    shared = 0
    while shared < min(len(name), len(question)) and name[-1 - shared] == question[-1 - shared]:
        shared += 1
    if not shared:
        return name_wire(name)
    offset = HEADER.size + sum(1 + len(label) for label in question[: len(question) - shared])
    return name_wire(name[: len(name) - shared])[:-1] + (0xC000 | offset).to_bytes(2)


def _opt(query: Query, rcode: int = 0) -> bytes:
    return _opt_record(EDNS_SIZE, query.wants_dnssec, rcode) if query.has_edns else b""


def _opt_record(size: int, wants_dnssec: bool, rcode: int = 0) -> bytes:
    # Codes above 15 have their upper bits here, where other records have their time to live.
    flags = rcode >> 4 << 24 | (EDNS_DO if wants_dnssec else 0)
    return b"\0" + _RECORD.pack(Type.OPT, size, flags, 0)


def _fitting(records: Iterable[bytes], room: int) -> tuple[bytes, ...]:
    kept = []
    for record in records:
        room -= len(record)
        if room < 0:
            break
        kept.append(record)
    return tuple(kept)


def _join(query: Query, flags: int, sections: tuple[tuple[bytes, ...], ...], opt: bytes) -> bytes:
    records, authority, additional = sections
    count = len(additional) + (1 if opt else 0)
    header = HEADER.pack(query.id, flags, 1, len(records), len(authority), count)
    return b"".join((header, query.question, *records, *authority, *additional, opt))
