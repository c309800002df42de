"""Real kubectl, oldest and newest, against a control plane brought up by `steersman up`."""

import json
import os
import signal
from pathlib import Path

from steersman.component.processes import read_running
from tests.e2e.conftest import Cluster

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, labels: {app: NAME}}
spec:
  replicas: 2
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      containers: [{name: web, image: "example.org/web:1", ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: Service
metadata: {name: NAME}
spec:
  selector: {app: NAME}
  ports: [{port: 80, targetPort: 8080}]
"""


def manifest(program: Path) -> tuple[str, str]:
    name = "web-" + program.name.rsplit(".", 1)[-1]
    return name, DEPLOYMENT.replace("NAME", name)


def test_apply_creates_then_changes(control_plane: Cluster, kubectl: Path) -> None:
    name, text = manifest(kubectl)
    created = control_plane.kubectl(kubectl, "apply", "-f", "-", text=text)
    assert f"deployment.apps/{name} created" in created
    assert f"service/{name} created" in created
    changed = control_plane.kubectl(kubectl, "apply", "-f", "-", text=text.replace("replicas: 2", "replicas: 3"))
    assert f"deployment.apps/{name} configured" in changed
    assert f"service/{name} unchanged" in changed
    control_plane.kubectl(kubectl, "wait", f"deploy/{name}", "--for=jsonpath={.status.replicas}=3", "--timeout=20s")
    pods = json.loads(control_plane.kubectl(kubectl, "get", "pods", "-l", f"app={name}", "-o", "json"))["items"]
    assert len(pods) == 3
    assert {pod["status"]["phase"] for pod in pods} == {"Pending"}


def test_rollouts_are_made_listed_and_undone(control_plane: Cluster, kubectl: Path) -> None:
    name, text = manifest(kubectl)
    control_plane.kubectl(kubectl, "apply", "-f", "-", text=text)
    control_plane.kubectl(kubectl, "set", "image", f"deploy/{name}", "web=example.org/web:2")
    second = "jsonpath={.metadata.annotations.deployment\\.kubernetes\\.io/revision}=2"
    control_plane.kubectl(kubectl, "wait", f"deploy/{name}", f"--for={second}", "--timeout=20s")
    assert "2" in control_plane.kubectl(kubectl, "rollout", "history", f"deploy/{name}")
    assert "rolled back" in control_plane.kubectl(kubectl, "rollout", "undo", f"deploy/{name}")
    image = "jsonpath={.spec.template.spec.containers[0].image}"
    assert control_plane.kubectl(kubectl, "get", f"deploy/{name}", "-o", image) == "example.org/web:1"
    assert "restarted" in control_plane.kubectl(kubectl, "rollout", "restart", f"deploy/{name}")


def test_objects_are_shown_labelled_patched_scaled_and_deleted(control_plane: Cluster, kubectl: Path) -> None:
    name, text = manifest(kubectl)
    control_plane.kubectl(kubectl, "apply", "-f", "-", text=text)
    wide = control_plane.kubectl(kubectl, "get", "deploy,svc", "-o", "wide", "-A")
    assert "IMAGES" in wide
    assert "ClusterIP" in wide
    assert "kind: Deployment" in control_plane.kubectl(kubectl, "get", f"deploy/{name}", "-o", "yaml")
    assert "Replicas:" in control_plane.kubectl(kubectl, "describe", f"deploy/{name}")
    control_plane.kubectl(kubectl, "label", f"deploy/{name}", "tier=front")
    assert name in control_plane.kubectl(kubectl, "get", "deploy", "-l", "tier=front", "-o", "name")
    for kind, patch in (
        ("merge", '{"metadata":{"annotations":{"a":"1"}}}'),
        ("json", '[{"op":"add","path":"/metadata/annotations/b","value":"2"}]'),
        ("strategic", '{"spec":{"template":{"spec":{"containers":[{"name":"web","imagePullPolicy":"Never"}]}}}}'),
    ):
        control_plane.kubectl(kubectl, "patch", f"deploy/{name}", "--type", kind, "-p", patch)
    got = json.loads(control_plane.kubectl(kubectl, "get", f"deploy/{name}", "-o", "json"))
    assert (got["metadata"]["annotations"]["a"], got["metadata"]["annotations"]["b"]) == ("1", "2")
    assert got["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] == "Never"
    control_plane.kubectl(kubectl, "scale", f"deploy/{name}", "--replicas=1")
    pending = control_plane.kubectl(kubectl, "get", "pods", "--field-selector", "status.phase=Pending", "-o", "name")
    assert f"pod/{name}" in pending
    control_plane.kubectl(kubectl, "delete", "-f", "-", "--timeout=30s", text=text)
    missing = control_plane.kubectl(kubectl, "get", f"deploy/{name}", check=False)
    assert f'deployments.apps "{name}" not found' in missing


def test_mistakes_are_named(control_plane: Cluster, kubectl: Path) -> None:
    _, text = manifest(kubectl)
    unknown = control_plane.kubectl(
        kubectl, "apply", "-f", "-", check=False, text=text.replace("replicas:", "replcas:")
    )
    assert 'unknown field "spec.replcas"' in unknown
    denied = control_plane.kubectl(kubectl, "get", "pods", "--as", "nobody", check=False)
    assert 'User "nobody" cannot list resource "pods" in API group "" in the namespace "default"' in denied


def test_every_object_survives_down_and_up_and_the_death_of_each_process(control_plane: Cluster, kubectl: Path) -> None:
    name = f"kept-{kubectl.name.rsplit('.', 1)[-1]}"
    control_plane.kubectl(kubectl, "create", "configmap", name, "--from-literal=a=b")
    port = json.loads((control_plane.data_dir / "cluster.json").read_text())["port"]
    control_plane.steersman("down")
    control_plane.steersman("up", "--control-plane-only", "--port", str(port))
    assert name in control_plane.kubectl(kubectl, "get", "configmap", name, "-o", "name")
    for process in ("apiserver", "controllers", "supervisor"):
        identity = read_running(control_plane.data_dir / "run" / f"{process}.pid")
        assert identity is not None
        os.kill(identity.pid, signal.SIGKILL)
        control_plane.steersman("up", "--control-plane-only")
        assert name in control_plane.kubectl(kubectl, "get", "configmap", name, "-o", "name")
