"""Patches, subresources, and what the server gives to Services."""

from typing import Any

import pytest
from tests.api.server import Served

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
SERVICES = "/api/v1/namespaces/default/services"
PODS = "/api/v1/namespaces/default/pods"


def deployment(*containers: str) -> dict[str, Any]:
    template = {
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [{"name": name, "image": "i"} for name in containers]},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "x"}}, "template": template}
    return {"metadata": {"name": "web"}, "spec": spec}


async def test_each_patch_type_does_what_it_is_for(server: Served) -> None:
    await server.post(DEPLOYMENTS, deployment("a", "b"))
    merged = await server.patch(f"{DEPLOYMENTS}/web", {"spec": {"replicas": 2}})
    assert merged.json["spec"]["replicas"] == 2
    operations = [{"op": "test", "path": "/spec/replicas", "value": 2}, {"op": "remove", "path": "/spec/replicas"}]
    edited = await server.patch(f"{DEPLOYMENTS}/web", operations, "json")
    assert edited.json["spec"]["replicas"] == 1  # defaulted
    part = {"spec": {"template": {"spec": {"containers": [{"name": "b", "image": "j"}]}}}}
    strategic = await server.patch(f"{DEPLOYMENTS}/web", part, "strategic")
    images = {one["name"]: one["image"] for one in strategic.json["spec"]["template"]["spec"]["containers"]}
    assert images == {"a": "i", "b": "j"}
    refused = await server.patch(f"{DEPLOYMENTS}/web", operations, "json")
    assert refused.status == 422


@pytest.mark.parametrize(
    ("patch", "form", "status"),
    [(["x"], "json", 400), ({"op": "add"}, "json", 400), (["x"], "merge", 400), ({"metadata": "x"}, "merge", 422)],
)
async def test_what_is_no_patch_is_refused(server: Served, patch: Any, form: str, status: int) -> None:
    await server.post(DEPLOYMENTS, deployment("a"))
    refused = await server.patch(f"{DEPLOYMENTS}/web", patch, form)
    assert (refused.status, refused.json["kind"]) == (status, "Status")


@pytest.mark.parametrize(
    ("patch", "form", "said"),
    [
        ({"spec": {"replicas": "x"}}, "merge", "json: cannot unmarshal string into Go struct field"),
        ({"kind": "Pod"}, "merge", "unable to decode apps/v1, Kind=Pod into Deployment"),
        (
            b'{"spec":{"replicas":1,"replicas":2}}',
            "merge",
            'strict decoding error: duplicate field \\"spec.replicas\\"',
        ),
        ({"spec": {"colour": "red"}}, "strategic", 'strict decoding error: unknown field \\"spec.colour\\"'),
    ],
)
async def test_a_patch_that_makes_no_object_is_an_invalid_patch(
    server: Served, patch: Any, form: str, said: str
) -> None:
    await server.post(DEPLOYMENTS, deployment("a"))
    refused = await server.patch(f"{DEPLOYMENTS}/web?fieldValidation=Strict", patch, form)
    assert (refused.status, refused.json["details"]["causes"][0]["field"]) == (422, "patch")
    assert said.replace('\\"', '"') in refused.json["message"].replace('\\"', '"')


async def test_a_patch_that_names_a_revision_must_meet_it(server: Served) -> None:
    await server.post(DEPLOYMENTS, deployment("a"))
    stale = await server.patch(f"{DEPLOYMENTS}/web", {"metadata": {"resourceVersion": "1"}})
    assert (stale.status, stale.json["reason"]) == (409, "Conflict")


async def test_spec_and_status_are_written_by_different_doors(server: Served) -> None:
    made = (await server.post(DEPLOYMENTS, {**deployment("a"), "status": {"replicas": 9}})).json
    assert made["metadata"]["generation"] == 1
    assert "replicas" not in made["status"]
    status = await server.patch(f"{DEPLOYMENTS}/web/status", {"spec": {"replicas": 5}, "status": {"replicas": 3}})
    assert (status.json["spec"]["replicas"], status.json["status"]["replicas"]) == (1, 3)
    assert status.json["metadata"]["generation"] == 1
    spec = await server.patch(f"{DEPLOYMENTS}/web", {"spec": {"replicas": 5}, "status": {"replicas": 7}})
    assert (spec.json["spec"]["replicas"], spec.json["status"]["replicas"]) == (5, 3)
    assert spec.json["metadata"]["generation"] == 2


async def test_scale_shows_and_sets_replicas(server: Served) -> None:
    await server.post(DEPLOYMENTS, deployment("a"))
    scale = (await server.get(f"{DEPLOYMENTS}/web/scale")).json
    assert (scale["kind"], scale["spec"]["replicas"], scale["status"]["selector"]) == ("Scale", 1, "app=x")
    scaled = await server.put(f"{DEPLOYMENTS}/web/scale", scale | {"spec": {"replicas": 4}})
    assert scaled.status == 200
    assert (await server.get(f"{DEPLOYMENTS}/web")).json["spec"]["replicas"] == 4
    again = await server.put(f"{DEPLOYMENTS}/web/scale", scale | {"spec": {"replicas": 6}})
    assert again.status == 409


async def test_a_pod_is_bound_once(server: Served) -> None:
    await server.post(PODS, {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}})
    first = await server.post(f"{PODS}/p/binding", {"target": {"kind": "Node", "name": "n"}})
    assert (first.status, first.json["status"]) == (201, "Success")
    pod = (await server.get(f"{PODS}/p")).json
    assert pod["spec"]["nodeName"] == "n"
    assert [one["type"] for one in pod["status"]["conditions"] if one["status"] == "True"] == ["PodScheduled"]
    second = await server.post(f"{PODS}/p/binding", {"target": {"kind": "Node", "name": "m"}})
    assert second.status == 409
    assert 'pod p is already assigned to node "n"' in second.json["message"]


def service(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}], **spec}}


async def test_services_get_addresses_that_come_back_when_they_go(server: Served) -> None:
    made = (await server.post(SERVICES, service("a"))).json
    address = made["spec"]["clusterIP"]
    assert made["spec"]["clusterIPs"] == [address]
    taken = await server.post(SERVICES, service("b", clusterIP=address))
    assert taken.status == 422
    assert f"failed to allocate IP {address}: provided IP is already allocated" in taken.json["message"]
    await server.delete(f"{SERVICES}/a")
    assert (await server.post(SERVICES, service("b", clusterIP=address))).status == 201


async def test_a_create_that_fails_leaks_nothing(server: Served) -> None:
    bad = service("a", type="NodePort", ports=[{"port": 80, "nodePort": 30080}, {"port": 81, "nodePort": 80}])
    bad["spec"]["clusterIP"] = "10.96.0.77"
    refused = await server.post(SERVICES, bad)
    assert refused.status == 422
    assert "The range of valid ports is 30000-32767" in refused.json["message"]
    good = service("a", type="NodePort", ports=[{"port": 80, "nodePort": 30080}], clusterIP="10.96.0.77")
    good["spec"]["ports"][0]["name"] = "web"
    assert (await server.post(SERVICES, good)).status == 201


async def test_node_ports_stay_through_updates_and_go_with_the_type(server: Served) -> None:
    made = (await server.post(SERVICES, service("a", type="NodePort"))).json
    number = made["spec"]["ports"][0]["nodePort"]
    assert 30000 <= number <= 32767
    replaced = await server.put(f"{SERVICES}/a", service("a", type="NodePort"))
    assert replaced.json["spec"]["ports"][0]["nodePort"] == number
    assert replaced.json["spec"]["clusterIP"] == made["spec"]["clusterIP"]
    plain = await server.patch(f"{SERVICES}/a", {"spec": {"type": "ClusterIP"}})
    assert "nodePort" not in plain.json["spec"]["ports"][0]
    other = service("b", type="NodePort", ports=[{"port": 80, "nodePort": number}])
    assert (await server.post(SERVICES, other)).status == 201
