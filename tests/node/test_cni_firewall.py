"""Foreign firewalls as Docker and administrators leave them: pods get through, nothing is left behind. Needs root."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from steersman.cni.firewall import Opening
from steersman.cni.firewallkeeper import close_up, open_up
from steersman.cni.namespace import entered
from steersman.testing.realnode import missing_for_real_node, network_namespace

OPENING = Opening(("stm0",), "steersman-test")
DOCKER = (
    "iptables -P FORWARD DROP",
    "iptables -N DOCKER-USER",
    "iptables -A DOCKER-USER -j RETURN",
    "iptables -I FORWARD -j DOCKER-USER",
)
REFUSING = (
    "nft add table inet mine",
    "nft add chain inet mine forward { type filter hook forward priority 0 ; }",
    "nft add rule inet mine forward ct state established accept",
    "nft add rule inet mine forward reject",
)


@pytest.fixture
def machine() -> Iterator[Path]:
    if missing := missing_for_real_node():
        pytest.skip(str(missing))
    with network_namespace() as namespace:
        yield namespace


def run(namespace: Path, command: str) -> str:
    whole = ("nsenter", f"--net={namespace}", "--", *command.split())
    return subprocess.run(whole, capture_output=True, text=True, check=True, timeout=10).stdout


@pytest.mark.parametrize(
    ("commands", "rules"), [pytest.param(DOCKER, 2, id="docker"), pytest.param(REFUSING, 2, id="last-rule")]
)
def test_what_is_inserted_once_is_taken_away_wholly(machine: Path, commands: tuple[str, ...], rules: int) -> None:
    if commands is DOCKER and shutil.which("iptables") is None:
        pytest.skip("needs iptables")
    for command in commands:
        run(machine, command)
    before = run(machine, "nft list ruleset")
    with entered(machine):
        assert open_up(OPENING) == rules
        assert open_up(OPENING) == 0
    assert "stm0" in run(machine, "nft list ruleset")
    with entered(machine):
        close_up(OPENING)
    assert run(machine, "nft list ruleset") == before
