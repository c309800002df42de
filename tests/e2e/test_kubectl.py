"""What a user does with kubectl on running pods, with the oldest and the newest of this machine."""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import pytest

from tests.e2e.conftest import Cluster

IMAGE = "steersman.local/busybox:1"
PATIENCE_SECONDS = 30.0
POLITE = "trap 'echo bye; exit 0' TERM; echo ready; while true; do sleep 0.1; done"
STUBBORN = "trap '' TERM; echo ready; while true; do sleep 0.1; done"
COUNTING = "for i in 1 2 3 4 5; do echo line $i; sleep 0.3; done"
WEB = "mkdir /www; echo served > /www/index.html; exec httpd -f -p 8080 -h /www"


class Pods:
    """Pods of one test, under names that no other test has; they are deleted at its end."""

    def __init__(self, cluster: Cluster, kubectl: Path, test: str) -> None:
        self.cluster, self._kubectl = cluster, kubectl
        self.name = f"{test}-{kubectl.name.rsplit('.', 1)[-1]}"

    def run(self, *arguments: str, check: bool = True, text: str | None = None) -> str:
        return self.cluster.kubectl(self._kubectl, *arguments, check=check, text=text)

    def start(
        self,
        command: str,
        *,
        grace: int = 5,
        wait: bool = True,
        container: Mapping[str, Any] | None = None,
        **spec: Any,
    ) -> str:
        main = {"name": "main", "image": IMAGE, "command": ["sh", "-c", command], **(container or {})}
        whole = {"containers": [main], "terminationGracePeriodSeconds": grace, **spec}
        meta = {"name": self.name, "labels": {"app": self.name}}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": whole}
        self.run("apply", "-f", "-", text=json.dumps(pod))
        if wait:
            self.run("wait", "--for=condition=Ready", f"pod/{self.name}", "--timeout=60s")
        return self.name

    @contextlib.contextmanager
    def following(self, *arguments: str) -> Iterator[IO[str]]:
        """A kubectl that goes on, by its output; it is ended at the end."""
        command = (*self.cluster.enter, str(self._kubectl), *arguments)
        environment: Mapping[str, str] = self.cluster.environment
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.terminate()
            process.wait(10)
            process.stdout.close()

    def on_a_terminal(self, typed: str, *arguments: str) -> tuple[str, int]:
        """What a kubectl on a terminal of 33 by 99 shows when this is typed, and its exit code."""
        child, terminal = pty.fork()
        if child == 0:
            program = (*self.cluster.enter, str(self._kubectl), *arguments)
            os.execvpe(program[0], program, self.cluster.environment)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
        shown = _read_until(terminal, "/ #")
        os.write(terminal, typed.encode())
        shown += _read_until(terminal, None)
        os.close(terminal)
        return shown, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _read_until(terminal: int, words: str | None) -> str:
    """Read until the words are shown, or to the end."""
    shown, ends = "", time.monotonic() + PATIENCE_SECONDS
    while words is None or words not in shown:
        assert select.select([terminal], [], [], max(0.0, ends - time.monotonic()))[0], shown
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # how a terminal tells that its other end is closed
            return shown
        if not piece:
            return shown
        shown += piece.decode()
    return shown


def read_lines(output: IO[str], words: str) -> list[str]:
    """Lines up to the first with the words in it."""
    shown, ends = "", time.monotonic() + PATIENCE_SECONDS
    while words not in shown or not shown.endswith("\n"):
        assert select.select([output], [], [], max(0.0, ends - time.monotonic()))[0], f"no {words!r} in: {shown}"
        piece = os.read(output.fileno(), 1)
        assert piece, f"the output ended without {words!r}: {shown}"
        shown += piece.decode()
    return shown.splitlines()


@pytest.fixture
def pods(cluster: Cluster, kubectl: Path, request: pytest.FixtureRequest) -> Iterator[Pods]:
    short = request.node.originalname.removeprefix("test_").replace("_", "-")[:40].strip("-")
    made = Pods(cluster, kubectl, short)
    yield made
    made.run("delete", "pod,deploy", "-l", f"app={made.name}", "--force", "--grace-period=0", check=False)


def test_logs_are_followed_to_the_containers_end(pods: Pods) -> None:
    name = pods.start(COUNTING, wait=False, restartPolicy="Never")
    pods.run("wait", "--for=jsonpath={.status.phase}=Running", f"pod/{name}", "--timeout=30s")
    assert pods.run("logs", "-f", name).splitlines() == [f"line {number}" for number in range(1, 6)]
    pods.run("wait", "--for=jsonpath={.status.phase}=Succeeded", f"pod/{name}", "--timeout=30s")
    assert pods.run("logs", name, "--tail=2").splitlines() == ["line 4", "line 5"]
    stamped = pods.run("logs", name, "-c", "main", "--timestamps").splitlines()
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z line \d", line) for line in stamped)
    assert pods.run("logs", name, "--limit-bytes=9") == "line 1\nli"
    wrong = pods.run("logs", name, "-c", "other", check=False)
    assert f"container other is not valid for pod {name}" in wrong


def test_logs_of_the_run_before_are_kept(pods: Pods) -> None:
    # Only the first container finds nothing of its own on its pod's scratch volume.
    script = "if [ -e /scratch/first ]; then echo second; sleep 1000; fi; echo first | tee /scratch/first; exit 1"
    mounts = {"volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}]}
    name = pods.start(script, wait=False, container=mounts, volumes=[{"name": "scratch", "emptyDir": {}}])
    restarted = "--for=jsonpath={.status.containerStatuses[0].restartCount}=1"
    pods.run("wait", restarted, f"pod/{name}", "--timeout=30s")
    with pods.following("logs", "-f", name) as shown:
        assert read_lines(shown, "second") == ["second"]
    assert pods.run("logs", name, "--previous") == "first\n"


def test_a_shell_runs_on_a_terminal(pods: Pods) -> None:
    name = pods.start(POLITE)
    shown, code = pods.on_a_terminal("stty size; echo $((6 * 7)); exit 3\n", "exec", "-it", name, "--", "sh")
    assert "33 99" in shown
    assert "\n42" in shown.replace("\r", "")
    assert code == 3


def test_exec_takes_input_and_tells_the_exit_code(pods: Pods) -> None:
    name = pods.start(POLITE)
    assert pods.run("exec", "-i", name, "--", "tr", "a-z", "A-Z", text="words\n") == "WORDS\n"
    failed = pods.run("exec", name, "--", "sh", "-c", "echo wrong >&2; exit 7", check=False)
    assert "wrong" in failed
    assert "exit code 7" in failed


def test_get_watches_a_pod_through_its_life(pods: Pods) -> None:
    with pods.following("get", "pods", "-l", f"app={pods.name}", "-w") as shown:
        name = pods.start(POLITE)
        lines = read_lines(shown, " Running ")
        pods.run("delete", "pod", name)
        lines += read_lines(shown, "Terminating")
    assert lines[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    states = [line.split()[2] for line in lines[1:]]
    assert states[0] == "Pending"
    assert list(dict.fromkeys(states)) == ["Pending", "ContainerCreating", "Running", "Terminating"]


def test_get_shows_pods_in_every_form(pods: Pods) -> None:
    name = pods.start(POLITE)
    header, row = pods.run("get", "pod", name, "-o", "wide").splitlines()
    names = ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED", "NODE", "READINESS", "GATES"]
    assert header.split() == names
    address = pods.run("get", "pod", name, "-o", "jsonpath={.status.podIP}")
    cells = row.split()
    assert (cells[:4], cells[5:]) == ([name, "1/1", "Running", "0"], [address, "node1", "<none>", "<none>"])
    assert pods.run("get", "pods", "-A", "--field-selector", f"status.podIP={address}", "-o", "name") == f"pod/{name}\n"
    assert f"podIP: {address}" in pods.run("get", "pod", name, "-o", "yaml")
    assert json.loads(pods.run("get", "pod", name, "-o", "json"))["status"]["podIP"] == address
    assert (
        pods.run("get", "pods", "-l", f"app={name}", "--no-headers", "-o", "custom-columns=A:.spec.nodeName")
        == "node1\n"
    )


def test_describe_tells_a_pods_story(pods: Pods) -> None:
    name = pods.start(POLITE)
    told = pods.run("describe", "pod", name)
    for words in (
        f"Successfully assigned default/{name} to node1",
        f'Container image "{IMAGE}" already present on machine',
        "Container started",
        "QoS Class:                   BestEffort",
        "PodScheduled                True",
        "node.kubernetes.io/not-ready:NoExecute op=Exists for 300s",
    ):
        assert " ".join(words.split()) in " ".join(told.split()), told
    node = pods.run("describe", "node", "node1")
    assert "KubeletReady" in node
    assert name in node


def test_rollout_status_waits_for_the_new_pods(pods: Pods) -> None:
    name = pods.name
    pods.run("create", "deployment", name, f"--image={IMAGE}", "--replicas=2", "--", "sh", "-c", POLITE)
    waited = pods.run("rollout", "status", f"deploy/{name}", "--timeout=60s")
    assert f'deployment "{name}" successfully rolled out' in waited
    pods.run("set", "env", f"deploy/{name}", "COLOUR=blue")
    waited = pods.run("rollout", "status", f"deploy/{name}", "--timeout=60s")
    assert "Waiting for deployment" in waited
    assert "successfully rolled out" in waited
    assert colours(pods) == ["blue", "blue"]
    history = pods.run("rollout", "history", f"deploy/{name}").split()
    assert history[-4:] == ["1", "<none>", "2", "<none>"]
    pods.run("rollout", "undo", f"deploy/{name}")
    pods.run("rollout", "status", f"deploy/{name}", "--timeout=60s")
    assert colours(pods) == ["", ""]


def colours(pods: Pods) -> list[str]:
    """What the pods that aren't being deleted have in their environment."""
    found = json.loads(pods.run("get", "pods", "-l", f"app={pods.name}", "-o", "json"))["items"]
    names = [pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"]]
    return [pods.run("exec", name, "--", "sh", "-c", "echo -n $COLOUR") for name in names]


def test_a_deleted_pod_may_finish_its_work(pods: Pods) -> None:
    name = pods.start(POLITE)
    with pods.following("logs", "-f", name) as shown:
        read_lines(shown, "ready")
        assert pods.run("delete", "pod", name).startswith(f'pod "{name}" deleted')
        assert read_lines(shown, "bye") == ["bye"]
    assert "not found" in pods.run("get", "pod", name, check=False)


def test_a_pod_that_does_not_end_is_killed_after_its_grace_period(pods: Pods) -> None:
    name = pods.start(STUBBORN, grace=2)
    begun = time.monotonic()
    pods.run("delete", "pod", name, "--wait=false")
    assert "condition met" in pods.run("wait", "--for=delete", f"pod/{name}", "--timeout=30s")
    assert time.monotonic() - begun > 2
    assert "not found" in pods.run("get", "pod", name, check=False)


def test_force_takes_a_pod_away_at_once(pods: Pods) -> None:
    name = pods.start(STUBBORN, grace=60)
    assert "force deleted" in pods.run("delete", "pod", name, "--force", "--grace-period=0")
    assert "not found" in pods.run("get", "pod", name, check=False)


def test_a_port_is_forwarded(pods: Pods) -> None:
    name = pods.start(WEB)
    with pods.following("port-forward", f"pod/{name}", ":8080") as shown:
        (first,) = read_lines(shown, "Forwarding from 127.0.0.1:")
        port = first.split("127.0.0.1:")[1].split()[0]
        command = (*pods.cluster.enter, "curl", "-s", "--max-time", "5", f"http://127.0.0.1:{port}/")
        assert subprocess.run(command, capture_output=True, timeout=20, check=True).stdout == b"served\n"


def test_pods_services_and_nodes_are_reached_through_the_server(pods: Pods) -> None:
    name = pods.start(WEB)
    pods.run("expose", "pod", name, "--port=80", "--target-port=8080")
    try:
        base = "/api/v1/namespaces/default"
        assert pods.run("get", "--raw", f"{base}/pods/{name}:8080/proxy/index.html") == "served\n"
        ends, through_service = time.monotonic() + PATIENCE_SECONDS, f"{base}/services/http:{name}:80/proxy/"
        while (answer := pods.run("get", "--raw", through_service, check=False)) != "served\n":
            assert time.monotonic() < ends, answer  # the service's endpoints are found a little later
        node = pods.run("get", "pod", name, "-o", "jsonpath={.spec.nodeName}")
        assert pods.run("get", "--raw", f"/api/v1/nodes/{node}/proxy/healthz") == "ok"
    finally:
        pods.run("delete", "service", name)


def test_files_are_copied_both_ways(pods: Pods, tmp_path: Path) -> None:
    name = pods.start(POLITE)
    (tmp_path / "there").write_text("content")
    pods.run("cp", str(tmp_path / "there"), f"{name}:/tmp/there")
    pods.run("cp", f"{name}:/tmp/there", str(tmp_path / "back"))
    assert (tmp_path / "back").read_text() == "content"


def test_attach_shows_what_the_container_says(pods: Pods) -> None:
    name = pods.start("while true; do echo still here; sleep 0.2; done")
    with pods.following("attach", name) as shown:
        assert read_lines(shown, "still here")
