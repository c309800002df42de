"""Variables of a container: their names, and where their values come from.

Source: pkg/apis/core/validation: ValidateEnv, ValidateEnvFrom; pkg/apis/core/pods: ConvertDownwardAPIFieldLabel.
"""

from collections.abc import Sequence

from steersman.api.core.container import EnvFromSource, EnvVar, EnvVarSource
from steersman.api.core.reference import (
    ConfigMapKeySelector,
    FileKeySelector,
    ObjectFieldSelector,
    ResourceFieldSelector,
    SecretKeySelector,
)
from steersman.api.core.validation.fields import checked, local_path, validate_label
from steersman.apimachinery.fielderrors import invalid_value, invalid_values, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import (
    config_map_key,
    dns1123_subdomain,
    environment_variable_name,
    qualified_name,
)
from steersman.apimachinery.status import Cause

ENV_FIELDS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP",
    "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
VOLUME_FIELDS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
# Fields that the API knows by name; not each may stand everywhere.
_KNOWN_FIELDS = frozenset({
    *ENV_FIELDS, *VOLUME_FIELDS, "spec.restartPolicy", "spec.schedulerName", "status.phase", "spec.host",
})  # fmt: skip
_SUBSCRIPTED = ("metadata.annotations", "metadata.labels")
RESOURCE_FIELDS = (
    "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage",
    "requests.memory",
)  # fmt: skip
_HUGE_PAGES = ("limits.hugepages-", "requests.hugepages-")
_BYTE_DIVISORS = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_SOURCES = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"


def validate_env(variables: Sequence[EnvVar], path: Path) -> list[Cause]:
    """Variables, one by one."""
    faults: list[Cause] = []
    for position, variable in enumerate(variables):
        if not variable.name:
            faults.append(required(path.at(position).child("name")))
        elif errors := environment_variable_name(variable.name):
            faults += invalid_values(path.at(position).child("name"), variable.name, errors)
        if variable.valueFrom is not None:
            faults += _value_from(variable.valueFrom, variable.value, path.at(position))
    return faults


def _value_from(source: EnvVarSource, value: str, path: Path) -> list[Cause]:
    faults: list[Cause] = []
    count = 0
    if source.fieldRef is not None:
        count += 1
        if source.fieldRef.apiVersion != "v1" or source.fieldRef.fieldPath not in ENV_FIELDS:
            faults += validate_field_ref(source.fieldRef, ENV_FIELDS, path.child("valueFrom", "fieldRef"))
    if source.resourceFieldRef is not None:
        count += 1
        where = path.child("valueFrom", "resourceFieldRef")
        faults += validate_resource_ref(source.resourceFieldRef, where, of_volume=False)
    if source.configMapKeyRef is not None:
        count += 1
        faults += _key_ref(source.configMapKeyRef, path, "configMapKeyRef")
    if source.secretKeyRef is not None:
        count += 1
        faults += _key_ref(source.secretKeyRef, path, "secretKeyRef")
    if source.fileKeyRef is not None:
        count += 1
        faults += _file_ref(source.fileKeyRef, path.child("valueFrom", "fileKeyRef"))
    if not count:
        faults.append(invalid_value(path.child("valueFrom"), "", _SOURCES))
    elif value:
        why = "may not be specified when `value` is not empty"
        faults.append(invalid_value(path.child("valueFrom"), "", why))
    elif count > 1:
        why = "may not have more than one field specified at a time"
        faults.append(invalid_value(path.child("valueFrom"), "", why))
    return faults


def _key_ref(ref: ConfigMapKeySelector | SecretKeySelector, path: Path, kind: str) -> list[Cause]:
    faults = checked(ref.name, dns1123_subdomain, path, "valueFrom", kind, "name")
    if not ref.key:
        return [*faults, required(path.child("valueFrom", kind, "key"))]
    return faults + checked(ref.key, config_map_key, path, "valueFrom", kind, "key")


def _file_ref(ref: FileKeySelector, path: Path) -> list[Cause]:
    faults = validate_label(ref.volumeName, path, "volumeName")
    faults += local_path(ref.path, path, "path") if ref.path else [required(path.child("path"))]
    if not ref.key:
        return [*faults, required(path.child("key"))]
    return faults + checked(ref.key, environment_variable_name, path, "key")


def validate_field_ref(ref: ObjectFieldSelector, allowed: Sequence[str], path: Path) -> list[Cause]:
    """A field of the pod that may be told to its containers, with the key of a label or annotation or without."""
    if ref.apiVersion == "v1" and ref.fieldPath in allowed:
        return []
    if not ref.apiVersion:
        return [required(path.child("apiVersion"))]
    if not ref.fieldPath:
        return [required(path.child("fieldPath"))]
    name, subscript = _split_subscript(ref.fieldPath)
    if error := _unknown_field(ref.apiVersion, ref.fieldPath, name, subscript):
        return [invalid_value(path.child("fieldPath"), ref.fieldPath, f"error converting fieldPath: {error}")]
    if subscript is not None:
        key = subscript.lower() if name == "metadata.annotations" else subscript
        return checked(key, qualified_name, path)
    name = "spec.nodeName" if name == "spec.host" else name
    return [] if name in allowed else [not_supported(path.child("fieldPath"), name, allowed)]


def _split_subscript(text: str) -> tuple[str, str | None]:
    """`metadata.labels['app']` is split; anything else isn't."""
    name, opened, rest = text.partition("['")
    if not opened or not name or not rest.endswith("']"):
        return text, None
    return name, rest.removesuffix("']")


def _unknown_field(version: str, text: str, name: str, subscript: str | None) -> str:
    if version != "v1":
        return f"unsupported pod version: {version}"
    if subscript is not None:
        return "" if name in _SUBSCRIPTED else f"field label does not support subscript: {text}"
    return "" if name in _KNOWN_FIELDS else f"field label not supported: {text}"


def validate_resource_ref(ref: ResourceFieldSelector, path: Path, *, of_volume: bool) -> list[Cause]:
    """A resource of a container, which a volume's file has to name."""
    faults: list[Cause] = []
    if of_volume and not ref.containerName:
        faults.append(required(path.child("containerName")))
    elif not ref.resource:
        faults.append(required(path.child("resource")))
    elif ref.resource not in RESOURCE_FIELDS and not ref.resource.startswith(_HUGE_PAGES):
        faults.append(not_supported(path.child("resource"), ref.resource, RESOURCE_FIELDS))
    return faults + _divisor(ref, path.child("divisor"))


def _divisor(ref: ResourceFieldSelector, path: Path) -> list[Cause]:
    if not ref.divisor:
        return []
    kind = ref.resource.partition(".")[2]
    allowed: Sequence[str] = _BYTE_DIVISORS
    listed = ", ".join(_BYTE_DIVISORS)
    match kind:
        case "cpu":
            allowed, listed = ("1m", "1"), "1m and 1"
        case "memory":
            pass
        case "ephemeral-storage":
            kind = "local ephemeral storage"
        case _ if ref.resource.startswith(_HUGE_PAGES):
            kind = "hugepages"
        case _:
            return []
    if str(ref.divisor) in allowed:
        return []
    why = f"only divisor's values {listed} are supported with the {kind} resource"
    return [invalid_value(path, ref.resource, why)]


def validate_env_from(sources: Sequence[EnvFromSource], path: Path) -> list[Cause]:
    """Whole ConfigMaps and Secrets. Upstream blames the list for a source that is none or several."""
    faults: list[Cause] = []
    for position, source in enumerate(sources):
        where = path.at(position)
        if source.prefix:
            errors = environment_variable_name(source.prefix)
            faults += invalid_values(where.child("prefix"), source.prefix, errors)
        count = 0
        for field, ref in (("configMapRef", source.configMapRef), ("secretRef", source.secretRef)):
            if ref is None:
                continue
            count += 1
            if not ref.name:
                faults.append(required(where.child(field, "name")))
            else:
                faults += checked(ref.name, dns1123_subdomain, where, field, "name")
        if not count:
            faults.append(invalid_value(path, "", "must specify one of: `configMapRef` or `secretRef`"))
        elif count > 1:
            faults.append(invalid_value(path, "", "may not have more than one field specified at a time"))
    return faults
