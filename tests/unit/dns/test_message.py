"""The wire format, against dnslib as an independent reader and writer."""

import dnslib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.dns import message
from steersman.dns.message import Body, MalformedMessage, Query
from steersman.dns.records import Answer, Rcode, Type, address_record, name_of
from steersman.dns.services import parse_address

NAME = name_of("web.default.svc.cluster.local")


def asked(name: str = "web.default.svc.cluster.local", kind: str = "A") -> dnslib.DNSRecord:
    return dnslib.DNSRecord.question(name, kind)


def parsed(data: bytes) -> Query:
    query = message.parse_query(data)
    assert isinstance(query, Query)
    return query


def refused(data: bytes) -> str:
    reply = message.parse_query(data)
    assert isinstance(reply, bytes)
    return str(dnslib.RCODE[dnslib.DNSRecord.parse(reply).header.rcode])


def addresses(count: int) -> Answer:
    found = (parse_address(f"10.0.{number // 250}.{number % 250}") for number in range(count))
    return Answer(records=tuple(address_record(NAME, address, 30) for address in found if address is not None))


def test_a_question_is_read() -> None:
    record = asked("WeB.default.SVC.cluster.local", "SRV")
    query = parsed(bytes(record.pack()))
    assert (query.id, query.type, query.has_edns, query.size) == (record.header.id, Type.SRV, False, 512)
    assert message.labels(query.key) == NAME


@pytest.mark.parametrize(("given_size", "used"), [(1232, 1232), (100, 512), (65000, 4096)])
def test_edns_says_how_much_the_client_takes(given_size: int, used: int) -> None:
    record = asked()
    record.add_ar(dnslib.EDNS0(udp_len=given_size, flags="do"))
    query = parsed(bytes(record.pack()))
    assert (query.has_edns, query.wants_dnssec, query.size) == (True, True, used)
    reply = dnslib.DNSRecord.parse(message.error(query, Rcode.SERVFAIL))
    assert reply.ar[0].rtype == dnslib.QTYPE.OPT


def test_a_later_edns_is_told_that_only_version_0_is_known() -> None:
    record = asked()
    record.add_ar(dnslib.EDNS0(version=1))
    data = message.parse_query(bytes(record.pack()))
    assert isinstance(data, bytes)
    reply = dnslib.DNSRecord.parse(data)
    assert (reply.header.rcode, reply.ar[0].ttl >> 24) == (0, 1)  # together 16, BADVERS


def test_the_letters_of_the_question_come_back_as_they_were() -> None:
    record = asked("wEb.DeFault.svc.clusteR.local")
    query = parsed(bytes(record.pack()))
    reply = dnslib.DNSRecord.parse(message.reply(query, message.body(addresses(1), NAME), 512))
    assert reply.header.id == record.header.id
    assert str(reply.q.qname) == str(reply.rr[0].rname) == "wEb.DeFault.svc.clusteR.local."
    assert (reply.header.qr, reply.header.aa, reply.header.ra, reply.header.rd) == (1, 1, 1, 1)


def test_what_has_no_room_is_left_out_and_said_to_be() -> None:
    query, made = parsed(bytes(asked().pack())), message.body(addresses(100), NAME)
    reply = message.reply(query, made, 512)
    read = dnslib.DNSRecord.parse(reply)
    assert read.header.tc == 1
    assert 490 < len(reply) <= 512
    assert len(read.rr) == 29
    whole = dnslib.DNSRecord.parse(message.reply(query, made, 65535))
    assert (whole.header.tc, len(whole.rr)) == (0, 100)


def test_additional_records_go_first_without_a_word() -> None:
    hosts = addresses(100).records
    made = message.body(Answer(records=hosts[:1], additional=hosts), NAME)
    read = dnslib.DNSRecord.parse(message.reply(parsed(bytes(asked().pack())), made, 512))
    assert (read.header.tc, len(read.rr), len(read.ar)) == (0, 1, 0)


def test_addresses_take_turns_in_being_the_first() -> None:
    query, made = parsed(bytes(asked().pack())), message.body(addresses(3), NAME)
    firsts = {str(dnslib.DNSRecord.parse(message.reply(query, made, 512, turn)).rr[0].rdata) for turn in range(3)}
    assert firsts == {"10.0.0.0", "10.0.0.1", "10.0.0.2"}


def test_what_is_no_query_is_refused_or_dropped() -> None:
    data = bytearray(asked().pack())
    assert message.parse_query(b"") is None
    assert message.parse_query(bytes(data[:11])) is None
    assert message.parse_query(bytes((*data[:2], data[2] | 0x80, *data[3:]))) is None  # a reply
    assert refused(bytes((*data[:2], 4 << 3, *data[3:]))) == "NOTIMP"  # NOTIFY
    assert refused(bytes(data[:-1])) == "FORMERR"
    assert refused(bytes((*data[:5], 2, *data[6:]))) == "FORMERR"  # two questions
    assert refused(bytes((*data[:12], 0xC0, 12, *data[-4:]))) == "FORMERR"  # a name that points to itself
    assert refused(bytes((*data[:-2], 0, 3))) == "REFUSED"  # class CHAOS
    long = bytes(data[:12]) + (b"\x3f" + b"a" * 63) * 4 + bytes(data[-5:])
    assert refused(long) == "FORMERR"


@given(st.binary(max_size=200))
def test_random_bytes_never_raise(data: bytes) -> None:
    message.parse_query(data)
    read_reply(data)


@given(st.data())
def test_messages_with_flipped_bytes_never_raise(data: st.DataObject) -> None:
    record = asked()
    record.add_answer(dnslib.RR("web.default.svc.cluster.local", 5, rdata=dnslib.CNAME("x.example"), ttl=1))
    record.add_answer(dnslib.RR("x.example", 1, rdata=dnslib.A("192.0.2.1"), ttl=1))
    record.add_ar(dnslib.EDNS0())
    wire = bytearray(record.pack())
    for _ in range(data.draw(st.integers(1, 4))):
        wire[data.draw(st.integers(2, len(wire) - 1))] = data.draw(st.integers(0, 255))
    query = message.parse_query(bytes(wire))
    if isinstance(query, Query):
        message.reply(query, Body(0), query.size)
        message.labels(query.key)
    read_reply(bytes(wire))


def read_reply(data: bytes) -> None:
    try:
        message.find_records(data)
        message.address_records(data)
    except MalformedMessage:
        pass


def test_compressed_replies_of_others_are_read() -> None:
    record = asked("a.example")
    record.add_answer(dnslib.RR("a.example", 5, rdata=dnslib.CNAME("b.a.example"), ttl=9))
    record.add_answer(dnslib.RR("b.a.example", 1, rdata=dnslib.A("192.0.2.1"), ttl=8))
    record.add_answer(dnslib.RR("b.a.example", 16, rdata=dnslib.TXT("no address"), ttl=8))
    first, second = message.address_records(bytes(record.pack()))
    assert (first.name, first.ttl, first.data) == (("a", "example"), 9, b"\1b\1a\7example\0")
    assert (second.name, second.ttl, second.data) == (("b", "a", "example"), 8, bytes((192, 0, 2, 1)))


@given(st.lists(st.from_regex(r"[a-z0-9_-]{1,63}", fullmatch=True), max_size=3), st.integers(0, 65535))
def test_names_survive_the_wire(labels: list[str], kind: int) -> None:
    record = dnslib.DNSRecord(dnslib.DNSHeader(id=7), q=dnslib.DNSQuestion([label.encode() for label in labels], kind))
    query = parsed(bytes(record.pack()))
    assert (message.labels(query.key), query.type) == (tuple(labels), kind)
