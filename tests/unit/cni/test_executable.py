"""The CNI executable as a process of its own."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

from steersman.cni import conflist
from steersman.component.nodecontext import CNIPaths


def paths(directory: Path) -> CNIPaths:
    return CNIPaths(directory / "net.d", directory / "bin", directory / "state", directory / "sock")


def run(program: Path, command: str) -> tuple[int, dict[str, Any]]:
    env = os.environ | {"CNI_COMMAND": command, "CNI_CONTAINERID": "c", "CNI_IFNAME": "eth0"}
    done = subprocess.run([program], input=b"{}", env=env, capture_output=True, timeout=20)
    return done.returncode, json.loads(done.stdout)


def test_while_the_node_process_is_away_the_runtime_is_told_to_try_again(tmp_path: Path) -> None:
    conflist.install(paths(tmp_path))
    for command in ("ADD", "DEL"):
        code, answer = run(tmp_path / "bin" / "steersman", command)
        assert (code, answer["code"]) == (1, 11)


def test_its_version_is_answered_without_the_node_process(tmp_path: Path) -> None:
    conflist.install(paths(tmp_path))
    code, answer = run(tmp_path / "bin" / "loopback", "VERSION")
    assert code == 0
    assert "1.0.0" in answer["supportedVersions"]


def test_a_users_own_network_is_honoured(tmp_path: Path) -> None:
    own = paths(tmp_path)
    assert conflist.install(own)
    assert (own.conf_dir / conflist.FILE).exists()
    (own.conf_dir / "05-other.conflist").write_text("{}")
    assert not conflist.install(replace(own))
    assert not (own.conf_dir / conflist.FILE).exists()
