"""What a node may read: what its own pods need."""

from collections.abc import Iterable
from typing import Any, TypeVar

import pytest

from steersman.api import core, resource, storage
from steersman.api.meta import Kind
from steersman.apimachinery.codec.json import from_wire
from steersman.apiserver.authz.bootstrap.clusterroles import NODE_RULES
from steersman.apiserver.authz.node import NodeAuthorizer
from steersman.apiserver.authz.noderelations import NodeRelations
from steersman.apiserver.request import Query, read_request
from steersman.apiserver.user import UserInfo

K = TypeVar("K", bound=Kind)
NODE = UserInfo("system:node:here", groups=("system:nodes", "system:authenticated"))
NS = "/api/v1/namespaces/a"


class ObjectsInMemory:
    """What a server's caches would have."""

    def __init__(self, objects: Iterable[Kind]) -> None:
        self._objects = {(type(one), one.metadata.namespace, one.metadata.name): one for one in objects}

    def find(self, kind: type[K], namespace: str, name: str) -> K | None:
        found = self._objects.get((kind, namespace, name))
        return found if isinstance(found, kind) else None

    def where(self, kind: type[K], value: str, namespace: str = "") -> Iterable[K]:
        for (_, within, _), one in self._objects.items():
            is_there = not namespace or within == namespace
            if is_there and isinstance(one, kind) and isinstance(one, core.Pod) and one.spec.nodeName == value:
                yield one


def pod(name: str, node: str, prefix: str, annotations: dict[str, str] | None = None) -> core.Pod:
    """A pod that names something of every sort; what it names begins with a prefix."""
    env = [
        {"name": "s", "valueFrom": {"secretKeyRef": {"name": f"{prefix}-env", "key": "k"}}},
        {"name": "c", "valueFrom": {"configMapKeyRef": {"name": f"{prefix}-env", "key": "k"}}},
    ]
    sources = [{"secretRef": {"name": f"{prefix}-all"}}, {"configMapRef": {"name": f"{prefix}-all"}}]
    volumes = [
        {"name": "s", "secret": {"secretName": f"{prefix}-secret"}},
        {"name": "c", "configMap": {"name": f"{prefix}-map"}},
        {"name": "j", "projected": {"sources": [{"secret": {"name": f"{prefix}-part"}}]}},
        {"name": "p", "persistentVolumeClaim": {"claimName": f"{prefix}-claim"}},
        {"name": "e", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}},
    ]
    spec = {
        "nodeName": node,
        "serviceAccountName": f"{prefix}-account",
        "imagePullSecrets": [{"name": f"{prefix}-pull"}],
        "containers": [{"name": "c", "image": "i", "env": env, "envFrom": sources}],
        "volumes": volumes,
        "resourceClaims": [{"name": "d", "resourceClaimName": f"{prefix}-devices"}],
    }
    meta = {"name": name, "namespace": "a", "annotations": annotations or {}}
    return from_wire({"metadata": meta, "spec": spec}, core.Pod)


def made(kind: type[K], name: str, namespace: str = "", **spec: Any) -> K:
    return from_wire({"metadata": {"name": name, "namespace": namespace}, "spec": spec}, kind)


OBJECTS = (
    pod("mine", "here", "mine"),
    pod("other", "there", "other"),
    pod("mirror", "here", "mirror", {"kubernetes.io/config.mirror": "x"}),
    made(core.PersistentVolumeClaim, "mine-claim", "a", volumeName="v"),
    made(
        core.PersistentVolume,
        "v",
        claimRef={"namespace": "a", "name": "mine-claim"},
        csi={"driver": "d", "volumeHandle": "h", "nodeStageSecretRef": {"name": "stage", "namespace": "b"}},
    ),
    made(core.PersistentVolume, "w", claimRef={"namespace": "a", "name": "other-claim"}),
    made(storage.VolumeAttachment, "attached", nodeName="here", attacher="d", source={}),
    made(storage.VolumeAttachment, "elsewhere", nodeName="there", attacher="d", source={}),
    made(resource.ResourceSlice, "devices", nodeName="here", driver="d", pool={}),
)


def answer(user: UserInfo, method: str, target: str) -> tuple[bool, str]:
    path, _, query = target.partition("?")
    authorizer = NodeAuthorizer(NodeRelations(ObjectsInMemory(OBJECTS)), NODE_RULES)
    decision = authorizer.authorize(user, read_request(method, path, Query(query)))
    return decision.allowed, decision.reason


@pytest.mark.parametrize(
    ("method", "target"),
    [
        *(("GET", f"{NS}/secrets/mine-{name}") for name in ("env", "all", "secret", "part", "pull")),
        *(("GET", f"{NS}/configmaps/mine-{name}") for name in ("env", "all", "map")),
        ("GET", f"{NS}/secrets?fieldSelector=metadata.name=mine-env&watch=1"),
        ("GET", "/api/v1/namespaces/b/secrets/stage"),
        ("GET", f"{NS}/persistentvolumeclaims/mine-claim"),
        ("GET", f"{NS}/persistentvolumeclaims/mine-e"),
        ("PATCH", f"{NS}/persistentvolumeclaims/mine-claim/status"),
        ("GET", "/api/v1/persistentvolumes/v"),
        ("POST", f"{NS}/serviceaccounts/mine-account/token"),
        ("GET", "/apis/resource.k8s.io/v1/namespaces/a/resourceclaims/mine-devices"),
        ("GET", "/apis/resource.k8s.io/v1/resourceslices?fieldSelector=spec.nodeName=here"),
        ("DELETE", "/apis/resource.k8s.io/v1/resourceslices/devices"),
        ("GET", "/apis/storage.k8s.io/v1/volumeattachments/attached"),
        ("PUT", "/apis/storage.k8s.io/v1/csinodes/here"),
        ("PUT", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/here"),
        ("GET", "/api/v1/nodes/here"),
        ("POST", "/api/v1/nodes"),
        ("PATCH", "/api/v1/nodes/here/status"),
        ("GET", "/api/v1/pods?fieldSelector=spec.nodeName=here&watch=1"),
        ("GET", f"{NS}/pods/mine"),
        ("PATCH", f"{NS}/pods/mine/status"),
        ("POST", f"{NS}/pods/mine/eviction"),
        ("GET", "/api/v1/services"),
        ("POST", f"{NS}/events"),
    ],
)
def test_a_node_does_its_work(method: str, target: str) -> None:
    assert answer(NODE, method, target)[0]


UNRELATED = "no relationship found between node 'here' and this object"
GET_ONE = "can only get individual resources of this type"


@pytest.mark.parametrize(
    ("method", "target", "why"),
    [
        ("GET", f"{NS}/secrets/other-env", UNRELATED),
        ("GET", f"{NS}/secrets/mirror-env", UNRELATED),
        ("GET", "/api/v1/namespaces/b/secrets/mine-env", UNRELATED),
        ("GET", f"{NS}/secrets", "No Object name found"),
        ("GET", "/api/v1/secrets", "can only read namespaced object of this type"),
        ("PUT", f"{NS}/secrets/mine-env", "can only read resources of this type"),
        ("GET", f"{NS}/configmaps/other-map", UNRELATED),
        ("GET", f"{NS}/persistentvolumeclaims", GET_ONE),
        ("DELETE", f"{NS}/persistentvolumeclaims/mine-claim/status", "can only get/update/patch this type"),
        ("GET", "/api/v1/persistentvolumes/w", UNRELATED),
        ("POST", f"{NS}/serviceaccounts/other-account/token", UNRELATED),
        ("POST", f"{NS}/serviceaccounts", "can only create tokens for individual service accounts"),
        ("GET", "/apis/storage.k8s.io/v1/volumeattachments/elsewhere", UNRELATED),
        (
            "PUT",
            "/apis/storage.k8s.io/v1/csinodes/there",
            "can only access CSINode with the same name as the requesting node",
        ),
        (
            "GET",
            "/apis/coordination.k8s.io/v1/namespaces/a/leases/here",
            'can only access leases in the "kube-node-lease" system namespace',
        ),
        ("GET", "/api/v1/nodes/there", "node 'here' cannot read 'there', only its own Node object"),
        ("GET", "/api/v1/nodes", "node 'here' cannot read all nodes, only its own Node object"),
        ("GET", "/api/v1/pods", "can only list/watch pods with spec.nodeName field selector"),
        ("GET", "/api/v1/pods?fieldSelector=spec.nodeName=there", None),
        ("GET", f"{NS}/pods/other", UNRELATED),
        (
            "GET",
            "/apis/resource.k8s.io/v1/resourceslices",
            "can only list/watch/deletecollection resourceslices with nodeName field selector",
        ),
        ("DELETE", "/apis/apps/v1/namespaces/a/deployments/d", ""),
    ],
)
def test_a_node_reads_nothing_else(method: str, target: str, why: str | None) -> None:
    allowed, reason = answer(NODE, method, target)
    assert not allowed
    assert why is None or reason == why


def test_it_has_an_opinion_of_nodes_only() -> None:
    assert answer(UserInfo("ada"), "GET", "/api/v1/nodes/here") == (False, "")
    assert answer(UserInfo("system:node:here"), "GET", "/api/v1/nodes/here") == (False, "")
    nobody = UserInfo("system:node:", groups=("system:nodes",))
    assert answer(nobody, "GET", "/api/v1/nodes/here") == (False, 'unknown node for user "system:node:"')
