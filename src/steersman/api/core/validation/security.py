"""Security contexts of containers and pods: ids, profiles, sysctls, and what contradicts itself.

Source: pkg/apis/core/validation: ValidateSecurityContext, validatePodSpecSecurityContext; component-helpers/node/util.
"""

import re

from steersman.api.core.pod import PodSpec
from steersman.api.core.security import (
    AppArmorProfile,
    PodSecurityContext,
    SeccompProfile,
    SecurityContext,
    Sysctl,
)
from steersman.api.core.validation.fields import descending_path, maybe_one_of
from steersman.api.core.validation.windows import validate_windows_options
from steersman.apimachinery.fielderrors import (
    duplicate,
    invalid_value,
    invalid_values,
    not_supported,
    required,
    too_long,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import user_or_group_id
from steersman.apimachinery.status import Cause

PROFILE_TYPES = ("Localhost", "RuntimeDefault", "Unconfined")
MAX_PROFILE_PATH = 4095
MAX_SYSCTL = 253
_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
SYSCTL_PATTERN = rf"({_SEGMENT}[\./])*{_SEGMENT}"
_SYSCTL = re.compile(SYSCTL_PATTERN, re.ASCII)
_IPC_SYSCTLS = ("kernel.shm", "kernel.msg", "fs.mqueue.")


def validate_security_context(context: SecurityContext, path: Path, *, uses_host_users: bool) -> list[Cause]:
    """A container's."""
    faults = _ids(context, path)
    if context.procMount is not None:
        where = path.child("procMount")
        faults += maybe_one_of(context.procMount, ("Default", "Unmasked"), where)
        if uses_host_users and context.procMount == "Unmasked":
            faults.append(invalid_value(where, context.procMount, "`hostUsers` must be false to use `Unmasked`"))
    if context.seccompProfile is not None:
        faults += _seccomp(context.seccompProfile, path.child("seccompProfile"))
    if context.allowPrivilegeEscalation is False:
        if context.privileged:
            why = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
            faults.append(invalid_value(path, context, why))
        if context.capabilities is not None and "CAP_SYS_ADMIN" in context.capabilities.add:
            why = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
            faults.append(invalid_value(path, context, why))
    if context.windowsOptions is not None:
        faults += validate_windows_options(context.windowsOptions, path.child("windowsOptions"))
    if context.appArmorProfile is not None:
        faults += _app_armor(context.appArmorProfile, path.child("appArmorProfile"))
    return faults


def _ids(context: SecurityContext | PodSecurityContext, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    for name, value in (("runAsUser", context.runAsUser), ("runAsGroup", context.runAsGroup)):
        if value is not None:
            faults += invalid_values(path.child(name), value, user_or_group_id(value))
    return faults


def validate_pod_security_context(context: PodSecurityContext, spec: PodSpec, path: Path) -> list[Cause]:
    """A pod's, which stands in its spec beside the namespaces that it shares with the host."""
    faults: list[Cause] = []
    if context.fsGroup is not None:
        faults += invalid_values(path.child("fsGroup"), context.fsGroup, user_or_group_id(context.fsGroup))
    faults += _ids(context, path)
    for position, group in enumerate(context.supplementalGroups):
        where = path.child("supplementalGroups").at(position)
        faults += invalid_values(where, group, user_or_group_id(group))
    if spec.shareProcessNamespace and spec.hostPID:
        why = "ShareProcessNamespace and HostPID cannot both be enabled"
        faults.append(invalid_value(path.child("shareProcessNamespace"), True, why))
    if context.sysctls:
        faults += _sysctls(context.sysctls, spec, path.child("sysctls"))
    faults += maybe_one_of(context.fsGroupChangePolicy, ("Always", "OnRootMismatch"), path, "fsGroupChangePolicy")
    if context.seccompProfile is not None:
        faults += _seccomp(context.seccompProfile, path.child("seccompProfile"))
    if context.windowsOptions is not None:
        faults += validate_windows_options(context.windowsOptions, path.child("windowsOptions"))
    if context.appArmorProfile is not None:
        faults += _app_armor(context.appArmorProfile, path.child("appArmorProfile"))
    policies = ("Merge", "Strict")
    faults += maybe_one_of(context.supplementalGroupsPolicy, policies, path, "supplementalGroupsPolicy")
    changes = ("MountOption", "Recursive")
    return faults + maybe_one_of(context.seLinuxChangePolicy, changes, path, "seLinuxChangePolicy")


def _sysctls(sysctls: tuple[Sysctl, ...], spec: PodSpec, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    seen: set[str] = set()
    for position, sysctl in enumerate(sysctls):
        name, where = sysctl.name, path.at(position).child("name")
        if not name:
            faults.append(required(where))
        elif len(name) > MAX_SYSCTL or not _SYSCTL.fullmatch(name):
            why = f"must have at most {MAX_SYSCTL} characters and match regex ^{SYSCTL_PATTERN}$"
            faults.append(invalid_value(where, name, why))
        elif name in seen:
            faults.append(duplicate(where, name))
        seen.add(name)
        dotted = _dotted(name)
        if spec.hostNetwork and dotted.startswith("net."):
            faults.append(invalid_value(where, name, "may not be specified when 'hostNetwork' is true"))
        elif spec.hostIPC and (dotted.startswith(_IPC_SYSCTLS) or dotted == "kernel.sem"):
            faults.append(invalid_value(where, name, "may not be specified when 'hostIPC' is true"))
    return faults


def _dotted(name: str) -> str:
    """The name with dots between its parts; where a slash comes first, dots belong to names of devices."""
    slash, dot = name.find("/"), name.find(".")
    if slash < 0 or 0 <= dot < slash:
        return name
    return name.translate(str.maketrans("./", "/."))


def _seccomp(profile: SeccompProfile, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    if not profile.type:
        faults.append(required(path.child("type"), "type is required when seccompProfile is set"))
    elif profile.type not in PROFILE_TYPES:
        faults.append(not_supported(path.child("type"), profile.type, PROFILE_TYPES))
    where = path.child("localhostProfile")
    if profile.type != "Localhost":
        if profile.localhostProfile is not None:
            faults.append(invalid_value(where, profile, "can only be set when seccomp type is Localhost"))
    elif profile.localhostProfile is None:
        faults.append(required(where, "must be set when seccomp type is Localhost"))
    else:
        faults += descending_path(profile.localhostProfile, where)
    return faults


def _app_armor(profile: AppArmorProfile, path: Path) -> list[Cause]:
    where, text = path.child("localhostProfile"), profile.localhostProfile
    match profile.type:
        case "Localhost":
            missing = required(where, "must be set when AppArmor type is Localhost")
            if text is None:
                return [missing]
            faults = []
            if text.strip() != text:
                faults.append(invalid_value(where, text, "must not be padded with whitespace"))
            elif not text:
                faults.append(missing)
            if len(text.encode()) > MAX_PROFILE_PATH:
                faults.append(too_long(where, MAX_PROFILE_PATH))
            return faults
        case "RuntimeDefault" | "Unconfined":
            if text is None:
                return []
            return [invalid_value(where, text, "can only be set when AppArmor type is Localhost")]
        case "":
            return [required(path.child("type"), "type is required when appArmorProfile is set")]
        case other:
            return [not_supported(path.child("type"), other, PROFILE_TYPES)]
