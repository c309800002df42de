"""The checks of the baseline level: nothing that is known to give a pod its node.

Source: k8s.io/pod-security-admission/policy: check_*.go.
"""

from collections.abc import Iterable

from steersman.api.core import LifecycleHandler, PodSpec, Probe, SELinuxOptions
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.gotext import quote
from steersman.apiserver.admission.podsecurity.findings import (
    AnyContainer,
    CheckPod,
    Finding,
    containers_of,
    is_in_user_namespace,
    named,
    names_of,
    plural,
    quoted,
    secured,
    setters,
)

APPARMOR_PREFIX = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
PROFILES = frozenset({"RuntimeDefault", "Localhost"})
CAPABILITIES = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
})  # fmt: skip
SELINUX_TYPES = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})
SELINUX_TYPES_31 = SELINUX_TYPES | {"container_engine_t"}
SYSCTLS = frozenset({
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
})  # fmt: skip
SYSCTLS_27 = SYSCTLS | {"net.ipv4.ip_local_reserved_ports"}
SYSCTLS_29 = SYSCTLS_27 | {
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}  # fmt: skip
SYSCTLS_32 = SYSCTLS_29 | {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}
SYSCTLS_37 = SYSCTLS_32 | {"net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat"}


def apparmor_profile(metadata: ObjectMeta, spec: PodSpec) -> Finding | None:
    """No AppArmor profile but the default or one of the node's."""
    own = spec.securityContext.appArmorProfile if spec.securityContext is not None else None
    is_pod = own is not None and own.type not in PROFILES
    values = {own.type} if own is not None and is_pod else set()
    bad = []
    for container in containers_of(spec):
        profile = secured(container).appArmorProfile
        if profile is not None and profile.type not in PROFILES:
            bad.append(container.name)
            values.add(profile.type)
    annotations = sorted(
        f"{key}={quote(value)}"
        for key, value in metadata.annotations.items()
        if key.startswith(APPARMOR_PREFIX) and not _is_allowed_annotation(value)
    )
    who = setters(is_pod, bad) + ([plural(len(annotations), "annotation")] if annotations else [])
    if not who:
        return None
    listed = [*sorted(values), *annotations]
    detail = f"{' and '.join(who)} must not set AppArmor profile type to {quoted(listed)}"
    return Finding(plural(len(listed), "forbidden AppArmor profile"), detail)


def _is_allowed_annotation(profile: str) -> bool:
    return profile in ("", "runtime/default") or profile.startswith("localhost/")


def capabilities(_: ObjectMeta, spec: PodSpec) -> Finding | None:
    """No capabilities beyond those containers have anyway."""
    added = {one.name: _forbidden_capabilities(one) for one in containers_of(spec)}
    bad = [name for name, found in added.items() if found]
    if not bad:
        return None
    listed = quoted(sorted(set().union(*added.values())))
    return Finding(
        "non-default capabilities", f"{named(bad)} must not include {listed} in securityContext.capabilities.add"
    )


def _forbidden_capabilities(container: AnyContainer) -> set[str]:
    given = secured(container).capabilities
    return set() if given is None else set(given.add) - CAPABILITIES


def host_namespaces(_: ObjectMeta, spec: PodSpec) -> Finding | None:
    """Nothing of the node's network, processes and IPC."""
    shared = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if getattr(spec, field)]
    return Finding("host namespaces", ", ".join(shared)) if shared else None


def host_path_volumes(_: ObjectMeta, spec: PodSpec) -> Finding | None:
    """No directories of the node."""
    volumes = [volume.name for volume in spec.volumes if volume.hostPath is not None]
    return Finding("hostPath volumes", named(volumes, "volume")) if volumes else None


def host_ports(_: ObjectMeta, spec: PodSpec) -> Finding | None:
    """No ports of the node."""
    bad = names_of(spec, lambda one: any(port.hostPort for port in one.ports))
    if not bad:
        return None
    ports = sorted({str(port.hostPort) for one in containers_of(spec) for port in one.ports if port.hostPort})
    uses, what = plural(len(bad), "uses", "use"), plural(len(ports), "hostPort")
    return Finding("hostPort", f"{named(bad)} {uses} {what} {', '.join(ports)}")


def host_probes_and_lifecycle(_: ObjectMeta, spec: PodSpec) -> Finding | None:
    """The kubelet's probes and hooks ask the pod itself, no other host."""
    hosts = {one.name: set(_hosts(one)) for one in containers_of(spec)}
    bad = sorted(name for name, found in hosts.items() if found)
    if not bad:
        return None
    listed = sorted(set().union(*hosts.values()))
    uses, what = plural(len(bad), "uses", "use"), plural(len(listed), "probe or lifecycle host")
    return Finding("probe or lifecycle host", f"{named(bad)} {uses} {what} {quoted(listed)}")


def _hosts(container: AnyContainer) -> Iterable[str]:
    handlers: list[Probe | LifecycleHandler | None] = [
        container.livenessProbe, container.readinessProbe, container.startupProbe,
    ]  # fmt: skip
    if container.lifecycle is not None:
        handlers += [container.lifecycle.postStart, container.lifecycle.preStop]
    for handler in handlers:
        for target in (handler.httpGet, handler.tcpSocket) if handler is not None else ():
            if target is not None and target.host:
                yield target.host


def privileged(_: ObjectMeta, spec: PodSpec) -> Finding | None:
    """No privileged containers."""
    bad = names_of(spec, lambda one: secured(one).privileged is True)
    return Finding("privileged", f"{named(bad)} must not set securityContext.privileged=true") if bad else None


def proc_mount(_: ObjectMeta, spec: PodSpec) -> Finding | None:
    """/proc is masked."""
    bad = names_of(spec, lambda one: secured(one).procMount not in (None, "Default"))
    if not bad:
        return None
    values = {secured(one).procMount or "" for one in containers_of(spec) if one.name in bad}
    return Finding("procMount", f"{named(bad)} must not set securityContext.procMount to {quoted(sorted(values))}")


def proc_mount_35(metadata: ObjectMeta, spec: PodSpec) -> Finding | None:
    """/proc is masked, unless the pod's root isn't the node's."""
    return None if is_in_user_namespace(spec) else proc_mount(metadata, spec)


def selinux_options(allowed: frozenset[str]) -> CheckPod:
    """The check that SELinux types are among these, and neither user nor role is set."""

    def check(_: ObjectMeta, spec: PodSpec) -> Finding | None:
        found: list[SELinuxOptions] = []

        def is_bad(options: SELinuxOptions | None) -> bool:
            if options is None or (options.type in allowed and not options.user and not options.role):
                return False
            found.append(options)
            return True

        is_pod = spec.securityContext is not None and is_bad(spec.securityContext.seLinuxOptions)
        who = setters(is_pod, names_of(spec, lambda one: is_bad(secured(one).seLinuxOptions)))
        if not who:
            return None
        types = sorted({options.type for options in found} - allowed)
        data = [named(types, "type")] if types else []
        data += [f"{field} may not be set" for field in ("user", "role") if any(getattr(one, field) for one in found)]
        verb = f"{' and '.join(who)} set forbidden securityContext.seLinuxOptions: {'; '.join(data)}"
        return Finding("seLinuxOptions", verb)

    return check


def seccomp_annotations(metadata: ObjectMeta, spec: PodSpec) -> Finding | None:
    """The annotations that chose a seccomp profile before there was a field."""
    keys = (SECCOMP_POD, *(SECCOMP_CONTAINER + one.name for one in containers_of(spec)))
    bad = {
        f"{key}={quote(metadata.annotations[key])}"
        for key in keys
        if key in metadata.annotations and not _is_allowed_seccomp(metadata.annotations[key])
    }
    if not bad:
        return None
    return Finding("seccompProfile", f"forbidden {plural(len(bad), 'annotation')} {', '.join(sorted(bad))}")


def _is_allowed_seccomp(profile: str) -> bool:
    return profile in ("runtime/default", "docker/default") or profile.startswith("localhost/")


def seccomp_profile(_: ObjectMeta, spec: PodSpec) -> Finding | None:
    """No seccomp profile but the default or one of the node's."""
    own = spec.securityContext.seccompProfile if spec.securityContext is not None else None
    is_pod = own is not None and own.type not in PROFILES
    values = {own.type} if own is not None and is_pod else set()
    bad = []
    for container in containers_of(spec):
        profile = secured(container).seccompProfile
        if profile is not None and profile.type not in PROFILES:
            bad.append(container.name)
            values.add(profile.type)
    who = setters(is_pod, bad)
    if not who:
        return None
    detail = f"{' and '.join(who)} must not set securityContext.seccompProfile.type to {quoted(sorted(values))}"
    return Finding("seccompProfile", detail)


def sysctls(allowed: frozenset[str]) -> CheckPod:
    """The check that kernel parameters are among these."""

    def check(_: ObjectMeta, spec: PodSpec) -> Finding | None:
        given = spec.securityContext.sysctls if spec.securityContext is not None else ()
        bad = [one.name for one in given if one.name not in allowed]
        return Finding("forbidden sysctls", ", ".join(bad)) if bad else None

    return check


def windows_host_process(_: ObjectMeta, spec: PodSpec) -> Finding | None:
    """No containers that are processes of a Windows node."""
    own = spec.securityContext.windowsOptions if spec.securityContext is not None else None

    def is_bad(container: AnyContainer) -> bool:
        options = secured(container).windowsOptions
        return options is not None and options.hostProcess is True

    who = setters(own is not None and own.hostProcess is True, names_of(spec, is_bad))
    if not who:
        return None
    detail = f"{' and '.join(who)} must not set securityContext.windowsOptions.hostProcess=true"
    return Finding("hostProcess", detail)
