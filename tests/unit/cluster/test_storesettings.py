"""Which store a cluster uses, and when that may change."""

from pathlib import Path

import pytest
from tests.etcdserver import needs_etcd, running_etcd

from steersman.cli import main
from steersman.cli.errors import CommandError
from steersman.cli.etcdflags import etcd_settings
from steersman.cluster.errors import ClusterError
from steersman.cluster.layout import Layout
from steersman.cluster.stores import check_etcd, open_etcd_at
from steersman.cluster.storesettings import EtcdSettings, is_new_etcd, note_etcd
from steersman.component.clock import RealClock
from steersman.storage.interface import Put

ONE = EtcdSettings(servers=("https://10.0.0.1:2379",))
OTHER = EtcdSettings(servers=("https://10.0.0.2:2379",))


def settings(*words: str) -> EtcdSettings | None:
    return etcd_settings(main._parser().parse_args(("up", *words)))


def test_a_new_cluster_takes_the_etcd_it_is_given(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert not is_new_etcd(layout, None)
    assert is_new_etcd(layout, ONE)
    note_etcd(layout, ONE)
    assert not is_new_etcd(layout, ONE)
    assert not is_new_etcd(layout, None)


def test_members_may_come_and_go_but_the_objects_stay_where_they_are(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    note_etcd(layout, ONE)
    both = (*ONE.servers, *OTHER.servers)
    assert is_new_etcd(layout, EtcdSettings(servers=both))
    with pytest.raises(ClusterError, match=r"are in etcd at https://10\.0\.0\.1:2379; move them"):
        is_new_etcd(layout, OTHER)
    with pytest.raises(ClusterError, match="are in etcd below /registry; move them"):
        is_new_etcd(layout, EtcdSettings(servers=both, prefix="/other"))


def test_objects_in_the_clusters_own_database_have_to_be_moved_first(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.database.touch()
    with pytest.raises(ClusterError, match="are in the cluster's own database; move them with: steersman migrate"):
        is_new_etcd(layout, ONE)


def test_the_options_of_etcd_go_together() -> None:
    made = settings("--etcd-servers", "https://10.0.0.1:2379,https://10.0.0.2:2379", "--etcd-prefix", "a/b/")
    assert made == EtcdSettings(servers=(*ONE.servers, *OTHER.servers), prefix="/a/b")
    assert settings() is None
    for words in (
        ("--etcd-prefix", "/x"),
        ("--etcd-servers", "10.0.0.1:2379"),
        ("--etcd-servers", "http://a", "--etcd-prefix", "/"),
    ):
        with pytest.raises(CommandError, match="--etcd-"):
            settings(*words)


@needs_etcd
async def test_clusters_with_prefixes_of_their_own_share_an_etcd(tmp_path: Path) -> None:
    with running_etcd(tmp_path / "etcd") as server:
        files = {
            f"{name}_file": str(server.directory / f"{file}")
            for name, file in (("ca", "ca.crt"), ("cert", "client.crt"), ("key", "client.key"))
        }
        places = [EtcdSettings(servers=(server.url,), prefix=prefix, **files) for prefix in ("/registry", "/other")]
        for place in places:
            await check_etcd(place, RealClock())
        stores = [await open_etcd_at(place, RealClock()) for place in places]
        for store, value in zip(stores, (b"one", b"other"), strict=True):
            await store.txn((), (Put("/registry/pods/a/x", value),))
        found = [(await store.list("/registry/")).entries for store in stores]
        assert [[(entry.key, entry.value) for entry in entries] for entries in found] == [
            [("/registry/pods/a/x", b"one")],
            [("/registry/pods/a/x", b"other")],
        ]
        for store in stores:
            await store.close()


async def test_an_etcd_that_is_not_there_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    from steersman.storage.etcd import connection

    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.3)
    with pytest.raises(ClusterError, match=r"no etcd answers at http://127\.0\.0\.1:1"):
        await check_etcd(EtcdSettings(servers=("http://127.0.0.1:1",)), RealClock())
