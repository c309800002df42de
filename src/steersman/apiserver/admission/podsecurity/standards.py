"""Which checks make up a level in a release, and what they say of a pod together.

Source: k8s.io/pod-security-admission/policy: registry.go and the versions in each check_*.go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from steersman.api.core import PodSpec
from steersman.api.meta import ObjectMeta
from steersman.apiserver.admission.podsecurity import baseline, restricted
from steersman.apiserver.admission.podsecurity.findings import CheckPod, Finding
from steersman.apiserver.admission.podsecurity.levels import Level, LevelVersion


@dataclass(frozen=True, slots=True)
class Check:
    """A rule through the releases: from which minor version on which function; overrides is the one it stands for."""

    id: str
    versions: Mapping[int, CheckPod]
    overrides: str = ""

    def at(self, minor: int) -> CheckPod | None:
        """The function that counts in a release."""
        since = max((one for one in self.versions if one <= minor), default=None)
        return self.versions[since] if since is not None else None


BASELINE = (
    Check("appArmorProfile", {0: baseline.apparmor_profile}),
    Check("capabilities_baseline", {0: baseline.capabilities}),
    Check("hostNamespaces", {0: baseline.host_namespaces}),
    Check("hostPathVolumes", {0: baseline.host_path_volumes}),
    Check("hostPorts", {0: baseline.host_ports}),
    Check("hostProbesAndHostLifecycle", {34: baseline.host_probes_and_lifecycle}),
    Check("privileged", {0: baseline.privileged}),
    Check("procMount", {0: baseline.proc_mount, 35: baseline.proc_mount_35}),
    Check(
        "seLinuxOptions",
        {0: baseline.selinux_options(baseline.SELINUX_TYPES), 31: baseline.selinux_options(baseline.SELINUX_TYPES_31)},
    ),
    Check("seccompProfile_baseline", {0: baseline.seccomp_annotations, 19: baseline.seccomp_profile}),
    Check(
        "sysctls",
        {
            0: baseline.sysctls(baseline.SYSCTLS),
            27: baseline.sysctls(baseline.SYSCTLS_27),
            29: baseline.sysctls(baseline.SYSCTLS_29),
            32: baseline.sysctls(baseline.SYSCTLS_32),
            37: baseline.sysctls(baseline.SYSCTLS_37),
        },
    ),
    Check("windowsHostProcess", {0: baseline.windows_host_process}),
)
RESTRICTED = (
    Check("allowPrivilegeEscalation", {8: restricted.privilege_escalation, 25: restricted.privilege_escalation_25}),
    Check(
        "capabilities_restricted",
        {22: restricted.capabilities, 25: restricted.capabilities_25},
        overrides="capabilities_baseline",
    ),
    # Baseline is milder from then on.
    Check("procMount_restricted", {35: baseline.proc_mount}, overrides="procMount"),
    Check("restrictedVolumes", {0: restricted.volumes}, overrides="hostPathVolumes"),
    Check("runAsNonRoot", {0: restricted.run_as_non_root, 35: restricted.run_as_non_root_35}),
    Check("runAsUser", {23: restricted.run_as_user, 35: restricted.run_as_user_35}),
    Check(
        "seccompProfile_restricted",
        {19: restricted.seccomp, 25: restricted.seccomp_25},
        overrides="seccompProfile_baseline",
    ),
)
# The last release that changed anything; later ones, and the latest, are like it.
NEWEST = max(minor for check in (*BASELINE, *RESTRICTED) for minor in check.versions)


def evaluate(wanted: LevelVersion, metadata: ObjectMeta, spec: PodSpec) -> tuple[Finding, ...]:
    """Why a pod isn't allowed; nothing when it is."""
    if wanted.level is Level.PRIVILEGED:
        return ()
    minor = wanted.version.minor
    checks = _checks(wanted.level, NEWEST if minor is None else min(minor, NEWEST))
    return tuple(found for check in checks if (found := check(metadata, spec)) is not None)


@cache
def _checks(level: Level, minor: int) -> tuple[CheckPod, ...]:
    added = [(one, function) for one in RESTRICTED if (function := one.at(minor)) is not None]
    added = added if level is Level.RESTRICTED else []
    overridden = {one.overrides for one, _ in added}
    basic = [function for one in BASELINE if one.id not in overridden and (function := one.at(minor)) is not None]
    return (*basic, *(function for _, function in added))


def in_short(findings: Sequence[Finding]) -> str:
    """The reasons alone, for many pods at once."""
    return ", ".join(one.reason for one in findings)


def in_full(findings: Sequence[Finding]) -> str:
    """The reasons with their details, for one pod."""
    return ", ".join(f"{one.reason} ({one.detail})" if one.detail else one.reason for one in findings)
