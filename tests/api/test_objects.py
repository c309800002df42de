"""What can be done with any object, over HTTP."""

import asyncio
from typing import Any

from tests.api.server import Served

MAPS = "/api/v1/namespaces/default/configmaps"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


def config_map(name: str, **labels: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}, "data": {"k": "v"},
    }  # fmt: skip


async def test_a_created_object_can_be_read_back_byte_for_byte(server: Served) -> None:
    made = await server.post(MAPS, config_map("a"))
    read = await server.get(f"{MAPS}/a")
    assert (made.status, read.status) == (201, 200)
    assert made.data == read.data
    meta = made.json["metadata"]
    assert meta["namespace"] == "default"
    assert all(meta[field] for field in ("uid", "resourceVersion", "creationTimestamp"))


async def test_a_name_can_be_taken_once(server: Served) -> None:
    await server.post(MAPS, config_map("a"))
    again = await server.post(MAPS, config_map("a"))
    assert again.status == 409
    assert again.json["reason"] == "AlreadyExists"
    assert again.json["message"] == 'configmaps "a" already exists'
    assert again.json["details"] == {"name": "a", "kind": "configmaps"}


async def test_generated_names_differ(server: Served) -> None:
    body = {"metadata": {"generateName": "job-"}}
    names = {(await server.post(MAPS, body)).json["metadata"]["name"] for _ in range(5)}
    assert len(names) == 5
    assert all(name.startswith("job-") and len(name) == 9 for name in names)


async def test_of_two_updates_from_one_revision_the_second_conflicts(server: Served) -> None:
    made = (await server.post(MAPS, config_map("a"))).json
    first = await server.put(f"{MAPS}/a", made | {"data": {"k": "1"}})
    second = await server.put(f"{MAPS}/a", made | {"data": {"k": "2"}})
    assert (first.status, second.status) == (200, 409)
    assert "the object has been modified; please apply your changes to the latest version" in second.json["message"]


async def test_an_update_that_changes_nothing_is_no_write(server: Served) -> None:
    made = (await server.post(MAPS, config_map("a"))).json
    same = await server.put(f"{MAPS}/a", made)
    assert same.json["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


async def test_an_object_must_be_of_the_namespace_and_name_of_its_url(server: Served) -> None:
    elsewhere = await server.post(MAPS, {"metadata": {"name": "a", "namespace": "other"}})
    assert elsewhere.status == 400
    assert elsewhere.json["message"] == (
        "the namespace of the provided object does not match the namespace sent on the request"
    )
    await server.post(MAPS, config_map("a"))
    renamed = await server.put(f"{MAPS}/a", config_map("b"))
    assert renamed.status == 400
    assert renamed.json["message"] == "the name of the object (b) does not match the name on the URL (a)"


async def test_a_dry_run_stores_nothing(server: Served) -> None:
    dry = await server.post(f"{MAPS}?dryRun=All", config_map("a"))
    assert dry.status == 201
    assert (await server.get(f"{MAPS}/a")).status == 404
    await server.post(MAPS, config_map("a"))
    assert (await server.ask("DELETE", f"{MAPS}/a?dryRun=All")).status == 200
    assert (await server.get(f"{MAPS}/a")).status == 200


async def test_unknown_fields_are_refused_warned_about_or_ignored_as_asked(server: Served) -> None:
    strict = await server.post(f"{MAPS}?fieldValidation=Strict", config_map("a") | {"colour": "red"})
    assert strict.status == 400
    assert 'strict decoding error: unknown field "colour"' in strict.json["message"]
    warned = await server.post(MAPS, config_map("a") | {"colour": "red"})
    assert warned.headers["warning"] == '299 - "unknown field \\"colour\\""'
    ignored = await server.post(f"{MAPS}?fieldValidation=Ignore", config_map("b") | {"colour": "red"})
    assert "warning" not in ignored.headers


async def test_selectors_narrow_a_list(server: Served) -> None:
    await server.post(MAPS, config_map("a", app="x"))
    await server.post(MAPS, config_map("b", app="y"))
    by_label = await server.get(f"{MAPS}?labelSelector=app%20in%20(y)")
    by_field = await server.get("/api/v1/configmaps?fieldSelector=metadata.name%3Da")
    assert [one["metadata"]["name"] for one in by_label.json["items"]] == ["b"]
    assert [one["metadata"]["name"] for one in by_field.json["items"]] == ["a"]
    wrong = await server.get(f"{MAPS}?fieldSelector=data.k%3Dv")
    assert (wrong.status, wrong.json["message"]) == (400, "field label not supported: data.k")


async def test_pages_show_the_state_of_the_first_page(server: Served) -> None:
    for name in "abcde":
        await server.post(MAPS, config_map(name))
    first = (await server.get(f"{MAPS}?limit=2")).json
    assert first["metadata"]["remainingItemCount"] == 3
    await server.delete(f"{MAPS}/d")
    seen = [one["metadata"]["name"] for one in first["items"]]
    token, revision = first["metadata"]["continue"], first["metadata"]["resourceVersion"]
    while token:
        page = (await server.get(f"{MAPS}?limit=2&continue={token}")).json
        assert page["metadata"]["resourceVersion"] == revision
        seen += [one["metadata"]["name"] for one in page["items"]]
        token = page["metadata"].get("continue")
    assert seen == list("abcde")


async def test_an_exact_revision_lists_the_past_and_a_future_one_times_out(server: Served) -> None:
    made = (await server.post(MAPS, config_map("a"))).json
    await server.delete(f"{MAPS}/a")
    past = await server.get(f"{MAPS}?resourceVersion={made['metadata']['resourceVersion']}&resourceVersionMatch=Exact")
    assert [one["metadata"]["name"] for one in past.json["items"]] == ["a"]
    future = await server.get(f"{MAPS}?resourceVersion=999999")
    assert future.status == 504
    assert "Too large resource version: 999999" in future.json["message"]


async def test_a_table_has_columns_and_rows_with_metadata(server: Served) -> None:
    await server.post(MAPS, config_map("a"))
    table = (await server.get(MAPS, accept=TABLE)).json
    assert table["kind"] == "Table"
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Data", "Age"]
    row = table["rows"][0]
    assert row["cells"][:2] == ["a", 1]
    assert row["object"]["kind"] == "PartialObjectMetadata"
    assert row["object"]["metadata"]["name"] == "a"


async def test_metadata_alone_can_be_asked_for(server: Served) -> None:
    await server.post(MAPS, config_map("a"))
    listed = (await server.get(MAPS, accept=METADATA)).json
    assert listed["kind"] == "PartialObjectMetadataList"
    assert listed["items"][0]["kind"] == "PartialObjectMetadata"
    assert "data" not in listed["items"][0]


async def test_a_long_list_is_gzipped_for_who_takes_it(server: Served) -> None:
    for number in range(3):
        await server.post(MAPS, config_map(f"m{number}") | {"data": {"k": "v" * 100_000}})
    plain = await server.get(MAPS)
    zipped = await server.get(MAPS, accept_encoding="gzip")
    assert zipped.headers["content-encoding"] == "gzip"
    assert len(zipped.data) < len(plain.data) / 10


async def test_what_is_not_served_is_not_found(server: Served) -> None:
    unknown = await server.get("/apis/example.com/v1/things")
    assert (unknown.status, unknown.json["message"]) == (404, "the server could not find the requested resource")
    missing = await server.get(f"{MAPS}/nope")
    assert (missing.status, missing.json["message"]) == (404, 'configmaps "nope" not found')
    assert (await server.get("/nowhere")).data == b"404 page not found\n"
    assert (await server.ask("PUT", "/api/v1/namespaces/default/configmaps", {})).status == 405


async def test_events_are_the_same_objects_in_both_groups(server: Served) -> None:
    event = {
        "metadata": {"name": "e", "namespace": "default"},
        "involvedObject": {"kind": "Pod", "namespace": "default", "name": "p"},
        "reason": "Started", "message": "it runs", "type": "Normal",
    }  # fmt: skip
    assert (await server.post("/api/v1/namespaces/default/events", event)).status == 201
    other = (await server.get("/apis/events.k8s.io/v1/namespaces/default/events/e")).json
    assert (other["apiVersion"], other["note"], other["regarding"]["name"]) == ("events.k8s.io/v1", "it runs", "p")


async def test_parallel_unconditional_patches_are_all_applied(server: Served) -> None:
    await server.post(MAPS, config_map("a"))
    await asyncio.gather(*(server.patch(f"{MAPS}/a", {"data": {f"k{n}": "v"}}) for n in range(10)))
    assert len((await server.get(f"{MAPS}/a")).json["data"]) == 11


async def test_two_servers_in_one_process_know_nothing_of_each_other(server: Served) -> None:
    from tests.api.server import serving

    async with serving() as other:
        await server.post(MAPS, config_map("a"))
        assert (await other.get("/api/v1/configmaps")).json["items"] == []


async def test_component_statuses_say_whether_the_store_answers(server: Served) -> None:
    url = "/api/v1/componentstatuses"
    healthy = [{"type": "Healthy", "status": "True", "message": "ok"}]
    listed = (await server.get(url)).json
    assert [(one["metadata"]["name"], one["conditions"]) for one in listed["items"]] == [("etcd-0", healthy)]
    assert (await server.get(f"{url}/etcd-0")).json["conditions"] == healthy
    assert (await server.get(f"{url}?fieldSelector=metadata.name%3Dscheduler")).json["items"] == []
    table = (await server.get(url, accept=TABLE)).json
    assert [row["cells"] for row in table["rows"]] == [["etcd-0", "Healthy", "ok", ""]]
    missing = await server.get(f"{url}/scheduler")
    assert (missing.status, missing.json["message"]) == (404, 'componentstatuses "scheduler" not found')


async def test_clients_are_told_what_is_going_to_end(server: Served) -> None:
    endpoints = await server.get("/api/v1/namespaces/default/endpoints")
    assert endpoints.headers["warning"] == (
        '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
    )
    statuses = await server.get("/api/v1/componentstatuses")
    assert statuses.headers["warning"] == '299 - "v1 ComponentStatus is deprecated in v1.19+"'
    assert "warning" not in (await server.get("/api/v1/namespaces/default/configmaps")).headers
