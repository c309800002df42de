"""Keeps container logs from filling the disk: a log that has grown is put aside, and only a few are kept.

Source: pkg/kubelet/logs/container_log_manager.go.
"""

import contextlib
import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.component.threads import Threads
from steersman.cri.errors import RuntimeServiceError
from steersman.cri.interface import ContainerService
from steersman.kubelet.podworker.observed import ObservedContainer

_log = get_logger(__name__)

MAX_BYTES = 10 << 20
MAX_FILES = 5
"""The one being written and those put aside."""
INTERVAL = timedelta(seconds=10)


class LogRotation:
    """Looks at the logs of running containers at intervals."""

    def __init__(
        self,
        runtime: ContainerService,
        running: Callable[[], Sequence[ObservedContainer]],
        clock: Clock,
        threads: Threads,
    ) -> None:
        """`running` are all containers that may be writing."""
        self._runtime, self._running = runtime, running
        self._clock, self._threads = clock, threads

    async def run(self) -> None:
        """Rotate until cancelled."""
        while True:
            await self._clock.sleep(INTERVAL.total_seconds())
            containers = self._running()
            if not containers:
                continue
            sizes = await self._threads.run(_sizes, containers)
            for container, size in zip(containers, sizes, strict=True):
                try:
                    await self._look_at(container, size)
                except (RuntimeServiceError, OSError) as error:
                    _log.warning("log not rotated", path=str(container.log_path), error=str(error))

    async def _look_at(self, container: ObservedContainer, size: int | None) -> None:
        if size is None:
            # So a kubelet leaves it that ends between renaming and reopening.
            await self._runtime.reopen_container_log(container.id)
        elif size > MAX_BYTES:
            aside = await self._threads.run(put_aside, container.log_path, self._clock.now())
            try:
                await self._runtime.reopen_container_log(container.id)
            except RuntimeServiceError:
                await self._threads.run(_put_back, aside, container.log_path)
                raise


def put_aside(log: Path, now: datetime) -> Path:
    """Rename the log, and remove the oldest of those renamed before; its new path. Blocks."""
    earlier = _put_aside_before(log)
    for path in earlier[: max(len(earlier) - (MAX_FILES - 2), 0)]:
        path.unlink(missing_ok=True)
    return log.rename(log.with_name(f"{log.name}.{now.strftime('%Y%m%d-%H%M%S')}"))


def remove_log(log: Path) -> None:
    """Remove the log with all that was put aside of it. Blocks."""
    for path in (log, *_put_aside_before(log)):
        path.unlink(missing_ok=True)


def _put_aside_before(log: Path) -> list[Path]:
    prefix = f"{log.name}."
    with contextlib.suppress(FileNotFoundError):
        return sorted(log.parent / name for name in os.listdir(log.parent) if name.startswith(prefix))
    return []


def _put_back(aside: Path, log: Path) -> None:
    # The runtime may have reopened it all the same, and only its answer was lost: then there is a log already.
    if not log.exists():
        aside.rename(log)


def _sizes(containers: Sequence[ObservedContainer]) -> list[int | None]:
    """None for a log that isn't there."""
    return [_size(container.log_path) for container in containers]


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
    except OSError:
        return 0
