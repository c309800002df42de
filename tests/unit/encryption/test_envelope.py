"""Values under a KMS plugin's key: how often the plugin is asked, when its key changes, and while it is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import grpc
import grpc.aio
import pytest
from tests.fakekms import Kms

from steersman.component.clock import FakeClock
from steersman.component.protobuf import Codec
from steersman.storage.encryption.aes import GCM
from steersman.storage.encryption.envelope import EncryptedObject, Envelope
from steersman.storage.encryption.keyservice import (
    DecryptRequest,
    DecryptResponse,
    EncryptRequest,
    EncryptResponse,
    StatusRequest,
    StatusResponse,
)
from steersman.storage.encryption.kms import Plugin
from steersman.storage.encryption.transformer import TransformError

PLACE = b"/registry/secrets/default/a"


class World:
    def __init__(self) -> None:
        self.kms, self.clock = Kms(), FakeClock()
        self.envelope = self.another()

    def another(self) -> Envelope:
        """As after a restart."""
        return Envelope("p", self.kms, self.clock, Random(1))

    async def pass_(self, minutes: float) -> str:
        await self.clock.advance(minutes * 60)
        return await self.envelope.check()


@pytest.fixture
async def world() -> World:
    made = World()
    assert await made.envelope.check() == ""
    return made


async def test_one_seed_encrypts_many_values_and_is_decrypted_once(world: World) -> None:
    stored = [await world.envelope.to_storage(f"value {n}".encode(), PLACE) for n in range(5)]
    assert world.kms.asked == ["status", "encrypt"]
    later = world.another()
    await later.check()
    for n, data in enumerate(stored):
        read = await later.from_storage(data, PLACE)
        assert (read.value, read.is_stale) == (f"value {n}".encode(), False)
    assert world.kms.asked == ["status", "encrypt", "status", "encrypt", "decrypt"]


async def test_what_is_stored_is_upstreams_message(world: World) -> None:
    data = await world.envelope.to_storage(b"value", PLACE)
    found = Codec("v2", (EncryptedObject,)).decode(data, EncryptedObject)
    assert (found.key_id, found.source_type, found.annotations) == ("key-1", 1, {"a.example.com": b"\xff"})
    assert len(found.source) == 32
    assert len(found.encrypted_data) == 32 + 12 + len(b"value") + 16
    with pytest.raises(TransformError, match="cipher: message authentication failed"):
        await world.envelope.from_storage(data, b"/registry/secrets/default/b")


async def test_a_key_that_has_changed_makes_a_new_seed_and_old_values_stale(world: World) -> None:
    old = await world.envelope.to_storage(b"value", PLACE)
    world.kms.said = replace(world.kms.said, key_id="key-2")
    assert await world.pass_(1) == ""
    read = await world.envelope.from_storage(old, PLACE)
    assert (read.value, read.is_stale) == (b"value", True)
    new = await world.envelope.to_storage(b"value", PLACE)
    assert not (await world.envelope.from_storage(new, PLACE)).is_stale


async def test_writes_go_on_for_three_minutes_without_the_plugin_and_reads_for_ever(world: World) -> None:
    stored = await world.envelope.to_storage(b"value", PLACE)
    world.kms.is_away = True
    assert "failed to perform status section of the healthz check for KMS Provider p" in await world.pass_(2.9)
    await world.envelope.to_storage(b"value", PLACE)
    await world.pass_(0.2)
    with pytest.raises(TransformError, match=r'encryptedDEKSource with keyID hash "sha256:[0-9a-f]+" expired'):
        await world.envelope.to_storage(b"value", PLACE)
    assert (await world.envelope.from_storage(stored, PLACE)).value == b"value"
    world.kms.is_away = False
    assert await world.pass_(0.1) == ""
    await world.envelope.to_storage(b"value", PLACE)


async def test_a_plugin_that_cannot_decrypt_is_not_asked_for_every_value(world: World) -> None:
    stored = await world.envelope.to_storage(b"value", PLACE)
    later = world.another()
    await later.check()
    world.kms.asked.clear()
    world.kms.is_away = True
    for _ in range(3):
        with pytest.raises(TransformError, match="failed to decrypt DEK, error: rpc error: code = Unavailable"):
            await later.from_storage(stored, PLACE)
    assert world.kms.asked == ["decrypt"]
    world.kms.is_away = False
    await world.clock.advance(4)
    assert (await later.from_storage(stored, PLACE)).value == b"value"


async def test_nothing_is_read_or_written_before_the_plugin_has_answered() -> None:
    envelope = World().envelope
    with pytest.raises(TransformError, match="got unexpected nil transformer"):
        await envelope.to_storage(b"value", PLACE)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (StatusResponse("v2", "sick", "k"), "got unexpected healthz status: sick"),
        (StatusResponse("v1", "ok", "k"), "expected KMSv2 API version v2, got v1"),
        (StatusResponse("v2", "ok", ""), 'got invalid KMSv2 KeyID hash "": keyID is empty'),
        (StatusResponse("v2", "ok", "k" * 2000), "keyID is 2000 bytes, which exceeds the max size of 1024"),
        (StatusResponse("v2beta1", "ok", "key-1"), "should not change after the initial status response version v2,"),
    ],
)
async def test_a_plugin_that_is_not_well_is_told(world: World, status: StatusResponse, said: str) -> None:
    world.kms.said = status
    assert said in await world.pass_(1)


async def test_a_key_that_changes_between_status_and_encrypt_is_not_used(world: World) -> None:
    world.kms.said, world.kms.encrypts_by = replace(world.kms.said, key_id="key-2"), "key-3"
    assert "failed to rotate DEK" in await world.pass_(1)
    data = await world.envelope.to_storage(b"value", PLACE)
    assert Codec("v2", (EncryptedObject,)).decode(data, EncryptedObject).key_id == "key-1"


async def test_values_of_single_keys_are_read_too(world: World) -> None:
    """Upstream wrote so before it derived keys."""
    sealed = await GCM(b"k" * 32).to_storage(b"value", PLACE)
    data = Codec("v2", (EncryptedObject,)).encode(
        EncryptedObject(sealed, "key-1", b"k" * 32, {"a.example.com": b"\xff"}, 0)
    )
    read = await world.envelope.from_storage(data, PLACE)
    assert (read.value, read.is_stale) == (b"value", True)


@pytest.mark.parametrize("data", [b"", b"\xff\xff", b"\x0a\x01x"])
async def test_what_is_no_message_is_refused(world: World, data: bytes) -> None:
    with pytest.raises(TransformError):
        await world.envelope.from_storage(data, PLACE)


async def test_the_plugin_is_looked_after_while_it_runs() -> None:
    world = World()
    running = asyncio.create_task(world.envelope.run())
    await world.clock.advance(61)
    assert world.kms.asked == ["status", "encrypt", "status"]
    world.kms.is_away = True
    await world.clock.advance(60)
    await world.clock.advance(21)
    assert world.kms.asked.count("status") == 5
    running.cancel()


@asynccontextmanager
async def served(kms: Kms, socket: Path) -> AsyncIterator[None]:
    """The fake as a gRPC server."""
    codec = Codec(
        "v2", (StatusRequest, StatusResponse, DecryptRequest, DecryptResponse, EncryptRequest, EncryptResponse)
    )

    async def status(_: StatusRequest, __: object) -> StatusResponse:
        return await kms.status()

    async def encrypt(request: EncryptRequest, __: object) -> EncryptResponse:
        return await kms.encrypt(request.plaintext, request.uid)

    async def decrypt(request: DecryptRequest, context: grpc.aio.ServicerContext) -> DecryptResponse:
        if kms.is_away:
            await context.abort(grpc.StatusCode.INTERNAL, "no such key")
        return DecryptResponse(await kms.decrypt(request))

    ways = {
        "Status": (status, StatusRequest),
        "Encrypt": (encrypt, EncryptRequest),
        "Decrypt": (decrypt, DecryptRequest),
    }
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(way, codec.decoder(kind), codec.encode)
        for name, (way, kind) in ways.items()
    }
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("v2.KeyManagementService", handlers),))
    server.add_insecure_port(f"unix:{socket}")
    await server.start()
    try:
        yield
    finally:
        await server.stop(None)


async def test_a_plugin_is_asked_over_its_socket(tmp_path: Path) -> None:
    kms = Kms()
    async with served(kms, tmp_path / "kms.sock"):
        plugin = Plugin(f"unix://{tmp_path}/kms.sock", timedelta(seconds=5))
        envelope = Envelope("p", plugin, FakeClock(), Random(1))
        assert await envelope.check() == ""
        stored = await envelope.to_storage(b"value", PLACE)
        later = Envelope("p", plugin, FakeClock(), Random(2))
        await later.check()
        assert (await later.from_storage(stored, PLACE)).value == b"value"
        kms.is_away = True
        third = Envelope("p", plugin, FakeClock(), Random(3))
        third._state = later._state
        with pytest.raises(
            TransformError, match="failed to decrypt DEK, error: rpc error: code = Internal desc = no s"
        ):
            await third.from_storage(stored, PLACE)
        await plugin.close()


async def test_a_plugin_that_is_not_there_is_waited_for_no_longer_than_its_timeout(tmp_path: Path) -> None:
    plugin = Plugin(f"unix://{tmp_path}/none.sock", timedelta(seconds=0.2))
    async with asyncio.timeout(5):
        with pytest.raises(TransformError, match="rpc error: code = "):
            await plugin.status()
    await plugin.close()


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (EncryptedObject(b"", "k", b"s"), "encrypted data is empty"),
        (EncryptedObject(b"d", "k", b""), "encrypted DEK source is empty"),
        (EncryptedObject(b"d", "k", b"s" * 1025), "1025 bytes, which exceeds the max size of 1024"),
        (EncryptedObject(b"d", "", b"s"), "failed to validate key id: keyID is empty"),
        (EncryptedObject(b"d", "k", b"s", {"a.b": b"x" * 40000}), "exceeds the max size of 32768"),
        (EncryptedObject(b"d", "k", b"s", {"short": b""}), "should be a domain with at least two segments"),
        (EncryptedObject(b"d", "k", b"s", {}, 7), "unknown encryptedDEKSourceType: 7"),
    ],
)
async def test_what_is_stored_must_be_whole(world: World, found: EncryptedObject, said: str) -> None:
    with pytest.raises(TransformError, match=said):
        await world.envelope.from_storage(Codec("v2", (EncryptedObject,)).encode(found), PLACE)
