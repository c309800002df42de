"""resource.k8s.io over HTTP: what the server fills in, shows, warns of and refuses."""

from typing import Any

from tests.api.server import Served

GROUP = "/apis/resource.k8s.io/v1"
CLAIMS, TEMPLATES = f"{GROUP}/namespaces/default/resourceclaims", f"{GROUP}/namespaces/default/resourceclaimtemplates"
CLASSES, SLICES, RULES = f"{GROUP}/deviceclasses", f"{GROUP}/resourceslices", f"{GROUP}/devicetaintrules"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
SPEC = {"devices": {"requests": [{"name": "r", "exactly": {"deviceClassName": "c"}}]}}


async def cells(server: Served, path: str) -> list[list[Any]]:
    return [row["cells"] for row in (await server.get(path, accept=TABLE)).json["rows"]]


async def test_a_claim_is_shown_with_what_has_come_of_it(server: Served) -> None:
    made = (await server.post(CLAIMS, {"metadata": {"name": "a"}, "spec": SPEC})).json
    exactly = made["spec"]["devices"]["requests"][0]["exactly"]
    assert (exactly["allocationMode"], exactly["count"]) == ("ExactCount", 1)
    assert "generation" not in made["metadata"]
    assert [row[:2] for row in await cells(server, CLAIMS)] == [["a", "pending"]]
    result = {"request": "r", "driver": "d.io", "pool": "p", "device": "g0"}
    status = {"allocation": {"devices": {"results": [result]}}}
    consumers = [{"resource": "pods", "name": "p", "uid": "1"}]
    change = {"metadata": {"labels": {"a": "b"}}, "status": {**status, "reservedFor": consumers}}
    changed = await server.patch(f"{CLAIMS}/a/status", change)
    assert (changed.status, "labels" in changed.json["metadata"]) == (200, False)
    assert [row[:2] for row in await cells(server, CLAIMS)] == [["a", "allocated,reserved"]]
    refused = await server.patch(f"{CLAIMS}/a", {"spec": {"devices": {"requests": []}}})
    assert (refused.status, "field is immutable" in refused.json["message"]) == (422, True)


async def test_templates_and_classes_are_taken_with_their_defaults(server: Served) -> None:
    made = (await server.post(TEMPLATES, {"metadata": {"name": "t"}, "spec": {"spec": SPEC}})).json
    assert made["spec"]["spec"]["devices"]["requests"][0]["exactly"]["count"] == 1
    config = [{"opaque": {"driver": "d.io", "parameters": {"kind": "K"}}}]
    body = {"metadata": {"name": "c"}, "spec": {"selectors": [{"cel": {"expression": "true"}}], "config": config}}
    assert (await server.post(CLASSES, body)).status == 201
    assert [row[0] for row in await cells(server, CLASSES)] == ["c"]
    wrong = await server.patch(f"{CLASSES}/c", {"spec": {"selectors": [{"cel": {"expression": "device.driver"}}]}})
    assert (wrong.status, "not string" in wrong.json["message"]) == (422, True)
    changed = await server.patch(f"{CLASSES}/c", {"spec": {"extendedResourceName": "d.io/gpu"}})
    assert changed.json["metadata"]["generation"] == 2


async def test_slices_are_selected_by_node_and_driver(server: Served) -> None:
    for name, node in (("a", "n"), ("b", "m")):
        device = {"name": "g0", "taints": [{"key": "k", "effect": "NoSchedule"}], "attributes": {"x": {"ints": [1]}}}
        pool = {"name": node, "resourceSliceCount": 1}
        spec = {"driver": "D.io", "pool": pool, "nodeName": node, "devices": [device]}
        made = await server.post(SLICES, {"metadata": {"name": name}, "spec": spec})
        # A list among the attributes is an alpha gate's, and an attribute without a value is none.
        assert made.status == 422
        device["attributes"] = {"x": {"int": 1}}
        made = await server.post(SLICES, {"metadata": {"name": name}, "spec": spec})
        assert (made.status, "driver names should be lowercase" in made.headers["warning"]) == (201, True)
        assert "timeAdded" in made.json["spec"]["devices"][0]["taints"][0]
    found = await cells(server, f"{SLICES}?fieldSelector=spec.nodeName%3Dn,spec.driver%3DD.io")
    assert [row[:4] for row in found] == [["a", "n", "D.io", "n"]]


async def test_a_rule_puts_a_taint_on_devices_and_tells_how_that_went(server: Served) -> None:
    spec = {"deviceSelector": {"driver": "d.io"}, "taint": {"key": "k", "effect": "None"}}
    made = (await server.post(RULES, {"metadata": {"name": "r"}, "spec": spec})).json
    assert (made["metadata"]["generation"], "timeAdded" in made["spec"]["taint"]) == (1, True)
    changed = await server.patch(f"{RULES}/r", {"spec": {"taint": {"effect": "NoExecute"}}})
    assert (changed.status, changed.json["metadata"]["generation"]) == (200, 2)
    condition = {"type": "EvictionInProgress", "status": "True", "reason": "R", "message": "2 pods"}
    status = {"conditions": [{**condition, "lastTransitionTime": "2026-01-01T00:00:00Z"}]}
    told = await server.patch(f"{RULES}/r/status", {"metadata": {"labels": {"a": "b"}}, "status": status})
    assert (told.status, "labels" in told.json["metadata"], told.json["metadata"]["generation"]) == (200, False, 2)
    assert [row[0] for row in await cells(server, RULES)] == ["r"]
    unversioned = {**made, "metadata": {"name": "r"}}
    assert (await server.put(f"{RULES}/r", unversioned)).status == 422
