"""Bodies as Go clients write them."""

import pytest

from steersman.api.core import Pod
from steersman.apimachinery.codec.json import DecodeError
from steersman.apimachinery.codec.protobuf import MAGIC, decode


def varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


def part(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def number(place: int, value: int) -> bytes:
    return varint(place << 3) + varint(value % (1 << 64))


def body(kind: str, message: bytes) -> bytes:
    return MAGIC + part(1, part(1, b"v1") + part(2, kind.encode())) + part(2, message)


def test_fields_of_every_form_are_read() -> None:
    meta = (
        part(1, b"p") + part(8, b"")  # a zero time is none
        + part(11, part(1, b"app") + part(2, b"x"))
        + part(9, number(1, 1_700_000_000))
    )  # fmt: skip
    probe = part(1, part(2, part(2, number(1, 0) + number(2, 8080)))) + number(6, 3)
    limits = part(1, part(1, b"cpu") + part(2, part(1, b"500m")))
    container = part(1, b"c") + part(2, b"i") + part(8, limits) + part(10, probe) + number(16, 1)
    volume = part(1, b"v") + part(2, part(2, b""))  # emptyDir is inlined from VolumeSource
    spec = part(2, container) + part(1, volume) + number(4, -1 % (1 << 64))
    pod = decode(body("Pod", part(1, meta) + part(2, spec)), Pod)
    assert pod.metadata.labels == {"app": "x"}
    assert pod.metadata.creationTimestamp is None
    assert pod.metadata.deletionTimestamp is not None
    assert pod.spec.terminationGracePeriodSeconds == -1
    assert pod.spec.volumes[0].emptyDir is not None
    made = pod.spec.containers[0]
    assert (made.name, made.image, made.stdin) == ("c", "i", True)
    assert str(made.resources.limits["cpu"]) == "500m"
    assert made.livenessProbe is not None
    assert made.livenessProbe.httpGet is not None
    assert (made.livenessProbe.httpGet.port, made.livenessProbe.failureThreshold) == (8080, 3)


def test_what_is_cut_off_or_no_protobuf_is_refused() -> None:
    with pytest.raises(DecodeError, match="expected prefix"):
        decode(b"{}", Pod)
    with pytest.raises(DecodeError):
        decode(body("Pod", part(1, b"x" * 10)[:-5]), Pod)
