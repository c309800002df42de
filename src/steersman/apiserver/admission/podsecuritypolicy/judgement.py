"""What a policy makes of a pod that doesn't say everything, and what it finds wrong with it then. Pure.

Source: pkg/security/podsecuritypolicy/provider.go as of 1.20.
"""

from typing import Any

from steersman.api.core import AppArmorProfile, Pod, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext
from steersman.api.policy.podsecuritypolicy import PodSecurityPolicy, PodSecurityPolicySpec
from steersman.api.policy.podsecurityrules import ALL, NOT_ROOT
from steersman.apimachinery.fielderrors import invalid_value
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause
from steersman.apiserver.admission.podsecuritypolicy import identities, profiles
from steersman.apiserver.admission.podsecuritypolicy.profiles import AnyContainer
from steersman.apiserver.admission.podsecuritypolicy.volumes import CONTAINERS, check_volumes


def is_usable(policy: PodSecurityPolicy) -> bool:
    """Its strategies are known and have what they need."""
    spec = policy.spec
    users = identities.is_usable_id(spec.runAsUser, ("RunAsAny", "MustRunAs", NOT_ROOT))
    groups = (spec.runAsGroup, spec.supplementalGroups, spec.fsGroup)
    return users and all(map(identities.is_usable_id, groups)) and identities.is_usable_label(spec.seLinux)


def with_defaults(policy: PodSecurityPolicy, pod: Pod) -> Pod:
    """The pod with what the policy gives to those that say nothing; the same one where nothing is missing."""
    spec = _pod_defaults(policy, pod.spec)
    changes: dict[str, Any] = {}
    for field in CONTAINERS:
        containers = getattr(spec, field)
        made = tuple(_container_defaults(policy, one, spec, pod) for one in containers)
        if made != containers:
            changes[field] = made
    if changes:
        spec = replace(spec, **changes)
    return pod if spec == pod.spec else replace(pod, spec=spec)


def _pod_defaults(policy: PodSecurityPolicy, pod: PodSpec) -> PodSpec:
    spec, security = policy.spec, pod.securityContext or PodSecurityContext()
    group = identities.default_id(spec.supplementalGroups)
    if not security.supplementalGroups and group is not None:
        security = replace(security, supplementalGroups=(group,))
    if security.fsGroup is None:
        security = replace(security, fsGroup=identities.default_id(spec.fsGroup))
    if security.seLinuxOptions is None:
        security = replace(security, seLinuxOptions=identities.default_label(spec.seLinux))
    profile = policy.metadata.annotations.get(profiles.SECCOMP_DEFAULT)
    if security.seccompProfile is None and profile:
        kind, local = profiles.profile_fields(profile)
        security = replace(security, seccompProfile=SeccompProfile(type=kind, localhostProfile=local))
    if security != (pod.securityContext or PodSecurityContext()):
        pod = replace(pod, securityContext=security)
    if spec.runtimeClass is not None and pod.runtimeClassName is None:
        pod = replace(pod, runtimeClassName=spec.runtimeClass.defaultRuntimeClassName)
    return pod


def _container_defaults(policy: PodSecurityPolicy, container: AnyContainer, pod: PodSpec, whole: Pod) -> AnyContainer:
    spec, own = policy.spec, container.securityContext or SecurityContext()
    effective = effective_security(container, pod)
    changes: dict[str, Any] = {}
    if effective.runAsUser is None:
        changes["runAsUser"] = identities.default_id(spec.runAsUser)
    if effective.runAsGroup is None:
        changes["runAsGroup"] = identities.default_id(spec.runAsGroup)
    if effective.runAsNonRoot is None and effective.runAsUser is None and spec.runAsUser.rule == NOT_ROOT:
        # The kubelet then looks at the image's user.
        changes["runAsNonRoot"] = True
    changes["capabilities"] = profiles.with_capabilities(spec, container.securityContext)
    if spec.readOnlyRootFilesystem and own.readOnlyRootFilesystem is None:
        changes["readOnlyRootFilesystem"] = True
    if own.allowPrivilegeEscalation is None:
        refused = False if spec.allowPrivilegeEscalation is False else None
        default = spec.defaultAllowPrivilegeEscalation
        changes["allowPrivilegeEscalation"] = refused if default is None else default
    profile = policy.metadata.annotations.get(profiles.APPARMOR_DEFAULT)
    if profile and not profiles.apparmor_of(container, pod, whole.metadata.annotations):
        kind, local = profiles.profile_fields(profile)
        changes["appArmorProfile"] = AppArmorProfile(type=kind, localhostProfile=local)
    made = replace(own, **changes)
    return container if made == own else replace(container, securityContext=made)


def effective_security(container: AnyContainer, pod: PodSpec) -> SecurityContext:
    """A container's security context, with what it has from its pod."""
    own, pods = container.securityContext or SecurityContext(), pod.securityContext or PodSecurityContext()
    inherited = {
        field: getattr(pods, field)
        for field in ("runAsUser", "runAsGroup", "runAsNonRoot", "seLinuxOptions")
        if getattr(own, field) is None
    }
    return replace(own, **inherited)


def violations(policy: PodSecurityPolicy, pod: Pod) -> list[Cause]:
    """What is wrong with a pod that has its defaults."""
    spec, wanted = policy.spec, pod.spec
    security, path = wanted.securityContext or PodSecurityContext(), Path("spec.securityContext")
    fs_groups = () if security.fsGroup is None else (security.fsGroup,)
    faults = identities.check_groups(spec.fsGroup, fs_groups, path.child("fsGroup"))
    groups = security.supplementalGroups
    faults += identities.check_groups(spec.supplementalGroups, groups, path.child("supplementalGroups"))
    faults += profiles.check_seccomp(policy.metadata.annotations, profiles.seccomp_of_pod(wanted))
    faults += identities.check_label(spec.seLinux, security.seLinuxOptions, path.child("seLinuxOptions"))
    for field, what in (("hostNetwork", "network"), ("hostPID", "PID"), ("hostIPC", "IPC")):
        if getattr(wanted, field) and not getattr(spec, field):
            faults.append(invalid_value(path.child(field), True, f"Host {what} is not allowed to be used"))
    faults += profiles.check_sysctls(spec, wanted)
    faults += check_volumes(spec, wanted)
    faults += _check_class(spec, wanted)
    for field in CONTAINERS:
        for position, container in enumerate(getattr(wanted, field)):
            faults += _check_container(policy, container, pod, Path("spec").child(field).at(position))
    return faults


def _check_class(spec: PodSecurityPolicySpec, pod: PodSpec) -> list[Cause]:
    name = pod.runtimeClassName
    if spec.runtimeClass is None or name is None:
        return []
    allowed = spec.runtimeClass.allowedRuntimeClassNames
    if ALL in allowed or name in allowed:
        return []
    return [invalid_value(Path("spec.runtimeClassName"), name, "")]


def _check_container(policy: PodSecurityPolicy, container: AnyContainer, pod: Pod, where: Path) -> list[Cause]:
    spec, path = policy.spec, where.child("securityContext")
    security, annotations = effective_security(container, pod.spec), policy.metadata.annotations
    faults = identities.check_user(spec.runAsUser, security.runAsUser, security.runAsNonRoot, path)
    groups = () if security.runAsGroup is None else (security.runAsGroup,)
    faults += identities.check_groups(spec.runAsGroup, groups, path)
    faults += identities.check_label(spec.seLinux, security.seLinuxOptions, path.child("seLinuxOptions"))
    apparmor = profiles.apparmor_of(container, pod.spec, pod.metadata.annotations)
    faults += profiles.check_apparmor(annotations, apparmor, container.name)
    faults += profiles.check_seccomp(annotations, profiles.seccomp_of(container, pod.spec), container.name)
    if security.privileged and not spec.privileged:
        faults.append(invalid_value(path.child("privileged"), True, "Privileged containers are not allowed"))
    mount = security.procMount or "Default"
    if mount not in (spec.allowedProcMountTypes or ("Default",)):
        faults.append(invalid_value(path.child("procMount"), mount, "ProcMountType is not allowed"))
    faults += profiles.check_capabilities(spec, security.capabilities, path.child("capabilities"))
    faults += _check_ports(spec, container, where)
    return faults + _check_privileges(spec, security, path)


def _check_ports(spec: PodSecurityPolicySpec, container: AnyContainer, where: Path) -> list[Cause]:
    ranges = ",".join(str(one.min) if one.min == one.max else f"{one.min}-{one.max}" for one in spec.hostPorts)
    return [
        invalid_value(
            where.child("hostPort"),
            port.hostPort,
            f"Host port {port.hostPort} is not allowed to be used. Allowed ports: [{ranges}]",
        )
        for port in container.ports
        if port.hostPort and not any(one.min <= port.hostPort <= one.max for one in spec.hostPorts)
    ]


def _check_privileges(spec: PodSecurityPolicySpec, security: SecurityContext, path: Path) -> list[Cause]:
    faults = []
    read_only = security.readOnlyRootFilesystem
    if spec.readOnlyRootFilesystem and not read_only:
        nil = "may not be nil and " if read_only is None else ""
        why = f"ReadOnlyRootFilesystem {nil}must be set to true"
        faults.append(invalid_value(path.child("readOnlyRootFilesystem"), read_only, why))
    grows = security.allowPrivilegeEscalation
    if spec.allowPrivilegeEscalation is False and grows is not False:
        why = "Allowing privilege escalation for containers is not allowed"
        faults.append(invalid_value(path.child("allowPrivilegeEscalation"), grows, why))
    return faults
