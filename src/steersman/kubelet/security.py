"""Security contexts of pods and containers in CRI's words. Pure.

Source: pkg/securitycontext, pkg/kubelet/kuberuntime/security_context.go.
"""

from collections.abc import Mapping

from steersman.api.core import (
    AppArmorProfile,
    Container,
    Pod,
    PodSecurityContext,
    SeccompProfile,
    SecurityContext,
    SELinuxOptions,
)
from steersman.apimachinery.object import replace
from steersman.cri import records
from steersman.cri.records import NamespaceMode

DEFAULT_MASKED_PATHS = (
    "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
    "/sys/devices/virtual/powercap",
)  # fmt: skip
DEFAULT_READONLY_PATHS = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
_NOBODY_KNOWS = "container has runAsNonRoot and image will run as root"


class ImageRunsAsRootError(Exception):
    """The pod forbids root and nothing says who else it is; the message is upstream's."""


def effective(pod: Pod, container: Container) -> SecurityContext:
    """The container's own settings over those of its pod."""
    own = container.securityContext or SecurityContext()
    shared = pod.spec.securityContext or PodSecurityContext()
    return replace(
        own,
        runAsUser=shared.runAsUser if own.runAsUser is None else own.runAsUser,
        runAsGroup=shared.runAsGroup if own.runAsGroup is None else own.runAsGroup,
        runAsNonRoot=shared.runAsNonRoot if own.runAsNonRoot is None else own.runAsNonRoot,
        seLinuxOptions=own.seLinuxOptions or shared.seLinuxOptions,
        seccompProfile=own.seccompProfile or shared.seccompProfile,
        appArmorProfile=own.appArmorProfile or shared.appArmorProfile,
    )


def container_security(
    pod: Pod, container: Container, image: records.Image | None
) -> records.LinuxContainerSecurityContext:
    """What CRI is told about a container's confinement."""
    wanted = effective(pod, container)
    is_privileged = bool(wanted.privileged)
    has_own_masks = not is_privileged and wanted.procMount != "Unmasked"
    image_uid = image.uid if image is not None else None
    return records.LinuxContainerSecurityContext(
        capabilities=_capabilities(wanted),
        privileged=is_privileged,
        namespace_options=namespaces(pod),
        selinux_options=_selinux(wanted.seLinuxOptions),
        run_as_user=image_uid if wanted.runAsUser is None else wanted.runAsUser,
        run_as_username=image.username if image is not None and wanted.runAsUser is None and image_uid is None else "",
        run_as_group=wanted.runAsGroup,
        readonly_rootfs=bool(wanted.readOnlyRootFilesystem),
        supplemental_groups=supplemental_groups(pod),
        supplemental_groups_policy=_groups_policy(pod),
        no_new_privs=wanted.allowPrivilegeEscalation is False,
        masked_paths=DEFAULT_MASKED_PATHS if has_own_masks else (),
        readonly_paths=DEFAULT_READONLY_PATHS if has_own_masks else (),
        seccomp=seccomp(wanted.seccompProfile),
        apparmor=_apparmor(wanted.appArmorProfile),
    )


def sandbox_security(pod: Pod) -> records.LinuxSandboxSecurityContext:
    """What CRI is told about the sandbox's confinement."""
    shared = pod.spec.securityContext or PodSecurityContext()
    every = (*pod.spec.initContainers, *pod.spec.containers)
    return records.LinuxSandboxSecurityContext(
        namespace_options=namespaces(pod),
        selinux_options=_selinux(shared.seLinuxOptions),
        run_as_user=shared.runAsUser,
        run_as_group=shared.runAsGroup,
        supplemental_groups=supplemental_groups(pod),
        supplemental_groups_policy=_groups_policy(pod),
        privileged=any(each.securityContext is not None and each.securityContext.privileged for each in every),
        seccomp=records.SecurityProfile(records.ProfileType.RUNTIME_DEFAULT),
    )


def namespaces(pod: Pod) -> records.NamespaceOption:
    """Which namespaces the pod's containers share, with each other or with the node."""
    spec = pod.spec
    if spec.hostPID:
        pid = NamespaceMode.NODE
    else:
        pid = NamespaceMode.POD if spec.shareProcessNamespace else NamespaceMode.CONTAINER
    return records.NamespaceOption(
        network=NamespaceMode.NODE if spec.hostNetwork else NamespaceMode.POD,
        pid=pid,
        ipc=NamespaceMode.NODE if spec.hostIPC else NamespaceMode.POD,
    )


def supplemental_groups(pod: Pod) -> tuple[int, ...]:
    """The groups that every process of the pod is in, that of its volumes first."""
    shared = pod.spec.securityContext
    if shared is None:
        return ()
    return (*(() if shared.fsGroup is None else (shared.fsGroup,)), *shared.supplementalGroups)


def sysctls(pod: Pod) -> Mapping[str, str]:
    """Kernel settings of the pod's namespaces."""
    shared = pod.spec.securityContext
    return {} if shared is None else {each.name: each.value for each in shared.sysctls}


def verify_non_root(pod: Pod, container: Container, image: records.Image | None) -> None:
    """Raise ImageRunsAsRootError when runAsNonRoot can't be kept."""
    wanted = effective(pod, container)
    if not wanted.runAsNonRoot:
        return
    where = f'(pod: "{pod.metadata.name}_{pod.metadata.namespace}({pod.metadata.uid})", container: {container.name})'
    if wanted.runAsUser is not None:
        if wanted.runAsUser == 0:
            raise ImageRunsAsRootError(f"container's runAsUser breaks non-root policy {where}")
    elif image is not None and image.uid is not None:
        if image.uid == 0:
            raise ImageRunsAsRootError(f"{_NOBODY_KNOWS} {where}")
    elif image is not None and image.username:
        message = "container has runAsNonRoot and image has non-numeric user "
        raise ImageRunsAsRootError(f"{message}({image.username}), cannot verify user is non-root {where}")
    else:
        raise ImageRunsAsRootError(f"{_NOBODY_KNOWS} {where}")


def seccomp(profile: SeccompProfile | None) -> records.SecurityProfile:
    """Unconfined where nothing is asked for, as upstream's default is."""
    if profile is None or profile.type == "Unconfined":
        return records.SecurityProfile(records.ProfileType.UNCONFINED)
    if profile.type == "Localhost":
        return records.SecurityProfile(records.ProfileType.LOCALHOST, profile.localhostProfile or "")
    return records.SecurityProfile(records.ProfileType.RUNTIME_DEFAULT)


def _apparmor(profile: AppArmorProfile | None) -> records.SecurityProfile | None:
    match profile.type if profile is not None else "":
        case "RuntimeDefault":
            return records.SecurityProfile(records.ProfileType.RUNTIME_DEFAULT)
        case "Unconfined":
            return records.SecurityProfile(records.ProfileType.UNCONFINED)
        case "Localhost" if profile is not None:
            return records.SecurityProfile(records.ProfileType.LOCALHOST, profile.localhostProfile or "")
        case _:
            return None


def _capabilities(wanted: SecurityContext) -> records.Capability | None:
    if wanted.capabilities is None:
        return None
    return records.Capability(tuple(wanted.capabilities.add), tuple(wanted.capabilities.drop))


def _selinux(options: SELinuxOptions | None) -> records.SELinuxOption | None:
    if options is None:
        return None
    return records.SELinuxOption(options.user, options.role, options.type, options.level)


def _groups_policy(pod: Pod) -> records.SupplementalGroupsPolicy:
    shared = pod.spec.securityContext
    is_strict = shared is not None and shared.supplementalGroupsPolicy == "Strict"
    return records.SupplementalGroupsPolicy.STRICT if is_strict else records.SupplementalGroupsPolicy.MERGE
