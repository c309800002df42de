"""What makes an Ingress wrong, new or changed, in upstream's words.

Source: pkg/apis/networking/validation/validation.go.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from steersman.api.core.reference import TypedLocalObjectReference
from steersman.api.networking.ingress import (
    HTTPIngressPath,
    Ingress,
    IngressBackend,
    IngressRule,
    IngressSpec,
    IngressTLS,
    ServiceBackendPort,
)
from steersman.apimachinery.cidrs import address_of
from steersman.apimachinery.fielderrors import invalid_value, invalid_values, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import (
    dns1123_label,
    dns1123_subdomain,
    ip_address,
    path_segment_name,
    port_name,
    port_number,
    wildcard_dns1123_subdomain,
)
from steersman.apimachinery.status import Cause

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
SPEC, STATUS = Path("spec"), Path("status")
PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
# What would let a path mean another one, depending on who reads it.
BAD_SEQUENCES, BAD_SUFFIXES = ("//", "/./", "/../", "%2f", "%2F"), ("/..", "/.")
NOT_A_NAME = "must be a DNS name, not an IP address"


@dataclass(frozen=True, slots=True)
class _Allowed:
    """What is wrong but may stay, as the Ingress was stored with it."""

    secret_names: bool = False
    wildcard_rules: bool = False


def validate_ingress(ingress: Ingress) -> list[Cause]:
    """A new Ingress."""
    faults = _spec_faults(ingress.spec, _Allowed())
    annotated, named = ingress.metadata.annotations.get(CLASS_ANNOTATION), ingress.spec.ingressClassName
    if annotated is not None and named is not None and annotated != named:
        why = "must match `ingressClassName` when both are specified"
        faults.append(invalid_value(Path("annotations").child(CLASS_ANNOTATION), annotated, why))
    return faults


def validate_ingress_update(ingress: Ingress, old: Ingress) -> list[Cause]:
    """A changed Ingress."""
    allowed = _Allowed(
        secret_names=any(_secret_name_faults(tls.secretName) for tls in old.spec.tls),
        wildcard_rules=any("*" in rule.host and _http_faults(rule, SPEC) for rule in old.spec.rules),
    )
    return _spec_faults(ingress.spec, allowed)


def validate_ingress_status(ingress: Ingress, old: Ingress) -> list[Cause]:
    """Where it is reached. Addresses it had already aren't looked at again."""
    faults: list[Cause] = []
    known = {one.ip for one in old.status.loadBalancer.ingress}
    for position, one in enumerate(ingress.status.loadBalancer.ingress):
        where = STATUS.child("loadBalancer", "ingress").at(position)
        if one.ip and one.ip not in known:
            faults += invalid_values(where.child("ip"), one.ip, ip_address(one.ip))
        if one.hostname:
            faults += invalid_values(where.child("hostname"), one.hostname, dns1123_subdomain(one.hostname))
            if address_of(one.hostname) is not None:
                faults.append(invalid_value(where.child("hostname"), one.hostname, NOT_A_NAME))
    return faults


def ingress_warnings(ingress: Ingress) -> list[str]:
    """The old way to name a class."""
    if CLASS_ANNOTATION not in ingress.metadata.annotations or ingress.spec.ingressClassName is not None:
        return []
    return [f"annotation \"{CLASS_ANNOTATION}\" is deprecated, please use 'spec.ingressClassName' instead"]


def _spec_faults(spec: IngressSpec, allowed: _Allowed) -> list[Cause]:
    faults: list[Cause] = []
    if not spec.rules and spec.defaultBackend is None:
        faults.append(invalid_value(SPEC, None, "either `defaultBackend` or `rules` must be specified"))
    if spec.defaultBackend is not None:
        faults += _backend_faults(spec.defaultBackend, SPEC.child("defaultBackend"))
    for position, rule in enumerate(spec.rules):
        where = SPEC.child("rules").at(position)
        faults += _host_faults(rule.host, where.child("host"))
        if "*" not in rule.host or not allowed.wildcard_rules:
            faults += _http_faults(rule, where)
    for position, tls in enumerate(spec.tls):
        faults += _tls_faults(tls, SPEC.child("tls").at(position), allowed)
    if spec.ingressClassName is not None:
        name = spec.ingressClassName
        faults += invalid_values(SPEC.child("ingressClassName"), name, dns1123_subdomain(name))
    return faults


def _host_faults(host: str, path: Path) -> Iterable[Cause]:
    if not host:
        return
    if address_of(host) is not None:
        yield invalid_value(path, host, NOT_A_NAME)
    yield from _name_faults(host, path)


def _name_faults(host: str, path: Path) -> list[Cause]:
    return invalid_values(path, host, wildcard_dns1123_subdomain(host) if "*" in host else dns1123_subdomain(host))


def _tls_faults(tls: IngressTLS, path: Path, allowed: _Allowed) -> list[Cause]:
    faults: list[Cause] = []
    for position, host in enumerate(tls.hosts):
        faults += _name_faults(host, path.child("hosts").at(position))
    if not allowed.secret_names:
        faults += invalid_values(path.child("secretName"), tls.secretName, _secret_name_faults(tls.secretName))
    return faults


def _secret_name_faults(name: str) -> list[str]:
    return dns1123_subdomain(name) if name else []


def _http_faults(rule: IngressRule, path: Path) -> list[Cause]:
    if rule.http is None:
        return []
    where = path.child("http", "paths")
    faults = [] if rule.http.paths else [required(where)]
    for position, one in enumerate(rule.http.paths):
        faults += _path_faults(one, where.at(position))
    return faults


def _path_faults(one: HTTPIngressPath, path: Path) -> Iterable[Cause]:
    where = path.child("path")
    match one.pathType:
        case None:
            yield required(path.child("pathType"), "pathType must be specified")
            return
        case "Exact" | "Prefix":
            if not one.path.startswith("/"):
                yield invalid_value(where, one.path, "must be an absolute path")
            for part in BAD_SEQUENCES:
                if part in one.path:
                    yield invalid_value(where, one.path, f"must not contain '{part}'")
            for end in BAD_SUFFIXES:
                if one.path.endswith(end):
                    yield invalid_value(where, one.path, f"cannot end with '{end}'")
        case "ImplementationSpecific":
            if one.path and not one.path.startswith("/"):
                yield invalid_value(where, one.path, "must be an absolute path")
        case other:
            yield not_supported(path.child("pathType"), other, PATH_TYPES)
    yield from _backend_faults(one.backend, path.child("backend"))


def _backend_faults(backend: IngressBackend, path: Path) -> list[Cause]:
    service, resource = backend.service, backend.resource
    if service is not None and resource is not None:
        return [invalid_value(path, "", "cannot set both resource and service backends")]
    if resource is not None:
        return validate_local_reference(resource, path.child("resource"))
    if service is None:
        return [invalid_value(path, "", "resource or service backend is required")]
    name = path.child("service", "name")
    faults = invalid_values(name, service.name, dns1123_label(service.name)) if service.name else [required(name)]
    return faults + _port_faults(service.port, path)


def _port_faults(port: ServiceBackendPort, path: Path) -> list[Cause]:
    where = path.child("service", "port")
    if port.name and port.number:
        return [invalid_value(path, "", "cannot set both port name & port number")]
    if port.name:
        return invalid_values(where.child("name"), port.name, port_name(port.name))
    if port.number:
        return invalid_values(where.child("number"), port.number, port_number(port.number))
    return [required(path, "port name or number is required")]


def validate_local_reference(reference: TypedLocalObjectReference, path: Path) -> list[Cause]:
    """An object of any kind, by the parts of its URL."""
    return [*group_faults(reference.apiGroup, path), *_segment_faults(reference, ("kind", "name"), path)]


def group_faults(group: str | None, path: Path) -> list[Cause]:
    """The group of an object that something refers to, if it is said."""
    return [] if group is None else invalid_values(path.child("apiGroup"), group, dns1123_subdomain(group))


def _segment_faults(reference: object, fields: Collection[str], path: Path) -> Iterable[Cause]:
    for field in fields:
        yield from segment_faults(getattr(reference, field), path.child(field))


def segment_faults(value: str, path: Path) -> list[Cause]:
    """A part of a URL, which must be there."""
    return invalid_values(path, value, path_segment_name(value)) if value else [required(path)]
