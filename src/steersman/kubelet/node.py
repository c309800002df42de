"""Keeps the node's place in the cluster: registers it, renews its lease, writes its status when something changed.

Source: pkg/kubelet/kubelet_node_status.go, component-helpers/apimachinery/lease.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from steersman.api.coordination import Lease, LeaseSpec
from steersman.api.core import Node
from steersman.api.meta import ObjectMeta, OwnerReference
from steersman.apimachinery.codec.json import to_wire
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import AlreadyExists, NotFound, StatusError
from steersman.apimachinery.times import MicroTime, format_micro_time
from steersman.client.interface import Client, PatchType
from steersman.client.recorder import EventRecorder
from steersman.component.backoff import Backoff
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.component.threads import Threads
from steersman.cri.errors import RuntimeServiceError
from steersman.cri.interface import Runtime
from steersman.kubelet.machine import Machine, read_usage
from steersman.kubelet.node_status import (
    NodeSettings,
    Observed,
    RuntimeFacts,
    default_labels,
    is_worth_writing,
    new_node,
    node_status,
)

_log = get_logger(__name__)

LEASE_NAMESPACE = "kube-node-lease"
LEASE_SECONDS = 40
RENEW_INTERVAL = timedelta(seconds=10)
NOT_READY_INTERVAL = timedelta(seconds=1)
CALL_TIMEOUT = timedelta(seconds=10)
RETRY = Backoff(initial=0.2, factor=2, limit=7)


@dataclass(frozen=True, slots=True)
class NodeDeps:
    """What the node's presence stands on."""

    client: Client
    runtime: Runtime
    recorder: EventRecorder
    clock: Clock
    threads: Threads
    data_dir: Path
    """Whose filesystem counts as the node's."""


class NodeKeeper:
    """The node's registration, lease and status."""

    def __init__(self, deps: NodeDeps, settings: NodeSettings, machine: Machine) -> None:
        """Nothing is written before `run`."""
        self._deps, self._settings, self._machine = deps, settings, machine
        self._node: Node | None = None
        self._written_at: datetime | None = None
        self._version = ""
        self.is_ready = False

    async def run(self) -> None:
        """Register, then report and renew until cancelled."""
        await self._register()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep(self._renew, "lease not renewed"))
            group.create_task(self._keep(self._report, "node status not written"))

    async def _register(self) -> None:
        attempt = 0
        while self._node is None:
            try:
                async with asyncio.timeout(CALL_TIMEOUT.total_seconds()):
                    self._node = await self._create_or_take_over()
            except (StatusError, OSError, TimeoutError) as error:
                _log.info("node not registered yet", node=self._settings.name, error=str(error))
                await self._deps.clock.sleep(RETRY.delay(attempt))
                attempt += 1
        _log.info("node registered", node=self._settings.name)
        self._deps.recorder.event(self._node, "Normal", "Starting", "Starting kubelet.")

    async def _create_or_take_over(self) -> Node:
        client, name = self._deps.client, self._settings.name
        try:
            found = await client.get(Node, name)
        except NotFound:
            try:
                made = await client.create(new_node(await self._observe(), self._deps.clock.now()))
            except AlreadyExists:
                return await client.get(Node, name)
            self._written_at = self._deps.clock.now()
            return made
        labels = default_labels(self._settings, self._machine)
        missing = {key: value for key, value in labels.items() if found.metadata.labels.get(key) != value}
        if missing:
            found = await client.patch(Node, name, None, {"metadata": {"labels": missing}})
        return found

    async def _keep(self, act: Any, message: str) -> None:
        failures = 0
        while True:
            try:
                async with asyncio.timeout(CALL_TIMEOUT.total_seconds()):
                    await act()
            except (StatusError, OSError, TimeoutError) as error:
                _log.warning(message, node=self._settings.name, error=str(error))
                await self._deps.clock.sleep(RETRY.delay(failures))
                failures += 1
                continue
            failures = 0
            # While the network or the runtime comes up, pods wait for the node: look often.
            interval = RENEW_INTERVAL if self.is_ready or act == self._renew else NOT_READY_INTERVAL
            await self._deps.clock.sleep(interval.total_seconds())

    async def _renew(self) -> None:
        client, name = self._deps.client, self._settings.name
        now = MicroTime.of(self._deps.clock.now())
        try:
            await client.patch(Lease, name, LEASE_NAMESPACE, {"spec": {"renewTime": format_micro_time(now)}})
        except NotFound:
            spec = LeaseSpec(holderIdentity=name, leaseDurationSeconds=LEASE_SECONDS, renewTime=now)
            owner = self._node.metadata.uid if self._node is not None else ""
            reference = OwnerReference(apiVersion="v1", kind="Node", name=name, uid=owner)
            meta = ObjectMeta(name=name, namespace=LEASE_NAMESPACE, ownerReferences=(reference,))
            await client.create(Lease(metadata=meta, spec=spec))

    async def _report(self) -> None:
        assert self._node is not None
        now = self._deps.clock.now()
        status = node_status(self._node.status, await self._observe(), now)
        self.is_ready = any(each.type == "Ready" and each.status == "True" for each in status.conditions)
        if not is_worth_writing(self._node.status, status, self._written_at, now):
            return
        try:
            self._node = await self._deps.client.get(Node, self._settings.name)
            status = node_status(self._node.status, await self._observe(), now)
            body = {"status": _own_part(to_wire(status))}
            self._node = await self._deps.client.patch(
                Node, self._settings.name, None, body, PatchType.MERGE, subresource="status"
            )
        except NotFound:
            # Somebody deleted it: a running node comes back.
            self._node = await self._deps.client.create(replace(new_node(await self._observe(), now)))
        self._written_at = now

    async def _observe(self) -> Observed:
        usage = await self._deps.threads.run(read_usage, self._deps.data_dir)
        return Observed(self._settings, self._machine, usage, await self._ask_runtime())

    async def _ask_runtime(self) -> RuntimeFacts:
        runtime = self._deps.runtime
        try:
            if not self._version:
                version = await runtime.version()
                self._version = f"{version.runtime_name}://{version.runtime_version.removeprefix('v')}"
            status = await runtime.status()
            images = await runtime.list_images()
        except RuntimeServiceError as error:
            return RuntimeFacts(self._version, problem=f"[container runtime is down: {error.message}]")
        for condition in status.conditions:
            if not condition.status:
                detail = f"{condition.type}=false reason:{condition.reason} message:{condition.message}"
                what = "container runtime network" if "Network" in condition.type else "container runtime"
                return RuntimeFacts(self._version, images, f"{what} not ready: {detail}")
        return RuntimeFacts(self._version, images)


def _own_part(status: dict[str, Any]) -> dict[str, Any]:
    """Without what the attach-detach controller writes."""
    return {name: value for name, value in status.items() if name not in ("volumesAttached", "config")}
