"""Pods a second to and from protobuf, beside JSON: one as the API server stores it, with its status and owners."""

import time
from collections.abc import Callable

from steersman.api.core import Pod
from steersman.apimachinery.codec import json, protobuf

ROUNDS = 3000
NAMES = ("web", "sidecar")
POD = {
    "metadata": {
        "name": "web-7d4b9c6f5-x2x9k", "namespace": "default", "uid": "5c9d3f0a-6d3e-4f4e-9a39-0d4f6f8f2b11",
        "resourceVersion": "123456", "creationTimestamp": "2024-05-01T10:00:00Z", "generateName": "web-7d4b9c6f5-",
        "labels": {"app": "web", "pod-template-hash": "7d4b9c6f5", "tier": "front"},
        "annotations": {"example.com/checksum": "a" * 64},
        "ownerReferences": [{
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-7d4b9c6f5", "controller": True,
            "uid": "b0f0a3c2-98a5-4f0e-8a53-3f2d6f1f5c77", "blockOwnerDeletion": True,
        }],
    },
    "spec": {
        "containers": [
            {
                "name": name, "image": f"registry.example.com/{name}:1.2.3", "imagePullPolicy": "IfNotPresent",
                "ports": [{"containerPort": 8080, "protocol": "TCP", "name": "http"}],
                "env": [{"name": f"VARIABLE_{number}", "value": f"value {number}"} for number in range(5)],
                "resources": {"limits": {"cpu": "500m", "memory": "256Mi"}, "requests": {"cpu": "100m"}},
                "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 10},
                "volumeMounts": [{
                    "name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True,
                }],
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            }
            for name in NAMES
        ],
        "volumes": [{"name": "token", "projected": {"defaultMode": 420, "sources": [
            {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        ]}}],
        "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default", "nodeName": "node-1", "schedulerName": "default-scheduler",
        "tolerations": [{
            "key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute",
            "tolerationSeconds": 300,
        }],
    },
    "status": {
        "phase": "Running", "podIP": "10.244.0.17", "podIPs": [{"ip": "10.244.0.17"}], "hostIP": "192.168.1.10",
        "qosClass": "Burstable", "startTime": "2024-05-01T10:00:01Z",
        "conditions": [
            {"type": type_, "status": "True", "lastTransitionTime": "2024-05-01T10:00:05Z"}
            for type_ in ("Initialized", "Ready", "ContainersReady", "PodScheduled")
        ],
        "containerStatuses": [
            {
                "name": name, "image": f"registry.example.com/{name}:1.2.3", "ready": True, "started": True,
                "imageID": f"sha256:{'b' * 64}", "containerID": f"containerd://{'c' * 64}", "restartCount": 0,
                "state": {"running": {"startedAt": "2024-05-01T10:00:03Z"}},
            }
            for name in NAMES
        ],
    },
}  # fmt: skip


def measure(name: str, act: Callable[[], object]) -> None:
    """The best of three, since others use the machine too."""
    act()
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        for _ in range(ROUNDS):
            act()
        best = min(best, (time.process_time() - begun) / ROUNDS)
    print(f"{name:30} {best * 1e6:8.1f} us {1 / best:10.0f} pods/s")


def main() -> None:
    pod = json.from_wire(POD, Pod)
    as_json, as_protobuf = json.encode(pod), protobuf.encode(pod)
    made = protobuf.contents(pod)
    print(f"a pod: {len(as_json)} bytes of JSON, {len(as_protobuf)} of protobuf")
    measure("encode JSON", lambda: json.encode(pod))
    measure("encode protobuf", lambda: protobuf.encode(pod))
    measure("JSON to protobuf", lambda: protobuf.contents_of(json.parse(as_json), Pod))
    measure("protobuf answer of made bytes", lambda: protobuf.enveloped("v1", "Pod", made))
    measure("decode JSON", lambda: json.decode(as_json, Pod))
    measure("decode protobuf", lambda: protobuf.decode(as_protobuf, Pod))


if __name__ == "__main__":
    main()
