"""The volumes of the node's pods: set up before a pod's containers, kept true while it lives, taken away after.

Source: pkg/kubelet/volumemanager, pkg/volume/projected.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from steersman.api.core import ConfigMap, Pod, ProjectedVolumeSource, Secret, Volume, VolumeProjection
from steersman.api.core.podresources import pod_limits
from steersman.api.meta import Kind
from steersman.apimachinery.status import NotFound, StatusError
from steersman.component import mounts
from steersman.component.clock import Clock
from steersman.component.threads import Threads
from steersman.kubelet.downward import FieldNotSupportedError
from steersman.kubelet.environment import PodPlace
from steersman.kubelet.poddirs import PodDirs
from steersman.kubelet.references import References
from steersman.kubelet.volumes import atomic, emptydir, hostpath
from steersman.kubelet.volumes.atomic import File
from steersman.kubelet.volumes.payload import (
    DEFAULT_MODE,
    MissingKeyError,
    config_map_data,
    downward_files,
    files_of,
    secret_data,
)
from steersman.kubelet.volumes.tokens import Tokens

K = TypeVar("K", bound=Kind)

TOKEN_MODE_GROUP, TOKEN_MODE_OWNER = 0o640, 0o600


class MountFailed(Exception):
    """A volume could not be set up; tried again later. The message is for the Event."""


@dataclass(slots=True)
class _Payload:
    files: dict[str, File]
    renew_at: datetime | None = None


class Volumes:
    """Sets up and takes away; what is on disk is the only state, so a restart loses nothing."""

    def __init__(
        self, kubelet_dir: Path, references: References, tokens: Tokens, clock: Clock, threads: Threads
    ) -> None:  # what it stands on
        """Nothing is touched yet."""
        self._kubelet_dir, self._references, self._tokens = kubelet_dir, references, tokens
        self._clock, self._threads = clock, threads

    async def set_up(self, pod: Pod, place: PodPlace) -> datetime | None:
        """Set up or bring up to date every volume; when the first token has to be renewed."""
        renewals: list[datetime] = []
        for volume in pod.spec.volumes:
            try:
                renew_at = await self._set_up_one(pod, volume, place)
            except (StatusError, MissingKeyError, FieldNotSupportedError, OSError, TimeoutError,
                    hostpath.WrongTypeError) as error:  # fmt: skip
                raise MountFailed(f'MountVolume.SetUp failed for volume "{volume.name}" : {error}') from error
            if renew_at is not None:
                renewals.append(renew_at)
        return min(renewals, default=None)

    async def tear_down(self, uid: str, *, with_directory: bool) -> None:
        """Unmount and remove every volume of the pod; `with_directory`: all that it has on disk."""
        dirs = PodDirs.of(self._kubelet_dir, uid)
        await self._threads.run(_remove, dirs, with_directory)
        self._tokens.forget(uid)

    def path(self, pod: Pod, volume: Volume) -> Path:
        """Where the volume is on the node."""
        if volume.hostPath is not None:
            return Path(volume.hostPath.path)
        return PodDirs.of(self._kubelet_dir, pod.metadata.uid).volume(volume)

    async def _set_up_one(self, pod: Pod, volume: Volume, place: PodPlace) -> datetime | None:
        path, group = self.path(pod, volume), _group(pod)
        if volume.hostPath is not None:
            await self._threads.run(hostpath.path_of, volume.hostPath)
            return None
        if volume.emptyDir is not None:
            limit = pod_limits(pod).get("memory")
            memory = int(limit) if limit else None
            await self._threads.run(emptydir.set_up, path, volume.emptyDir, group, memory)
            return None
        payload = await self._payload(pod, volume, place)
        await self._threads.run(atomic.write_files, path, payload.files, group, self._clock.now())
        return payload.renew_at

    async def _payload(self, pod: Pod, volume: Volume, place: PodPlace) -> _Payload:
        if volume.configMap is not None:
            source = volume.configMap
            data = await self._config_map(pod, source.name, bool(source.optional))
            return _Payload(files_of(data, source.items, source.defaultMode, is_optional=bool(source.optional)))
        if volume.secret is not None:
            secret = volume.secret
            data = await self._secret(pod, secret.secretName, bool(secret.optional))
            return _Payload(files_of(data, secret.items, secret.defaultMode, is_optional=bool(secret.optional)))
        if volume.downwardAPI is not None:
            return _Payload(downward_files(pod, volume.downwardAPI.items, volume.downwardAPI.defaultMode, place))
        if volume.projected is not None:
            return await self._projected(pod, volume.projected, place)
        raise MountFailed(f'volume "{volume.name}": this kind of volume is not supported')

    async def _projected(self, pod: Pod, projected: ProjectedVolumeSource, place: PodPlace) -> _Payload:
        payload = _Payload({})
        for source in projected.sources:
            payload.files.update(await self._one_source(pod, source, projected.defaultMode, place, payload))
        return payload

    async def _one_source(  # a part of _projected
        self, pod: Pod, source: VolumeProjection, mode: int | None, place: PodPlace, payload: _Payload
    ) -> dict[str, File]:
        if source.configMap is not None:
            is_optional = bool(source.configMap.optional)
            data = await self._config_map(pod, source.configMap.name, is_optional)
            return files_of(data, source.configMap.items, mode, is_optional=is_optional)
        if source.secret is not None:
            is_optional = bool(source.secret.optional)
            data = await self._secret(pod, source.secret.name, is_optional)
            return files_of(data, source.secret.items, mode, is_optional=is_optional)
        if source.downwardAPI is not None:
            return downward_files(pod, source.downwardAPI.items, mode, place)
        if source.serviceAccountToken is not None:
            token = await self._tokens.get(pod, source.serviceAccountToken)
            payload.renew_at = min(filter(None, (payload.renew_at, token.renew_at)))
            return {source.serviceAccountToken.path: _token_file(pod, token.text, mode)}
        raise MountFailed("this kind of projected source is not supported")

    async def _config_map(self, pod: Pod, name: str, is_optional: bool) -> dict[str, bytes]:
        found = await self._object(ConfigMap, pod, name, is_optional)
        return {} if found is None else config_map_data(found)

    async def _secret(self, pod: Pod, name: str, is_optional: bool) -> dict[str, bytes]:
        found = await self._object(Secret, pod, name, is_optional)
        return {} if found is None else secret_data(found)

    async def _object(self, kind: type[K], pod: Pod, name: str, is_optional: bool) -> K | None:
        try:
            return await self._references.get(kind, pod.metadata.namespace, name)
        except NotFound:
            if is_optional:
                return None
            raise


def _token_file(pod: Pod, text: str, mode: int | None) -> File:
    """Readable by the one user all containers run as, or by the volume's group. Source: KEP-1205."""
    data = text.encode()
    if _group(pod) is not None:
        return File(data, TOKEN_MODE_GROUP)
    every = (*pod.spec.initContainers, *pod.spec.containers)
    shared = pod.spec.securityContext.runAsUser if pod.spec.securityContext is not None else None
    users = {
        each.securityContext.runAsUser
        if each.securityContext is not None and each.securityContext.runAsUser is not None
        else shared
        for each in every
    }
    if len(users) == 1 and (user := users.pop()) is not None:
        return File(data, TOKEN_MODE_OWNER, owner=user)
    return File(data, DEFAULT_MODE if mode is None else mode)


def _group(pod: Pod) -> int | None:
    return pod.spec.securityContext.fsGroup if pod.spec.securityContext is not None else None


def _remove(dirs: PodDirs, with_directory: bool) -> None:
    if not dirs.root.exists():
        return
    for point in mounts.mounts_below(dirs.root):
        mounts.unmount(point)
    # Nothing may be mounted there any more when files are removed: what is mounted isn't the pod's to lose.
    if left := mounts.mounts_below(dirs.root):
        raise OSError(16, "still mounted", str(left[0]))
    for directory in (dirs.volumes, dirs.subpaths, *((dirs.root,) if with_directory else ())):
        shutil.rmtree(directory, ignore_errors=True)
