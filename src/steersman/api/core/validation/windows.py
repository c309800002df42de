"""What only Windows has, and what a pod may say that names its operating system.

Source: pkg/apis/core/validation: validateWindowsSecurityContextOptions, validateWindowsHostProcessPod, validateLinux,
validateWindows.
"""

import re
from collections.abc import Iterator

from steersman.api.core.container import Container, EphemeralContainer
from steersman.api.core.pod import PodSpec
from steersman.api.core.security import WindowsSecurityContextOptions
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, invalid_values, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_subdomain
from steersman.apimachinery.status import Cause

MAX_GMSA_BYTES = 64 * 1024
MAX_DOMAIN, MAX_USER = 256, 104
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NETBIOS = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}')
_DNS_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DNS_NAME = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*", re.ASCII)
_BAD_USER = re.compile(r'["/\\:;|=,+*?<>@\[\]]')
_NOT_ON_WINDOWS = "cannot be set for a windows pod"
_NOT_ON_LINUX = "windows options cannot be set for a linux pod"
_POD_CONTEXT = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls", "runAsUser",
    "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy",
)  # fmt: skip
_CONTAINER_CONTEXT = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
    "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
)  # fmt: skip


def each_container(spec: PodSpec, path: Path) -> Iterator[tuple[Container | EphemeralContainer, Path]]:
    """Every container of a pod with its path, in the order upstream visits them."""
    for position, container in enumerate(spec.initContainers):
        yield container, path.child("initContainers").at(position)
    for position, container in enumerate(spec.containers):
        yield container, path.child("containers").at(position)
    for position, ephemeral in enumerate(spec.ephemeralContainers):
        yield ephemeral, path.child("ephemeralContainers").at(position)


def validate_windows_options(options: WindowsSecurityContextOptions, path: Path) -> list[Cause]:
    """Credentials and the user's name."""
    faults: list[Cause] = []
    if options.gmsaCredentialSpecName is not None:
        errors = dns1123_subdomain(options.gmsaCredentialSpecName)
        faults += invalid_values(path.child("gmsaCredentialSpecName"), options.gmsaCredentialSpecName, errors)
    spec, where = options.gmsaCredentialSpec, path.child("gmsaCredentialSpec")
    if spec is not None and not spec:
        faults.append(invalid_value(where, spec, "gmsaCredentialSpec cannot be an empty string"))
    elif spec is not None and len(spec.encode()) > MAX_GMSA_BYTES:
        faults.append(invalid_value(where, spec, "gmsaCredentialSpec size must be under 64 KiB"))
    name = options.runAsUserName
    return faults if name is None else faults + invalid_values(path.child("runAsUserName"), name, _user_errors(name))


def _user_errors(name: str) -> list[str]:
    if not name:
        return ["runAsUserName cannot be an empty string"]
    if _CONTROL.search(name):
        return ["runAsUserName cannot contain control characters"]
    if name.count("\\") > 1:
        return ["runAsUserName cannot contain more than one backslash"]
    domain, backslash, user = name.rpartition("\\")
    errors = []
    if len(domain.encode()) >= MAX_DOMAIN:
        errors.append(f"runAsUserName's Domain length must be under {MAX_DOMAIN} characters")
    if backslash and not (_NETBIOS.fullmatch(domain) or _DNS_NAME.fullmatch(domain)):
        errors.append("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
    if not user:
        errors.append("runAsUserName's User cannot be empty")
    elif len(user.encode()) > MAX_USER:
        errors.append(f"runAsUserName's User length must not be longer than {MAX_USER} characters")
    if user and not user.strip(". "):
        errors.append("runAsUserName's User cannot contain only periods or spaces")
    if _BAD_USER.search(user):
        errors.append("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]")
    return errors


def validate_host_process(spec: PodSpec, path: Path) -> list[Cause]:
    """HostProcess containers: all of a pod's or none, and on the host's network."""
    context = spec.securityContext
    of_pod = context.windowsOptions.hostProcess if context is not None and context.windowsOptions is not None else None
    faults: list[Cause] = []
    count = total = 0
    for container, where in each_container(spec, path):
        total += 1
        own = container.securityContext
        options = own.windowsOptions if own is not None else None
        wanted = options.hostProcess if options is not None else None
        if of_pod is not None and wanted is not None and of_pod != wanted:
            why = f"pod hostProcess value must be identical if both are specified, was {str(of_pod).lower()}"
            field = where.child("securityContext", "windowsOptions", "hostProcess")
            faults.append(invalid_value(field, wanted, why))
        count += bool(of_pod if wanted is None else wanted)
    if count and count != total:
        why = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
        faults.append(invalid_value(path, "", why))
    if count and not spec.hostNetwork:
        why = "hostNetwork must be true if pod contains any hostProcess containers"
        faults.append(invalid_value(path.child("hostNetwork"), spec.hostNetwork, why))
    return faults


def uses_windows_options(spec: PodSpec) -> bool:
    """Some part of the pod says something of Windows."""
    if spec.securityContext is not None and spec.securityContext.windowsOptions is not None:
        return True
    for containers in (spec.containers, spec.initContainers, spec.ephemeralContainers):
        for container in containers:
            if container.securityContext is not None and container.securityContext.windowsOptions is not None:
                return True
    return False


def validate_os(spec: PodSpec, name: str, path: Path) -> list[Cause]:
    """A pod that names its operating system says nothing of the other."""
    match name:
        case "":
            return [required(path.child("os", "name"), "cannot be empty")]
        case "linux":
            return _linux(spec, path) if uses_windows_options(spec) else []
        case "windows":
            return _windows(spec, path)
        case other:
            return [not_supported(path.child("os"), other, ("linux", "windows"))]


def _linux(spec: PodSpec, path: Path) -> list[Cause]:
    faults = []
    if spec.securityContext is not None and spec.securityContext.windowsOptions is not None:
        faults.append(forbidden_field(path.child("securityContext", "windowsOptions"), _NOT_ON_LINUX))
    for container, where in each_container(spec, path):
        if container.securityContext is not None and container.securityContext.windowsOptions is not None:
            faults.append(forbidden_field(where.child("securityContext", "windowsOptions"), _NOT_ON_LINUX))
    return faults


def _windows(spec: PodSpec, path: Path) -> list[Cause]:
    said = (
        ("hostUsers", spec.hostUsers is not None),
        ("hostPID", spec.hostPID),
        ("hostIPC", spec.hostIPC),
        ("shareProcessNamespace", spec.shareProcessNamespace is not None),
    )
    faults = [forbidden_field(path.child(name), _NOT_ON_WINDOWS) for name, is_set in said if is_set]
    if spec.securityContext is not None:
        faults += _set_fields(spec.securityContext, _POD_CONTEXT, path.child("securityContext"))
    for container, where in each_container(spec, path):
        if container.securityContext is not None:
            faults += _set_fields(container.securityContext, _CONTAINER_CONTEXT, where.child("securityContext"))
    return faults


def _set_fields(context: object, names: tuple[str, ...], path: Path) -> list[Cause]:
    return [
        forbidden_field(path.child(name), _NOT_ON_WINDOWS) for name in names if getattr(context, name) not in (None, ())
    ]
