"""How a cluster's facts come about and change."""

import pytest

from steersman.cluster.facts import UnfitNetwork, Wishes, grown, moved, new_cluster

ADDRESS = "192.0.2.7"


def test_a_new_cluster_has_one_node_at_the_machines_address() -> None:
    facts = grown(new_cluster(ADDRESS, Wishes(service_cidr="10.43.0.0/16")), 1)
    assert (facts.address, facts.dns_address) == (ADDRESS, "10.43.0.10")
    assert [(node.name, node.address, node.pod_cidr) for node in facts.nodes] == [("node1", ADDRESS, "10.244.0.0/24")]


def test_off_line_the_pod_networks_gateway_stands_in() -> None:
    facts = grown(new_cluster(None, Wishes()), 1)
    assert facts.address == facts.nodes[0].address == "10.244.0.1"


def test_growing_keeps_what_is_there_and_gives_each_node_its_own_part() -> None:
    one = grown(new_cluster(ADDRESS, Wishes()), 1)
    three = grown(one, 3)
    assert three.nodes[0] == one.nodes[0]
    assert [(node.name, node.address, node.pod_cidr) for node in three.nodes[1:]] == [
        ("node2", "10.245.0.2", "10.244.1.0/24"),
        ("node3", "10.245.0.3", "10.244.2.0/24"),
    ]
    assert all(node.has_namespace for node in three.nodes[1:])
    assert grown(three, 2) == three


def test_a_moved_machine_takes_its_first_node_along() -> None:
    facts = moved(grown(new_cluster(ADDRESS, Wishes()), 2), "192.0.2.8")
    assert (facts.address, facts.nodes[0].address, facts.nodes[1].address) == ("192.0.2.8", "192.0.2.8", "10.245.0.2")
    assert moved(facts, None).address == "10.244.0.1"


@pytest.mark.parametrize(
    ("wishes", "nodes", "words"),
    [
        (Wishes(cluster_cidr="10.0.0.0/25"), 1, "too small"),
        (Wishes(service_cidr="ten"), 1, "service network"),
        (Wishes(cluster_cidr="10.244.0.1/16"), 1, "host bits set"),
        (Wishes(cluster_cidr="10.244.0.0/23"), 3, "room for 2 nodes"),
        (Wishes(node_network="10.245.0.0/29"), 9, "room for 6 nodes"),
    ],
)
def test_networks_that_cannot_hold_the_cluster_are_refused(wishes: Wishes, nodes: int, words: str) -> None:
    with pytest.raises(UnfitNetwork, match=words):
        grown(new_cluster(ADDRESS, wishes), nodes)
