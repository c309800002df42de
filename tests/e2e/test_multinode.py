"""Two nodes on one machine that has a strict firewall and whose address changes. Needs root and containerd."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from steersman.testing.realnode import missing_for_real_node, network_namespace
from tests.e2e.conftest import Cluster, free_port

IMAGE = "steersman.local/busybox:1"
# As Docker, ufw and hand-written rules leave a machine: what they don't know is dropped.
FIREWALL = """
table inet strict
delete table inet strict
table inet strict {
  chain forward { type filter hook forward priority 0; policy drop; ct state established accept; }
  chain input { type filter hook input priority 0; policy drop; iifname lo accept; ct state established accept; }
}
"""
FIRST_ADDRESS, SECOND_ADDRESS = "192.0.2.2", "192.0.2.3"


@pytest.fixture(scope="module")
def machine() -> Iterator[Path]:
    """A network namespace with an address and a default route, as a machine has them."""
    if missing := missing_for_real_node():
        pytest.skip(str(missing))
    with network_namespace() as namespace:
        ip(namespace, "link", "add", "lan", "type", "veth", "peer", "name", "far")
        for name in ("lan", "far"):
            ip(namespace, "link", "set", name, "up")
        ip(namespace, "address", "add", f"{FIRST_ADDRESS}/24", "dev", "lan")
        ip(namespace, "route", "add", "default", "via", "192.0.2.1")
        load_firewall(namespace)
        yield namespace


@pytest.fixture(scope="module")
def cluster(machine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("two-nodes"), machine)
    try:
        made.steersman("up", "--port", str(free_port()))
        yield made
    finally:
        made.steersman("down", check=False)


def load_firewall(namespace: Path) -> None:
    enter = ("nsenter", f"--net={namespace}", "--")
    subprocess.run((*enter, "nft", "-f", "-"), input=FIREWALL, text=True, check=True, timeout=10)


def ip(namespace: Path, *arguments: str) -> None:
    subprocess.run(("ip", "-n", namespace.name, *arguments), check=True, timeout=10)


def web_server(name: str, node: str) -> str:
    command = f"mkdir /www; echo from {name} > /www/index.html; exec httpd -f -p 8080 -h /www"
    container = {"name": "web", "image": IMAGE, "command": ["sh", "-c", command]}
    spec = {"nodeName": node, "containers": [container], "terminationGracePeriodSeconds": 0}
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})


def test_a_node_joins_a_running_cluster_and_their_pods_reach_each_other(cluster: Cluster, newest: Path) -> None:
    cluster.kubectl(newest, "apply", "-f", "-", text=web_server("one", "node1"))
    cluster.kubectl(newest, "wait", "--for=condition=Ready", "pod/one", "--timeout=60s")
    started = cluster.kubectl(newest, "get", "pod", "one", "-o", "jsonpath={.status.containerStatuses[0].containerID}")
    cluster.steersman("up", "--nodes", "2")
    cluster.kubectl(newest, "apply", "-f", "-", text=web_server("two", "node2"))
    cluster.kubectl(newest, "wait", "--for=condition=Ready", "pod/one", "pod/two", "--timeout=60s")
    for here, there in (("one", "two"), ("two", "one")):
        address = cluster.kubectl(newest, "get", "pod", there, "-o", "jsonpath={.status.podIP}")
        answer = cluster.kubectl(newest, "exec", here, "--", "wget", "-qO-", f"http://{address}:8080/")
        assert answer == f"from {there}\n"
        assert "10.96.0.1" in cluster.kubectl(
            newest, "exec", here, "--", "nslookup", "kubernetes.default.svc.cluster.local"
        )
    same = cluster.kubectl(newest, "get", "pod", "one", "-o", "jsonpath={.status.containerStatuses[0].containerID}")
    assert same == started, "a pod was restarted because a node joined"


def test_a_firewall_that_is_reloaded_lets_pods_through_again(cluster: Cluster, newest: Path) -> None:
    assert cluster.namespace is not None
    load_firewall(cluster.namespace)
    lookup = ("sh", "-c", "until wget -qO- http://$0:8080/; do sleep 0.2; done")
    for here, there in (("one", "two"), ("two", "one")):
        address = cluster.kubectl(newest, "get", "pod", there, "-o", "jsonpath={.status.podIP}")
        assert cluster.kubectl(newest, "exec", here, "--", *lookup, address) == f"from {there}\n"


def test_when_the_machines_address_changes_up_makes_the_cluster_follow(cluster: Cluster, newest: Path) -> None:
    namespace = cluster.namespace
    assert namespace is not None
    ip(namespace, "address", "del", f"{FIRST_ADDRESS}/24", "dev", "lan")
    ip(namespace, "address", "add", f"{SECOND_ADDRESS}/24", "dev", "lan")
    ip(namespace, "route", "replace", "default", "via", "192.0.2.1")
    cluster.steersman("up")
    moved = f"--for=jsonpath={{.status.addresses[0].address}}={SECOND_ADDRESS}"
    cluster.kubectl(newest, "wait", "node/node1", moved, "--timeout=30s")
    endpoint = "jsonpath={.endpoints[0].addresses[0]}"
    assert cluster.kubectl(newest, "get", "endpointslice", "kubernetes", "-o", endpoint) == SECOND_ADDRESS
    for pod in ("one", "two"):
        probe = ("sh", "-c", "nc -w 3 10.96.0.1 443 </dev/null && echo reached")
        assert "reached" in cluster.kubectl(newest, "exec", pod, "--", *probe)
