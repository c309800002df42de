"""The unit that brings a cluster back after a reboot."""

import shlex
from pathlib import Path

import pytest

from steersman.cluster import systemd
from steersman.cluster.layout import DEFAULT_DATA_DIR, Layout


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that systemd runs; its systemctl notes what it is asked for."""
    program = tmp_path / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n[ "$1" != stop ] || {{ echo busy >&2; exit 4; }}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/bin:/usr/bin")
    monkeypatch.setattr(systemd, "BOOTED", tmp_path)
    (tmp_path / "units").mkdir()
    return tmp_path


def test_a_cluster_is_enabled_once_and_disabled_without_a_trace(machine: Path) -> None:
    layout, units = Layout(DEFAULT_DATA_DIR), machine / "units"
    assert not systemd.is_enabled(layout, units)
    systemd.enable(layout, units)
    assert systemd.is_enabled(layout, units)
    systemd.disable(layout, units)
    assert not list(units.iterdir())
    asked = (machine / "asked").read_text().splitlines()
    assert asked == ["daemon-reload", "enable steersman.service", "disable steersman.service", "daemon-reload"]


def test_each_data_directory_has_a_unit_of_its_own() -> None:
    names = {systemd.unit_name(Layout(Path(path))) for path in ("/var/lib/steersman", "/srv/a", "/srv/b")}
    assert len(names) == 3


def test_the_unit_runs_up_in_the_foreground_and_leaves_the_others_alone() -> None:
    text = systemd.render(Layout(Path("/srv/my cluster/100%")), python="/opt/venv/bin/python")
    lines = dict(line.partition("=")[::2] for line in text.splitlines() if "=" in line)
    command = shlex.split(lines["ExecStart"])
    assert command == [
        "/opt/venv/bin/python",
        *("-m", "steersman", "up", "--foreground", "--data-dir", "/srv/my cluster/100%%"),
    ]
    assert (lines["KillMode"], lines["Delegate"], lines["Restart"]) == ("process", "yes", "always")


def test_a_refusal_is_told_in_systemds_words(machine: Path) -> None:
    with pytest.raises(systemd.SystemdError, match=r"systemctl stop steersman\.service: busy"):
        systemd.stop(Layout(DEFAULT_DATA_DIR))


def test_without_systemd_the_user_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "BOOTED", tmp_path / "absent")
    with pytest.raises(systemd.SystemdError, match="have its init run `steersman up`"):
        systemd.enable(Layout(DEFAULT_DATA_DIR), tmp_path)
    assert not list(tmp_path.iterdir())
