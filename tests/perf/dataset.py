"""The objects that are made for measuring: of the size that real ones have."""

from collections.abc import Mapping
from typing import Any

NAMESPACE, GROUPS = "perf", 100


def config_map(name: str) -> Mapping[str, Any]:
    """A ConfigMap of about a kilobyte."""
    return {
        "metadata": {"name": name, "labels": {"app": "perf"}},
        "data": {f"key-{number}": f"value {number} of {name} " * 4 for number in range(10)},
    }


def pod(name: str, number: int = 0) -> Mapping[str, Any]:
    """A pod of two containers, about two kilobytes, bound to one of a hundred nodes without kubelets."""
    labels = {"app": "perf", "app.kubernetes.io/name": "web", "group": f"g-{number % GROUPS:02d}"}
    return {
        "metadata": {"name": name, "labels": labels, "annotations": {"example.com/checksum": "9b2a7c0e4f6d8a1c" * 4}},
        "spec": {
            "nodeName": node_name(number),
            "tolerations": [{"operator": "Exists"}],
            "containers": [_web(), _shipper()],
            "volumes": [{"name": "config", "configMap": {"name": "web"}}, {"name": "scratch", "emptyDir": {}}],
        },
    }


def node_name(number: int) -> str:
    """The name of the node of a pod of this number."""
    return f"perf-{number % GROUPS:03d}"


def node(number: int) -> Mapping[str, Any]:
    """A node with room."""
    size = {"cpu": "32", "memory": "256Gi", "pods": "110"}
    return {"metadata": {"name": node_name(number)}, "status": {"capacity": size, "allocatable": size}}


def _probe(path: str) -> Mapping[str, Any]:
    return {"httpGet": {"path": path, "port": "http"}, "initialDelaySeconds": 5, "periodSeconds": 10}


def _web() -> Mapping[str, Any]:
    return {
        "name": "web",
        "image": "registry.invalid/shop/web:2.14.3",
        "args": ["--listen=:8080", "--log-level=info", "--upstream=http://orders:8080"],
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 9090}],
        "env": [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "DB_HOST", "value": "db.shop.svc.cluster.local"},
            {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
        ],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}},
        "livenessProbe": _probe("/healthz"),
        "readinessProbe": _probe("/ready"),
        "volumeMounts": [{"name": "config", "mountPath": "/etc/web"}, {"name": "scratch", "mountPath": "/tmp"}],
    }


def _shipper() -> Mapping[str, Any]:
    return {
        "name": "log-shipper",
        "image": "registry.invalid/infra/shipper:1.0",
        "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}},
        "volumeMounts": [{"name": "scratch", "mountPath": "/logs", "readOnly": True}],
    }
