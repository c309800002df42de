"""The kubelet on a real containerd: pods run, outlive the kubelet, and leave nothing behind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from steersman.api.core import (
    ConfigMap,
    ConfigMapVolumeSource,
    Container,
    ContainerPort,
    EmptyDirVolumeSource,
    EnvVar,
    EnvVarSource,
    HTTPGetAction,
    ObjectFieldSelector,
    Pod,
    PodSpec,
    Probe,
    ResourceRequirements,
    Volume,
    VolumeMount,
)
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.quantity import Quantity
from steersman.client.memory import MemoryClient
from steersman.cluster.images import SAMPLE_IMAGE
from steersman.component.clock import RealClock
from steersman.component.nodecontext import NodeContext
from steersman.component.threads import Threads
from steersman.cri import grpc as cri
from steersman.kubelet.app import Kubelet, KubeletDeps

CGROUPS = Path("/sys/fs/cgroup")


@dataclass
class Node:
    """A node's kubelet and the API it speaks to."""

    context: NodeContext
    client: MemoryClient
    runtime: cri.GRPCRuntime

    @asynccontextmanager
    async def kubelet(self) -> AsyncIterator[Kubelet]:
        """A running kubelet."""
        threads = Threads()
        kubelet = Kubelet(KubeletDeps(self.context, self.client, self.runtime, RealClock(), threads))
        task = asyncio.create_task(kubelet.run())
        try:
            yield kubelet
            if task.done():
                task.result()
        finally:
            task.cancel()
            await asyncio.wait({task}, timeout=15)
            threads.close()

    def pod(self, name: str) -> Pod | None:
        """The pod as the API has it."""
        return next((pod for pod in self.client.all(Pod) if pod.metadata.name == name), None)

    async def run_pod(self, pod: Pod) -> Pod:
        """Create it and wait until it is ready."""
        await self.client.create(pod)
        await eventually(lambda: self.is_ready(pod.metadata.name))
        ready = self.pod(pod.metadata.name)
        assert ready is not None
        return ready

    def is_ready(self, name: str) -> bool:
        """Its Ready condition is true."""
        pod = self.pod(name)
        return pod is not None and any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions)

    async def delete(self, name: str) -> None:
        """Delete it gracefully and wait until it is gone."""
        await self.client.delete(Pod, name, "default")
        await eventually(lambda: self.pod(name) is None)

    def leftovers(self, uid: str) -> list[str]:
        """What there is of a pod on the machine."""
        found = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if uid in line]
        found += [str(path) for path in CGROUPS.rglob(f"*pod{uid}*")]
        found += [str(path) for path in self.context.kubelet_dir.rglob(f"*{uid}*")]
        return found + [str(path) for path in self.context.log_dir.rglob(f"*{uid}*")]


@pytest.fixture
def api(node: NodeContext, runtime: cri.GRPCRuntime) -> Node:
    return Node(node, MemoryClient(RealClock(), graceful=True), runtime)


async def eventually(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def pod_of(name: str, *containers: Container, **spec: object) -> Pod:
    given = {"terminationGracePeriodSeconds": 5, "restartPolicy": "Always", "nodeName": "node", **spec}
    return Pod(metadata=ObjectMeta(name=name, namespace="default"), spec=PodSpec(containers=containers, **given))


def container(script: str, **fields: object) -> Container:
    return Container(
        name="main",
        image=SAMPLE_IMAGE,
        command=("sh", "-c", script),
        terminationMessagePath="/dev/termination-log",
        **fields,
    )


SLEEP = "trap 'exit 0' TERM; echo hello; while true; do sleep 0.1; done"


async def test_a_pod_runs_outlives_its_kubelet_and_leaves_nothing(api: Node) -> None:
    resources = ResourceRequirements(limits={"memory": Quantity("64Mi")}, requests={"cpu": Quantity("100m")})
    main = container(
        SLEEP,
        env=(
            EnvVar(name="IP", valueFrom=EnvVarSource(fieldRef=ObjectFieldSelector(fieldPath="status.podIP"))),
            EnvVar(name="GREETING", value="I am $(IP)"),
        ),
        resources=resources,
        volumeMounts=(VolumeMount(name="fast", mountPath="/fast"), VolumeMount(name="config", mountPath="/config")),
    )
    volumes = (
        Volume(name="fast", emptyDir=EmptyDirVolumeSource(medium="Memory")),
        Volume(name="config", configMap=ConfigMapVolumeSource(name="settings")),
    )
    await api.client.create(ConfigMap(metadata=ObjectMeta(name="settings", namespace="default"), data={"a": "1"}))
    async with api.kubelet():
        pod = await api.run_pod(pod_of("web", main, volumes=volumes))
        before = pod.status.containerStatuses[0]
        container_id = before.containerID.partition("://")[2]

        async def read(command: str) -> str:
            return (await api.runtime.exec_sync(container_id, ("sh", "-c", command), 5)).stdout.decode()

        assert await read("echo $GREETING") == f"I am {pod.status.podIP}\n"
        assert "tmpfs" in await read("grep ' /fast ' /proc/mounts")
        assert await read("cat /config/a") == "1"
        assert "Kubernetes-managed hosts file" in await read("cat /etc/hosts")
        assert pod.status.podIP in await read("cat /etc/hosts")
        config = await api.client.get(ConfigMap, "settings", "default")
        await api.client.patch(ConfigMap, config.metadata.name, "default", {"data": {"a": "2"}})
        async with asyncio.timeout(10):
            while await read("cat /config/a") != "2":
                await asyncio.sleep(0.05)
        log = next(api.context.log_dir.rglob("0.log")).read_text()
        assert log.endswith(" stdout F hello\n")
        assert [path for path in CGROUPS.rglob(f"pod{pod.metadata.uid}") if path.is_dir()]
    async with api.kubelet() as again:
        await eventually(lambda: again.workers is not None and len(again.workers.workers) == 1)
        await eventually(lambda: again.workers is not None and again.workers.workers[0].runtime is not None)
        await asyncio.sleep(0.5)
        pod_now = api.pod("web")
        assert pod_now is not None
        after = pod_now.status.containerStatuses[0]
        assert (after.containerID, after.restartCount, after.ready) == (before.containerID, 0, True)
        await api.delete("web")
    assert api.leftovers(pod.metadata.uid) == []
    assert await api.runtime.list_pod_sandboxes() == ()


async def test_a_readiness_probe_over_http_decides_and_a_crash_is_restarted(api: Node) -> None:
    script = "mkdir /www; echo up >/www/index.html; httpd -p 8080 -h /www; while test ! -e /crash; do sleep 0.1; done; "
    script += "echo last words >/dev/termination-log; exit 7"
    ports = (ContainerPort(name="web", containerPort=8080),)
    probe = Probe(httpGet=HTTPGetAction(path="/", port="web"), periodSeconds=1)
    async with api.kubelet():
        pod = await api.run_pod(pod_of("probed", container(script, ports=ports, readinessProbe=probe)))
        container_id = pod.status.containerStatuses[0].containerID.partition("://")[2]
        await api.runtime.exec_sync(container_id, ("touch", "/crash"), 5)

        def restarted() -> bool:
            now = api.pod("probed")
            return now is not None and now.status.containerStatuses[0].restartCount == 1 and api.is_ready("probed")

        await eventually(restarted)
        now = api.pod("probed")
        assert now is not None
        ended = now.status.containerStatuses[0].lastState.terminated
        assert ended is not None
        assert (ended.exitCode, ended.reason, ended.message) == (7, "Error", "last words\n")
        await api.delete("probed")
    assert api.leftovers(pod.metadata.uid) == []
