"""The format in which runtimes write container logs: `time stream tags content`, one entry a line. Pure.

A `P` tag says that the line goes on in the next entry. Source: CRI logging, pkg/kubelet/kuberuntime/logs.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry; `content` ends with a newline unless it is partial."""

    timestamp: bytes
    stream: bytes
    content: bytes


def parse_line(raw: bytes) -> LogLine | None:
    """The entry, or None for what is no (whole) entry."""
    parts = raw.split(b" ", 3)
    if len(parts) < 4 or parts[1] not in (b"stdout", b"stderr") or not raw.endswith(b"\n"):
        return None
    timestamp, stream, tags, content = parts
    if tags.split(b":", 1)[0] == b"P":
        content = content[:-1]
    return LogLine(timestamp, stream, content)


def moment_of(line: LogLine) -> datetime | None:
    """When the entry was written, to the microsecond; None when that can't be read."""
    text = line.timestamp.decode(errors="replace")
    head, dot, tail = text.partition(".")
    if dot:
        # Nine digits of a second are more than datetime takes.
        zone_at = next((i for i, char in enumerate(tail) if char in "Z+-"), len(tail))
        text = f"{head}.{tail[: min(zone_at, 6)].ljust(6, '0')}{tail[zone_at:]}"
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
