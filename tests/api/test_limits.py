"""What a client may send at most: each excess gets a clear answer, and the server goes on for everybody else."""

import gzip
from typing import Any

import pytest
from tests.api.server import Served

MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
MIB = 1024 * 1024


def config_map(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}


async def alive(server: Served) -> bool:
    return (await server.get(MAPS)).status == 200


async def test_a_body_over_three_mebibytes_is_too_large(server: Served) -> None:
    answer = await server.post(MAPS, config_map(big="x" * (3 * MIB)))
    assert (answer.status, answer.json["reason"]) == (413, "RequestEntityTooLarge")
    assert answer.json["message"] == "Request entity too large: limit is 3145728"
    assert await alive(server)


async def test_a_config_map_over_one_mebibyte_is_invalid(server: Served) -> None:
    answer = await server.post(MAPS, config_map(big="x" * (MIB + 1)))
    assert (answer.status, answer.json["reason"]) == (422, "Invalid")
    assert "Too long: may not be more than 1048576 bytes" in answer.json["message"]


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        (b'{"apiVersion":"v1","kind":"ConfigMap","metadata":' + b'{"a":' * 100_000, "application/json"),
        (b"[" * 100_000 + b"]" * 100_000, "application/json"),
        (b'{"metadata":{"labels":' + b"[" * 50_000 + b"]" * 50_000 + b"}}", "application/json"),
        (b"a: " + b"[" * 5_000 + b"]" * 5_000, "application/yaml"),
        (b'{"data":{"a":' + b"9" * 100_000 + b"}}", "application/json"),
        (b"\x6b\x38\x73\x00" + b"\x0a\xff\xff\xff\xff\xff\xff\xff\x7f", "application/vnd.kubernetes.protobuf"),
        (b"\xff\xfe\x00", "application/json"),
        (gzip.compress(b"{}" * 100, mtime=0), "application/json"),
    ],
)
async def test_a_malicious_body_is_a_bad_request(server: Served, text: bytes, media_type: str) -> None:
    for target in (MAPS, DEPLOYMENTS):
        answer = await server.post(target, text, content_type=media_type)
        assert (answer.status, answer.json["reason"]) == (400, "BadRequest")
        assert len(answer.data) < 4096
    assert await alive(server)


async def test_a_yaml_bomb_is_refused_before_it_goes_off(server: Served) -> None:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    answer = await server.post(MAPS, "\n".join(lines).encode(), content_type="application/yaml")
    assert answer.status == 400
    assert "document contains excessive aliasing" in answer.json["message"]
    assert await alive(server)


@pytest.mark.parametrize("kind", ["merge", "strategic", "json"])
async def test_a_patch_that_nests_without_end_is_refused(server: Served, kind: str) -> None:
    await server.post(MAPS, config_map())
    deep = b'{"data":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001
    body = b'[{"op":"add","path":"/data","value":' + deep + b"}]" if kind == "json" else deep
    answer = await server.patch(f"{MAPS}/a", body, kind)
    assert answer.status in (400, 422)
    assert await alive(server)


async def test_a_json_patch_has_at_most_ten_thousand_operations(server: Served) -> None:
    await server.post(MAPS, config_map(a="b"))
    one = {"op": "test", "path": "/data/a", "value": "b"}
    assert (await server.patch(f"{MAPS}/a", [one] * 10_000, "json")).status == 200
    answer = await server.patch(f"{MAPS}/a", [one] * 10_001, "json")
    assert answer.status == 413
    assert "The allowed maximum operations in a JSON patch is 10000, got 10001" in answer.json["message"]


async def test_copies_in_a_json_patch_do_not_add_up(server: Served) -> None:
    await server.post(MAPS, config_map(a="x" * 100_000))
    copies = [{"op": "copy", "from": "/data/a", "path": f"/data/a{number}"} for number in range(100)]
    answer = await server.patch(f"{MAPS}/a", copies, "json")
    assert answer.status in (413, 422)
    assert await alive(server)


async def test_a_selector_has_at_most_a_thousand_requirements(server: Served) -> None:
    wanted = [f"k{number}=v" for number in range(1_001)]
    assert (await server.get(f"{MAPS}?labelSelector={','.join(wanted[1:])}")).json["items"] == []
    for verb in ("", "&watch=true"):
        answer = await server.get(f"{MAPS}?labelSelector={','.join(wanted)}{verb}")
        assert (answer.status, answer.json["message"]) == (
            400, "a selector may have at most 1000 requirements, not 1001",
        )  # fmt: skip


@pytest.mark.parametrize("query", ["limit=x", "limit=99999999999999999999", "timeoutSeconds=x", "resourceVersion=-1"])
async def test_a_number_that_is_none_is_refused(server: Served, query: str) -> None:
    answer = await server.get(f"{MAPS}?{query}")
    assert answer.status in (400, 422)
    assert await alive(server)
