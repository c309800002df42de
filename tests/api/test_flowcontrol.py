"""Flow schemas and priority levels over HTTP: what the server fills in, shows and refuses."""

from tests.api.server import Served

GROUP = "/apis/flowcontrol.apiserver.k8s.io/v1"
SCHEMAS, LEVELS = f"{GROUP}/flowschemas", f"{GROUP}/prioritylevelconfigurations"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


async def test_a_schema_is_shown_with_its_level_and_whether_that_is_missing(server: Served) -> None:
    spec = {"priorityLevelConfiguration": {"name": "l"}, "distinguisherMethod": {"type": "ByUser"}}
    made = (await server.post(SCHEMAS, {"metadata": {"name": "s"}, "spec": spec})).json
    assert (made["spec"]["matchingPrecedence"], made["metadata"]["generation"]) == (1000, 1)
    change = {"metadata": {"labels": {"a": "b"}}, "status": {"conditions": [{"type": "Dangling", "status": "True"}]}}
    changed = (await server.patch(f"{SCHEMAS}/s/status", change)).json
    assert "labels" not in changed["metadata"]
    table = (await server.get(SCHEMAS, accept=TABLE)).json
    rows = {row["cells"][0]: row["cells"] for row in table["rows"]}
    assert [*rows["s"][1:4], rows["s"][5]] == ["l", 1000, "ByUser", "True"]


async def test_schemas_are_shown_in_the_order_they_are_asked(server: Served) -> None:
    for name, precedence in (("a", 500), ("c", 20), ("b", 20)):
        spec = {"priorityLevelConfiguration": {"name": "l"}, "matchingPrecedence": precedence}
        await server.post(SCHEMAS, {"metadata": {"name": name}, "spec": spec})
    rows = (await server.get(SCHEMAS, accept=TABLE)).json["rows"]
    assert [row["cells"][0] for row in rows if row["cells"][0] in ("a", "b", "c")] == ["b", "c", "a"]


async def test_a_level_is_shown_with_its_queues(server: Served) -> None:
    limited = {"limitResponse": {"type": "Queue", "queuing": {"queues": 16}}}
    spec = {"type": "Limited", "limited": limited}
    made = (await server.post(LEVELS, {"metadata": {"name": "l"}, "spec": spec})).json
    assert made["spec"]["limited"]["nominalConcurrencyShares"] == 30
    rows = (await server.get(LEVELS, accept=TABLE)).json["rows"]
    assert [row["cells"][1:6] for row in rows if row["cells"][0] == "l"] == [["Limited", 30, 16, 8, 50]]
    refused = await server.patch(f"{LEVELS}/l", {"spec": {"limited": {"limitResponse": {"type": "Reject"}}}})
    assert (refused.status, "must be nil if limited.limitResponse.type" in refused.json["message"]) == (422, True)
