"""All controllers against a real API server, in its process and over HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from steersman.api.admissionregistration import ValidatingAdmissionPolicy
from steersman.api.apps import Deployment, DeploymentSpec, DeploymentStrategy, ReplicaSet, RollingUpdateDeployment
from steersman.api.core import (
    Binding,
    ConfigMap,
    Container,
    Endpoints,
    Event,
    Namespace,
    Node,
    ObjectReference,
    Pod,
    PodSpec,
    PodTemplateSpec,
    Service,
    ServiceAccount,
    ServicePort,
    ServiceSpec,
)
from steersman.api.discovery import EndpointSlice
from steersman.api.meta import LabelSelector, ObjectMeta
from steersman.api.networking import IPAddress, ServiceCIDR, ServiceCIDRSpec
from steersman.apimachinery.codec.json import from_wire
from steersman.apiserver.local import LocalClient
from steersman.client.http import HTTPClient
from steersman.client.interface import Client, Propagation
from steersman.client.kubeconfig import ClientConfig
from steersman.component.clock import RealClock
from steersman.component.threads import Threads
from steersman.controllers.registry import Settings, all_controllers
from steersman.reconcile.manager import Manager

from .server import Served, serving

LABELS = {"app": "web"}
DEADLINE_SECONDS = 15


@contextlib.asynccontextmanager
async def client_of(served: Served, way: str) -> AsyncIterator[Client]:
    if way == "local":
        yield LocalClient(served.server.pipeline)
        return
    threads = Threads(1)
    client = HTTPClient(ClientConfig(f"http://127.0.0.1:{served.http.port}"), RealClock(), threads)
    try:
        yield client
    finally:
        await client.close()
        threads.close()


@contextlib.asynccontextmanager
async def controlled(way: str) -> AsyncIterator[Client]:
    """A client of a cluster whose controllers run."""
    async with serving() as served, client_of(served, way) as client:
        clock = RealClock()
        settings = Settings(ca_pem="PEM", cluster_cidrs=("10.244.0.0/16",), sign_token=lambda *_: "token")
        manager = Manager(client, all_controllers(settings, clock), clock)
        running = asyncio.create_task(manager.run())
        try:
            await client.create(Namespace(metadata=ObjectMeta(name="shop")))
            yield client
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def eventually(client: Client, kind: type[Any], holds: Callable[[tuple[Any, ...]], bool]) -> tuple[Any, ...]:
    """The namespace's objects of a kind as soon as the condition holds for them."""
    found: tuple[Any, ...] = ()
    scope = None if issubclass(kind, IPAddress | ValidatingAdmissionPolicy) else "shop"
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not holds(found := (await client.list(kind, scope)).items):
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"never came true for {kind.__name__}: {found}") from None
    return found


def deployment(image: str = "v1") -> Deployment:
    containers = (Container(name="c", image=image),)
    return Deployment(
        metadata=ObjectMeta(name="web", namespace="shop"),
        spec=DeploymentSpec(
            replicas=3,
            selector=LabelSelector(matchLabels=LABELS),
            template=PodTemplateSpec(metadata=ObjectMeta(labels=LABELS), spec=PodSpec(containers=containers)),
            strategy=DeploymentStrategy(
                type="RollingUpdate", rollingUpdate=RollingUpdateDeployment(maxSurge=1, maxUnavailable=0)
            ),
            progressDeadlineSeconds=600,
        ),
    )


async def run_pods(client: Client) -> None:
    """What kubelets do, until cancelled."""
    number = 0
    while True:
        for pod in (await client.list(Pod, "shop")).items:
            if not pod.status.podIP and pod.metadata.deletionTimestamp is None:
                number += 1
                ip = f"10.244.0.{number}"
                ready = [{"type": "Ready", "status": "True"}]
                status = {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "conditions": ready}
                await client.patch(Pod, pod.metadata.name, "shop", {"status": status}, subresource="status")
        await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def kubelets(client: Client) -> AsyncIterator[None]:
    running = asyncio.create_task(run_pods(client))
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def is_rolled_out(found: tuple[Any, ...]) -> bool:
    (one,) = found
    status = one.status
    counts = (status.replicas, status.updatedReplicas, status.availableReplicas)
    return bool(status.observedGeneration == one.metadata.generation and counts == (3, 3, 3))


@pytest.mark.parametrize("way", ["local", "http"])
async def test_a_deployment_comes_up_rolls_and_is_collected(way: str) -> None:
    async with controlled(way) as client, kubelets(client):
        await client.create(deployment())
        ports = (ServicePort(name="http", port=80, protocol="TCP"),)
        meta = ObjectMeta(name="web", namespace="shop")
        await client.create(Service(metadata=meta, spec=ServiceSpec(selector=LABELS, ports=ports, clusterIP="None")))
        await eventually(client, Deployment, is_rolled_out)
        current = await client.get(Deployment, "web", "shop")
        await client.patch(
            Deployment, "web", "shop",
            {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "v2"}]}}}},
        )  # fmt: skip
        await eventually(client, Deployment, lambda found: found[0].metadata.generation > current.metadata.generation)
        (rolled,) = await eventually(client, Deployment, is_rolled_out)
        assert rolled.metadata.annotations["deployment.kubernetes.io/revision"] == "2"
        assert len((await client.list(ReplicaSet, "shop")).items) == 2
        await eventually(client, Pod, lambda found: {p.spec.containers[0].image for p in found} == {"v2"})
        events = await eventually(client, Event, lambda found: any(e.reason == "ScalingReplicaSet" for e in found))
        assert {"SuccessfulCreate", "ScalingReplicaSet"} <= {event.reason for event in events}
        await client.delete(Deployment, "web", "shop", propagation=Propagation.FOREGROUND)
        for kind in (Deployment, ReplicaSet, Pod):
            await eventually(client, kind, lambda found: not found)


async def test_endpoints_of_a_service_follow_its_pods() -> None:
    async with controlled("local") as client, kubelets(client):
        await client.create(deployment())
        ports = (ServicePort(name="http", port=80, protocol="TCP"),)
        meta = ObjectMeta(name="web", namespace="shop")
        await client.create(Service(metadata=meta, spec=ServiceSpec(selector=LABELS, ports=ports, clusterIP="None")))
        await eventually(client, Pod, lambda found: len(found) == 3)
        # Pods that no scheduler has placed are on no node, and so behind no Service.
        (empty,) = await eventually(client, EndpointSlice, lambda found: len(found) == 1)
        assert empty.endpoints == ()
        await client.create(Node(metadata=ObjectMeta(name="n")))
        for pod in (await client.list(Pod, "shop")).items:
            body = Binding(metadata=pod.metadata, target=ObjectReference(kind="Node", name="n"))
            await client.create_subresource(Pod, pod.metadata.name, "shop", "binding", body)
        (full,) = await eventually(client, EndpointSlice, lambda found: len(found[0].endpoints) == 3)
        assert full.metadata.uid == empty.metadata.uid
        assert {endpoint.nodeName for endpoint in full.endpoints} == {"n"}
        (older,) = await eventually(client, Endpoints, lambda found: len(found[0].subsets[0].addresses) == 3)
        assert older.metadata.name == "web"


async def test_a_namespace_is_furnished_and_emptied() -> None:
    async with controlled("local") as client:
        await eventually(client, ServiceAccount, lambda found: [one.metadata.name for one in found] == ["default"])
        await eventually(client, ConfigMap, lambda found: [one.metadata.name for one in found] == ["kube-root-ca.crt"])
        pod = PodSpec(containers=(Container(name="c", image="v1"),))
        await client.create(Pod(metadata=ObjectMeta(name="bare", namespace="shop"), spec=pod))
        await client.delete(Namespace, "shop")
        async with asyncio.timeout(DEADLINE_SECONDS):
            while any(one.metadata.name == "shop" for one in (await client.list(Namespace)).items):
                await asyncio.sleep(0.05)
        assert (await client.list(Pod)).items == ()


async def test_orphaned_pods_stay_and_are_adopted_by_the_next_replica_set() -> None:
    async with controlled("local") as client, kubelets(client):
        await client.create(deployment())
        await eventually(client, Deployment, is_rolled_out)
        (rs,) = (await client.list(ReplicaSet, "shop")).items
        before = {pod.metadata.uid for pod in (await client.list(Pod, "shop")).items}
        await client.delete(Deployment, "web", "shop", propagation=Propagation.ORPHAN)
        await eventually(client, Deployment, lambda found: not found)
        (orphan,) = await eventually(client, ReplicaSet, lambda found: not found[0].metadata.ownerReferences)
        assert orphan.metadata.uid == rs.metadata.uid
        await client.create(deployment())
        await eventually(client, ReplicaSet, lambda found: bool(found[0].metadata.ownerReferences))
        await eventually(client, Deployment, is_rolled_out)
        assert {pod.metadata.uid for pod in (await client.list(Pod, "shop")).items} == before
        assert len((await client.list(ReplicaSet, "shop")).items) == 1


@pytest.mark.parametrize("way", ["local"])
async def test_an_address_that_somebody_deletes_is_noted_again_for_its_service(way: str) -> None:
    async with controlled(way) as client:
        await client.create(
            ServiceCIDR(metadata=ObjectMeta(name="kubernetes"), spec=ServiceCIDRSpec(cidrs=("10.96.0.0/12",)))
        )
        spec = ServiceSpec(type="ClusterIP", ports=(ServicePort(port=80),))
        made = await client.create(Service(metadata=ObjectMeta(name="web", namespace="shop"), spec=spec))
        first = await client.get(IPAddress, made.spec.clusterIP)
        await client.delete(IPAddress, made.spec.clusterIP)

        def is_noted_again(found: tuple[Any, ...]) -> bool:
            return [one.metadata.uid for one in found] not in ([], [first.metadata.uid])

        (again,) = await eventually(client, IPAddress, is_noted_again)
        assert (again.metadata.labels, again.spec) == (first.metadata.labels, first.spec)
        (ranges,) = (await client.list(ServiceCIDR)).items
        assert [(one.type, one.status) for one in ranges.status.conditions] == [("Ready", "True")]
        (event,) = await eventually(client, Event, lambda found: bool(found))
        assert event.message == f"Cluster IP [IPv4]: {made.spec.clusterIP} is not allocated; repairing"


@pytest.mark.parametrize("way", ["local", "http"])
async def test_the_status_of_a_policy_tells_of_types_that_do_not_fit(way: str) -> None:
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"], "operations": ["*"]}
    spec = {"matchConstraints": {"resourceRules": [rule]}, "validations": [{"expression": "object.replicas > 1"}]}
    policy = from_wire({"metadata": {"name": "few"}, "spec": spec}, ValidatingAdmissionPolicy)
    async with controlled(way) as client:
        await client.create(policy)
        (found,) = await eventually(
            client, ValidatingAdmissionPolicy, lambda found: found[0].status.observedGeneration == 1
        )
        (warning,) = found.status.typeChecking.expressionWarnings
        assert warning.fieldRef == "spec.validations[0].expression"
        assert "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'" in warning.warning
        right = {"spec": {"validations": [{"expression": "object.spec.replicas > 1"}]}}
        await client.patch(ValidatingAdmissionPolicy, "few", None, right)
        (found,) = await eventually(
            client, ValidatingAdmissionPolicy, lambda found: found[0].status.observedGeneration == 2
        )
        assert found.status.typeChecking.expressionWarnings == ()
