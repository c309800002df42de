"""Objects that are encrypted in the store: what stands there, how keys change, what a missing key looks like."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.api.server import CONFIG, Served, serving
from tests.fakekms import Kms

from steersman.apiserver.app import Deps
from steersman.apiserver.attributes import AdmitEverybody, AlwaysAllow
from steersman.apiserver.collection import ROOT
from steersman.component.clock import FakeClock, RealClock
from steersman.component.metrics import Registry
from steersman.storage.encryption.keeper import Keeper
from steersman.storage.encryption.keyservice import KeyService
from steersman.storage.encryption.providers import Maker
from steersman.storage.encryption.store import EncryptedStore
from steersman.storage.interface import Store
from steersman.storage.memory import MemoryStore
from steersman.storage.sqlite import open_sqlite

SECRETS = "/api/v1/namespaces/default/secrets"
MAPS = "/api/v1/namespaces/default/configmaps"
KEY = ROOT + "secrets/default/a"
ONE = "{name: one, secret: MTExMTExMTExMTExMTExMQ==}"
TWO = "{name: two, secret: MjIyMjIyMjIyMjIyMjIyMg==}"


def cbc(*keys: str) -> str:
    return f"{{aescbc: {{keys: [{', '.join(keys)}]}}}}"


PLAIN, KMS = "{identity: {}}", "{kms: {name: p, apiVersion: v2, endpoint: 'unix:///p'}}"


def config(*providers: str, resources: str = "secrets") -> bytes:
    entry = f"{{resources: [{resources}], providers: [{', '.join(providers)}]}}"
    text = f"kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nresources: [{entry}]\n"
    return text.encode()


@dataclass
class Disk:
    """A store that outlives servers, and a plugin."""

    store: Store
    file: Path
    kms: Kms = field(default_factory=Kms)
    clock: FakeClock = field(default_factory=FakeClock)
    registry: Registry = field(default_factory=Registry)

    def maker(self) -> Maker:
        def dial(endpoint: str, timeout: timedelta) -> KeyService:
            return self.kms

        return Maker(self.clock, Random(1), dial)

    @asynccontextmanager
    async def serving(self, data: bytes) -> AsyncIterator[Served]:
        self.file.write_bytes(data)
        registry = self.registry = Registry()
        store = EncryptedStore(self.store, ROOT, self.maker().made(data, "keys"), registry)
        keeper = Keeper(store, self.file, self.maker(), reloads=True, metrics=registry)
        await keeper.check()
        deps = Deps(store, RealClock(), AdmitEverybody(), AlwaysAllow(), CONFIG, checks={"kms-providers": keeper.check})
        async with serving(deps) as served:
            keeping = asyncio.create_task(keeper.run(served.server.collections.heal))
            await served.post("/api/v1/namespaces", {"metadata": {"name": "default"}})
            try:
                yield served
            finally:
                keeping.cancel()
                await asyncio.gather(keeping, return_exceptions=True)

    async def raw(self, key: str = KEY) -> bytes:
        entry = await self.store.get(key)
        assert entry is not None
        return entry.value


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[Disk]:
    store = MemoryStore(RealClock())
    yield Disk(store, tmp_path / "keys.yaml")
    await store.close()


async def create(served: Served, name: str = "a", path: str = SECRETS, **data: str) -> dict[str, Any]:
    body = {"metadata": {"name": name}, "stringData" if path == SECRETS else "data": data or {"p": "hidden-word"}}
    made = await served.post(path, body)
    assert made.status == 201, made.json
    answer: dict[str, Any] = made.json
    return answer


async def test_a_secret_is_not_plain_in_the_database(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "state.db", RealClock())
    disk = Disk(store, tmp_path / "keys.yaml")
    async with disk.serving(config(cbc(ONE))) as served:
        await create(served)
        await create(served, path=MAPS, shown="shown-word")
        shown = await served.get(f"{SECRETS}/a")
        listed = await served.get(f"{SECRETS}?resourceVersion={shown.json['metadata']['resourceVersion']}&limit=1")
    assert shown.json["data"] == listed.json["items"][0]["data"] == {"p": "aGlkZGVuLXdvcmQ="}
    assert (await disk.raw()).startswith(b"k8s:enc:aescbc:v1:one:")
    await store.close()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith("state.db"))
    assert b"shown-word" in written
    assert b"aGlkZGVuLXdvcmQ=" not in written
    assert KEY.encode() in written


async def test_keys_rotate_and_a_write_that_changes_nothing_uses_the_new_one(disk: Disk) -> None:
    async with disk.serving(config(cbc(ONE))) as served:
        await create(served)
    async with disk.serving(config(cbc(TWO, ONE))) as served:
        read = await served.get(f"{SECRETS}/a")
        assert (await disk.raw()).startswith(b"k8s:enc:aescbc:v1:one:")
        same = await served.put(f"{SECRETS}/a", read.json)
        assert same.json["metadata"]["resourceVersion"] != read.json["metadata"]["resourceVersion"]
        assert (await disk.raw()).startswith(b"k8s:enc:aescbc:v1:two:")
        again = await served.put(f"{SECRETS}/a", same.json)
        assert again.json == same.json
    async with disk.serving(config(cbc(TWO))) as served:
        assert (await served.get(f"{SECRETS}/a")).json["data"] == read.json["data"]


async def test_encryption_begins_with_what_is_plain_and_ends_with_plain_first(disk: Disk) -> None:
    async with disk.serving(config(PLAIN)) as served:
        await create(served)
        assert b'"kind":"Secret"' in await disk.raw()
    async with disk.serving(config(cbc(ONE), PLAIN)) as served:
        await served.put(f"{SECRETS}/a", (await served.get(f"{SECRETS}/a")).json)
        assert (await disk.raw()).startswith(b"k8s:enc:")
    async with disk.serving(config(PLAIN, cbc(ONE))) as served:
        await served.patch(f"{SECRETS}/a", {"metadata": {"labels": {}}})
        assert b'"kind":"Secret"' in await disk.raw()


async def test_what_cannot_be_read_is_told_in_upstreams_words_and_hides_nothing_else(disk: Disk) -> None:
    async with disk.serving(config(cbc(ONE))) as served:
        await create(served)
        await create(served, path=MAPS)
    async with disk.serving(config(cbc(TWO))) as served:
        why = "no matching key was found for the provided AES transformer"
        got = await served.get(f"{SECRETS}/a")
        assert (got.status, got.json["reason"]) == (500, "InternalError")
        assert got.json["message"] == f"Internal error occurred: {why}"
        for target in (SECRETS, "/api/v1/secrets", f"{SECRETS}?watch=1"):
            message = (await served.get(target)).json["message"]
            assert message == f'Internal error occurred: unable to transform key "{KEY}": {why}'
        assert (await served.delete(f"{SECRETS}/a")).status == 500
        assert (await served.post(SECRETS, {"metadata": {"name": "a"}})).status == 409
        assert (await served.get(f"{MAPS}/a")).status == 200
        assert (await served.get("/api/v1/namespaces/kube-system/secrets")).json["items"] == []
        await create(served, "b")
        assert (await served.get(f"{SECRETS}/b")).status == 200
    metrics, name = disk.registry.render().decode(), "apiserver_storage_transformation_operations_total"
    for status, way in (("OK", "to_storage"), ("unknown-non-grpc", "from_storage")):
        labels = f'resource="secrets",status="{status}",transformation_type="{way}"'
        assert f'{name}{{{labels},transformer_prefix="k8s:enc:aescbc:v1:"}} ' in metrics


async def test_a_configuration_that_changes_is_taken_within_a_minute_and_heals(disk: Disk) -> None:
    async with disk.serving(config(cbc(ONE))) as served:
        await create(served)
    async with disk.serving(config(cbc(TWO))) as served:
        await create(served, "b")
        disk.file.write_bytes(b"nonsense: true")
        await advance(disk.clock, 61)
        assert (await served.get(SECRETS)).status == 500
        disk.file.write_bytes(config(cbc(TWO, ONE)))
        await advance(disk.clock, 61)
        listed = await served.get(SECRETS)
        assert [one["metadata"]["name"] for one in listed.json["items"]] == ["a", "b"], listed.json
    metrics = disk.registry.render().decode()
    for status in ("success", "failure"):
        assert f'apiserver_encryption_config_controller_automatic_reloads_total{{status="{status}"}} 1' in metrics


async def test_an_object_that_another_server_encrypts_otherwise_is_not_told_as_deleted(disk: Disk) -> None:
    async with disk.serving(config(cbc(ONE))) as one:
        made = await create(one)
        version = made["metadata"]["resourceVersion"]
        async with disk.serving(config(cbc(TWO, ONE))) as two:
            async with one.watching(f"{SECRETS}?watch=1&resourceVersion={version}") as stream:
                assert (await two.patch(f"{SECRETS}/a", {"data": {"q": "eA=="}})).status == 200
                told = [event async for event in stream]
            assert told == []
            disk.file.write_bytes(config(cbc(ONE, TWO)))
        assert (await one.get(f"{SECRETS}/a")).status == 500
        await advance(disk.clock, 61)
        assert (await one.get(f"{SECRETS}/a")).json["data"]["q"] == "eA=="


async def test_a_plugin_that_is_away_at_the_start_is_waited_for(disk: Disk) -> None:
    async with disk.serving(config(KMS)) as served:
        await create(served)
        assert (await disk.raw()).startswith(b"k8s:enc:kms:v2:p:")
        assert (await served.get("/readyz/kms-providers")).status == 200
        assert 'transformer_prefix="k8s:enc:kms:v2:p:"} 1' in disk.registry.render().decode()
    disk.kms.is_away = True
    async with disk.serving(config(KMS)) as served:
        assert (await served.get("/readyz/kms-providers")).status == 500
        assert "got unexpected nil transformer" in (await served.get(f"{SECRETS}/a")).json["message"]
        refused = await served.post(SECRETS, {"metadata": {"name": "b"}})
        assert (refused.status, refused.json["reason"]) == (500, "InternalError")
        assert (await served.get(f"{SECRETS}/b")).json["reason"] == "NotFound"
        disk.kms.is_away = False
        await advance(disk.clock, 31)
        assert (await served.get(f"{SECRETS}/a")).json["data"] == {"p": "aGlkZGVuLXdvcmQ="}
        await create(served, "b")


async def test_everything_may_be_encrypted_custom_resources_too(disk: Disk) -> None:
    names = {"plural": "bears", "kind": "Bear", "singular": "bear"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    async with disk.serving(config(cbc(ONE), resources='"*.*"')) as served:
        target = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        made = await served.post(target, {"metadata": {"name": "bears.example.com"}, "spec": spec})
        assert made.status == 201, made.json
        bears = "/apis/example.com/v1/namespaces/default/bears"
        async with asyncio.timeout(10):
            while (await served.get(bears)).status != 200:
                await asyncio.sleep(0.01)
        assert (await served.post(bears, {"metadata": {"name": "b"}, "honey": "hidden-word"})).status == 201
        assert (await served.get(f"{bears}/b")).json["honey"] == "hidden-word"
    page = await disk.store.list(ROOT)
    assert len(page.entries) > 2
    assert all(entry.value.startswith(b"k8s:enc:aescbc:v1:one:") for entry in page.entries), page


async def advance(clock: FakeClock, seconds: int) -> None:
    """Second by second, with time for threads between."""
    for _ in range(seconds):
        await clock.advance(1)
    for _ in range(20):
        await asyncio.sleep(0.005)
