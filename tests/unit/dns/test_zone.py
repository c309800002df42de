"""What the zone answers, read back by an independent reader of DNS messages."""

import dnslib
import pytest
from tests.unit.dns.builders import cluster_zone, endpoint, endpoint_slice, service

from steersman.dns import message
from steersman.dns.message import Query
from steersman.dns.records import Answer, Rcode, Type, name_of, name_wire
from steersman.dns.zone import Zone

SUFFIX = "cluster.local"


def shown(name: str, answer: Answer) -> dnslib.DNSRecord:
    wire = name_wire(name_of(name))
    query = Query(1, 0, wire, wire, 1)
    return dnslib.DNSRecord.parse(message.reply(query, message.body(answer, name_of(name)), 65535))


def ask(zone: Zone, name: str, kind: str) -> list[str]:
    """The answers as `type data`, or the rcode where there are none."""
    answer = zone.answer(name_of(name), Type[kind])
    assert answer is not None, "not this zone's"
    if not answer.records:
        return [answer.rcode.name if answer.rcode else "NODATA"]
    return [f"{dnslib.QTYPE[record.rtype]} {record.rdata}" for record in shown(name, answer).rr]


@pytest.mark.parametrize(
    ("name", "kind", "wanted"),
    [
        ("dns-version", "TXT", ['TXT "1.1.0"']),
        ("dns-version", "A", ["NODATA"]),
        # cluster addresses
        ("web.default.svc", "A", ["A 10.96.0.1"]),
        ("web.default.svc", "AAAA", ["NODATA"]),
        ("web.default.svc", "TXT", ["NODATA"]),
        ("dual.default.svc", "AAAA", ["AAAA fd00::2"]),
        ("web.default.svc", "SRV", ["SRV 0 100 80 web.default.svc.cluster.local."]),
        ("_http._tcp.web.default.svc", "SRV", ["SRV 0 100 80 web.default.svc.cluster.local."]),
        ("_http._tcp.web.default.svc", "A", ["A 10.96.0.1"]),
        ("_http._udp.web.default.svc", "SRV", ["NXDOMAIN"]),
        ("_https._tcp.web.default.svc", "SRV", ["NXDOMAIN"]),
        ("_tcp.web.default.svc", "SRV", ["NODATA"]),
        ("10-244-0-9.web.default.svc", "A", ["A 10.244.0.9"]),
        ("a.b.c.web.default.svc", "A", ["NXDOMAIN"]),
        # headless
        ("peers.default.svc", "A", ["A 10.244.0.5", "A 10.244.0.6"]),
        ("peers.default.svc", "AAAA", ["AAAA fd00::5"]),
        ("peers-0.peers.default.svc", "A", ["A 10.244.0.5"]),
        ("10-244-0-6.peers.default.svc", "A", ["A 10.244.0.6"]),
        ("10-244-0-7.peers.default.svc", "A", ["NXDOMAIN"]),
        ("fd00--5.peers.default.svc", "AAAA", ["AAAA fd00::5"]),
        (
            "_http._tcp.peers.default.svc",
            "SRV",
            [
                "SRV 0 33 8080 peers-0.peers.default.svc.cluster.local.",
                "SRV 0 33 8080 10-244-0-6.peers.default.svc.cluster.local.",
                "SRV 0 33 8080 fd00--5.peers.default.svc.cluster.local.",
            ],
        ),
        ("early.default.svc", "A", ["A 10.244.0.8"]),
        ("early-0.early.default.svc", "A", ["A 10.244.0.8"]),
        ("lonely.default.svc", "A", ["NXDOMAIN"]),  # as CoreDNS
        # ExternalName
        ("there.default.svc", "CNAME", ["CNAME www.example.com."]),
        ("there.default.svc", "A", ["CNAME www.example.com."]),
        ("there.default.svc", "SRV", ["NODATA"]),
        ("alias.default.svc", "A", ["CNAME web.default.svc.cluster.local.", "A 10.96.0.1"]),
        ("alias.default.svc", "AAAA", ["NODATA"]),
        ("circle.default.svc", "A", ["NODATA"]),
        ("lost.default.svc", "A", ["NODATA"]),
        ("address.default.svc", "A", ["NXDOMAIN"]),
        # pods
        ("10-1-2-3.default.pod", "A", ["A 10.1.2.3"]),
        ("10-1-2-3.default.pod", "AAAA", ["NODATA"]),
        ("fd00--1.default.pod", "AAAA", ["AAAA fd00::1"]),
        ("10-1-2-3.nowhere.pod", "A", ["NXDOMAIN"]),
        ("10-1-2-999.default.pod", "A", ["NXDOMAIN"]),
        ("web.default.pod", "A", ["NXDOMAIN"]),
        # what is between
        ("svc", "A", ["NODATA"]),
        ("pod", "A", ["NODATA"]),
        ("default.svc", "A", ["NODATA"]),
        ("empty.pod", "A", ["NODATA"]),
        ("nowhere.svc", "A", ["NXDOMAIN"]),
        ("web.nowhere.svc", "A", ["NXDOMAIN"]),
        ("nothing.default.svc", "A", ["NXDOMAIN"]),
        ("nothing", "A", ["NXDOMAIN"]),
        ("ns.dns", "A", ["A 10.96.0.10"]),
        ("web.default.svc", "AXFR", ["REFUSED"]),
    ],
)
def test_names_below_the_domain_are_answered_as_the_specification_says(name: str, kind: str, wanted: list[str]) -> None:
    assert ask(cluster_zone(), f"{name}.{SUFFIX}", kind) == wanted


def test_the_domain_itself_has_an_soa_and_a_name_server() -> None:
    zone = cluster_zone()
    (soa,) = ask(zone, SUFFIX, "SOA")
    assert soa.split()[1:] == [
        "ns.dns.cluster.local.",
        "hostmaster.cluster.local.",
        str(zone.serial),
        "7200",
        "1800",
        "86400",
        "30",
    ]
    assert ask(zone, SUFFIX, "NS") == ["NS kube-dns.kube-system.svc.cluster.local."]
    assert ask(zone, SUFFIX, "A") == ["NODATA"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("1.0.96.10.in-addr.arpa", ["PTR web.default.svc.cluster.local."]),
        ("5.0.244.10.in-addr.arpa", ["PTR peers-0.peers.default.svc.cluster.local."]),
        ("2" + ".0" * 27 + ".0.0.d.f.ip6.arpa", ["PTR dual.default.svc.cluster.local."]),
    ],
)
def test_addresses_lead_back_to_names(name: str, wanted: list[str]) -> None:
    assert ask(cluster_zone(), name, "PTR") == wanted


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("www.example.com", Type.A),
        ("cluster.local.example", Type.A),
        ("8.8.8.8.in-addr.arpa", Type.PTR),
        ("7.0.244.10.in-addr.arpa", Type.PTR),
        ("1.0.96.10.in-addr.arpa", Type.A),
        ("x.0.96.10.in-addr.arpa", Type.PTR),
        ("arpa", Type.PTR),
        ("", Type.A),
    ],
)
def test_other_names_are_left_to_other_servers(name: str, kind: Type) -> None:
    assert cluster_zone().answer(name_of(name), kind) is None


def test_negative_answers_say_in_the_soa_how_long_they_hold() -> None:
    for name in ("nothing.default.svc.cluster.local", "default.svc.cluster.local"):
        answer = cluster_zone().answer(name_of(name), Type.A)
        assert answer is not None
        (soa,) = shown(name, answer).auth
        assert (str(soa.rname), soa.ttl, dnslib.QTYPE[soa.rtype]) == ("cluster.local.", 30, "SOA")


def test_servers_come_with_their_addresses() -> None:
    name = "_http._tcp.peers.default.svc.cluster.local"
    answer = cluster_zone().answer(name_of(name), Type.SRV)
    assert answer is not None
    found = [(str(record.rname), str(record.rdata)) for record in shown(name, answer).ar]
    assert ("peers-0.peers.default.svc.cluster.local.", "10.244.0.5") in found
    assert len(found) == 3


def test_an_external_name_says_what_to_ask_elsewhere() -> None:
    answer = cluster_zone().answer(name_of("there.default.svc.cluster.local"), Type.AAAA)
    assert answer is not None
    assert answer.outside == ("www", "example", "com")


def test_what_is_gone_is_not_answered() -> None:
    zone = cluster_zone()
    before = zone.serial
    zone.remove_service(("default", "peers"))
    assert ask(zone, "peers-0.peers.default.svc.cluster.local", "A") == ["NXDOMAIN"]
    assert zone.answer(name_of("5.0.244.10.in-addr.arpa"), Type.PTR) is None
    zone.put_service(service("web", clusterIP="10.96.0.77"), ())
    assert ask(zone, "web.default.svc.cluster.local", "A") == ["A 10.96.0.77"]
    assert zone.answer(name_of("1.0.96.10.in-addr.arpa"), Type.PTR) is None
    assert zone.serial > before


def test_a_change_that_means_nothing_to_names_keeps_the_serial() -> None:
    zone = Zone("cluster.local")
    peers, slices = service("peers", clusterIP="None"), (endpoint_slice("peers", endpoint("10.0.0.1")),)
    zone.put_service(peers, slices)
    serial = zone.serial
    zone.put_service(peers, slices)
    zone.set_namespaces(())
    assert zone.serial == serial


def test_an_address_of_two_services_has_both_names() -> None:
    zone = Zone("cluster.local")
    for name in ("one", "two"):
        zone.put_service(service(name, clusterIP="None"), (endpoint_slice(name, endpoint("10.0.0.1", hostname="h")),))
    pointers = ask(zone, "1.0.0.10.in-addr.arpa", "PTR")
    assert sorted(pointers) == ["PTR h.one.default.svc.cluster.local.", "PTR h.two.default.svc.cluster.local."]
    zone.remove_service(("default", "one"))
    assert ask(zone, "1.0.0.10.in-addr.arpa", "PTR") == ["PTR h.two.default.svc.cluster.local."]


def test_refusals_carry_no_soa() -> None:
    answer = cluster_zone().answer(name_of("cluster.local"), Type.AXFR)
    assert answer == Answer(Rcode.REFUSED)


def test_what_does_not_fit_into_a_message_is_told_otherwise() -> None:
    zone = Zone("cluster.local")
    ends = endpoint_slice("odd", endpoint("10.0.0.1", hostname="x" * 64), endpoint("10.0.0.2", hostname="ü"))
    zone.put_service(service("odd", clusterIP="None"), (ends,))
    assert ask(zone, "odd.default.svc.cluster.local", "SRV") == [
        "SRV 0 50 8080 10-0-0-1.odd.default.svc.cluster.local.",
        "SRV 0 50 8080 10-0-0-2.odd.default.svc.cluster.local.",
    ]
