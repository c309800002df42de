"""What makes the names in resource.k8s.io wrong: pools, attributes, shares, extended resources.

Source: pkg/apis/resource/validation/validation.go, apimachinery/pkg/api/validate/strfmt.go.
"""

import re

from steersman.api.meta.fieldrules import driver_name
from steersman.api.resource.limits import MAX_ID, MAX_POOL_NAME
from steersman.apimachinery.fielderrors import invalid_value, invalid_values, required, too_long
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import c_identifier, dns1123_label, dns1123_subdomain, qualified_name
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.status import Cause

_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OWN_DOMAIN, _REQUESTS = "kubernetes.io/", "requests."


def label_faults(name: str, path: Path) -> list[Cause]:
    """A request, device or counter."""
    return invalid_values(path, name, dns1123_label(name))


def needed_label_faults(name: str, path: Path) -> list[Cause]:
    """The same, where emptiness has words of its own."""
    return label_faults(name, path) if name else [required(path)]


def label_key_faults(key: str, path: Path) -> list[Cause]:
    """A taint's key, or the type of a condition."""
    return invalid_values(path, key, qualified_name(key))


def pool_name_faults(name: str, path: Path) -> list[Cause]:
    """A pool: subdomains with slashes between them."""
    if not name:
        return [required(path)]
    faults = [too_long(path, MAX_POOL_NAME)] if len(name.encode()) > MAX_POOL_NAME else []
    for part in name.split("/"):
        faults += invalid_values(path, part, dns1123_subdomain(part))
    return faults


def attribute_name_faults(name: str, path: Path) -> list[Cause]:
    """An attribute or capacity: a C identifier, with a driver's name and a slash before it or without."""
    domain, slash, identifier = name.partition("/")
    if not slash:
        return _identifier_faults(name, path)
    if "/" in identifier:
        return [invalid_value(path, name, "must not contain more than one slash")]
    faults = driver_name(domain, path) if domain else [invalid_value(path, "", "the domain must not be empty")]
    if not identifier:
        return [*faults, invalid_value(path, "", "the name must not be empty")]
    return faults + _identifier_faults(identifier, path)


def full_attribute_name_faults(name: str, path: Path) -> list[Cause]:
    """An attribute with the domain it is of."""
    faults = attribute_name_faults(name, path)
    if "/" not in name:
        why = "a fully qualified name must be a domain and a name separated by a slash"
        faults.append(invalid_value(path, name, why))
    return faults


def _identifier_faults(name: str, path: Path) -> list[Cause]:
    faults = [too_long(path, MAX_ID)] if len(name.encode()) > MAX_ID else []
    return faults + invalid_values(path, name, c_identifier(name))


def uuid_faults(text: str, path: Path) -> list[Cause]:
    """A share of a device."""
    if _UUID.fullmatch(text):
        return []
    return [invalid_value(path, text, "must be a lowercase UUID in 8-4-4-4-12 format")]


def extended_resource_faults(name: str, path: Path) -> list[Cause]:
    """The name under which pods ask for devices of a class among their resources."""
    errors = []
    if "/" not in name:
        errors.append("a name must be a domain-prefixed path, such as 'example.com/my-prop'")
    elif _OWN_DOMAIN in name:
        errors.append(f"must not have {quote(_OWN_DOMAIN)} domain")
    if name.startswith(_REQUESTS):
        errors.append(f"must not have {quote(_REQUESTS)} prefix")
    return invalid_values(path, name, [*errors, *qualified_name(_REQUESTS + name)])
