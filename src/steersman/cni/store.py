"""Keeps the node's attachments in one small file, replaced as a whole. Blocks."""

from pathlib import Path

import msgspec

from steersman.cni.attachment import Attachments

_FILE = "attachments.json"


def load(directory: Path) -> Attachments:
    """What was kept; nothing at the first start and after a reboot."""
    path = directory / _FILE
    if not path.exists():
        return Attachments()
    return msgspec.json.decode(path.read_bytes(), type=Attachments)


def save(directory: Path, attachments: Attachments) -> None:
    """Keep these attachments."""
    # Not synced: the directory is void after a reboot, as are the interfaces.
    path = directory / _FILE
    unfinished = path.with_suffix(".new")
    unfinished.write_bytes(msgspec.json.encode(attachments))
    unfinished.replace(path)
