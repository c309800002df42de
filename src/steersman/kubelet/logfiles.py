"""Reads container logs: from the end, from a moment, and on as they grow, through rotation, without polling.

Source: pkg/kubelet/kuberuntime/logs/logs.go.
"""

import asyncio
import ctypes
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from steersman.component.threads import Threads
from steersman.kubelet.crilog import LogLine, moment_of, parse_line

BLOCK_BYTES = 64 * 1024
READ_BYTES = 256 * 1024
IN_MODIFY, IN_MOVED_TO, IN_CREATE = 0x2, 0x80, 0x100
_IN_NONBLOCK, _IN_CLOEXEC = 0o4000, 0o2000000


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Which part of a log is wanted, and how."""

    follow: bool = False
    tail_lines: int | None = None
    since: datetime | None = None
    has_timestamps: bool = False
    limit_bytes: int | None = None
    stream: str = ""
    """`stdout` or `stderr`; empty for both."""


@dataclass(frozen=True, slots=True)
class Life:
    """Whether a container still writes: to follow a log means to read until it doesn't."""

    is_over: Callable[[], bool]
    wait_over: Callable[[], Awaitable[None]]


async def read_log(path: Path, options: LogOptions, life: Life, threads: Threads) -> AsyncGenerator[bytes, None]:
    """The wanted part of a container's log, as it was written; OSError when there is no such file."""
    left = options.limit_bytes
    async for lines in _blocks(path, options, life, threads):
        chunk = b"".join(_shown(line, options) for line in lines if _is_wanted(line, options))
        if left is not None:
            chunk = chunk[:left]
            left -= len(chunk)
        if chunk:
            yield chunk
        if left == 0:
            return


async def _blocks(path: Path, options: LogOptions, life: Life, threads: Threads) -> AsyncGenerator[list[LogLine], None]:
    watch = _Watch(path.parent) if options.follow else None
    file = await threads.run(path.open, "rb")
    try:
        if options.tail_lines is not None:
            await threads.run(_seek_tail, file, options.tail_lines)
        rest = b""
        while True:
            # Asked before reading: what is written before the end is then surely read.
            is_last = life.is_over()
            data = await threads.run(file.read, READ_BYTES)
            if data:
                *whole, rest = (rest + data).split(b"\n")
                yield [line for raw in whole if (line := parse_line(raw + b"\n")) is not None]
                continue
            if watch is None or is_last:
                return
            if await threads.run(_is_rotated, file, path):
                file.close()
                file, rest = await threads.run(path.open, "rb"), b""
                continue
            await watch.wait(life.wait_over)
    finally:
        file.close()
        if watch is not None:
            watch.close()


class _Watch:
    """Wakes when something in a directory is written, made or moved."""

    def __init__(self, directory: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(_IN_NONBLOCK | _IN_CLOEXEC)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        mask = IN_MODIFY | IN_MOVED_TO | IN_CREATE
        if libc.inotify_add_watch(self._descriptor, os.fsencode(directory), mask) < 0:
            number = ctypes.get_errno()
            os.close(self._descriptor)
            raise OSError(number, os.strerror(number), str(directory))
        self._changed = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._descriptor, self._drain)

    async def wait(self, or_until: Callable[[], Awaitable[None]]) -> None:
        """Return when something happened here, or to the container."""
        here, there = asyncio.ensure_future(self._changed.wait()), asyncio.ensure_future(or_until())
        try:
            await asyncio.wait((here, there), return_when=asyncio.FIRST_COMPLETED)
        finally:
            here.cancel()
            there.cancel()
        self._changed.clear()

    def close(self) -> None:
        """Watch no more."""
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _drain(self) -> None:
        try:
            os.read(self._descriptor, 4096)
        except BlockingIOError:
            return
        self._changed.set()


def _seek_tail(file: BinaryIO, lines: int) -> None:
    """Go to where the last `lines` entries begin."""
    position = file.seek(0, os.SEEK_END)
    if lines <= 0:
        return
    newlines = 0
    while position > 0:
        size = min(BLOCK_BYTES, position)
        position -= size
        file.seek(position)
        block = file.read(size)
        at = size
        while (at := block.rfind(b"\n", 0, at)) >= 0:
            newlines += 1
            # The last entry's own newline ends nothing before it.
            if newlines > lines:
                file.seek(position + at + 1)
                return
    file.seek(0)


def _is_rotated(file: BinaryIO, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(file.fileno())
    return (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino)


def _is_wanted(line: LogLine, options: LogOptions) -> bool:
    if options.stream and line.stream != options.stream.encode():
        return False
    if options.since is None:
        return True
    moment = moment_of(line)
    return moment is None or moment >= options.since


def _shown(line: LogLine, options: LogOptions) -> bytes:
    return line.timestamp + b" " + line.content if options.has_timestamps else line.content
