"""Real kubectl, oldest and newest, with the API versions of long ago."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Cluster, free_port

OBJECTS = """
apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: web}
spec:
  backend: {serviceName: web, servicePort: 80}
---
apiVersion: apiextensions.k8s.io/v1beta1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  version: v1
  scope: Namespaced
  names: {plural: crontabs, singular: crontab, kind: CronTab}
---
apiVersion: batch/v1beta1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: "* * * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}
---
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: few}
spec: {minAvailable: 1, selector: {matchLabels: {a: b}}}
---
apiVersion: autoscaling/v2beta2
kind: HorizontalPodAutoscaler
metadata: {name: many}
spec: {maxReplicas: 3, scaleTargetRef: {kind: Deployment, name: d, apiVersion: apps/v1}}
"""
NAMES = (
    "ingress.extensions/web",
    "customresourcedefinition.apiextensions.k8s.io/crontabs.stable.example.com",
    "cronjob.batch/tick",
    "poddisruptionbudget.policy/few",
    "horizontalpodautoscaler.autoscaling/many",
)


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A control plane that serves older versions."""
    cluster = Cluster(tmp_path_factory.mktemp("older"))
    try:
        options = ("--control-plane-only", "--runtime-config", "api/beta=true")
        cluster.steersman("up", *options, "--port", str(free_port()))
        yield cluster
    finally:
        cluster.steersman("down", check=False)


def test_manifests_of_long_ago_are_applied_shown_and_deleted(older: Cluster, kubectl: Path) -> None:
    created = older.kubectl(kubectl, "apply", "-f", "-", text=OBJECTS)
    assert [line for line in created.splitlines() if line] == [f"{name} created" for name in NAMES]
    again = older.kubectl(kubectl, "apply", "-f", "-", text=OBJECTS, check=False)
    assert all(f"{name} unchanged" in again for name in NAMES), again
    assert "batch/v1beta1 CronJob is deprecated in v1.21+, unavailable in v1.25+; use batch/v1 CronJob" in again
    port = "jsonpath={.spec.backend.servicePort}"
    assert older.kubectl(kubectl, "get", "ingresses.v1beta1.extensions", "web", "-o", port) == "80"
    newer = "jsonpath={.spec.defaultBackend.service.port.number}"
    assert older.kubectl(kubectl, "get", "ingresses.v1.networking.k8s.io", "web", "-o", newer) == "80"
    assert "serviceName" in older.kubectl(
        kubectl, "explain", "ingress.spec.backend", "--api-version=extensions/v1beta1"
    )
    older.kubectl(kubectl, "patch", "cronjobs.v1beta1.batch", "tick", "-p", '{"spec":{"suspend":true}}')
    suspended = older.kubectl(kubectl, "get", "cronjobs.v1.batch", "tick", "-o", "jsonpath={.spec.suspend}")
    assert suspended == "true"
    older.kubectl(kubectl, "apply", "--server-side", "--force-conflicts", "-f", "-", text=OBJECTS)
    deleted = older.kubectl(kubectl, "delete", "-f", "-", text=OBJECTS)
    assert deleted.count("deleted") == len(NAMES)
