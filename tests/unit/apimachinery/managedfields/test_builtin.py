"""Field ownership of built-in kinds: upstream's managedFields of a deployment, list keys with defaults, versions."""

from typing import Any

import msgspec
from tests.unit.apimachinery.managedfields.sample import NOW

from steersman.api.apps.deployment import Deployment
from steersman.api.core.pod import Pod
from steersman.api.core.service import Service
from steersman.apimachinery.managedfields.fieldmanager import FieldManager, Write
from steersman.apimachinery.managedfields.fieldset import FieldSet
from steersman.apimachinery.managedfields.merge import Versions
from steersman.apimachinery.managedfields.topology import ABSENT, Shape, topology_of
from steersman.apimachinery.object import GroupVersionKind, Object
from steersman.apimachinery.schema import schema_of


def manager_of(kind: type[Object], subresource: str = "") -> FieldManager:
    """The field manager of a built-in kind."""
    gvk = kind.__facts__.gvk
    assert isinstance(gvk, GroupVersionKind)
    return FieldManager(Versions(gvk.api_version, {gvk.api_version: topology_of(schema_of(kind))}), gvk, subresource)


def test_parts_of_a_pod_have_upstreams_topology() -> None:
    pod = topology_of(schema_of(Pod))
    spec = pod.fields["spec"]
    container = spec.fields["containers"].element
    assert container is not None
    assert (spec.fields["containers"].shape, spec.fields["containers"].keys) == (Shape.KEYED, {"name": ABSENT})
    assert container.fields["ports"].keys == {"containerPort": ABSENT, "protocol": "TCP"}
    assert spec.fields["nodeSelector"].shape is Shape.ATOMIC
    assert spec.fields["tolerations"].shape is Shape.ATOMIC
    assert pod.fields["metadata"].fields["finalizers"].shape is Shape.SET
    assert pod.fields["metadata"].fields["labels"].shape is Shape.MAP
    assert pod.fields["status"].fields["conditions"].keys == {"type": ABSENT}


def test_a_created_deployment_is_owned_as_upstream_writes_it() -> None:
    new: dict[str, Any] = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{
                    "name": "nginx", "image": "nginx", "resources": {"limits": {"cpu": "1"}},
                    "ports": [{"containerPort": 80, "protocol": "TCP"}],
                }]},
            },
        },
        "status": {},
    }  # fmt: skip
    (entry,) = manager_of(Deployment).update(None, new, Write("kubectl-create", NOW))
    assert msgspec.json.encode(entry["fieldsV1"]).decode() == (
        '{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:replicas":{},"f:selector":{},'
        '"f:strategy":{"f:rollingUpdate":{".":{},"f:maxSurge":{}},"f:type":{}},'
        '"f:template":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{'
        '"k:{\\"name\\":\\"nginx\\"}":{".":{},"f:image":{},"f:name":{},"f:ports":{".":{},'
        '"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},'
        '"f:resources":{".":{},"f:limits":{".":{},"f:cpu":{}}}}}}}}}'
    )


def test_two_appliers_share_a_service_by_the_keys_of_its_ports() -> None:
    kind = manager_of(Service)

    def config(*ports: dict[str, Any]) -> dict[str, Any]:
        return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": list(ports)}}

    live = kind.apply(None, config({"port": 53}), Write("tcp", NOW))
    live = kind.apply(live, config({"port": 53, "protocol": "UDP"}), Write("udp", NOW))
    assert live["spec"]["ports"] == [{"port": 53}, {"port": 53, "protocol": "UDP"}]
    live = kind.apply(live, config({"port": 54}), Write("tcp", NOW))
    assert [port["port"] for port in live["spec"]["ports"]] == [53, 54]
    assert live["spec"]["ports"][0]["protocol"] == "UDP"


def test_managers_of_other_versions_are_heard_in_their_own() -> None:
    old, new = topology_of(schema_of(Deployment)), topology_of(schema_of(Deployment))

    def convert(value: dict[str, Any], version: str) -> dict[str, Any]:
        # The older version counts replicas in pairs.
        if value["apiVersion"] == version or "replicas" not in value["spec"]:
            return {**value, "apiVersion": version}
        replicas = value["spec"]["replicas"]
        pairs = replicas // 2 if version == "apps/v0" else replicas * 2
        return {**value, "apiVersion": version, "spec": {**value["spec"], "replicas": pairs}}

    def config(version: str, replicas: int) -> dict[str, Any]:
        return {"apiVersion": version, "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"replicas": replicas}}

    topologies = {"apps/v0": old, "apps/v1": new}
    first = FieldManager(Versions("apps/v0", topologies, convert), GroupVersionKind("apps", "v0", "Deployment"))
    then = FieldManager(Versions("apps/v1", topologies, convert), GroupVersionKind("apps", "v1", "Deployment"))
    live = convert(first.apply(None, config("apps/v0", 2), Write("old", NOW)), "apps/v1")
    live = then.apply(live, config("apps/v1", 4), Write("new", NOW))
    assert {entry["manager"]: entry["apiVersion"] for entry in live["metadata"]["managedFields"]} == {
        "old": "apps/v0", "new": "apps/v1",
    }  # fmt: skip
    live = then.apply(live, config("apps/v1", 6), Write("new", NOW, force=True))
    assert [entry["manager"] for entry in live["metadata"]["managedFields"]] == ["new"]


def test_managers_of_versions_that_are_gone_are_forgotten() -> None:
    kind = manager_of(Deployment)
    live: dict[str, Any] = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "uid": "1"}, "spec": {"replicas": 1},
    }  # fmt: skip
    entry = {
        "manager": "old", "operation": "Update", "apiVersion": "apps/v1beta9", "fieldsType": "FieldsV1",
        "fieldsV1": FieldSet.of(("f:spec", "f:replicas")).to_tree(),
    }  # fmt: skip
    live["metadata"]["managedFields"] = [entry]
    made = kind.update(live, {**live, "spec": {"replicas": 2}}, Write("me", NOW))
    assert [one["manager"] for one in made] == ["me"]
