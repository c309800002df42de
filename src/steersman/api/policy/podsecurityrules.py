"""What makes a PodSecurityPolicy wrong, and its default.

Source: pkg/apis/policy/validation, pkg/apis/policy/v1beta1/defaults.go as of 1.20.
"""

import re
from collections.abc import Iterator, Sequence

from steersman.api.policy.podsecuritypolicy import (
    IDStrategyOptions,
    PodSecurityPolicy,
    PodSecurityPolicySpec,
    RuntimeClassStrategyOptions,
)
from steersman.apimachinery.fielderrors import (
    duplicate,
    forbidden_field,
    invalid_value,
    invalid_values,
    not_supported,
    required,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_subdomain
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause

ANY, MUST, MAY, NOT_ROOT = "RunAsAny", "MustRunAs", "MayRunAs", "MustRunAsNonRoot"
ALL = "*"
# As pods declare them; upstream's list ended before images could be volumes.
VOLUMES = (
    "hostPath", "emptyDir", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "secret", "nfs", "iscsi",
    "glusterfs", "persistentVolumeClaim", "rbd", "flexVolume", "cinder", "cephfs", "flocker", "downwardAPI", "fc",
    "azureFile", "configMap", "vsphereVolume", "quobyte", "azureDisk", "photonPersistentDisk", "storageos",
    "projected", "portworxVolume", "scaleIO", "csi", "ephemeral", "image",
)  # fmt: skip
PROC_MOUNTS = ("Default", "Unmasked")
MOST_SYSCTL_CHARACTERS = 253
_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
SYSCTL = rf"({_SEGMENT}\.)*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]"
_SYSCTL = re.compile(SYSCTL)


def default_policy(policy: PodSecurityPolicy) -> PodSecurityPolicy:
    """Privileges may grow unless it is said that they don't."""
    if policy.spec.allowPrivilegeEscalation is not None:
        return policy
    return replace(policy, spec=replace(policy.spec, allowPrivilegeEscalation=True))


def validate_policy(policy: PodSecurityPolicy) -> list[Cause]:
    """A new or changed one."""
    spec, path = policy.spec, Path("spec")
    faults = [*_check_ids(spec, path)]
    if spec.seLinux.rule not in (ANY, MUST):
        faults.append(not_supported(path.child("seLinux", "rule"), spec.seLinux.rule, (MUST, ANY)))
    faults += [
        not_supported(path.child("volumes"), one, sorted({*VOLUMES, ALL}))
        for one in spec.volumes
        if one not in (*VOLUMES, ALL)
    ]
    faults += _check_capabilities(spec)
    if spec.defaultAllowPrivilegeEscalation and spec.allowPrivilegeEscalation is False:
        why = "Cannot set DefaultAllowPrivilegeEscalation to true without also setting AllowPrivilegeEscalation to true"
        faults.append(invalid_value(path.child("defaultAllowPrivilegeEscalation"), True, why))
    for position, mount in enumerate(spec.allowedProcMountTypes):
        if mount not in PROC_MOUNTS:
            faults.append(not_supported(path.child("allowedProcMountTypes").at(position), mount, PROC_MOUNTS))
    faults += [*_check_paths(spec, path), *_check_drivers(spec, path), *_check_sysctls(spec, path)]
    return faults + _check_classes(spec.runtimeClass, path.child("runtimeClass"))


def _check_ids(spec: PodSecurityPolicySpec, path: Path) -> Iterator[Cause]:
    for field, options, rules in (
        ("runAsUser", spec.runAsUser, (MUST, NOT_ROOT, ANY)),
        ("runAsGroup", spec.runAsGroup, (MAY, MUST, ANY)),
        ("supplementalGroups", spec.supplementalGroups, (MAY, MUST, ANY)),
        ("fsGroup", spec.fsGroup, (MAY, MUST, ANY)),
    ):
        if options is not None:
            yield from _check_strategy(options, rules, path.child(field))
    group = spec.runAsGroup
    if group is not None and group.rule == ANY and group.ranges:
        yield invalid_value(path.child("runAsGroup", "ranges"), group.ranges, "Ranges must be empty")
    if group is not None and group.rule in (MUST, MAY) and not group.ranges:
        yield invalid_value(path.child("runAsGroup", "ranges"), group.ranges, "must provide at least one range")


def _check_strategy(options: IDStrategyOptions, rules: Sequence[str], path: Path) -> Iterator[Cause]:
    if options.rule not in rules:
        yield not_supported(path.child("rule"), options.rule, rules)
    for position, one in enumerate(options.ranges):
        where = path.child("ranges").at(position)
        for end in ("min", "max"):
            if getattr(one, end) < 0:
                yield invalid_value(where.child(end), getattr(one, end), f"{end} cannot be negative")
        if one.min > one.max:
            yield invalid_value(where.child("min"), one.min, "min cannot be greater than max")


def _check_capabilities(spec: PodSecurityPolicySpec) -> Iterator[Cause]:
    dropped = spec.requiredDropCapabilities
    if dropped and ALL in spec.allowedCapabilities:
        why = "must be empty when all capabilities are allowed by a wildcard"
        yield invalid_value(Path("requiredDropCapabilities"), dropped, why)
    for field in ("defaultAddCapabilities", "allowedCapabilities"):
        for one in getattr(spec, field):
            if one in dropped:
                why = f"capability is listed in {field} and requiredDropCapabilities"
                yield invalid_value(Path(field), one, why)


def _check_paths(spec: PodSecurityPolicySpec, path: Path) -> Iterator[Cause]:
    for position, one in enumerate(spec.allowedHostPaths):
        where = path.child("allowedHostPaths").at(position)
        if not one.pathPrefix:
            yield required(where, "is required")
        elif ".." in one.pathPrefix.split("/"):
            yield invalid_value(where, one.pathPrefix, "must not contain '..'")


def _check_drivers(spec: PodSecurityPolicySpec, path: Path) -> Iterator[Cause]:
    for position, flex in enumerate(spec.allowedFlexVolumes):
        if not flex.driver:
            where = path.child("allowedFlexVolumes", "allowedFlexVolumes").at(position).child("driver")
            yield required(where, "must specify a driver")
    for position, csi in enumerate(spec.allowedCSIDrivers):
        where = path.child("allowedCSIDrivers", "allowedCSIDriver").at(position).child("name")
        if not csi.name:
            yield required(where)
        else:
            yield from invalid_values(where, csi.name, dns1123_subdomain(csi.name.lower()))


def _check_sysctls(spec: PodSecurityPolicySpec, path: Path) -> Iterator[Cause]:
    for field in ("allowedUnsafeSysctls", "forbiddenSysctls"):
        names: tuple[str, ...] = getattr(spec, field)
        for position, name in enumerate(names):
            where = path.child(field).at(position)
            if not name:
                yield invalid_value(where, name, "empty sysctl not allowed")
            elif len(name) > MOST_SYSCTL_CHARACTERS or not _SYSCTL.fullmatch(name):
                why = f"must have at most {MOST_SYSCTL_CHARACTERS} characters and match regex {SYSCTL}"
                yield invalid_value(where, name, why)
        if len(names) > 1 and any(name.startswith(ALL) for name in names):
            yield forbidden_field(path.child(field, "items"), "if '*' is present, must not specify other sysctls")
    for at, allowed in enumerate(spec.allowedUnsafeSysctls):
        for other, forbidden in enumerate(spec.forbiddenSysctls):
            if covers(forbidden, allowed):
                where = path.child("allowedUnsafeSysctls").at(at)
                yield invalid_value(where, allowed, f"sysctl overlaps with {forbidden}")
            elif covers(allowed, forbidden):
                where = path.child("forbiddenSysctls").at(other)
                yield invalid_value(where, forbidden, f"sysctl overlaps with {allowed}")


def covers(pattern: str, name: str) -> bool:
    """The name, or every name of a narrower pattern, is what the pattern means; only a `*` at its end is special."""
    if not pattern.endswith(ALL):
        return pattern == name
    return name.removesuffix(ALL).startswith(pattern.removesuffix(ALL))


def _check_classes(options: RuntimeClassStrategyOptions | None, path: Path) -> list[Cause]:
    if options is None:
        return []
    names, faults = options.allowedRuntimeClassNames, []
    where = path.child("allowedRuntimeClassNames")
    for position, name in enumerate(names):
        if name != ALL:
            faults += invalid_values(where.at(position), name, dns1123_subdomain(name))
        if name in names[:position]:
            faults.append(duplicate(where.at(position), name))
    default = options.defaultRuntimeClassName
    if default is not None:
        faults += invalid_values(path.child("defaultRuntimeClassName"), default, dns1123_subdomain(default))
        if default not in names and ALL not in names:
            faults.append(required(where, f"default {quote(default)} must be allowed"))
    if ALL in names and len(names) > 1:
        why = "if '*' is present, must not specify other RuntimeClass names"
        faults.append(invalid_value(where, names, why))
    return faults
