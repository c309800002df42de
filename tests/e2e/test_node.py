"""A whole cluster on this machine: pods run as containers and answer over a Service. Needs root and containerd."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from steersman.component.processes import read_running
from tests.e2e.conftest import Cluster

NAME = "hello"


def fetched(address: str) -> str:
    command = ("curl", "--silent", "--max-time", "3", "--retry", "10", "--retry-connrefused", f"http://{address}/")
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout


def container_ids(cluster: Cluster, kubectl: Path) -> set[str]:
    pods = json.loads(cluster.kubectl(kubectl, "get", "pods", "-l", f"app={NAME}", "-o", "json"))["items"]
    living = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    return {status["containerID"] for pod in living for status in pod["status"]["containerStatuses"]}


def test_the_sample_answers_through_its_cluster_address_and_its_node_port(cluster: Cluster, newest: Path) -> None:
    cluster.kubectl(newest, "wait", "--for=condition=Available", f"deploy/{NAME}", "--timeout=60s")
    service = json.loads(cluster.kubectl(newest, "get", "svc", NAME, "-o", "json"))["spec"]
    node = json.loads(cluster.kubectl(newest, "get", "nodes", "-o", "json"))["items"][0]
    address = next(one["address"] for one in node["status"]["addresses"] if one["type"] == "InternalIP")
    assert "hello from" in fetched(service["clusterIP"])
    assert "hello from" in fetched(f"{address}:{service['ports'][0]['nodePort']}")
    assert len({fetched(service["clusterIP"]) for _ in range(30)}) == 3


def test_pods_reach_the_service_by_its_name(cluster: Cluster, newest: Path) -> None:
    names = (NAME, f"{NAME}.default", f"{NAME}.default.svc.cluster.local")
    for name in names:
        answer = cluster.kubectl(newest, "exec", f"deploy/{NAME}", "--", "wget", "-qO-", f"http://{name}/")
        assert "hello from" in answer, name
    resolver = cluster.kubectl(newest, "exec", f"deploy/{NAME}", "--", "cat", "/etc/resolv.conf")
    assert resolver.startswith("search default.svc.cluster.local svc.cluster.local cluster.local")
    assert resolver.endswith("\nnameserver 10.96.0.10\noptions ndots:5\n")


def test_the_dns_server_was_never_refused(cluster: Cluster) -> None:
    log = (cluster.data_dir / "logs" / "dns.log").read_text()
    assert "names outside the cluster" in log
    assert "forbidden" not in log


def test_a_rollout_replaces_every_pod_and_the_service_follows(cluster: Cluster, newest: Path) -> None:
    before = container_ids(cluster, newest)
    cluster.kubectl(newest, "rollout", "restart", f"deploy/{NAME}")
    cluster.kubectl(newest, "rollout", "status", f"deploy/{NAME}", "--timeout=80s")
    assert not before & container_ids(cluster, newest)
    assert "hello from" in fetched(cluster.kubectl(newest, "get", "svc", NAME, "-o", "jsonpath={.spec.clusterIP}"))


@pytest.mark.parametrize("process", ["node1", "apiserver", "controllers", "dns", "supervisor"])
def test_no_process_takes_its_containers_with_it(cluster: Cluster, newest: Path, process: str) -> None:
    cluster.kubectl(newest, "rollout", "status", f"deploy/{NAME}", "--timeout=80s")
    before = container_ids(cluster, newest)
    identity = read_running(cluster.data_dir / "run" / f"{process}.pid")
    assert identity is not None
    os.kill(identity.pid, signal.SIGKILL)
    cluster.steersman("up")
    assert container_ids(cluster, newest) == before


def test_status_gives_orphaned_processes_a_supervisor(cluster: Cluster) -> None:
    before = {path.name: path.read_text() for path in (cluster.data_dir / "run").glob("*.pid")}
    identity = read_running(cluster.data_dir / "run" / "supervisor.pid")
    assert identity is not None
    os.kill(identity.pid, signal.SIGKILL)
    assert "supervisor       runs" in cluster.steersman("status")
    after = {path.name: path.read_text() for path in (cluster.data_dir / "run").glob("*.pid")}
    assert {name for name in before if before[name] != after[name]} == {"supervisor.pid"}


def test_a_second_up_is_harmless_and_status_is_well(cluster: Cluster, newest: Path) -> None:
    before = container_ids(cluster, newest)
    cluster.steersman("up", "--sample")
    assert container_ids(cluster, newest) == before
    assert "is ready" in cluster.steersman("status")
