"""Which routes lead to other nodes' pods."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

from steersman.cni.routes import ROUTE_OWNER, Peer, Route, plan

OWN = Peer("one", ("10.1.1.0/24",), ("192.0.2.1",))
OTHER = Peer("two", ("10.1.2.0/24", "fd01::/64"), ("192.0.2.2",))
ROUTE = Route(ip_network("10.1.2.0/24"), ip_address("192.0.2.2"), owner=ROUTE_OWNER)


def test_other_nodes_are_the_gateways_of_their_pods() -> None:
    assert plan("one", (OWN, OTHER), ()).put == (ROUTE,)


def test_what_stands_is_left_alone() -> None:
    changes = plan("one", (OWN, OTHER), (replace(ROUTE, index=7),))
    assert changes.put == changes.delete == ()


def test_a_node_that_moved_gets_a_new_route_and_one_that_left_loses_its_own() -> None:
    moved = replace(OTHER, node_ips=("192.0.2.3",))
    assert [route.gateway for route in plan("one", (moved,), (ROUTE,)).put] == [ip_address("192.0.2.3")]
    assert plan("one", (OWN,), (ROUTE,)).delete == (ROUTE,)
