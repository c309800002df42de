"""Tells the container runtime of the pod network: its configuration and executables. Blocks."""

import json
import sys
from importlib import resources
from pathlib import Path

from steersman.cni.protocol import VERSION
from steersman.component.files import write_atomic
from steersman.component.nodecontext import CNIPaths

FILE = "10-steersman.conflist"
PLUGIN = "steersman"
LOOPBACK = "loopback"
"""containerd before 2.0 always runs the plugin of this name for a pod's lo."""
_LONGEST_INTERPRETER = 200
"""The kernel reads 255 bytes of a script's first line."""


def install(paths: CNIPaths) -> bool:
    """Write executables and configuration; False where the user's configuration stands instead."""
    paths.bin_dir.mkdir(parents=True, exist_ok=True)
    paths.conf_dir.mkdir(parents=True, exist_ok=True)
    source = resources.files("steersman.cni").joinpath("executable.py").read_text()
    script = f"#!{_interpreter()} -IS\n" + source.replace("@SOCKET@", str(paths.socket))
    for name in (PLUGIN, LOOPBACK):
        _replace(paths.bin_dir / name, script, 0o755)
    if foreign_configurations(paths.conf_dir):
        (paths.conf_dir / FILE).unlink(missing_ok=True)
        return False
    _replace(paths.conf_dir / FILE, render(), 0o644)
    return True


def render() -> str:
    """The configuration list."""
    plugin = {"type": PLUGIN, "capabilities": {"portMappings": True}}
    return json.dumps({"cniVersion": VERSION, "name": PLUGIN, "plugins": [plugin]}, indent=2) + "\n"


def foreign_configurations(conf_dir: Path) -> tuple[Path, ...]:
    """The configurations that a user or a network add-on put there; they are honoured."""
    return tuple(
        path
        for path in sorted(conf_dir.iterdir())
        if path.suffix in (".conf", ".conflist", ".json") and path.name != FILE
    )


def _interpreter() -> str:
    path = sys.executable
    usable = len(path) <= _LONGEST_INTERPRETER and " " not in path
    return path if usable else "/usr/bin/python3"


def _replace(path: Path, content: str, mode: int) -> None:
    if path.exists() and path.read_text() == content:
        return
    write_atomic(path, content.encode(), mode)
