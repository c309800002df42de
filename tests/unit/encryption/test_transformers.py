"""Values as they are stored: what upstream stores, what can't be read, which ways are tried."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from steersman.storage.encryption.aes import CBC, GCM, DerivedGCM
from steersman.storage.encryption.transformer import Chain, Identity, Prefixed, Transformer, TransformError

KEY, OTHER, PLACE = b"k" * 32, b"o" * 32, b"/registry/secrets/default/a"


def secretbox(key: bytes) -> Transformer:
    pytest.importorskip("nacl")
    from steersman.storage.encryption.secretbox import Secretbox

    return Secretbox(key)


WAYS = [GCM, CBC, DerivedGCM, secretbox]


@pytest.mark.parametrize("make", WAYS)
@pytest.mark.parametrize("value", [b"", b"x", b"x" * 15, b"x" * 16, b"x" * 5000])
async def test_what_is_stored_is_read_again_and_is_not_plain(make: type[GCM], value: bytes) -> None:
    way = make(KEY)
    stored = await way.to_storage(value, PLACE)
    assert (await way.from_storage(stored, PLACE)).value == value
    assert stored != await way.to_storage(value, PLACE)
    assert len(value) < 16 or value not in stored


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (GCM, "cipher: message authentication failed"),
        (DerivedGCM, "cipher: message authentication failed"),
        (CBC, "invalid padding on input|invalid PKCS7 data"),
        (secretbox, "output array was not large enough for encryption"),
    ],
)
async def test_another_key_reads_nothing(make: type[GCM], said: str) -> None:
    stored = await make(KEY).to_storage(b"value" * 20, PLACE)
    with pytest.raises(TransformError, match=said):
        await make(OTHER).from_storage(stored, PLACE)
    with pytest.raises(TransformError, match="the stored data was shorter than the required size"):
        await make(KEY).from_storage(b"short", PLACE)


@pytest.mark.parametrize("make", [GCM, DerivedGCM])
async def test_a_value_at_another_place_is_refused(make: type[GCM]) -> None:
    stored = await make(KEY).to_storage(b"value", PLACE)
    with pytest.raises(TransformError, match="cipher: message authentication failed"):
        await make(KEY).from_storage(stored, b"/registry/secrets/default/b")


async def test_blocks_are_filled_as_upstream_fills_them() -> None:
    stored = await CBC(KEY).to_storage(b"x" * 16, PLACE)
    assert len(stored) == 16 + 32
    with pytest.raises(TransformError, match="not a multiple of the block size"):
        await CBC(KEY).from_storage(stored[:-1], PLACE)
    with pytest.raises(TransformError, match="invalid PKCS7 data"):
        await CBC(KEY).from_storage(stored[:16], PLACE)


async def test_a_derived_key_is_that_of_hkdf_without_its_first_step() -> None:
    """Info, nonce and sealed value, as upstream puts them: the key is HMAC-SHA256(seed, info | 1)."""
    stored = await DerivedGCM(KEY).to_storage(b"value", PLACE)
    info, nonce, sealed = stored[:32], stored[32:44], stored[44:]
    key = hmac.new(KEY, info + b"\x01", hashlib.sha256).digest()
    assert AESGCM(key).decrypt(nonce, sealed, PLACE) == b"value"
    with pytest.raises(TransformError, match="invalid seed length 5"):
        DerivedGCM(b"short")


def chain(*ways: tuple[str, Transformer]) -> Chain:
    return Chain([Prefixed(prefix.encode(), way) for prefix, way in ways], "no matching prefix found")


async def test_the_first_way_writes_and_what_others_wrote_is_stale() -> None:
    first, second = GCM(KEY), GCM(OTHER)
    old = await chain(("k8s:enc:b:", second)).to_storage(b"value", PLACE)
    both = chain(("k8s:enc:a:", first), ("k8s:enc:b:", second), ("", Identity()))
    assert (await both.to_storage(b"value", PLACE)).startswith(b"k8s:enc:a:")
    for stored, is_stale in ((await both.to_storage(b"value", PLACE), False), (old, True), (b"value", True)):
        read = await both.from_storage(stored, PLACE)
        assert (read.value, read.is_stale) == (b"value", is_stale)


async def test_ways_of_the_same_prefix_are_all_tried() -> None:
    stored = await chain(("k8s:enc:a:", GCM(OTHER))).to_storage(b"value", PLACE)
    both = chain(("k8s:enc:a:", GCM(KEY)), ("k8s:enc:a:", GCM(OTHER)))
    assert (await both.from_storage(stored, PLACE)).is_stale
    with pytest.raises(TransformError, match=r"^cipher: message authentication failed$"):
        await chain(("k8s:enc:a:", GCM(KEY)), ("k8s:enc:", GCM(KEY))).from_storage(stored, PLACE)


async def test_plain_values_first_means_that_all_is_decrypted_and_written_plain() -> None:
    stored = await chain(("k8s:enc:a:", GCM(KEY))).to_storage(b"value", PLACE)
    plain = chain(("", Identity()), ("k8s:enc:a:", GCM(KEY)))
    read = await plain.from_storage(stored, PLACE)
    assert (read.value, read.is_stale) == (b"value", True)
    assert await plain.to_storage(b"value", PLACE) == b"value"
    assert not (await plain.from_storage(b"value", PLACE)).is_stale


async def test_what_no_way_is_for_is_refused() -> None:
    with pytest.raises(TransformError, match="no matching prefix found"):
        await chain(("", Identity())).from_storage(b"k8s:enc:a:x", PLACE)
    with pytest.raises(TransformError, match="no matching prefix found"):
        await chain(("k8s:enc:a:", GCM(KEY))).from_storage(b"plain", PLACE)
    with pytest.raises(TransformError, match="identity transformer tried to read encrypted data"):
        await Identity().from_storage(b"k8s:enc:a:x", PLACE)
