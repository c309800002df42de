"""The checks that the restricted level adds: what is current best practice.

Source: k8s.io/pod-security-admission/policy: check_*.go.
"""

from steersman.api.core import PodSpec, Volume
from steersman.api.meta import ObjectMeta
from steersman.apiserver.admission.podsecurity.baseline import seccomp_profile
from steersman.apiserver.admission.podsecurity.findings import (
    AnyContainer,
    Finding,
    containers_of,
    is_in_user_namespace,
    is_windows,
    named,
    names_of,
    plural,
    quoted,
    secured,
    setters,
)

ALL, NET_BIND_SERVICE = "ALL", "NET_BIND_SERVICE"
VOLUMES = (
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
)  # fmt: skip
# In the order upstream looks for them.
RESTRICTED_VOLUMES = (
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "nfs", "iscsi", "glusterfs", "rbd",
    "flexVolume", "cinder", "cephfs", "flocker", "fc", "azureFile", "vsphereVolume", "quobyte", "azureDisk",
    "photonPersistentDisk", "portworxVolume", "scaleIO", "storageos",
)  # fmt: skip


def privilege_escalation(_: ObjectMeta, spec: PodSpec) -> Finding | None:
    """No process gets more rights than its parent."""
    bad = names_of(spec, lambda one: secured(one).allowPrivilegeEscalation is not False)
    if not bad:
        return None
    detail = f"{named(bad)} must set securityContext.allowPrivilegeEscalation=false"
    return Finding("allowPrivilegeEscalation != false", detail)


def privilege_escalation_25(metadata: ObjectMeta, spec: PodSpec) -> Finding | None:
    """The same, but for pods for Windows."""
    return None if is_windows(spec) else privilege_escalation(metadata, spec)


def capabilities(_: ObjectMeta, spec: PodSpec) -> Finding | None:
    """All capabilities are dropped, and at most one is added."""
    undropped = names_of(spec, lambda one: ALL not in _dropped(one))
    added = {one.name: _added(one) for one in containers_of(spec)}
    adding = [name for name, found in added.items() if found]
    details = []
    if undropped:
        details.append(f'{named(undropped)} must set securityContext.capabilities.drop=["ALL"]')
    if adding:
        listed = quoted(sorted(set().union(*added.values())))
        details.append(f"{named(adding)} must not include {listed} in securityContext.capabilities.add")
    return Finding("unrestricted capabilities", "; ".join(details)) if details else None


def _dropped(container: AnyContainer) -> tuple[str, ...]:
    given = secured(container).capabilities
    return () if given is None else given.drop


def _added(container: AnyContainer) -> set[str]:
    given = secured(container).capabilities
    return set() if given is None else set(given.add) - {NET_BIND_SERVICE}


def capabilities_25(metadata: ObjectMeta, spec: PodSpec) -> Finding | None:
    """The same, but for pods for Windows."""
    return None if is_windows(spec) else capabilities(metadata, spec)


def volumes(_: ObjectMeta, spec: PodSpec) -> Finding | None:
    """Only volumes of the cluster's own kinds, and claims."""
    bad = [one for one in spec.volumes if all(getattr(one, kind) is None for kind in VOLUMES)]
    if not bad:
        return None
    names, kinds = [one.name for one in bad], sorted({_kind_of(one) for one in bad})
    uses, what = plural(len(names), "uses", "use"), plural(len(kinds), "restricted volume type")
    return Finding("restricted volume types", f"{named(names, 'volume')} {uses} {what} {quoted(kinds)}")


def _kind_of(volume: Volume) -> str:
    return next((kind for kind in RESTRICTED_VOLUMES if getattr(volume, kind) is not None), "unknown")


def run_as_non_root(_: ObjectMeta, spec: PodSpec) -> Finding | None:
    """Every container's user is another than root."""
    own = spec.securityContext.runAsNonRoot if spec.securityContext is not None else None
    refusing = setters(own is False, names_of(spec, lambda one: secured(one).runAsNonRoot is False))
    reason = "runAsNonRoot != true"
    if refusing:
        return Finding(reason, f"{' and '.join(refusing)} must not set securityContext.runAsNonRoot=false")
    silent = [] if own else names_of(spec, lambda one: secured(one).runAsNonRoot is None)
    if not silent:
        return None
    return Finding(reason, f"pod or {named(silent)} must set securityContext.runAsNonRoot=true")


def run_as_non_root_35(metadata: ObjectMeta, spec: PodSpec) -> Finding | None:
    """The same, unless the pod's root isn't the node's."""
    return None if is_in_user_namespace(spec) else run_as_non_root(metadata, spec)


def run_as_user(_: ObjectMeta, spec: PodSpec) -> Finding | None:
    """Root isn't asked for by number either."""
    own = spec.securityContext.runAsUser if spec.securityContext is not None else None
    who = setters(own == 0, names_of(spec, lambda one: secured(one).runAsUser == 0))
    return Finding("runAsUser=0", f"{' and '.join(who)} must not set runAsUser=0") if who else None


def run_as_user_35(metadata: ObjectMeta, spec: PodSpec) -> Finding | None:
    """The same, unless the pod's root isn't the node's."""
    return None if is_in_user_namespace(spec) else run_as_user(metadata, spec)


def seccomp(metadata: ObjectMeta, spec: PodSpec) -> Finding | None:
    """Every container has a seccomp profile: the default or one of the node's."""
    wrong = seccomp_profile(metadata, spec)
    own = spec.securityContext.seccompProfile if spec.securityContext is not None else None
    if wrong is not None or own is not None:
        return wrong
    silent = names_of(spec, lambda one: secured(one).seccompProfile is None)
    if not silent:
        return None
    what = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return Finding("seccompProfile", f"pod or {named(silent)} {what}")


def seccomp_25(metadata: ObjectMeta, spec: PodSpec) -> Finding | None:
    """The same, but for pods for Windows."""
    return None if is_windows(spec) else seccomp(metadata, spec)
