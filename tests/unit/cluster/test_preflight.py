"""What is in the way of a cluster on a machine, and what is said about it."""

from dataclasses import replace
from ipaddress import IPv4Network

import msgspec
import pytest

from steersman.cluster.facts import Wishes, grown, new_cluster
from steersman.cluster.preflight.machine import Machine, Route, parse_routes
from steersman.cluster.preflight.verdict import Fault, faults

FACTS = grown(new_cluster("192.0.2.7", Wishes()), 1)
GOOD = Machine(
    is_root=True,
    missing_packages=(),
    taken_ports=frozenset(),
    routes=(Route(IPv4Network("192.0.2.0/24"), "eth0"), Route(IPv4Network("10.244.0.0/24"), "stm0")),
    has_forwarding=True,
    nft_problem="",
    has_cgroups=True,
    has_hosts_file=True,
    free_bytes=1 << 40,
    open_files=65536,
)
ROUTES = """\
Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0
eth0 000200C0 00000000 0001 0 0 0 00FFFFFF 0 0 0
down 0000010A 00000000 0000 0 0 0 0000FFFF 0 0 0
"""


def judged(machine: Machine, *, is_running: bool = False) -> list[Fault]:
    return faults(FACTS, frozenset({"stm0"}), machine, is_running=is_running)


def changed(**changes: object) -> Machine:
    return replace(GOOD, **changes)  # type: ignore[arg-type]  # names and values of Machine's own


def test_the_machines_own_address_cannot_be_a_pods() -> None:
    facts = msgspec.structs.replace(FACTS, address="10.244.7.1")
    found = faults(facts, frozenset(), changed(routes=()), is_running=False)
    assert [(fault.problem, fault.is_fatal) for fault in found] == [
        ("the machine's own address 10.244.7.1 lies in the pod network 10.244.0.0/16", True)
    ]
    off_line = msgspec.structs.replace(FACTS, address="10.244.0.1")
    assert faults(off_line, frozenset(), changed(routes=()), is_running=False) == []


def test_another_cluster_is_told_from_other_networks() -> None:
    (fault,) = judged(changed(routes=(Route(IPv4Network("10.244.0.0/24"), "stmdeadbeef"),)))
    assert "reached by stmdeadbeef, which is another steersman cluster's" in fault.problem


def test_a_good_machine_has_no_faults() -> None:
    assert judged(GOOD) == []


@pytest.mark.parametrize(
    ("machine", "problem", "cure", "is_fatal"),
    [
        (changed(is_root=False), "needs root", "sudo", True),
        (changed(missing_packages=("runc", "nftables")), "runc, nftables", "apt-get install runc nftables", True),
        (changed(taken_ports=frozenset({6443})), "port 6443 is taken", "--port", True),
        (changed(taken_ports=frozenset({10250})), "port 10250 is taken", "logs and exec", False),
        (changed(nft_problem="Operation not supported"), "nftables doesn't work", "nf_tables", True),
        (changed(has_cgroups=False), "no cgroups", "mount", True),
        (changed(has_hosts_file=False), "/etc/hosts", "localhost", True),
        (changed(has_forwarding=False), "forwarding", "kernel", True),
        (changed(free_bytes=5 << 20), "only 5 MiB", "--data-dir", False),
        (changed(open_files=256), "256 files", "ulimit", False),
        (changed(routes=(Route(IPv4Network("10.244.3.0/24"), "docker0"),)), "docker0", "--cluster-cidr", True),
        (changed(routes=(Route(IPv4Network("10.96.0.0/12"), "tun0"),)), "tun0", "--service-cidr", False),
    ],
)
def test_each_lack_is_told_with_its_cure(machine: Machine, problem: str, cure: str, is_fatal: bool) -> None:
    (fault,) = judged(machine)
    assert problem in fault.problem
    assert cure in fault.cure
    assert fault.is_fatal == is_fatal


def test_a_running_cluster_holds_its_own_ports() -> None:
    assert judged(changed(taken_ports=frozenset({6443, 10250})), is_running=True) == []


def test_a_control_plane_alone_needs_nothing_of_a_node() -> None:
    facts = msgspec.structs.replace(FACTS, nodes=())
    assert faults(facts, frozenset(), changed(is_root=False, missing_packages=("runc",)), is_running=False) == []


def test_the_kernels_routes_are_read_but_for_the_default_and_those_that_are_down() -> None:
    assert parse_routes(ROUTES) == (Route(IPv4Network("192.0.2.0/24"), "eth0"),)
