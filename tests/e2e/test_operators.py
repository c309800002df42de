"""Operators that others wrote: the examples of kopf, as its source package brings them."""

import contextlib
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Cluster

IS_LONG = bool(os.environ.get("STEERSMAN_TEST_LONG"))
# All others but 17-admission, which wants a library that doesn't know OpenSSL 3.
SHORT = ("01-minimal", "05-handlers")
LONG = ("02-children", "03-exceptions", "04-events", "06-peering", "07-subhandlers", "08-events", "13-hooks")
NAMES = (*SHORT, *LONG, "14-daemons", "15-timers", "16-indexing", "99-all-at-once") if IS_LONG else SHORT
PATIENCE_SECONDS = 30.0
QUIET_SECONDS = 3.0
# How an operator shows that it works, and what becomes of the object's finalizer.
CREATED = "Creation is in progress"
DELETED = "Deleted, really deleted"


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where kopf's source is; its version is that of the installed package."""
    kopf = pytest.importorskip("kopf")
    folder = tmp_path_factory.mktemp("kopf")
    asked = (f"kopf=={kopf.__version__}", "--no-deps", "--no-binary", "kopf", "--retries=1")
    done = subprocess.run(
        (sys.executable, "-m", "pip", "download", "-q", "-d", str(folder), *asked),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    archives = [*folder.glob("kopf-*.tar.gz")]
    if not archives:
        pytest.skip(f"no index of packages can be reached: {done.stderr[-300:]}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.glob("kopf-*/examples"))


class Operator:
    """A kopf operator that runs."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process, self._log = process, log

    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_said(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in self.said():
            assert time.monotonic() < deadline, f"{text!r} was never said:\n{self.said()[-4000:]}"
            assert self._process.poll() is None, self.said()[-4000:]
            time.sleep(0.05)

    def wait_quiet(self) -> None:
        """Until it has said nothing for a while, or long enough: some never stop talking."""
        deadline = time.monotonic() + 10 * QUIET_SECONDS
        said, since = self.said(), time.monotonic()
        while time.monotonic() < min(since + QUIET_SECONDS, deadline):
            time.sleep(0.1)
            if self.said() != said:
                said, since = self.said(), time.monotonic()


@contextlib.contextmanager
def running(example: Path, cluster: Cluster, log: Path) -> Iterator[Operator]:
    command = (sys.executable, "-m", "kopf", "run", "--all-namespaces", "--standalone", "--verbose", "example.py")
    with log.open("wb") as output:
        process = subprocess.Popen(
            (*cluster.enter, *command),
            cwd=example,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=cluster.environment,
        )
        try:
            yield Operator(process, log)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) == 0
        finally:
            process.kill()
            process.wait(PATIENCE_SECONDS)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_of_kopf_does_what_it_shows(
    control_plane: Cluster, newest: Path, examples: Path, tmp_path: Path, name: str
) -> None:
    control_plane.kubectl(newest, "apply", "-f", str(examples / "crd.yaml"))
    control_plane.kubectl(newest, "wait", "--for=condition=Established", "crd/kopfexamples.kopf.dev")
    code = (examples / name / "example.py").read_text()
    with running(examples / name, control_plane, tmp_path / "log") as operator:
        operator.wait_said("Initial authentication has finished")
        thing = str(examples / "obj.yaml")
        control_plane.kubectl(newest, "apply", "-f", thing)
        if "@kopf.on.create" in code:
            operator.wait_said(CREATED)
        operator.wait_quiet()
        control_plane.kubectl(newest, "delete", "-f", thing, "--timeout=60s")
        if "@kopf.on.create" in code or "@kopf.on.delete" in code:
            operator.wait_said(DELETED)
    assert "Traceback (most recent call last)" not in operator.said() or "raise" in code, operator.said()[-4000:]
