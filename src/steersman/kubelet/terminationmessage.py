"""The last words of a container, from the file it may write or the end of its log.

Source: pkg/kubelet/kuberuntime/kuberuntime_container.go: getTerminationMessage.
"""

import os
from pathlib import Path

from steersman.cri.records import ContainerStatus
from steersman.kubelet import names
from steersman.kubelet.crilog import parse_line

FILE_LIMIT = 4096
LOG_LIMIT_BYTES = 2048
LOG_LIMIT_LINES = 80


def read_termination_message(status: ContainerStatus) -> str:
    """What the container left; empty when it left nothing. Blocks on files."""
    path = status.annotations.get(names.TERMINATION_MESSAGE_PATH)
    host_path = next((mount.host_path for mount in status.mounts if mount.container_path == path), None)
    message = _read_head(Path(host_path)) if host_path else ""
    if message or status.exit_code == 0:
        return message
    if status.annotations.get(names.TERMINATION_MESSAGE_POLICY) == "FallbackToLogsOnError" and status.log_path:
        return _read_log_tail(Path(status.log_path))
    return message


def _read_head(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(FILE_LIMIT).decode(errors="replace")
    except OSError:
        return ""


def _read_log_tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            # Each line has a head of some 45 bytes: enough is read to fill the limit with short lines too.
            file.seek(max(0, size - LOG_LIMIT_LINES * 64 - LOG_LIMIT_BYTES))
            lines = file.read().splitlines(keepends=True)
    except OSError:
        return ""
    parsed = [line for raw in lines[-LOG_LIMIT_LINES:] if (line := parse_line(raw)) is not None]
    return b"".join(line.content for line in parsed)[-LOG_LIMIT_BYTES:].decode(errors="replace")
