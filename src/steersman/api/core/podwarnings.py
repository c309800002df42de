"""What the author of a pod, or of a template of pods, is warned of: old names, and what hides or repeats something.

Source: pkg/api/pod/warnings.go, pkg/api/node/util.go.
"""

from collections.abc import Iterator, Mapping, Sequence

from steersman.api.core.affinity import PodAffinityTerm
from steersman.api.core.container import Container, ContainerPort, EphemeralContainer
from steersman.api.core.nodelabels import DEPRECATED_NODE_LABELS
from steersman.api.core.pod import Pod, PodSpec, PodTemplateSpec
from steersman.api.core.podcreation import APP_ARMOR_PREFIX, app_armor_profile
from steersman.api.core.reference import NodeSelectorTerm
from steersman.api.core.volume import Volume
from steersman.apimachinery.fieldpath import ROOT, Path
from steersman.apimachinery.formats import dns1123_label
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.quantity import Quantity

Annotations = Mapping[str, str]

_ANNOTATIONS: Mapping[str, str] = {
    "scheduler.alpha.kubernetes.io/critical-pod": (
        'non-functional in v1.16+; use the "priorityClassName" field instead'
    ),
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
DEPRECATED_SOURCES: Mapping[str, str] = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'
_APP_ARMOR = 'deprecated since v1.30; use the "appArmorProfile" field instead'
_WHOLE_BYTES = ("memory", "ephemeral-storage")
_NO_POD = "a null labelSelector results in matching no pod"

Runnable = Container | EphemeralContainer


def pod_warnings(pod: Pod) -> list[str]:
    """Of a pod as it was sent."""
    said = []
    if faults := dns1123_label(pod.metadata.name):
        why = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended"
        said.append(f"metadata.name: {why}: [{' '.join(faults)}]")
    return [*said, *_warnings(pod.spec, pod.metadata.annotations, ROOT)]


def template_warnings(template: PodTemplateSpec, path: Path) -> list[str]:
    """Of a template at a path such as `spec.template`."""
    return list(_warnings(template.spec, template.metadata.annotations, path))


def _warnings(spec: PodSpec, annotations: Annotations, path: Path) -> Iterator[str]:
    within = path.child("spec")
    yield from _node_labels(spec, within)
    if annotations:
        noted = path.child("metadata", "annotations")
        yield from (f"{noted.key(key)}: {why}" for key, why in _ANNOTATIONS.items() if key in annotations)
    yield from _volumes(spec.volumes, within.child("volumes"))
    yield from _repeated([one.ip for one in spec.hostAliases], within.child("hostAliases"), "ip")
    names = [one.name for one in spec.imagePullSecrets]
    yield from _repeated(names, within.child("imagePullSecrets"), "name")
    for position, name in enumerate(names):
        if not name:
            yield f'{within.child("imagePullSecrets").at(position).child("name")}: invalid empty name ""'
    yield from fraction_warnings(spec.overhead, within, "overhead")
    if annotations:
        yield from _profiles(spec, annotations, path)
    for where, container in _containers(spec, within):
        yield from fraction_warnings(container.resources.limits, where, "resources.limits")
        yield from fraction_warnings(container.resources.requests, where, "resources.requests")
        if len(container.env) > 1:
            yield from _hidden(container, where.child("env"))
    yield from _ports(spec, within)
    grace = spec.terminationGracePeriodSeconds
    if grace is not None and grace < 0:
        why = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"{within.child('terminationGracePeriodSeconds')}: {why}"
    yield from _terms_without_selector(spec, within.child("affinity"))


def _containers(spec: PodSpec, path: Path) -> Iterator[tuple[Path, Runnable]]:
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for position, container in enumerate(getattr(spec, field)):
            yield path.child(field).at(position), container


def _node_labels(spec: PodSpec, path: Path) -> Iterator[str]:
    for label in spec.nodeSelector:
        if text := DEPRECATED_NODE_LABELS.get(label):
            yield f"{path.child('nodeSelector').key(label)}: {text}"
    affinity = spec.affinity.nodeAffinity if spec.affinity is not None else None
    if affinity is not None:
        where = path.child("affinity", "nodeAffinity")
        must = affinity.requiredDuringSchedulingIgnoredDuringExecution
        field = "requiredDuringSchedulingIgnoredDuringExecution"
        for position, term in enumerate(must.nodeSelectorTerms if must is not None else ()):
            yield from node_term_warnings(term, where.child(field, "nodeSelectorTerms").at(position))
        field = "preferredDuringSchedulingIgnoredDuringExecution"
        for position, wish in enumerate(affinity.preferredDuringSchedulingIgnoredDuringExecution):
            yield from node_term_warnings(wish.preference, where.child(field).at(position).child("preference"))
    for position, one in enumerate(spec.topologySpreadConstraints):
        where = path.child("topologySpreadConstraints").at(position)
        if text := DEPRECATED_NODE_LABELS.get(one.topologyKey):
            yield f"{where.child('topologyKey')}: {one.topologyKey} is {text}"
        if one.labelSelector is None:
            yield f"{where.child('labelSelector')}: {_NO_POD}"


def node_term_warnings(term: NodeSelectorTerm, path: Path) -> Iterator[str]:
    """Old names of labels in a term that selects nodes."""
    for position, requirement in enumerate(term.matchExpressions):
        if text := DEPRECATED_NODE_LABELS.get(requirement.key):
            yield f"{path.child('matchExpressions').at(position).child('key')}: {requirement.key} is {text}"


def _volumes(volumes: Sequence[Volume], path: Path) -> Iterator[str]:
    for position, volume in enumerate(volumes):
        for field, why in DEPRECATED_SOURCES.items():
            if getattr(volume, field) is not None:
                yield f"{path.at(position).child(field)}: {why}"
        claim = volume.ephemeral.volumeClaimTemplate if volume.ephemeral is not None else None
        if claim is not None:
            where = path.at(position).child("ephemeral", "volumeClaimTemplate", "spec")
            yield from fraction_warnings(claim.spec.resources.requests, where, "resources.requests", ("storage",))
    yield from _same_paths(volumes, path)


def _same_paths(volumes: Sequence[Volume], path: Path) -> Iterator[str]:
    """Files of projected volumes that stand where a token stands."""
    sources = [
        (position, source)
        for position, volume in enumerate(volumes)
        for source in (volume.projected.sources if volume.projected is not None else ())
    ]
    tokens = {source.serviceAccountToken.path for _, source in sources if source.serviceAccountToken is not None}
    if not tokens:
        return
    for position, source in sources:
        where = path.at(position).child("projected", "sources")
        for field, paths in (
            ("configMap", [file.path for file in source.configMap.items] if source.configMap is not None else []),
            ("secrets", [file.path for file in source.secret.items] if source.secret is not None else []),
            ("downwardAPI", [file.path for file in source.downwardAPI.items] if source.downwardAPI is not None else []),
        ):
            for index, file in enumerate(paths):
                if file in tokens:
                    yield f"{where.child(field).at(index)}: {_taken(file)}"
        bundle = source.clusterTrustBundle
        if bundle is not None and bundle.path in tokens:
            yield f"{where.child('ClusterTrustBundle')}: {_taken(bundle.path)}"


def _taken(file: str) -> str:
    return f"has duplicated path with ServiceAccountToken {quote(file)}"


def _repeated(values: Sequence[str], path: Path, field: str) -> Iterator[str]:
    for position, value in enumerate(values):
        if value in values[:position]:
            yield f"{path.at(position).child(field)}: duplicate {field} {quote(value)}"


def fraction_warnings(
    amounts: Mapping[str, Quantity], path: Path, field: str, resources: Sequence[str] = _WHOLE_BYTES
) -> Iterator[str]:
    """Amounts of bytes at `path.field` that aren't whole."""
    for resource in resources:
        amount = amounts.get(resource)
        if amount is not None and amount.value % 1:
            why = f"fractional byte value {quote(str(amount))} is invalid, must be an integer"
            yield f"{path.child(field).key(resource)}: {why}"


def _profiles(spec: PodSpec, annotations: Annotations, path: Path) -> Iterator[str]:
    """Profiles written as annotations: seccomp's do nothing any more, AppArmor's are on their way out."""
    noted, context = path.child("metadata", "annotations"), spec.securityContext
    if SECCOMP_POD in annotations and (context is None or context.seccompProfile is None):
        yield f"{noted.key(SECCOMP_POD)}: {_SECCOMP}"
    of_pod = context.appArmorProfile if context is not None else None
    for _, container in _containers(spec, path):
        own = container.securityContext
        key = SECCOMP_CONTAINER + container.name
        if key in annotations and (own is None or own.seccompProfile is None):
            yield f"{noted.key(key)}: {_SECCOMP}"
        key = APP_ARMOR_PREFIX + container.name
        if key not in annotations or (own is not None and own.appArmorProfile is not None):
            continue
        # A pod's annotations have become fields by now, if they could; a template's author is told to move them there.
        if of_pod is None if path else app_armor_profile(annotations[key]) is None:
            yield f"{noted.key(key)}: {_APP_ARMOR}"


def _hidden(container: Runnable, path: Path) -> Iterator[str]:
    seen: set[str] = set()
    for position, variable in enumerate(container.env):
        if variable.name in seen:
            itself = f"$({variable.name})"
            # One that builds on the earlier one is meant so.
            if variable.valueFrom is not None or variable.value == itself or itself not in variable.value:
                why = f"hides previous definition of {quote(variable.name)}, which may be dropped when using apply"
                yield f"{path.at(position)}: {why}"
        seen.add(variable.name)


def _ports(spec: PodSpec, path: Path) -> Iterator[str]:
    seen: dict[tuple[int, str], list[tuple[Path, ContainerPort]]] = {}
    for where, container in _containers(spec, path):
        for position, port in enumerate(container.ports):
            here = where.child("ports").at(position)
            if port.hostIP and not port.hostPort:
                shown = f"{{Name:{port.name} HostPort:0 ContainerPort:{port.containerPort}"
                yield f"{here}: hostIP set without hostPort: {shown} Protocol:{port.protocol} HostIP:{port.hostIP}}}"
            others = seen.setdefault((port.containerPort, port.protocol), [])
            for there, other in others:
                if clash := _clash(port, other):
                    yield f"{here}: {clash} port definition with {there}"
            others.append((here, port))


def _clash(port: ContainerPort, other: ContainerPort) -> str:
    if (port.hostIP, port.hostPort) == (other.hostIP, other.hostPort):
        return "duplicate"
    if not port.hostPort or not other.hostPort:
        return "overlapping"
    if port.hostPort == other.hostPort and bool(port.hostIP) != bool(other.hostIP):
        return "dangerously ambiguous"
    return ""


def _terms_without_selector(spec: PodSpec, path: Path) -> Iterator[str]:
    if spec.affinity is None:
        return
    for field in ("podAffinity", "podAntiAffinity"):
        affinity = getattr(spec.affinity, field)
        if affinity is None:
            continue
        must: Sequence[PodAffinityTerm] = affinity.requiredDuringSchedulingIgnoredDuringExecution
        where = path.child(field, "requiredDuringSchedulingIgnoredDuringExecution")
        for position, term in enumerate(must):
            if term.labelSelector is None:
                yield f"{where.at(position).child('labelSelector')}: {_NO_POD}"
        where = path.child(field, "preferredDuringSchedulingIgnoredDuringExecution")
        for position, wish in enumerate(affinity.preferredDuringSchedulingIgnoredDuringExecution):
            if wish.podAffinityTerm.labelSelector is None:
                yield f"{where.at(position).child('podAffinityTerm', 'labelSelector')}: {_NO_POD}"
