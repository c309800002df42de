"""A cluster that keeps its objects in etcd from its beginning."""

from pathlib import Path

from steersman.cluster.layout import Layout
from tests.e2e.conftest import Cluster, free_port
from tests.etcdserver import needs_etcd, running_etcd


@needs_etcd
def test_a_new_cluster_begins_in_etcd_and_stays_there(tmp_path: Path, newest: Path) -> None:
    cluster = Cluster(tmp_path / "cluster")
    with running_etcd(tmp_path / "etcd") as etcd:
        keys = tmp_path / "etcd"
        files = (
            *("--etcd-cafile", str(keys / "ca.crt")),
            *("--etcd-certfile", str(keys / "client.crt")),
            *("--etcd-keyfile", str(keys / "client.key")),
        )
        start = ("up", "--control-plane-only", "--port", str(free_port()))
        try:
            cluster.steersman(*start, "--etcd-servers", etcd.url, *files)
            cluster.kubectl(newest, "create", "configmap", "kept", "--from-literal=a=b")
            assert not Layout(cluster.data_dir).database.exists()
            cluster.steersman("down")
            cluster.steersman("up", "--control-plane-only")
            shown = cluster.kubectl(newest, "get", "configmap", "kept", "-o", "jsonpath={.data.a}")
            assert shown == "b"
            refused = cluster.steersman(*start, "--etcd-servers", "https://127.0.0.1:1", check=False)
            assert f"the objects of this cluster are in etcd at {etcd.url}" in refused
        finally:
            cluster.steersman("down", check=False)


def test_a_cluster_with_a_database_is_moved_not_left(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "cluster")
    start = ("up", "--control-plane-only", "--port", str(free_port()))
    try:
        cluster.steersman(*start)
        refused = cluster.steersman(*start, "--etcd-servers", "https://127.0.0.1:1", check=False)
        assert "are in the cluster's own database; move them with: steersman migrate" in refused
    finally:
        cluster.steersman("down", check=False)
