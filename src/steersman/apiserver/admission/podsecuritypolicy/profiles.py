"""The strategies for seccomp, AppArmor, capabilities and kernel parameters. Pure.

Profiles are named as annotations once did: `runtime/default`, `unconfined`, `localhost/NAME`. Pods name theirs in
fields now, and that is where defaults go.
Source: pkg/security/podsecuritypolicy/{seccomp,apparmor,capabilities,sysctl} as of 1.20.
"""

from collections.abc import Mapping

from steersman.api.core import (
    AppArmorProfile,
    Capabilities,
    Container,
    EphemeralContainer,
    PodSpec,
    SeccompProfile,
    SecurityContext,
)
from steersman.api.policy.podsecuritypolicy import PodSecurityPolicySpec
from steersman.api.policy.podsecurityrules import ALL, covers
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.status import Cause

SECCOMP_DEFAULT = "seccomp.security.alpha.kubernetes.io/defaultProfileName"
SECCOMP_ALLOWED = "seccomp.security.alpha.kubernetes.io/allowedProfileNames"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
APPARMOR_DEFAULT = "apparmor.security.beta.kubernetes.io/defaultProfileName"
APPARMOR_ALLOWED = "apparmor.security.beta.kubernetes.io/allowedProfileNames"
APPARMOR_CONTAINER = "container.apparmor.security.beta.kubernetes.io/"
ANNOTATIONS = Path("pod.metadata.annotations")
RUNTIME, DOCKER, UNCONFINED, LOCALHOST = "runtime/default", "docker/default", "unconfined", "localhost/"
SAFE_SYSCTLS = frozenset({
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
})  # fmt: skip

AnyContainer = Container | EphemeralContainer


def profile_name(profile: SeccompProfile | AppArmorProfile | None) -> str:
    """A field's profile as an annotation named it; empty for none."""
    match profile.type if profile is not None else "":
        case "RuntimeDefault":
            return RUNTIME
        case "Unconfined":
            return UNCONFINED
        case "Localhost":
            return LOCALHOST + ((profile.localhostProfile if profile is not None else None) or "")
        case _:
            return ""


def profile_fields(name: str) -> tuple[str, str | None]:
    """Type and localhostProfile of a profile that an annotation names."""
    if name.startswith(LOCALHOST):
        return "Localhost", name.removeprefix(LOCALHOST)
    return ("Unconfined" if name == UNCONFINED else "RuntimeDefault"), None


def check_seccomp(policy: Mapping[str, str], name: str, container: str = "") -> list[Cause]:
    """What is wrong with the seccomp profile of a pod, or of a container."""
    where = ANNOTATIONS.key(f"{SECCOMP_CONTAINER}{container}" if container else SECCOMP_POD)
    text = policy.get(SECCOMP_ALLOWED)
    allowed = set(text.split(",")) if text is not None else set()
    if ALL in allowed or (not allowed and not name):
        return []
    if not allowed:
        return [forbidden_field(where, "seccomp may not be set")]
    if allowed & {RUNTIME, DOCKER}:
        allowed |= {RUNTIME, DOCKER}
    if name in allowed:
        return []
    return [forbidden_field(where, f"{name} is not an allowed seccomp profile. Valid values are {text}")]


def seccomp_of(container: AnyContainer, spec: PodSpec) -> str:
    """A container's seccomp profile: its own or its pod's."""
    own = container.securityContext.seccompProfile if container.securityContext is not None else None
    return profile_name(own) or seccomp_of_pod(spec)


def seccomp_of_pod(spec: PodSpec) -> str:
    """A pod's own seccomp profile."""
    return profile_name(spec.securityContext.seccompProfile if spec.securityContext is not None else None)


def apparmor_of(container: AnyContainer, spec: PodSpec, annotations: Mapping[str, str]) -> str:
    """A container's AppArmor profile: its own, that of its annotation, or its pod's."""
    own = container.securityContext.appArmorProfile if container.securityContext is not None else None
    pods = spec.securityContext.appArmorProfile if spec.securityContext is not None else None
    return profile_name(own) or annotations.get(APPARMOR_CONTAINER + container.name, "") or profile_name(pods)


def check_apparmor(policy: Mapping[str, str], name: str, container: str) -> list[Cause]:
    """What is wrong with a container's AppArmor profile."""
    text = policy.get(APPARMOR_ALLOWED)
    if text is None:
        return []
    where = ANNOTATIONS.key(APPARMOR_CONTAINER + container)
    if not name:
        return [forbidden_field(where, "AppArmor profile must be set")]
    if name in text.split(","):
        return []
    return [forbidden_field(where, f"{name} is not an allowed profile. Allowed values: {quote(text)}")]


def with_capabilities(spec: PodSecurityPolicySpec, security: SecurityContext | None) -> Capabilities | None:
    """A container's capabilities with those added and dropped that the policy says."""
    given = security.capabilities if security is not None else None
    added, dropped = (set(given.add), set(given.drop)) if given is not None else (set[str](), set[str]())
    add = added | (set(spec.defaultAddCapabilities) - dropped)
    drop = dropped | set(spec.requiredDropCapabilities)
    if (add, drop) == (added, dropped):
        return given
    return Capabilities(add=tuple(sorted(add)), drop=tuple(sorted(drop)))


def check_capabilities(spec: PodSecurityPolicySpec, given: Capabilities | None, path: Path) -> list[Cause]:
    """What is wrong with a container's capabilities."""
    if given is None:
        if not spec.defaultAddCapabilities and not spec.requiredDropCapabilities:
            return []
        return [invalid_value(path, None, "required capabilities are not set on the securityContext")]
    if ALL in spec.allowedCapabilities:
        return []
    allowed = {*spec.defaultAddCapabilities, *spec.allowedCapabilities}
    faults = [
        invalid_value(path.child("add"), one, "capability may not be added") for one in given.add if one not in allowed
    ]
    return faults + [
        invalid_value(path.child("drop"), list(given.drop), f"{one} is required to be dropped but was not found")
        for one in spec.requiredDropCapabilities
        if one not in given.drop
    ]


def check_sysctls(spec: PodSecurityPolicySpec, pod: PodSpec) -> list[Cause]:
    """What is wrong with a pod's kernel parameters."""
    faults = []
    for position, one in enumerate(pod.securityContext.sysctls if pod.securityContext is not None else ()):
        where = Path("pod.spec.securityContext.sysctls").at(position)
        if any(covers(pattern, one.name) for pattern in spec.forbiddenSysctls):
            faults.append(forbidden_field(where, f"sysctl {quote(one.name)} is not allowed"))
        elif one.name not in SAFE_SYSCTLS and not any(covers(p, one.name) for p in spec.allowedUnsafeSysctls):
            faults.append(forbidden_field(where, f"unsafe sysctl {quote(one.name)} is not allowed"))
    return faults
