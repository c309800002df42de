"""How objects end."""

from typing import Any

from tests.api.server import Served

PODS = "/api/v1/namespaces/default/pods"
MAPS = "/api/v1/namespaces/default/configmaps"
POD: dict[str, Any] = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}


async def bound_pod(server: Served) -> None:
    assert (await server.post(PODS, POD)).status == 201
    assert (await server.post(f"{PODS}/p/binding", {"target": {"kind": "Node", "name": "n"}})).status == 201


async def test_a_plain_object_is_gone_at_once_and_answered_with_a_status(server: Served) -> None:
    made = (await server.post(MAPS, {"metadata": {"name": "a"}})).json
    answer = await server.delete(f"{MAPS}/a")
    assert answer.json["status"] == "Success"
    assert answer.json["details"] == {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]}
    assert (await server.get(f"{MAPS}/a")).status == 404


async def test_a_pod_on_a_node_gets_its_grace_which_can_only_be_shortened(server: Served) -> None:
    await bound_pod(server)
    first = (await server.delete(f"{PODS}/p")).json["metadata"]
    assert first["deletionGracePeriodSeconds"] == 30
    longer = (await server.delete(f"{PODS}/p", {"gracePeriodSeconds": 60})).json["metadata"]
    assert longer["deletionGracePeriodSeconds"] == 30
    shorter = (await server.delete(f"{PODS}/p", {"gracePeriodSeconds": 5})).json["metadata"]
    assert shorter["deletionGracePeriodSeconds"] == 5
    assert shorter["deletionTimestamp"] < first["deletionTimestamp"]
    await server.delete(f"{PODS}/p", {"gracePeriodSeconds": 0})
    assert (await server.get(f"{PODS}/p")).status == 404


async def test_a_pod_without_a_node_is_gone_at_once(server: Served) -> None:
    await server.post(PODS, POD)
    await server.delete(f"{PODS}/p")
    assert (await server.get(f"{PODS}/p")).status == 404


async def test_finalizers_hold_an_object_until_the_last_is_taken_away(server: Served) -> None:
    await server.post(MAPS, {"metadata": {"name": "a", "finalizers": ["example.com/x"]}})
    held = await server.delete(f"{MAPS}/a")
    assert held.json["metadata"]["deletionTimestamp"]
    more = await server.patch(f"{MAPS}/a", {"metadata": {"finalizers": ["example.com/x", "example.com/y"]}})
    assert more.status == 422
    assert "no new finalizers can be added if the object is being deleted" in more.json["message"]
    freed = await server.patch(f"{MAPS}/a", {"metadata": {"finalizers": None}})
    assert freed.status == 200
    assert (await server.get(f"{MAPS}/a")).status == 404


async def test_propagation_policies_become_finalizers(server: Served) -> None:
    for policy, finalizer in (("Foreground", "foregroundDeletion"), ("Orphan", "orphan")):
        name = policy.lower()
        await server.post(MAPS, {"metadata": {"name": name}})
        answer = await server.delete(f"{MAPS}/{name}", {"propagationPolicy": policy})
        assert answer.json["metadata"]["finalizers"] == [finalizer]
    wrong = await server.delete(f"{MAPS}/orphan", {"propagationPolicy": "Sideways"})
    assert wrong.status == 422


async def test_preconditions_must_hold(server: Served) -> None:
    await server.post(MAPS, {"metadata": {"name": "a"}})
    answer = await server.delete(f"{MAPS}/a", {"preconditions": {"uid": "other"}})
    assert answer.status == 409
    assert "the UID in the precondition (other) does not match the UID in record" in answer.json["message"]


async def test_a_collection_is_deleted_by_selector(server: Served) -> None:
    await server.post(MAPS, {"metadata": {"name": "a", "labels": {"x": "1"}}})
    await server.post(MAPS, {"metadata": {"name": "b"}})
    answer = await server.ask("DELETE", f"{MAPS}?labelSelector=x%3D1")
    assert answer.json["kind"] == "ConfigMapList"
    assert [one["metadata"]["name"] for one in (await server.get(MAPS)).json["items"]] == ["b"]


async def test_a_namespace_is_terminating_until_it_is_finalized(server: Served) -> None:
    deleted = (await server.delete("/api/v1/namespaces/default")).json
    assert deleted["status"]["phase"] == "Terminating"
    finalized = await server.put(
        "/api/v1/namespaces/default/finalize", {"metadata": {"name": "default"}, "spec": {"finalizers": []}}
    )
    assert finalized.status == 200
    assert (await server.get("/api/v1/namespaces/default")).status == 404


async def test_an_eviction_asks_the_budget(server: Served) -> None:
    await server.post(PODS, {**POD, "metadata": {"name": "p", "labels": {"app": "x"}}})
    await server.post(f"{PODS}/p/binding", {"target": {"kind": "Node", "name": "n"}})
    await server.patch(
        f"{PODS}/p/status", {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
    )
    budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "x"}}}
    assert (await server.post(budgets, {"metadata": {"name": "b"}, "spec": spec})).status == 201
    status = {"observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1}
    await server.patch(f"{budgets}/b/status", {"status": status})
    refused = await server.post(f"{PODS}/p/eviction", {"metadata": {"name": "p"}})
    assert refused.status == 429
    assert refused.json["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    await server.patch(f"{budgets}/b/status", {"status": {"disruptionsAllowed": 1}})
    # Clients older than policy/v1 say so.
    eviction = {"apiVersion": "policy/v1beta1", "kind": "Eviction", "metadata": {"name": "p"}}
    assert (await server.post(f"{PODS}/p/eviction", eviction)).status == 201
    budget = (await server.get(f"{budgets}/b")).json["status"]
    assert budget["disruptionsAllowed"] == 0
    assert list(budget["disruptedPods"]) == ["p"]
