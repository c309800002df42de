"""Protobuf over HTTP, as Go clients speak it: bodies, answers, lists, watches, errors, and what has none."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.api.server import Served
from tests.api.test_custom import TABS, definition, established, tab

from steersman.api.authorization import SelfSubjectAccessReview
from steersman.api.autoscaling import Scale
from steersman.api.core import Binding, ConfigMap, Event, Pod
from steersman.api.meta import (
    APIGroup,
    APIGroupList,
    APIResourceList,
    APIVersions,
    DeleteOptions,
    PartialObjectMetadata,
    Status,
)
from steersman.apimachinery.codec import protobuf, yaml
from steersman.apimachinery.codec.json import decode, encode, from_wire
from steersman.apimachinery.codec.protoread import fields_of
from steersman.apimachinery.object import Object
from steersman.apiserver.http.answers import object_answer
from steersman.storage.cacher import CacheEvent, Change

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
PB = "application/vnd.kubernetes.protobuf"
METADATA = f"{PB};as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
OFFERED = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
POD = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}


def config_map(name: str, **labels: str) -> ConfigMap:
    return from_wire({"metadata": {"name": name, "labels": labels}, "data": {"k": "v"}}, ConfigMap)


async def send(server: Served, method: str, target: str, obj: Object, **headers: str) -> Any:
    return await server.ask(method, target, protobuf.encode(obj), **{"content_type": PB, "accept": PB} | headers)


def items_of(data: bytes) -> list[bytes]:
    return [value for number, _, value in fields_of(protobuf.read_envelope(data).message) if number == 2]


async def frames(server: Served, target: str, accept: str) -> AsyncIterator[tuple[str, protobuf.Envelope]]:
    response = await server.pool.request("GET", target, {"accept": accept})
    assert response.headers["content-type"] == f"{PB};stream=watch"
    rest = b""
    try:
        async for chunk in response.chunks():
            rest += chunk
            while len(rest) >= 4 and len(rest) >= 4 + (size := int.from_bytes(rest[:4])):
                event = {number: value for number, _, value in fields_of(rest[4 : 4 + size])}
                rest = rest[4 + size :]
                raw = {number: value for number, _, value in fields_of(event[2])}
                yield event[1].decode(), protobuf.read_envelope(raw[1])
    finally:
        response.close()


async def test_an_object_goes_in_and_comes_out(server: Served) -> None:
    made = await send(server, "POST", MAPS, config_map("a"))
    assert (made.status, made.headers["content-type"]) == (201, PB)
    created = protobuf.decode(made.data, ConfigMap)
    changed = await send(server, "PUT", f"{MAPS}/a", from_wire({"metadata": {"name": "a"}}, ConfigMap))
    assert protobuf.decode(changed.data, ConfigMap).data == {}
    got = await server.get(f"{MAPS}/a", accept=f"{PB}, application/json")
    assert got.headers["content-type"] == PB
    assert protobuf.decode(got.data, ConfigMap) == decode((await server.get(f"{MAPS}/a")).data, ConfigMap)
    assert created.metadata.uid == protobuf.decode(got.data, ConfigMap).metadata.uid


async def test_a_list_is_made_of_messages_that_are_made_once(server: Served) -> None:
    for name in "abc":
        await server.post(MAPS, {"metadata": {"name": name}})
    first, again = [await server.get(MAPS, accept=PB) for _ in range(2)]
    assert first.data == again.data
    envelope = protobuf.read_envelope(first.data)
    assert (envelope.api_version, envelope.kind) == ("v1", "ConfigMapList")
    assert len(items_of(first.data)) == 3
    cacher = server.server.collections.of(ConfigMap).cacher
    one = cacher.under(cacher.prefix)[0]
    assert list(one._forms or ()) != []
    assert next(iter((one._forms or {}).values())) in first.data


async def test_a_page_says_how_it_goes_on(server: Served) -> None:
    for name in "abc":
        await server.post(MAPS, {"metadata": {"name": name}})
    page = protobuf.read_envelope((await server.get(f"{MAPS}?limit=2", accept=PB)).data)
    message = {number: value for number, _, value in fields_of(page.message)}
    meta = {number: value for number, _, value in fields_of(message[1])}
    assert (meta[4], bool(meta[3])) == (1, True)
    rest = await server.get(f"{MAPS}?limit=2&continue={meta[3].decode()}", accept=PB)
    assert len(items_of(rest.data)) == 1


async def test_a_watch_tells_in_frames_that_all_watchers_share(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes] = []
    framed = CacheEvent.framed

    def spied(self: CacheEvent, name: Any, change: Change, make: Any) -> bytes:
        return framed(self, name, change, lambda *given: made.append(b"") or make(*given))

    await server.post(MAPS, {"metadata": {"name": "a"}})
    watches = [
        frames(
            server,
            f"{MAPS}?watch=1&allowWatchBookmarks=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
            f"{PB};stream=watch",
        )
        for _ in range(2)
    ]
    for watch in watches:
        change, envelope = await anext(watch)
        assert (change, envelope.kind) == ("ADDED", "ConfigMap")
        mark, envelope = await anext(watch)
        assert mark == "BOOKMARK"
        assert envelope.decode(ConfigMap).metadata.annotations == {"k8s.io/initial-events-end": "true"}
    monkeypatch.setattr(CacheEvent, "framed", spied)
    await server.patch(f"{MAPS}/a", {"data": {"x": "y"}})
    changed = [await anext(watch) for watch in watches]
    assert changed[0] == changed[1]
    assert (changed[0][0], changed[0][1].decode(ConfigMap).data) == ("MODIFIED", {"x": "y"})
    assert len(made) == 1
    await server.delete(f"{MAPS}/a")
    gone = [await anext(watch) for watch in watches]
    assert gone[0] == gone[1]
    assert gone[0][0] == "DELETED"
    before, after = (one[0][1].decode(ConfigMap).metadata.resourceVersion for one in (changed, gone))
    assert int(after) > int(before)
    for watch in watches:
        await watch.aclose()


async def test_the_metadata_alone_is_shown_of_any_kind(server: Served) -> None:
    await established(server, definition())
    await server.post(TABS, tab("a", spec={"cron": "*"}))
    one = await server.get(f"{TABS}/a", accept=METADATA)
    assert one.headers["content-type"] == PB
    envelope = protobuf.read_envelope(one.data)
    assert (envelope.api_version, envelope.kind) == ("meta.k8s.io/v1", "PartialObjectMetadata")
    assert envelope.decode(PartialObjectMetadata).metadata.name == "a"
    listed = await server.get(TABS, accept=METADATA.replace("Metadata", "MetadataList"))
    assert protobuf.read_envelope(listed.data).kind == "PartialObjectMetadataList"
    assert len(items_of(listed.data)) == 1
    watch = frames(server, f"{TABS}?watch=1", METADATA)
    change, envelope = await anext(watch)
    assert (change, envelope.kind) == ("ADDED", "PartialObjectMetadata")
    await watch.aclose()


async def test_custom_resources_have_no_protobuf(server: Served) -> None:
    await established(server, definition())
    refused = await server.get(TABS, accept=PB)
    assert refused.status == 406
    assert protobuf.decode(refused.data, Status).message == f"only the following media types are accepted: {OFFERED}"
    assert (await server.get(TABS, accept=f"{PB}, application/json")).headers["content-type"] == "application/json"
    body = protobuf.enveloped("stable.example.com/v1", "CronTab", protobuf.contents(config_map("a")))
    made = await server.post(TABS, body, content_type=PB)
    assert made.status == 400
    assert "does not implement the protobuf marshalling interface" in made.json["message"]


async def test_errors_are_told_in_what_the_client_takes(server: Served) -> None:
    missing = await server.get(f"{MAPS}/none", accept=f"{PB};stream=watch")
    assert (missing.status, missing.headers["content-type"]) == (404, PB)
    status = protobuf.decode(missing.data, Status)
    assert (status.reason, status.code, status.details and status.details.kind) == ("NotFound", 404, "configmaps")
    as_yaml = await server.get(f"{MAPS}/none", accept="application/yaml")
    assert (as_yaml.headers["content-type"], yaml.parse(as_yaml.data)["code"]) == ("application/yaml", 404)
    unknown = await server.get(f"{MAPS}/none", accept="text/html")
    assert (unknown.status, unknown.json["reason"]) == (406, "NotAcceptable")
    table = await server.get(f"{MAPS}/none", accept="application/json;as=Table;g=meta.k8s.io;v=v1")
    assert (table.status, table.json["kind"]) == (404, "Status")


async def test_what_cannot_be_answered_is_not_done(server: Served) -> None:
    refused = await server.post(MAPS, {"metadata": {"name": "a"}}, accept="text/html")
    assert refused.status == 406
    assert refused.json["message"] == f"only the following media types are accepted: {OFFERED}"
    assert (await server.get(f"{MAPS}/a")).status == 404


async def test_a_body_that_is_not_read_is_refused(server: Served) -> None:
    refused = await server.post(MAPS, b"x", content_type="text/plain")
    assert refused.status == 415
    assert refused.json["message"] == (
        f"the body of the request was in an unknown format - accepted media types include: {OFFERED}"
    )
    broken = await server.post(MAPS, protobuf.MAGIC + b"\x12\xff\x01", content_type=PB)
    assert broken.status == 400


async def test_subresources_and_reviews_answer_in_protobuf(server: Served) -> None:
    apps = "/apis/apps/v1/namespaces/default/deployments"
    await server.post(
        apps,
        {
            "metadata": {"name": "d"},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"a": "b"}},
                "template": {"metadata": {"labels": {"a": "b"}}, "spec": POD["spec"]},
            },
        },
    )
    scale = protobuf.decode((await server.get(f"{apps}/d/scale", accept=PB)).data, Scale)
    assert scale.spec.replicas == 2
    wanted = from_wire({"metadata": {"name": "d", "namespace": "default"}, "spec": {"replicas": 5}}, Scale)
    changed = await send(server, "PUT", f"{apps}/d/scale", wanted)
    assert protobuf.decode(changed.data, Scale).spec.replicas == 5
    await server.post(PODS, POD)
    binding = from_wire({"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}}, Binding)
    bound = await send(server, "POST", f"{PODS}/p/binding", binding)
    assert (bound.status, protobuf.decode(bound.data, Status).status) == (201, "Success")
    assert protobuf.decode((await server.get(f"{PODS}/p", accept=PB)).data, Pod).spec.nodeName == "n"
    reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    as_table = "application/json;as=Table;g=meta.k8s.io;v=v1"
    assert (await server.post(reviews, {"spec": {}}, accept=as_table)).status == 406


async def test_a_review_is_answered_in_protobuf() -> None:
    review = from_wire({"spec": {}, "status": {"allowed": True, "reason": "r"}}, SelfSubjectAccessReview)
    answer = object_answer(201, encode(review), SelfSubjectAccessReview, PB)
    assert answer.headers == (("Cache-Control", "no-cache, private"), ("Content-Type", PB))
    assert isinstance(answer.body, bytes)
    assert protobuf.decode(answer.body, SelfSubjectAccessReview) == review


async def test_deleting_takes_options_and_answers_in_protobuf(server: Served) -> None:
    await server.post(MAPS, {"metadata": {"name": "a"}})
    wrong = await send(server, "DELETE", f"{MAPS}/a", from_wire({"preconditions": {"uid": "x"}}, DeleteOptions))
    assert (wrong.status, protobuf.decode(wrong.data, Status).reason) == (409, "Conflict")
    gone = await send(server, "DELETE", f"{MAPS}/a", DeleteOptions(gracePeriodSeconds=0))
    assert (gone.status, protobuf.decode(gone.data, Status).status) == (200, "Success")
    await server.post(MAPS, {"metadata": {"name": "b"}})
    all_gone = await send(server, "DELETE", MAPS, DeleteOptions())
    assert protobuf.read_envelope(all_gone.data).kind == "ConfigMapList"
    assert len(items_of(all_gone.data)) == 1


async def test_one_object_has_a_message_for_each_kind_it_is_served_as(server: Served) -> None:
    event = {"metadata": {"name": "e"}, "involvedObject": {"namespace": "default"}, "reason": "R", "message": "m"}
    await server.post("/api/v1/namespaces/default/events", event)
    core = await server.get("/api/v1/namespaces/default/events/e", accept=PB)
    assert protobuf.decode(core.data, Event).message == "m"
    other = await server.get("/apis/events.k8s.io/v1/namespaces/default/events", accept=PB)
    assert protobuf.read_envelope(other.data).api_version == "events.k8s.io/v1"
    assert b"m" in items_of(other.data)[0]


async def test_yaml_has_tables_and_metadata_too(server: Served) -> None:
    await server.post(MAPS, {"metadata": {"name": "a"}})
    for form, kind in (("Table", "Table"), ("PartialObjectMetadataList", "PartialObjectMetadataList")):
        answer = await server.get(MAPS, accept=f"application/yaml;as={form};g=meta.k8s.io;v=v1")
        assert answer.headers["content-type"] == "application/yaml"
        assert yaml.parse(answer.data)["kind"] == kind


async def test_discovery_is_told_in_protobuf_to_those_who_want_it_so(server: Served) -> None:
    kinds = {"/api": APIVersions, "/apis": APIGroupList, "/apis/apps": APIGroup, "/apis/apps/v1": APIResourceList}
    for path, kind in kinds.items():
        answer = await server.get(path, accept=f"{PB}, */*")
        assert (answer.status, answer.headers["content-type"]) == (200, PB)
        assert protobuf.decode(answer.data, kind) == decode((await server.get(path)).data, kind)
    resources = protobuf.decode((await server.get("/apis/apps/v1", accept=PB)).data, APIResourceList).resources
    assert "watch" in next(one for one in resources if one.name == "deployments").verbs
