"""A systemd unit that brings a cluster back after a reboot. Blocks: it calls systemctl.

systemd runs `steersman up --foreground`, which becomes the supervisor: so the machine's address, certificates and what
a reboot left are looked at as by any `up`. KillMode=process: a supervisor that dies takes nothing with it, and its
successor adopts the others; on SIGTERM it stops them itself, in reverse order. Nodes keep their cgroups at the top of
the hierarchy, as Docker's cgroupfs driver does, so that a stopped unit doesn't take running containers with it.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from steersman.cluster.errors import ClusterError
from steersman.cluster.layout import DEFAULT_DATA_DIR, Layout
from steersman.cluster.nodecontext import cluster_id
from steersman.component.files import write_atomic

UNITS = Path("/etc/systemd/system")
BOOTED = Path("/run/systemd/system")
"""There only where systemd is the init process (sd_booted(3))."""
CALL_SECONDS = 120.0
"""Longer than the unit may take to stop."""


class SystemdError(ClusterError):
    """systemd isn't there, or refused; the text says what to do."""


def unit_name(layout: Layout) -> str:
    """The unit of this cluster; the default data directory's has the plain name."""
    if layout.data_dir == DEFAULT_DATA_DIR:
        return "steersman.service"
    return f"steersman-{cluster_id(layout.data_dir)}.service"


def render(layout: Layout, python: str = sys.executable) -> str:
    """The unit file."""
    words = (python, "-m", "steersman", "up", "--foreground", "--data-dir", str(layout.data_dir))
    return f"""\
[Unit]
Description=steersman, a Kubernetes cluster in {layout.data_dir}
Wants=network-online.target
After=network-online.target
# An early failure, as without an address yet, must not be the last try.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={" ".join(map(_quoted, words))}
KillMode=process
Delegate=yes
Restart=always
RestartSec=1
TimeoutStopSec=90
LimitNOFILE=1048576
LimitNPROC=infinity
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
"""


def is_enabled(layout: Layout, units: Path = UNITS) -> bool:
    """Whether systemd keeps this cluster's supervisor."""
    return (units / unit_name(layout)).exists() and BOOTED.exists()


def enable(layout: Layout, units: Path = UNITS) -> None:
    """Have systemd start the cluster at each boot. SystemdError where there is no systemd."""
    if not BOOTED.exists():
        raise SystemdError("systemd doesn't run this machine: have its init run `steersman up` at boot instead")
    write_atomic(units / unit_name(layout), render(layout).encode(), mode=0o644)
    _systemctl("daemon-reload")
    _systemctl("enable", unit_name(layout))


def start(layout: Layout) -> None:
    """Have systemd start the supervisor, unless it has."""
    _systemctl("start", unit_name(layout))


def stop(layout: Layout) -> None:
    """Have systemd stop the supervisor until the next start or boot."""
    _systemctl("stop", unit_name(layout))


def disable(layout: Layout, units: Path = UNITS) -> None:
    """Take the unit away."""
    _systemctl("disable", unit_name(layout))
    (units / unit_name(layout)).unlink(missing_ok=True)
    _systemctl("daemon-reload")


def _systemctl(*words: str) -> None:
    program = shutil.which("systemctl")
    if program is None:
        raise SystemdError("systemctl is not installed")
    try:
        done = subprocess.run((program, *words), capture_output=True, text=True, check=False, timeout=CALL_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise SystemdError(f"systemctl {' '.join(words)}: no answer within {CALL_SECONDS:.0f} s") from error
    if done.returncode != 0:
        raise SystemdError(f"systemctl {' '.join(words)}: {done.stderr.strip()}")


def _quoted(word: str) -> str:
    """A word of a command line as systemd reads it: a percent sign starts a specifier, a dollar sign a variable."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'
