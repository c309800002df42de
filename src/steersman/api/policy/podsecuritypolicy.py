"""PodSecurityPolicy (policy/v1beta1): what pods may ask for, by booleans, sets and strategies. Upstream had it to 1.24.

Source: k8s.io/api/policy/v1beta1 as of 1.20.
"""

from typing import Annotated

from steersman.api.core.security import SELinuxOptions
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Int32, Int64, Required, Wire, always
from steersman.apimachinery.object import Object


class HostPortRange(Object, package="k8s.io.api.policy.v1beta1"):
    """Ports of the node, both ends included."""

    min: Annotated[Int32, Wire(1), Required()] = always(0)
    max: Annotated[Int32, Wire(2), Required()] = always(0)


class IDRange(Object, package="k8s.io.api.policy.v1beta1"):
    """Users or groups by number, both ends included."""

    min: Annotated[Int64, Wire(1), Required()] = always(0)
    max: Annotated[Int64, Wire(2), Required()] = always(0)


class IDStrategyOptions(Object, package="k8s.io.api.policy.v1beta1"):
    """How users or groups are chosen: RunAsAny, MustRunAs, MayRunAs or MustRunAsNonRoot."""

    rule: Annotated[str, Wire(1), Required()] = always("")
    ranges: Annotated[tuple[IDRange, ...], Wire(2)] = ()


class SELinuxStrategyOptions(Object, package="k8s.io.api.policy.v1beta1"):
    """How SELinux labels are chosen: RunAsAny or MustRunAs."""

    rule: Annotated[str, Wire(1), Required()] = always("")
    seLinuxOptions: Annotated[SELinuxOptions | None, Wire(2)] = None


class AllowedHostPath(Object, package="k8s.io.api.policy.v1beta1"):
    """A directory of the node below which volumes may be."""

    pathPrefix: Annotated[str, Wire(1)] = ""
    readOnly: Annotated[bool, Wire(2)] = False


class AllowedFlexVolume(Object, package="k8s.io.api.policy.v1beta1"):
    """A flex driver."""

    driver: Annotated[str, Wire(1), Required()] = always("")


class AllowedCSIDriver(Object, package="k8s.io.api.policy.v1beta1"):
    """A CSI driver of volumes in pods."""

    name: Annotated[str, Wire(1), Required()] = always("")


class RuntimeClassStrategyOptions(Object, package="k8s.io.api.policy.v1beta1"):
    """The runtime classes that pods may have, `*` for all, and the one they get."""

    allowedRuntimeClassNames: Annotated[tuple[str, ...], Wire(1), Required()] = always(())
    defaultRuntimeClassName: Annotated[str | None, Wire(2)] = None


class PodSecurityPolicySpec(Object, package="k8s.io.api.policy.v1beta1"):
    """What pods may ask for, what they must, and what they get."""

    privileged: Annotated[bool, Wire(1)] = False
    defaultAddCapabilities: Annotated[tuple[str, ...], Wire(2)] = ()
    requiredDropCapabilities: Annotated[tuple[str, ...], Wire(3)] = ()
    allowedCapabilities: Annotated[tuple[str, ...], Wire(4)] = ()
    volumes: Annotated[tuple[str, ...], Wire(5)] = ()
    hostNetwork: Annotated[bool, Wire(6)] = False
    hostPorts: Annotated[tuple[HostPortRange, ...], Wire(7)] = ()
    hostPID: Annotated[bool, Wire(8)] = False
    hostIPC: Annotated[bool, Wire(9)] = False
    seLinux: Annotated[SELinuxStrategyOptions, Wire(10), Required()] = always(SELinuxStrategyOptions)
    runAsUser: Annotated[IDStrategyOptions, Wire(11), Required()] = always(IDStrategyOptions)
    runAsGroup: Annotated[IDStrategyOptions | None, Wire(22)] = None
    supplementalGroups: Annotated[IDStrategyOptions, Wire(12), Required()] = always(IDStrategyOptions)
    fsGroup: Annotated[IDStrategyOptions, Wire(13), Required()] = always(IDStrategyOptions)
    readOnlyRootFilesystem: Annotated[bool, Wire(14)] = False
    defaultAllowPrivilegeEscalation: Annotated[bool | None, Wire(15)] = None
    allowPrivilegeEscalation: Annotated[bool | None, Wire(16)] = None
    allowedHostPaths: Annotated[tuple[AllowedHostPath, ...], Wire(17)] = ()
    allowedFlexVolumes: Annotated[tuple[AllowedFlexVolume, ...], Wire(18)] = ()
    allowedCSIDrivers: Annotated[tuple[AllowedCSIDriver, ...], Wire(23)] = ()
    allowedUnsafeSysctls: Annotated[tuple[str, ...], Wire(19)] = ()
    forbiddenSysctls: Annotated[tuple[str, ...], Wire(20)] = ()
    allowedProcMountTypes: Annotated[tuple[str, ...], Wire(21)] = ()
    runtimeClass: Annotated[RuntimeClassStrategyOptions | None, Wire(24)] = None


class PodSecurityPolicy(Kind, api="policy/v1beta1", package="k8s.io.api.policy.v1beta1"):
    """What the pods of those who may use the policy can ask for."""

    spec: Annotated[PodSecurityPolicySpec, Wire(2)] = always(PodSecurityPolicySpec)
