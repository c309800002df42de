"""A cluster's objects on their way between SQLite and etcd."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from tests.etcdserver import EtcdServer, needs_etcd, running_etcd

from steersman.cli.main import main
from steersman.cluster.facts import Wishes, new_cluster
from steersman.cluster.layout import Layout
from steersman.cluster.migrate import TargetNotEmpty, move
from steersman.cluster.stores import open_store
from steersman.cluster.storesettings import noted_etcd
from steersman.component.clock import FakeClock, RealClock
from steersman.storage.encryption.keyservice import KeyService
from steersman.storage.encryption.providers import Maker
from steersman.storage.encryption.store import EncryptedStore
from steersman.storage.etcd.store import open_etcd
from steersman.storage.interface import Put, Store
from steersman.storage.memory import MemoryStore
from steersman.storage.sqlite import open_sqlite

ROOT = "/registry/"
BIG = b"x" * 700_000


async def fill(store: Store) -> dict[str, bytes]:
    """More than a page, a few that don't fit into one transaction, and one that ends."""
    contents = {f"{ROOT}pods/default/p{number:04}": b"%d" % number for number in range(620)}
    contents |= {f"{ROOT}secrets/default/s{number}": BIG for number in range(3)}
    for key, value in contents.items():
        await store.txn((), (Put(key, value),))
    await store.txn((), (Put(f"{ROOT}events/default/e", b"e", 3600),))
    await store.txn((), (Put("/elsewhere", b"not an object"),))
    return contents | {f"{ROOT}events/default/e": b"e"}


async def contents_of(store: Store) -> dict[str, bytes]:
    return {entry.key: entry.value for entry in (await store.list(ROOT)).entries}


@pytest.fixture
def etcd(tmp_path: Path) -> Iterator[EtcdServer]:
    with running_etcd(tmp_path / "etcd") as server:
        yield server


async def test_everything_is_moved_and_what_was_to_end_still_ends() -> None:
    clock = FakeClock()
    source, target = MemoryStore(clock), MemoryStore(clock)
    contents = await fill(source)
    await clock.advance(1800)
    moved = await move(source, target, clock, overwrite=False)
    assert moved.objects == len(contents)
    assert await contents_of(target) == contents == await contents_of(source)
    await clock.advance(1805)
    assert f"{ROOT}events/default/e" not in await contents_of(target)
    await source.close()
    await target.close()


async def test_what_the_target_holds_is_not_mixed_with_what_comes() -> None:
    clock = FakeClock()
    source, target = MemoryStore(clock), MemoryStore(clock)
    await source.txn((), (Put(f"{ROOT}pods/a/new", b""),))
    await target.txn((), (Put(f"{ROOT}pods/a/old", b""), Put("/elsewhere", b"")))
    with pytest.raises(TargetNotEmpty, match="holds 1 objects"):
        await move(source, target, clock, overwrite=False)
    await move(source, target, clock, overwrite=True)
    assert list(await contents_of(target)) == [f"{ROOT}pods/a/new"]
    assert await target.get("/elsewhere") is not None


async def test_no_resource_version_of_before_is_yet_to_come_afterwards() -> None:
    clock = FakeClock()
    source, target = MemoryStore(clock), MemoryStore(clock)
    for number in range(500):
        await source.txn((), (Put(f"{ROOT}pods/a/x", b"%d" % number),))
    await move(source, target, clock, overwrite=False)
    assert target.revision > source.revision
    assert [entry.key for entry in (await target.list("")).entries] == [f"{ROOT}pods/a/x"]


@needs_etcd
async def test_sqlite_to_etcd_and_back_gives_the_same_objects(tmp_path: Path, etcd: EtcdServer) -> None:
    clock = RealClock()
    first, second = await open_sqlite(tmp_path / "a.db", clock), await open_sqlite(tmp_path / "b.db", clock)
    middle = await open_etcd(etcd.config, clock)
    try:
        contents = await fill(first)
        await move(first, middle, clock, overwrite=False)
        assert await contents_of(middle) == contents
        await move(middle, second, clock, overwrite=False)
        assert await contents_of(second) == contents
        event = await second.get(f"{ROOT}events/default/e")
        assert event is not None
        assert event.expires_at is not None
        assert 3500 < (event.expires_at - clock.now()).total_seconds() < 3700
    finally:
        for store in (first, middle, second):
            await store.close()


@needs_etcd
def test_a_migrated_cluster_uses_its_new_store_from_then_on(
    tmp_path: Path, etcd: EtcdServer, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = Layout(tmp_path / "cluster")
    layout.prepare()
    layout.write_facts(new_cluster("127.0.0.1", Wishes()))
    at = ["--data-dir", str(layout.data_dir)]
    where = ["--etcd-servers", etcd.url]
    for flag, name in (("cafile", "ca.crt"), ("certfile", "client.crt"), ("keyfile", "client.key")):
        where += [f"--etcd-{flag}", str(etcd.directory / name)]
    assert main(["migrate", *at, "--from", "sqlite", "--to", "etcd", *where]) == 1
    assert f"there is no {layout.database}" in capsys.readouterr().err
    asyncio.run(store_one(layout, b"first"))
    assert main(["migrate", *at, "--from", "sqlite", "--to", "etcd", *where]) == 0
    assert "moved 1 objects" in capsys.readouterr().out
    noted = noted_etcd(layout)
    assert noted is not None
    assert noted.servers == (etcd.url,)
    assert asyncio.run(value_of(layout)) == b"first"
    asyncio.run(store_one(layout, b"changed in etcd"))
    assert main(["migrate", *at, "--from", "etcd", "--to", "sqlite"]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert main(["migrate", *at, "--from", "etcd", "--to", "sqlite", "--overwrite"]) == 0
    assert noted_etcd(layout) is None
    assert asyncio.run(value_of(layout)) == b"changed in etcd"


async def store_one(layout: Layout, value: bytes) -> None:
    store = await open_store(layout, None, RealClock())
    await store.txn((), (Put(f"{ROOT}pods/a/x", value),))
    await store.close()


async def value_of(layout: Layout) -> bytes:
    store = await open_store(layout, None, RealClock())
    entry = await store.get(f"{ROOT}pods/a/x")
    await store.close()
    assert entry is not None
    return entry.value


async def test_encrypted_values_move_as_they_are_and_are_read_with_the_same_keys() -> None:
    def no_plugin(endpoint: str, timeout: timedelta) -> KeyService:
        raise AssertionError(endpoint)

    keys = b"""
    {kind: EncryptionConfiguration, apiVersion: apiserver.config.k8s.io/v1, resources: [{resources: [secrets],
    providers: [{aesgcm: {keys: [{name: a, secret: MTExMTExMTExMTExMTExMQ==}]}}]}]}
    """
    clock = RealClock()
    providers = Maker(clock, Random(1), no_plugin).made(keys, "keys")
    old, new = MemoryStore(clock), MemoryStore(clock)
    key = f"{ROOT}secrets/default/a"
    await EncryptedStore(old, ROOT, providers).txn((), (Put(key, b"value"),))
    await move(old, new, clock, overwrite=False)
    raw, read = await new.get(key), await EncryptedStore(new, ROOT, providers).get(key)
    assert raw is not None
    assert read is not None
    assert raw.value.startswith(b"k8s:enc:aesgcm:v1:a:")
    assert read.value == b"value"
    for store in (old, new):
        await store.close()
