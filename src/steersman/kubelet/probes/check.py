"""One run of a probe: exec, HTTP or TCP, and what it says.

Source: pkg/kubelet/prober/prober.go, pkg/probe.
"""

import asyncio
from dataclasses import dataclass

from steersman.api.core import Container, Probe
from steersman.cri.errors import DeadlineExceeded, RuntimeServiceError
from steersman.cri.interface import ContainerService
from steersman.kubelet.dialer import NodeDialer
from steersman.kubelet.env import expand
from steersman.kubelet.probes.httpget import PortNotFoundError, http_get, port_of, target_of

MAX_OUTPUT = 10 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run said; a run that could not be made (`is_error`) counts as a failure."""

    is_success: bool
    output: str = ""
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Probed:
    """The container that a probe is about."""

    container: Container
    container_id: str
    pod_ip: str


class Checker:
    """Runs probes."""

    def __init__(self, runtime: ContainerService, dialer: NodeDialer) -> None:
        """Nothing runs yet."""
        self._runtime, self._dialer = runtime, dialer

    async def check(self, probe: Probe, subject: Probed) -> Outcome:
        """Run the probe once, within its timeout."""
        seconds = probe.timeoutSeconds or 1
        if probe.exec is not None:
            return await self._exec(probe.exec.command, subject, seconds)
        try:
            async with asyncio.timeout(seconds):
                if probe.httpGet is not None:
                    return await self._get(probe, subject)
                if probe.tcpSocket is not None:
                    host = probe.tcpSocket.host or subject.pod_ip
                    return await self._connect(host, port_of(probe.tcpSocket.port, subject.container))
                if probe.grpc is not None:
                    # Reachable is all that is asked for now: see LIMITS.md.
                    return await self._connect(subject.pod_ip, probe.grpc.port)
        except PortNotFoundError as error:
            return Outcome(False, str(error), is_error=True)
        except TimeoutError:
            return Outcome(False, self._timeout_message(probe, subject))
        return Outcome(False, "missing probe handler", is_error=True)

    async def _exec(self, command: tuple[str, ...], subject: Probed, seconds: int) -> Outcome:
        variables = {variable.name: variable.value for variable in subject.container.env if not variable.valueFrom}
        words = tuple(expand(word, variables) for word in command)
        try:
            result = await self._runtime.exec_sync(subject.container_id, words, seconds)
        except DeadlineExceeded:
            return Outcome(False, f'command timed out: "{" ".join(words)}" timed out after {seconds}s')
        except RuntimeServiceError as error:
            return Outcome(False, error.rpc_words, is_error=True)
        output = (result.stdout + result.stderr)[:MAX_OUTPUT].decode(errors="replace")
        return Outcome(result.exit_code == 0, output)

    async def _get(self, probe: Probe, subject: Probed) -> Outcome:
        assert probe.httpGet is not None
        target = target_of(probe.httpGet, subject.container, subject.pod_ip)
        try:
            answer = await http_get(self._dialer, target)
        except (OSError, ValueError) as error:
            return Outcome(False, f'Get "{target.url}": {error}')
        if 200 <= answer.status < 400:
            return Outcome(True, answer.body)
        return Outcome(False, f"HTTP probe failed with statuscode: {answer.status}")

    async def _connect(self, host: str, port: int) -> Outcome:
        shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            stream = await self._dialer.connect(host, port)
        except ConnectionRefusedError:
            return Outcome(False, f"dial tcp {shown}: connect: connection refused")
        except OSError as error:
            return Outcome(False, f"dial tcp {shown}: connect: {error.strerror or error}")
        stream.close()
        return Outcome(True)

    @staticmethod
    def _timeout_message(probe: Probe, subject: Probed) -> str:
        if probe.httpGet is not None:
            url = target_of(probe.httpGet, subject.container, subject.pod_ip).url
            return f'Get "{url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
        port = probe.tcpSocket.port if probe.tcpSocket is not None else probe.grpc.port if probe.grpc is not None else 0
        return f"dial tcp {subject.pod_ip}:{port}: i/o timeout"
