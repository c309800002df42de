"""A pod's containers: app containers, init containers and sidecars, ephemeral ones.

Source: pkg/apis/core/validation: validateContainers, validateInitContainers, validateEphemeralContainers.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from steersman.api.core.container import (
    Container,
    ContainerPort,
    ContainerResizePolicy,
    ContainerRestartRule,
    EphemeralContainer,
    ResourceRequirements,
)
from steersman.api.core.validation.environment import validate_env, validate_env_from
from steersman.api.core.validation.fields import PROTOCOLS, one_of, unique, validate_label
from steersman.api.core.validation.mounts import validate_mounts
from steersman.api.core.validation.probes import PROBES, validate_lifecycle, validate_probes
from steersman.api.core.validation.resources import validate_requirements
from steersman.api.core.validation.security import validate_security_context
from steersman.api.core.validation.volumesources import PULL_POLICIES
from steersman.api.core.volume import Volume
from steersman.apimachinery.fielderrors import (
    duplicate,
    forbidden_field,
    invalid_value,
    invalid_values,
    missing,
    not_supported,
    required,
    too_many,
)
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import port_name, port_number
from steersman.apimachinery.status import Cause

MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
RESTART_POLICIES = ("Always", "Never", "OnFailure")
RESTART_ACTIONS = ("Restart", "RestartAllContainers")
MAX_RULES, MAX_EXIT_CODES = 20, 255
_NO_RESOURCES = ResourceRequirements()
_NOT_EPHEMERAL = "cannot be set for an Ephemeral Container"
_NOT_INIT = "may not be set for init containers without restartPolicy=Always"
_NEVER_EPHEMERAL = (*PROBES, "lifecycle", "ports", "resizePolicy", "restartPolicy", "restartPolicyRules")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What containers are judged by besides themselves. volumes: only those that are right."""

    volumes: Mapping[str, Volume]
    claims: Collection[str]
    restart_policy: str
    grace_seconds: int | None
    uses_host_users: bool
    os_name: str


def validate_containers(containers: Sequence[Container], around: Surroundings, path: Path) -> list[Cause]:
    """The app containers."""
    if not containers:
        return [required(path)]
    faults: list[Cause] = []
    names: set[str] = set()
    for position, container in enumerate(containers):
        where = path.at(position)
        faults += _any_container(container, around, where)
        faults += unique(container.name, names, where, "name") if container.name in names else ()
        names.add(container.name)
        if container.lifecycle is not None:
            faults += validate_lifecycle(container.lifecycle, around.grace_seconds, where, around.os_name)
        faults += validate_probes(container, where)
        if container.restartPolicy is not None or container.restartPolicyRules:
            faults += _restart_policy(container, where)
    return faults + host_port_conflicts(containers, path)


def validate_init_containers(
    containers: Sequence[Container], others: Sequence[Container], around: Surroundings, path: Path
) -> list[Cause]:
    """Init containers; those that restart always are sidecars and may be probed."""
    faults: list[Cause] = []
    names = {container.name for container in others}
    for position, container in enumerate(containers):
        where = path.at(position)
        faults += _any_container(container, around, where)
        if container.restartPolicy is not None or container.restartPolicyRules:
            faults += _restart_policy(container, where)
        if container.name in names:
            faults.append(duplicate(where.child("name"), container.name))
        elif container.name:
            names.add(container.name)
        # One after the other, so that each may have the port.
        faults += host_port_conflicts((container,), path)
        if container.restartPolicy == "Always":
            if container.lifecycle is not None:
                faults += validate_lifecycle(container.lifecycle, around.grace_seconds, where, around.os_name)
            faults += validate_probes(container, where)
        else:
            unwanted = [name for name in ("lifecycle", *PROBES) if getattr(container, name) is not None]
            faults += [forbidden_field(where.child(name), _NOT_INIT) for name in unwanted]
    return faults


def validate_ephemeral_containers(
    containers: Sequence[EphemeralContainer], others: Sequence[Container], around: Surroundings, path: Path
) -> list[Cause]:
    """Containers for debugging: they serve nothing, so nothing is promised to them."""
    faults: list[Cause] = []
    targets = {container.name for container in others}
    names = set(targets)
    for position, container in enumerate(containers):
        where = path.at(position)
        faults += _any_container(container, around, where) + padded_image(container.image, where)
        faults += unique(container.name, names, where, "name")
        if container.targetContainerName and container.targetContainerName not in targets:
            faults.append(missing(where.child("targetContainerName"), container.targetContainerName))
        faults += [
            forbidden_field(where.child(name), _NOT_EPHEMERAL)
            for name in _NEVER_EPHEMERAL
            if getattr(container, name) not in (None, ())
        ]
        if container.resources != _NO_RESOURCES:
            faults.append(forbidden_field(where.child("resources"), _NOT_EPHEMERAL))
        for number, mount in enumerate(container.volumeMounts):
            for name, text in (("subPath", mount.subPath), ("subPathExpr", mount.subPathExpr)):
                if text:
                    field = where.child("volumeMounts").at(number).child(name)
                    faults.append(forbidden_field(field, _NOT_EPHEMERAL))
    return faults


def padded_image(image: str, path: Path) -> list[Cause]:
    """Pods, not templates, refuse white space around an image."""
    if image == image.strip():
        return []
    return [invalid_value(path.child("image"), image, "must not have leading or trailing whitespace")]


def _any_container(container: Container | EphemeralContainer, around: Surroundings, path: Path) -> list[Cause]:
    faults = validate_label(container.name, path, "name")
    if not container.image:
        faults.append(required(path.child("image")))
    if container.terminationMessagePolicy not in MESSAGE_POLICIES:
        where = path.child("terminationMessagePolicy")
        faults += one_of(container.terminationMessagePolicy, MESSAGE_POLICIES, where)
    if container.ports:
        faults += _ports(container.ports, path.child("ports"))
    if container.env:
        faults += validate_env(container.env, path.child("env"))
        faults += _env_files(container, around.volumes, path.child("env"))
    if container.envFrom:
        faults += validate_env_from(container.envFrom, path.child("envFrom"))
    faults += validate_mounts(container, around.volumes, path)
    if container.imagePullPolicy not in PULL_POLICIES:
        faults += one_of(container.imagePullPolicy, PULL_POLICIES, path, "imagePullPolicy")
    resources = container.resources
    if resources.limits or resources.requests or resources.claims:
        faults += validate_requirements(resources, around.claims, path.child("resources"))
    if container.resizePolicy:
        faults += _resize_policy(container.resizePolicy, around.restart_policy, path.child("resizePolicy"))
    if container.securityContext is not None:
        faults += validate_security_context(
            container.securityContext, path.child("securityContext"), uses_host_users=around.uses_host_users
        )
    return faults


def _ports(ports: Sequence[ContainerPort], path: Path) -> list[Cause]:
    faults: list[Cause] = []
    names: set[str] = set()
    for position, port in enumerate(ports):
        if port.name:
            errors = port_name(port.name)
            if errors:
                faults += invalid_values(path.at(position).child("name"), port.name, errors)
            elif port.name in names:
                faults.append(duplicate(path.at(position).child("name"), port.name))
            names.add(port.name)
        if not 0 < port.containerPort <= 65535:
            faults += _port(port.containerPort, path.at(position).child("containerPort"))
        if port.hostPort and not 0 < port.hostPort <= 65535:
            faults += _port(port.hostPort, path.at(position).child("hostPort"))
        if port.protocol not in PROTOCOLS:
            faults += one_of(port.protocol, PROTOCOLS, path.at(position), "protocol")
    return faults


def _port(number: int, path: Path) -> list[Cause]:
    return invalid_values(path, number, port_number(number)) if number else [required(path)]


def host_port_conflicts(containers: Sequence[Container], path: Path) -> list[Cause]:
    """A port of the node stands once for a protocol and address."""
    faults: list[Cause] = []
    seen: set[str] = set()
    for position, container in enumerate(containers):
        for number, port in enumerate(container.ports):
            if not port.hostPort:
                continue
            key = f"{port.protocol}/{port.hostIP}/{port.hostPort}"
            if key in seen:
                where = path.at(position).child("ports").at(number).child("hostPort")
                faults.append(duplicate(where, key))
            seen.add(key)
    return faults


def _env_files(container: Container | EphemeralContainer, volumes: Mapping[str, Volume], path: Path) -> list[Cause]:
    """Variables may come from files of emptyDir volumes only."""
    faults = []
    for position, variable in enumerate(container.env):
        ref = variable.valueFrom.fileKeyRef if variable.valueFrom is not None else None
        if ref is None or not ref.volumeName:
            continue
        volume = volumes.get(ref.volumeName)
        where = path.at(position).child("valueFrom", "fileKeyRef", "volumeName")
        if volume is None:
            faults.append(missing(where, ref.volumeName))
        elif volume.emptyDir is None:
            faults.append(invalid_value(where, ref.volumeName, "referenced volume must be of type emptyDir"))
    return faults


def _resize_policy(policies: Sequence[ContainerResizePolicy], restart_policy: str, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    names: set[str] = set()
    for position, policy in enumerate(policies):
        faults += unique(policy.resourceName, names, path.at(position))
        faults += one_of(policy.resourceName, ("cpu", "memory"), path)
        faults += one_of(policy.restartPolicy, ("NotRequired", "RestartContainer"), path)
        if restart_policy == "Never" and policy.restartPolicy != "NotRequired":
            why = "must be 'NotRequired' when `restartPolicy` is 'Never'"
            faults.append(invalid_value(path, policy.restartPolicy, why))
    return faults


def _restart_policy(container: Container, path: Path) -> list[Cause]:
    """A container's own policy, and the rules that overrule it by exit codes. Source: KEP-5307."""
    faults: list[Cause] = []
    policy, rules = container.restartPolicy, container.restartPolicyRules
    if policy is None:
        faults.append(required(path.child("restartPolicy"), "must specify restartPolicy when restart rules are used"))
    elif policy not in RESTART_POLICIES:
        faults.append(not_supported(path.child("restartPolicy"), policy, RESTART_POLICIES))
    where = path.child("restartPolicyRules")
    if len(rules) > MAX_RULES:
        faults.append(too_many(where, len(rules), MAX_RULES))
    for position, rule in enumerate(rules):
        faults += _restart_rule(rule, where.at(position))
    return faults


def _restart_rule(rule: ContainerRestartRule, path: Path) -> list[Cause]:
    faults = one_of(rule.action, RESTART_ACTIONS, path, "action")
    codes = rule.exitCodes
    if codes is None:
        return [*faults, required(path.child("exitCodes"), "must be specified")]
    where = path.child("exitCodes")
    faults += one_of(codes.operator, ("In", "NotIn"), where, "operator")
    if len(codes.values) > MAX_EXIT_CODES:
        faults.append(too_many(where.child("values"), len(codes.values), MAX_EXIT_CODES))
    seen: set[int] = set()
    for position, value in enumerate(codes.values):
        if value in seen:
            faults.append(duplicate(where.child("values").at(position), value))
        seen.add(value)
    return faults
