"""What a container may do on its node, and as whom."""

from enum import StrEnum
from typing import Annotated

from steersman.apimachinery.markers import Atomic, Int64, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object


class AppArmorProfileType(StrEnum):
    """Where an AppArmor profile comes from."""

    UNCONFINED = "Unconfined"
    RUNTIME_DEFAULT = "RuntimeDefault"
    LOCALHOST = "Localhost"


class PodFSGroupChangePolicy(StrEnum):
    """Whether a volume's files change hands at each mount."""

    ON_ROOT_MISMATCH = "OnRootMismatch"
    ALWAYS = "Always"


class ProcMountType(StrEnum):
    """Whether /proc is masked."""

    DEFAULT = "Default"
    UNMASKED = "Unmasked"


class SeccompProfileType(StrEnum):
    """Where a seccomp profile comes from."""

    UNCONFINED = "Unconfined"
    RUNTIME_DEFAULT = "RuntimeDefault"
    LOCALHOST = "Localhost"


class SupplementalGroupsPolicy(StrEnum):
    """Whether the image's groups are added to the pod's."""

    MERGE = "Merge"
    STRICT = "Strict"


class Capabilities(Object, package="k8s.io.api.core.v1"):
    """Capabilities added to and taken from a container."""

    add: Annotated[tuple[str, ...], Wire(1), Atomic()] = ()
    drop: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()


class AppArmorProfile(Object, package="k8s.io.api.core.v1"):
    """The AppArmor profile that confines a container."""

    type: Annotated[str, Wire(1), Required(), OneOf(AppArmorProfileType)] = always("")
    localhostProfile: Annotated[str | None, Wire(2)] = None


class SELinuxOptions(Object, package="k8s.io.api.core.v1"):
    """The SELinux label of a container."""

    user: Annotated[str, Wire(1)] = ""
    role: Annotated[str, Wire(2)] = ""
    type: Annotated[str, Wire(3)] = ""
    level: Annotated[str, Wire(4)] = ""


class SeccompProfile(Object, package="k8s.io.api.core.v1"):
    """The seccomp profile that filters a container's system calls."""

    type: Annotated[str, Wire(1), Required(), OneOf(SeccompProfileType)] = always("")
    localhostProfile: Annotated[str | None, Wire(2)] = None


class Sysctl(Object, package="k8s.io.api.core.v1"):
    """A kernel parameter of the pod's namespaces."""

    name: Annotated[str, Wire(1), Required()] = always("")
    value: Annotated[str, Wire(2), Required()] = always("")


class WindowsSecurityContextOptions(Object, package="k8s.io.api.core.v1"):
    """Who a container is on Windows."""

    gmsaCredentialSpecName: Annotated[str | None, Wire(1)] = None
    gmsaCredentialSpec: Annotated[str | None, Wire(2)] = None
    runAsUserName: Annotated[str | None, Wire(3)] = None
    hostProcess: Annotated[bool | None, Wire(4)] = None


class PodSecurityContext(Object, package="k8s.io.api.core.v1"):
    """Who a pod's containers are and what they may do, where they don't say otherwise."""

    seLinuxOptions: Annotated[SELinuxOptions | None, Wire(1)] = None
    windowsOptions: Annotated[WindowsSecurityContextOptions | None, Wire(8)] = None
    runAsUser: Annotated[Int64 | None, Wire(2)] = None
    runAsGroup: Annotated[Int64 | None, Wire(6)] = None
    runAsNonRoot: Annotated[bool | None, Wire(3)] = None
    supplementalGroups: Annotated[tuple[Int64, ...], Wire(4), Atomic()] = ()
    supplementalGroupsPolicy: Annotated[str | None, Wire(12), OneOf(SupplementalGroupsPolicy)] = None
    fsGroup: Annotated[Int64 | None, Wire(5)] = None
    sysctls: Annotated[tuple[Sysctl, ...], Wire(7), Atomic()] = ()
    fsGroupChangePolicy: Annotated[str | None, Wire(9), OneOf(PodFSGroupChangePolicy)] = None
    seccompProfile: Annotated[SeccompProfile | None, Wire(10)] = None
    appArmorProfile: Annotated[AppArmorProfile | None, Wire(11)] = None
    seLinuxChangePolicy: Annotated[str | None, Wire(13)] = None


class SecurityContext(Object, package="k8s.io.api.core.v1"):
    """Who a container is and what it may do."""

    capabilities: Annotated[Capabilities | None, Wire(1)] = None
    privileged: Annotated[bool | None, Wire(2)] = None
    seLinuxOptions: Annotated[SELinuxOptions | None, Wire(3)] = None
    windowsOptions: Annotated[WindowsSecurityContextOptions | None, Wire(10)] = None
    runAsUser: Annotated[Int64 | None, Wire(4)] = None
    runAsGroup: Annotated[Int64 | None, Wire(8)] = None
    runAsNonRoot: Annotated[bool | None, Wire(5)] = None
    readOnlyRootFilesystem: Annotated[bool | None, Wire(6)] = None
    allowPrivilegeEscalation: Annotated[bool | None, Wire(7)] = None
    procMount: Annotated[str | None, Wire(9), OneOf(ProcMountType)] = None
    seccompProfile: Annotated[SeccompProfile | None, Wire(11)] = None
    appArmorProfile: Annotated[AppArmorProfile | None, Wire(12)] = None
