"""A cluster for the tests of this folder, brought up by the command a user has, and taken down whatever happens."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from steersman.testing.realnode import missing_for_real_node

COMMAND = (sys.executable, "-m", "steersman")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def kubectls() -> list[Path]:
    """The oldest and the newest kubectl of this machine."""
    default = shutil.which("kubectl")
    if default is None:
        return []
    folder = Path(default).resolve().parent
    versions = sorted(folder.glob("kubectl.1.*"), key=lambda path: int(path.name.rsplit(".", 1)[1]))
    return [versions[0], versions[-1]] if versions else [Path(default)]


@dataclass(frozen=True)
class Cluster:
    data_dir: Path
    namespace: Path | None = None
    """The network namespace that plays the machine; None is the machine's own."""

    @property
    def kubeconfig(self) -> Path:
        return self.data_dir / "admin.kubeconfig"

    @property
    def enter(self) -> tuple[str, ...]:
        return ("nsenter", f"--net={self.namespace}", "--") if self.namespace is not None else ()

    def steersman(self, *arguments: str, check: bool = True) -> str:
        command, *rest = arguments
        done = subprocess.run(
            (*self.enter, *COMMAND, command, "--data-dir", str(self.data_dir), *rest),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"steersman {command} failed:\n{done.stdout}{done.stderr}{self.logs()}")
        return done.stdout + done.stderr

    @property
    def environment(self) -> dict[str, str]:
        """What kubectl is run with."""
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig), "HOME": str(self.data_dir)}

    def kubectl(self, program: Path, *arguments: str, check: bool = True, text: str | None = None) -> str:
        done = subprocess.run(
            (*self.enter, str(program), *arguments),
            capture_output=True,
            text=True,
            input=text,
            timeout=90,
            check=False,
            env=self.environment,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}{self.logs()}")
        return done.stdout if check else done.stdout + done.stderr

    def logs(self) -> str:
        parts = []
        for path in sorted((self.data_dir / "logs").glob("*.log")):
            parts.append(f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-20:]))
        return "\n".join(parts)


@pytest.fixture(params=kubectls(), ids=lambda path: path.name, scope="module")
def kubectl(request: pytest.FixtureRequest) -> Path:
    program: Path = request.param
    return program


@pytest.fixture(scope="module")
def newest() -> Path:
    """The newest kubectl."""
    found = kubectls()
    if not found:
        pytest.skip("no kubectl on this machine")
    return found[-1]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A whole cluster of one node with the sample application."""
    if missing := missing_for_real_node():
        pytest.skip(str(missing))
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        made.steersman("up", "--sample", "--port", str(free_port()))
        yield made
    finally:
        made.steersman("down", check=False)


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """API server, controllers and scheduler, without a node."""
    cluster = Cluster(tmp_path_factory.mktemp("control-plane"))
    try:
        cluster.steersman("up", "--control-plane-only", "--port", str(free_port()))
        yield cluster
    finally:
        cluster.steersman("down", check=False)
