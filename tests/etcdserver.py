"""An etcd of a test's own: TLS, a free port, data below the test's directory. It can be killed and comes back."""

import contextlib
import ctypes
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from steersman.component import certs
from steersman.component.clock import RealClock
from steersman.component.keypair import KeyPair
from steersman.storage.etcd.connection import EtcdConfig

PROGRAM = shutil.which("etcd")
START_SECONDS = 20

needs_etcd = pytest.mark.skipif(PROGRAM is None, reason="there is no etcd on this machine")


class EtcdServer:
    """One member. Its clients must show a certificate of its authority."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.directory, self._options = directory, options
        self._process: subprocess.Popen[bytes] | None = None
        now = RealClock().now()
        ca = certs.new_ca("etcd-ca", now)
        server = certs.issue(ca, certs.Leaf("etcd", certs.Usage.PEER, ip_addresses=("127.0.0.1",)), now)
        self.pair: KeyPair = certs.issue(ca, certs.Leaf("apiserver", certs.Usage.CLIENT), now)
        directory.mkdir(parents=True)
        certs.save(directory, "ca", ca)
        certs.save(directory, "server", server)
        certs.save(directory, "client", self.pair)
        self.ca_pem = ca.cert_pem
        self.port = 0

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def config(self) -> EtcdConfig:
        return EtcdConfig((self.url,), self.ca_pem, self.pair)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it; again on the same port, with its data."""
        for _ in range(5):
            client, peer = self.port or free_port(), free_port()
            self._process = subprocess.Popen(
                self._command(client, peer),
                cwd=self.directory,
                stdout=subprocess.DEVNULL,
                stderr=(self.directory / "log").open("ab"),
                preexec_fn=_die_with_parent,
            )
            if self._is_up(client):
                self.port = client
                return
            self.kill()
        raise AssertionError((self.directory / "log").read_text()[-2000:])

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def stop_answering(self) -> None:
        """As a machine that hangs: connections stay open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def answer_again(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _command(self, client: int, peer: int) -> list[str]:
        assert PROGRAM is not None
        here, there = f"https://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
        pki = self.directory
        return [
            PROGRAM, "--data-dir", str(self.directory / "data"), "--logger=zap", "--log-outputs=stderr",
            "--listen-client-urls", here, "--advertise-client-urls", here,
            "--listen-peer-urls", there, "--initial-advertise-peer-urls", there,
            "--initial-cluster", f"default={there}",
            "--cert-file", f"{pki}/server.crt", "--key-file", f"{pki}/server.key", "--client-cert-auth",
            "--trusted-ca-file", f"{pki}/ca.crt",
            # Up in 50 ms instead of a second.
            "--heartbeat-interval=10", "--election-timeout=100", *self._options,
        ]  # fmt: skip

    def _is_up(self, port: int) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return True
            time.sleep(0.01)
        return False


@contextlib.contextmanager
def running_etcd(directory: Path, *options: str) -> Iterator[EtcdServer]:
    server = EtcdServer(directory, *options)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
