"""A pod's spec as a whole, in pods and templates alike.

Source: pkg/apis/core/validation: ValidatePodSpec.
"""

from collections.abc import Sequence

from steersman.api.core.container import ResourceRequirements
from steersman.api.core.pod import (
    EvictionResponder,
    HostAlias,
    PodDNSConfig,
    PodResourceClaim,
    PodSchedulingGate,
    PodSpec,
)
from steersman.api.core.security import PodSecurityContext
from steersman.api.core.validation.containers import (
    Surroundings,
    validate_containers,
    validate_ephemeral_containers,
    validate_init_containers,
)
from steersman.api.core.validation.fields import MAX_INT32, checked, one_of, unique, valid_ip, within
from steersman.api.core.validation.resources import validate_pod_level, validate_requirements
from steersman.api.core.validation.scheduling import validate_affinity, validate_spread, validate_tolerations
from steersman.api.core.validation.security import validate_pod_security_context
from steersman.api.core.validation.volumes import validate_volumes
from steersman.api.core.validation.windows import uses_windows_options, validate_host_process, validate_os
from steersman.api.meta.labelrules import validate_labels
from steersman.apimachinery.fielderrors import (
    duplicate,
    forbidden_field,
    invalid_value,
    invalid_values,
    required,
    too_many,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import (
    dns1123_label,
    dns1123_subdomain,
    dns1123_subdomain_with_underscore,
    qualified_name,
)
from steersman.apimachinery.status import Cause

RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
PREEMPTION_POLICIES = ("PreemptLowerPriority", "Never")
MAX_NAMESERVERS, MAX_SEARCHES, MAX_SEARCH_CHARACTERS = 3, 32, 2048
MAX_HOSTNAME, MAX_RESPONDERS, MAX_RESPONDER_PRIORITY = 64, 10, 100_000
_NO_CONTEXT = PodSecurityContext()
_NO_HOST_USERS = "when `pod.Spec.HostUsers` is false"


def validate_pod_spec(spec: PodSpec, path: Path, *, pod_name: str = "", is_pod: bool = False) -> list[Cause]:
    """Everything in it. pod_name: of the pod, which the claims of ephemeral volumes are named after."""
    grace = spec.terminationGracePeriodSeconds
    faults = [required(path.child("terminationGracePeriodSeconds"))] if grace is None else []
    volumes, volume_faults = validate_volumes(spec.volumes, pod_name, path.child("volumes"))
    claims = {claim.name for claim in spec.resourceClaims if claim.name}
    os_name = spec.os.name if spec.os is not None else ""
    around = Surroundings(volumes, claims, spec.restartPolicy, grace, spec.hostUsers is not False, os_name)
    faults += volume_faults
    if spec.resourceClaims:
        faults += _resource_claims(spec.resourceClaims, path.child("resourceClaims"))
    faults += validate_containers(spec.containers, around, path.child("containers"))
    if spec.initContainers:
        where = path.child("initContainers")
        faults += validate_init_containers(spec.initContainers, spec.containers, around, where)
    if spec.ephemeralContainers:
        others = (*spec.containers, *spec.initContainers)
        where = path.child("ephemeralContainers")
        faults += validate_ephemeral_containers(spec.ephemeralContainers, others, around, where)
    if spec.resources is not None:
        faults += validate_pod_level(spec, spec.resources, path.child("resources"))
    if spec.hostNetwork:
        faults += _host_ports(spec, path.child("containers"), is_pod=is_pod)
    faults += one_of(spec.restartPolicy, RESTART_POLICIES, path, "restartPolicy")
    faults += _dns(spec, path)
    faults += _placement(spec, path) + _names(spec, path) + _sharing(spec, path)
    return faults + _rare(spec, path)


def _host_ports(spec: PodSpec, path: Path, *, is_pod: bool) -> list[Cause]:
    """On the host's network a container's port is the host's; a template may leave that to its pods."""
    faults = []
    for position, container in enumerate(spec.containers):
        for number, port in enumerate(container.ports):
            if (is_pod or port.hostPort) and port.hostPort != port.containerPort:
                where = path.at(position).child("ports").at(number).child("hostPort")
                why = "must match `containerPort` when `hostNetwork` is true"
                faults.append(invalid_value(where, port.hostPort, why))
    return faults


def _dns(spec: PodSpec, path: Path) -> list[Cause]:
    faults = one_of(spec.dnsPolicy, DNS_POLICIES, path, "dnsPolicy")
    config = spec.dnsConfig
    if config is None and spec.dnsPolicy != "None":
        return faults
    where = path.child("dnsConfig")
    if spec.dnsPolicy == "None":
        if config is None:
            return [*faults, required(where, "must provide `dnsConfig` when `dnsPolicy` is None")]
        if not config.nameservers:
            why = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            return [*faults, required(where.child("nameservers"), why)]
    return faults if config is None else faults + _dns_config(config, where)


def _dns_config(config: PodDNSConfig, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    where = path.child("nameservers")
    if len(config.nameservers) > MAX_NAMESERVERS:
        why = f"must not have more than {MAX_NAMESERVERS} nameservers"
        faults.append(invalid_value(where, config.nameservers, why))
    for position, server in enumerate(config.nameservers):
        faults += valid_ip(server, where.at(position))
    where = path.child("searches")
    if len(config.searches) > MAX_SEARCHES:
        why = f"must not have more than {MAX_SEARCHES} search paths"
        faults.append(invalid_value(where, config.searches, why))
    if len(" ".join(config.searches)) > MAX_SEARCH_CHARACTERS:
        why = f"must not have more than {MAX_SEARCH_CHARACTERS} characters (including spaces) in the search list"
        faults.append(invalid_value(where, config.searches, why))
    for position, search in enumerate(config.searches):
        if search != ".":
            plain = search.removesuffix(".")
            faults += invalid_values(where.at(position), plain, dns1123_subdomain_with_underscore(plain))
    for position, option in enumerate(config.options):
        if not option.name:
            faults.append(required(path.child("options").at(position), "must not be empty"))
    return faults


def _placement(spec: PodSpec, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    if spec.nodeSelector:
        faults += validate_labels(spec.nodeSelector, path.child("nodeSelector"))
    if spec.affinity is not None:
        faults += validate_affinity(spec.affinity, path.child("affinity"))
    for position, gate in enumerate(spec.readinessGates):
        where = path.child("readinessGates").at(position).child("conditionType")
        faults += checked(gate.conditionType, qualified_name, where)
    if spec.schedulingGates:
        faults += _scheduling_gates(spec.schedulingGates, path.child("schedulingGates"))
    if spec.topologySpreadConstraints:
        faults += validate_spread(spec.topologySpreadConstraints, path.child("topologySpreadConstraints"))
    if spec.tolerations:
        faults += validate_tolerations(spec.tolerations, path.child("tolerations"))
    return faults


def _scheduling_gates(gates: Sequence[PodSchedulingGate], path: Path) -> list[Cause]:
    faults: list[Cause] = []
    seen: set[str] = set()
    for position, gate in enumerate(gates):
        faults += checked(gate.name, qualified_name, path.at(position))
        faults += unique(gate.name, seen, path.at(position))
    return faults


def _names(spec: PodSpec, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    if name := spec.serviceAccountName:
        faults += checked(name, dns1123_subdomain, path, "serviceAccountName")
    if name := spec.nodeName:
        faults += checked(name, dns1123_subdomain, path, "nodeName")
    if name := spec.hostname:
        faults += checked(name, dns1123_label, path, "hostname")
    if name := spec.subdomain:
        faults += checked(name, dns1123_label, path, "subdomain")
    if name := spec.priorityClassName:
        faults += checked(name, dns1123_subdomain, path, "priorityClassName")
    if (runtime := spec.runtimeClassName) is not None:
        faults += checked(runtime, dns1123_subdomain, path, "runtimeClassName")
    if (deadline := spec.activeDeadlineSeconds) is not None:
        faults += within(deadline, 1, MAX_INT32, path, "activeDeadlineSeconds")
    if spec.hostnameOverride is not None:
        faults += _hostname_override(spec, spec.hostnameOverride, path.child("hostnameOverride"))
    return faults


def _hostname_override(spec: PodSpec, name: str, path: Path) -> list[Cause]:
    faults = checked(name, dns1123_subdomain, path)
    if len(name.encode()) > MAX_HOSTNAME:
        faults.append(invalid_value(path, name, f"must be no more than {MAX_HOSTNAME} characters"))
    if spec.hostNetwork:
        faults.append(forbidden_field(path, "may not be specified when hostNetwork is true"))
    if spec.setHostnameAsFQDN:
        faults.append(forbidden_field(path, "may not be specified when setHostnameAsFQDN is true"))
    return faults


def _sharing(spec: PodSpec, path: Path) -> list[Cause]:
    """What the pod shares with its host, and as whom it runs."""
    faults: list[Cause] = []
    context = spec.securityContext
    if context is not None and (context != _NO_CONTEXT or spec.shareProcessNamespace):
        faults += validate_pod_security_context(context, spec, path.child("securityContext"))
    if uses_windows_options(spec):
        faults += validate_host_process(spec, path)
    if spec.hostUsers is False:
        # Two of the three paths are spelled as upstream spells them.
        shared = (("hostNetwork", spec.hostNetwork), ("HostPID", spec.hostPID), ("HostIPC", spec.hostIPC))
        faults += [forbidden_field(path.child(name), _NO_HOST_USERS) for name, is_set in shared if is_set]
    return faults + (validate_os(spec, spec.os.name, path) if spec.os is not None else [])


def _rare(spec: PodSpec, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    if spec.hostAliases:
        faults += _host_aliases(spec.hostAliases, path.child("hostAliases"))
    if spec.preemptionPolicy is not None:
        faults += one_of(spec.preemptionPolicy, PREEMPTION_POLICIES, path, "preemptionPolicy")
    if spec.overhead:
        faults += validate_requirements(ResourceRequirements(limits=spec.overhead), (), path.child("overhead"))
    if spec.evictionResponders:
        faults += _responders(spec, spec.evictionResponders, path.child("evictionResponders"))
    if spec.schedulingGroup is not None:
        name, where = spec.schedulingGroup.podGroupName, path.child("schedulingGroup", "podGroupName")
        faults += [required(where)] if not name else checked(name, dns1123_subdomain, where)
    return faults


def _host_aliases(aliases: Sequence[HostAlias], path: Path) -> list[Cause]:
    faults: list[Cause] = []
    for position, alias in enumerate(aliases):
        faults += valid_ip(alias.ip, path.at(position), "ip")
        for number, hostname in enumerate(alias.hostnames):
            where = path.at(position).child("hostnames").at(number)
            faults += checked(hostname, dns1123_subdomain, where)
    return faults


def _resource_claims(claims: Sequence[PodResourceClaim], path: Path) -> list[Cause]:
    faults: list[Cause] = []
    seen: set[str] = set()
    for position, claim in enumerate(claims):
        where = path.at(position)
        if not claim.name:
            faults.append(required(where.child("name")))
        elif claim.name in seen:
            faults.append(duplicate(where.child("name"), claim.name))
        else:
            faults += checked(claim.name, dns1123_label, where, "name")
            seen.add(claim.name)
        given = [name for name in (claim.resourceClaimName, claim.resourceClaimTemplateName) if name is not None]
        if len(given) > 1:
            why = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            faults.append(invalid_value(where, claim, why))
        if not given:
            why = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            faults.append(invalid_value(where, claim, why))
        for field in ("resourceClaimName", "resourceClaimTemplateName"):
            name = getattr(claim, field)
            faults += [] if name is None else checked(name, dns1123_subdomain, where, field)
    return faults


def _responders(spec: PodSpec, responders: Sequence[EvictionResponder], path: Path) -> list[Cause]:
    faults: list[Cause] = []
    if len(responders) > MAX_RESPONDERS:
        faults.append(too_many(path, len(responders), MAX_RESPONDERS))
    if spec.schedulingGroup is not None:
        faults.append(forbidden_field(path, "may not be specified when `schedulingGroup` is set"))
    seen: set[str] = set()
    for position, responder in enumerate(responders):
        where = path.at(position)
        if not responder.name:
            faults.append(required(where.child("name")))
        elif "/" not in responder.name:
            faults.append(invalid_value(where.child("name"), responder.name, "must be a domain-prefixed key"))
        else:
            faults += checked(responder.name, qualified_name, where, "name")
        faults += unique(responder.name, seen, where)
        if responder.priority is None:
            faults.append(required(where.child("priority")))
        elif responder.priority < 0:
            faults.append(
                invalid_value(where.child("priority"), responder.priority, "must be greater than or equal to 0")
            )
        elif responder.priority > MAX_RESPONDER_PRIORITY:
            why = f"must be less than or equal to {MAX_RESPONDER_PRIORITY}"
            faults.append(invalid_value(where.child("priority"), responder.priority, why))
    return faults
