"""Admission as a cluster has it: plugins, defaults and rules together."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from steersman.api.core import (
    Binding,
    Container,
    LimitRange,
    LimitRangeItem,
    LimitRangeSpec,
    Namespace,
    Node,
    ObjectReference,
    Pod,
    PodSpec,
)
from steersman.api.meta import ObjectMeta
from steersman.api.policy.podsecuritypolicy import (
    IDRange,
    IDStrategyOptions,
    PodSecurityPolicy,
    PodSecurityPolicySpec,
    SELinuxStrategyOptions,
)
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.status import Forbidden
from steersman.apiserver.admission.configuration import Configurations
from steersman.cluster.serverflags import read_flags
from steersman.component.http.client import HTTPPool
from steersman.testing.cluster import Cluster

CONTAINER = {"name": "c", "image": "i"}


def pod(name: str = "p", namespace: str = "default", **spec: Any) -> Pod:
    spec.setdefault("containers", (Container(name="c", image="i"),))
    return Pod(metadata=ObjectMeta(name=name, namespace=namespace), spec=PodSpec(**spec))


async def test_limits_of_a_namespace_count_at_once_and_make_quality_of_service() -> None:
    async with Cluster(with_node=False) as cluster:
        client = cluster.client
        await client.create(Namespace(metadata=ObjectMeta(name="limited")))
        item = LimitRangeItem(type="Container", max={"cpu": Quantity("1"), "memory": Quantity("1Gi")})
        made = await client.create(
            LimitRange(metadata=ObjectMeta(name="l", namespace="limited"), spec=LimitRangeSpec(limits=(item,)))
        )
        assert made.spec.limits[0].defaultRequest["cpu"] == Quantity("1")
        admitted = await client.create(pod(namespace="limited"))
        assert admitted.spec.containers[0].resources.limits["memory"] == Quantity("1Gi")
        assert admitted.status.qosClass == "Guaranteed"
        large = Container(name="c", image="i", resources=type(admitted.spec.containers[0].resources)(
            limits={"cpu": Quantity("2")}, requests={"cpu": Quantity("2")}
        ))  # fmt: skip
        with pytest.raises(Forbidden, match="maximum cpu usage per Container is 1, but limit is 2"):
            await client.create(pod("q", "limited", containers=(large,)))
        await client.create(pod("free"))


async def test_pods_of_a_restricted_namespace_keep_to_it_and_their_workloads_are_warned() -> None:
    async with Cluster(with_node=False) as cluster:
        config = await cluster.serve()
        client = cluster.client
        labels = {"pod-security.kubernetes.io/enforce": "baseline"}
        made = await client.create(Namespace(metadata=ObjectMeta(name="strict")))
        await client.create(pod("before", "default", hostNetwork=True))
        await client.update(replace(made, metadata=replace(made.metadata, labels=labels)))
        with pytest.raises(Forbidden) as caught:
            await client.create(pod("host", "strict", hostNetwork=True))
        assert caught.value.message == (
            'pods "host" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)'
        )
        pool = HTTPPool("127.0.0.1", urlsplit(config.server).port or 0)
        headers = {"authorization": f"Bearer {config.credentials.token}", "content-type": "application/json"}
        template = {"metadata": {"labels": {"a": "b"}}, "spec": {"hostNetwork": True, "containers": [CONTAINER]}}
        body = {"metadata": {"name": "w"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template}}
        path = "/apis/apps/v1/namespaces/strict/deployments"
        answer = await pool.request("POST", path, headers, json.dumps(body).encode())
        assert answer.status == 201, await answer.read()
        assert "would violate PodSecurity" in answer.headers["warning"]
        patch = {"metadata": {"labels": labels}}
        headers["content-type"] = "application/merge-patch+json"
        answer = await pool.request("PATCH", "/api/v1/namespaces/default", headers, json.dumps(patch).encode())
        assert 'existing pods in namespace \\"default\\" violate' in answer.headers["warning"]
        await answer.read()
        await pool.close()


async def test_plugins_are_turned_on_and_off_and_configured() -> None:
    flags = read_flags({
        "enable-admission-plugins": "NamespaceAutoProvision,AlwaysPullImages,EventRateLimit",
        "disable-admission-plugins": "DefaultTolerationSeconds",
    })  # fmt: skip
    standards = {
        "kind": "PodSecurityConfiguration",
        "apiVersion": "pod-security.admission.config.k8s.io/v1",
        "defaults": {"enforce": "baseline"},
        "exemptions": {"namespaces": ["free"]},
    }
    async with Cluster(with_node=False, flags=flags, admission=Configurations({"PodSecurity": standards})) as cluster:
        client = cluster.client
        made = await client.create(pod(namespace="new", containers=(Container(name="c", image="i:1"),)))
        assert (await client.get(Namespace, "new")).status.phase == "Active"
        assert made.spec.containers[0].imagePullPolicy == "Always"
        assert made.spec.tolerations == ()
        with pytest.raises(Forbidden, match='violates PodSecurity "baseline:latest"'):
            await client.create(pod("q", "new", hostPID=True))
        await client.create(pod("q", "free", hostPID=True))


async def test_a_bound_pod_says_in_which_zone_it_is() -> None:
    async with Cluster(with_node=False) as cluster:
        client = cluster.client
        labels = {"topology.kubernetes.io/zone": "z"}
        await client.create(Node(metadata=ObjectMeta(name="n", labels=labels)))
        await client.create(pod(schedulerName="none"))
        binding = Binding(
            metadata=ObjectMeta(name="p", namespace="default"), target=ObjectReference(kind="Node", name="n")
        )
        await client.create_subresource(Pod, "p", "default", "binding", binding)
        assert (await client.get(Pod, "p", "default")).metadata.labels == labels


async def test_pods_keep_to_a_policy_where_policies_are_served() -> None:
    flags = read_flags({"enable-admission-plugins": "PodSecurityPolicy", "runtime-config": "policy/v1beta1=true"})
    any_ = IDStrategyOptions(rule="RunAsAny")
    spec = PodSecurityPolicySpec(
        seLinux=SELinuxStrategyOptions(rule="RunAsAny"),
        runAsUser=IDStrategyOptions(rule="MustRunAs", ranges=(IDRange(min=1000, max=2000),)),
        supplementalGroups=any_,
        fsGroup=any_,
        volumes=("secret",),
    )
    async with Cluster(with_node=False, flags=flags) as cluster:
        client = cluster.client
        with pytest.raises(Forbidden, match="no providers available to validate pod request"):
            await client.create(pod())
        await client.create(PodSecurityPolicy(metadata=ObjectMeta(name="limited"), spec=spec))
        made = await client.create(pod())
        assert made.metadata.annotations["kubernetes.io/psp"] == "limited"
        security = made.spec.containers[0].securityContext
        assert security is not None
        assert security.runAsUser == 1000
        with pytest.raises(Forbidden, match="Host PID is not allowed to be used"):
            await client.create(pod("q", hostPID=True))
