"""The ConfigMaps and Secrets that this node's pods refer to, each followed by a watch of its own while it is used.

So a pod's start waits for no request, containers restart while the API server is away, and volumes change with their
objects. Source: pkg/kubelet/util/manager/watch_based_manager.go.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from steersman.api.core import ConfigMap, Container, Pod, Secret
from steersman.api.meta import Kind
from steersman.api.resources import resource_for
from steersman.apimachinery.status import not_found
from steersman.client.informer import Informer, Scope
from steersman.client.interface import Client
from steersman.component.clock import Clock
from steersman.kubelet.podworker.actions import all_containers

K = TypeVar("K", bound=Kind)
SYNC_TIMEOUT = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Reference:
    """A ConfigMap or Secret by its place."""

    kind: type[Kind]
    namespace: str
    name: str


@dataclass(slots=True)
class _Followed:
    informer: Informer[Any]
    task: asyncio.Task[None]
    users: set[str] = field(default_factory=set)


class References:
    """Follows what pods refer to; `run` must be running before pods come."""

    def __init__(self, client: Client, clock: Clock, changed: Callable[[str], None]) -> None:
        """`changed` is called with the uid of each pod that refers to a changed object."""
        self._client, self._clock, self._changed = client, clock, changed
        self._followed: dict[Reference, _Followed] = {}
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Keep the watches until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                await asyncio.get_running_loop().create_future()
        finally:
            self._group = None
            self._followed.clear()

    def follow(self, pod: Pod) -> None:
        """Follow all that the pod refers to now, and nothing else for it."""
        uid, wanted = pod.metadata.uid, frozenset(references_of(pod))
        for reference in wanted:
            self._follow(reference).users.add(uid)
        self._leave(uid, wanted)

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        self._leave(uid, frozenset())

    async def get(self, kind: type[K], namespace: str, name: str) -> K:
        """The object as last seen; NotFound, or TimeoutError while it could never be read."""
        followed = self._followed.get(Reference(kind, namespace, name))
        async with asyncio.timeout(SYNC_TIMEOUT.total_seconds()):
            if followed is None:
                return await self._client.get(kind, name, namespace)
            await followed.informer.wait_synced()
        found: K | None = followed.informer.cache.get(namespace, name)
        if found is None:
            raise not_found(resource_for(kind).group_resource, name)
        return found

    def _follow(self, reference: Reference) -> _Followed:
        known = self._followed.get(reference)
        if known is not None:
            return known
        if self._group is None:
            raise RuntimeError("References.run is not running")
        scope = Scope(reference.namespace, field_selector=f"metadata.name={reference.name}")
        informer: Informer[Any] = Informer(self._client, reference.kind, self._clock, scope)
        task = self._group.create_task(informer.run(), name=f"follow {reference.kind.__name__} {reference.name}")
        followed = self._followed[reference] = _Followed(informer, task)

        def tell(_old: Kind | None, _new: Kind | None) -> None:
            for uid in tuple(followed.users):
                self._changed(uid)

        informer.add_handler(tell)
        return followed

    def _leave(self, uid: str, kept: frozenset[Reference]) -> None:
        for reference, followed in tuple(self._followed.items()):
            if reference in kept or uid not in followed.users:
                continue
            followed.users.discard(uid)
            if not followed.users:
                followed.task.cancel()
                del self._followed[reference]


def references_of(pod: Pod) -> Iterator[Reference]:
    """Every ConfigMap and Secret that the pod's volumes, environment and image pulls name."""
    namespace = pod.metadata.namespace
    for kind, name in _named(pod):
        if name:
            yield Reference(kind, namespace, name)


def _named(pod: Pod) -> Iterator[tuple[type[Kind], str]]:
    for secret in pod.spec.imagePullSecrets:
        yield Secret, secret.name
    for container in all_containers(pod).values():
        yield from _named_by_environment(container)
    for volume in pod.spec.volumes:
        if volume.configMap is not None:
            yield ConfigMap, volume.configMap.name
        if volume.secret is not None:
            yield Secret, volume.secret.secretName
        if volume.projected is not None:
            for source in volume.projected.sources:
                if source.configMap is not None:
                    yield ConfigMap, source.configMap.name
                if source.secret is not None:
                    yield Secret, source.secret.name


def _named_by_environment(container: Container) -> Iterator[tuple[type[Kind], str]]:
    for whole in container.envFrom:
        if whole.configMapRef is not None:
            yield ConfigMap, whole.configMapRef.name
        if whole.secretRef is not None:
            yield Secret, whole.secretRef.name
    for variable in container.env:
        source = variable.valueFrom
        if source is not None and source.configMapKeyRef is not None:
            yield ConfigMap, source.configMapKeyRef.name
        if source is not None and source.secretKeyRef is not None:
            yield Secret, source.secretKeyRef.name
