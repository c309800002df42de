"""storage.k8s.io and node.k8s.io over HTTP: what the server fills in, shows, warns of and refuses."""

from tests.api.server import Served

GROUP = "/apis/storage.k8s.io/v1"
CLASSES, DRIVERS, ATTACHMENTS = f"{GROUP}/storageclasses", f"{GROUP}/csidrivers", f"{GROUP}/volumeattachments"
ATTRIBUTES, NODES = f"{GROUP}/volumeattributesclasses", f"{GROUP}/csinodes"
CAPACITIES = f"{GROUP}/namespaces/default/csistoragecapacities"
RUNTIMES = "/apis/node.k8s.io/v1/runtimeclasses"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


async def cells(server: Served, path: str) -> list[object]:
    (row,) = (await server.get(path, accept=TABLE)).json["rows"]
    return list(row["cells"])


async def test_classes_are_shown_with_their_defaults(server: Served) -> None:
    mark = {"storageclass.kubernetes.io/is-default-class": "true"}
    made = await server.post(CLASSES, {"metadata": {"name": "c", "annotations": mark}, "provisioner": "p.io/p"})
    assert made.json["reclaimPolicy"] == "Delete"
    assert "generation" not in made.json["metadata"]
    assert (await cells(server, CLASSES))[:5] == ["c (default)", "p.io/p", "Delete", "Immediate", False]
    refused = await server.patch(f"{CLASSES}/c", {"provisioner": "q"})
    assert (refused.status, "field is immutable" in refused.json["message"]) == (422, True)
    await server.post(ATTRIBUTES, {"metadata": {"name": "a"}, "driverName": "d", "parameters": {"x": "y"}})
    assert (await cells(server, ATTRIBUTES))[:2] == ["a", "d"]


async def test_a_driver_is_shown_and_changed_by_who_has_seen_it(server: Served) -> None:
    made = (await server.post(DRIVERS, {"metadata": {"name": "d.io"}, "spec": {}})).json
    shown = ["d.io", True, False, False, "<unset>", False, "Persistent"]
    assert (await cells(server, DRIVERS))[:7] == shown
    blind = {**made, "metadata": {"name": "d.io"}}
    assert (await server.put(f"{DRIVERS}/d.io", blind)).status == 422
    changed = await server.patch(f"{DRIVERS}/d.io", {"spec": {"podInfoOnMount": True}})
    assert changed.json["metadata"]["generation"] == 2


async def test_an_attachment_is_shown_with_how_it_went(server: Served) -> None:
    spec = {"attacher": "d.io", "nodeName": "n", "source": {"persistentVolumeName": "pv"}}
    await server.post(ATTACHMENTS, {"metadata": {"name": "a"}, "spec": spec, "status": {"attached": True}})
    assert (await cells(server, ATTACHMENTS))[:5] == ["a", "d.io", "pv", "n", False]
    change = {"metadata": {"labels": {"a": "b"}}, "status": {"attached": True}}
    changed = (await server.patch(f"{ATTACHMENTS}/a/status", change)).json
    assert (changed["status"]["attached"], "labels" in changed["metadata"]) == (True, False)


async def test_nodes_and_capacities_are_shown(server: Served) -> None:
    await server.post(NODES, {"metadata": {"name": "n"}, "spec": {"drivers": [{"name": "d", "nodeID": "1"}]}})
    assert (await cells(server, NODES))[:2] == ["n", 1]
    topology = {"matchLabels": {"beta.kubernetes.io/os": "linux"}}
    body = {"metadata": {"name": "c"}, "storageClassName": "s", "capacity": "1Gi", "nodeTopology": topology}
    made = await server.post(CAPACITIES, body)
    assert (made.status, "deprecated since v1.14" in made.headers["warning"]) == (201, True)
    assert await cells(server, CAPACITIES) == ["c", "s", "1Gi"]


async def test_a_runtime_class_may_be_put_where_there_was_none(server: Served) -> None:
    body = {"metadata": {"name": "r"}, "handler": "runc"}
    assert (await server.put(f"{RUNTIMES}/r", body)).status == 201
    assert (await cells(server, RUNTIMES))[:2] == ["r", "runc"]
