"""What may stand in an APIService.

Source: kube-aggregator/pkg/apis/apiregistration/validation.
"""

from collections.abc import Sequence

from steersman.api.apiregistration.apiservice import APIService
from steersman.apimachinery.fielderrors import invalid_value, invalid_values, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1035_label, dns1123_subdomain
from steersman.apimachinery.status import Cause

MAX_GROUP_PRIORITY, MAX_VERSION_PRIORITY, MAX_PORT = 20_000, 1_000, 65_535
STATUSES = ("True", "False", "Unknown")


def validate_service(obj: APIService) -> Sequence[Cause]:
    """A new or changed one."""
    spec, path = obj.spec, Path("spec")
    found: list[Cause] = []
    name = f"{spec.version}.{spec.group}"
    if obj.metadata.name != name:
        why = f'must be `spec.version+"."+spec.group`: "{name}"'
        found.append(invalid_value(Path("metadata").child("name"), obj.metadata.name, why))
    if spec.group:
        found += invalid_values(path.child("group"), spec.group, dns1123_subdomain(spec.group))
    elif spec.version != "v1":
        found.append(required(path.child("group"), "only v1 may have an empty group and it better be legacy kube"))
    found += invalid_values(path.child("version"), spec.version, dns1035_label(spec.version))
    if not 0 < spec.groupPriorityMinimum <= MAX_GROUP_PRIORITY:
        why = "must be positive and less than 20000"
        found.append(invalid_value(path.child("groupPriorityMinimum"), spec.groupPriorityMinimum, why))
    if not 0 < spec.versionPriority <= MAX_VERSION_PRIORITY:
        why = "must be positive and less than 1000"
        found.append(invalid_value(path.child("versionPriority"), spec.versionPriority, why))
    return [*found, *(_local(obj) if spec.service is None else _remote(obj))]


def _local(obj: APIService) -> Sequence[Cause]:
    spec, path, found = obj.spec, Path("spec"), list[Cause]()
    if spec.caBundle:
        why = "local APIServices may not have a caBundle"
        found.append(invalid_value(path.child("caBundle"), f"{len(spec.caBundle)} bytes", why))
    if spec.insecureSkipTLSVerify:
        why = "local APIServices may not have insecureSkipTLSVerify"
        found.append(invalid_value(path.child("insecureSkipTLSVerify"), True, why))
    return found


def _remote(obj: APIService) -> Sequence[Cause]:
    spec, path, found = obj.spec, Path("spec"), list[Cause]()
    service, where = spec.service, path.child("service")
    assert service is not None, "it is remote"
    found += [required(where.child(name)) for name in ("namespace", "name") if not getattr(service, name)]
    if not 0 < (service.port or 0) <= MAX_PORT:
        why = "port is not valid: must be between 1 and 65535, inclusive"
        found.append(invalid_value(where.child("port"), service.port or 0, why))
    if spec.insecureSkipTLSVerify and spec.caBundle:
        why = "may not be true if caBundle is present"
        found.append(invalid_value(path.child("insecureSkipTLSVerify"), True, why))
    return found


def validate_status(obj: APIService) -> Sequence[Cause]:
    """A change of its status."""
    where = Path("status").child("conditions")
    return [
        not_supported(where.at(position).child("status"), one.status, STATUSES)
        for position, one in enumerate(obj.status.conditions)
        if one.status not in STATUSES
    ]
