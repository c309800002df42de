"""The rules of metadata, the same for every kind.

Source: apimachinery/pkg/api/validation/objectmeta.go, apiserver/pkg/registry/rest.
"""

import re
from collections.abc import Sequence
from typing import TypeVar

from steersman.api.meta import Kind, ObjectMeta
from steersman.api.resources import Resource
from steersman.apimachinery.formats import canonical_ip_address
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import BadRequest, Cause, Conflict, Details, conflict, modified

K = TypeVar("K", bound=Kind)

TOTAL_ANNOTATION_BYTES = 256 * 1024
# Names that end up as path segments anywhere: no slash, no percent, not `.` or `..`.
_RBAC = "rbac.authorization.k8s.io"
PATH_SEGMENT_KINDS = frozenset(
    {
        (_RBAC, "roles"),
        (_RBAC, "rolebindings"),
        (_RBAC, "clusterroles"),
        (_RBAC, "clusterrolebindings"),
        ("apiregistration.k8s.io", "apiservices"),
    }
)
DNS_LABEL_KINDS = frozenset({("", "namespaces")})
SERVICE_KINDS = frozenset({("", "services")})
# The name is the address.
IP_ADDRESSES = ("networking.k8s.io", "ipaddresses")

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_QUALIFIED = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")

SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
LABEL_1035_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
NAME_PART_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


def group_kind(resource: Resource) -> str:
    """`Deployment.apps`, or the bare kind in core."""
    return f"{resource.kind}.{resource.group}" if resource.group else resource.kind


def invalid_value(field: str, value: object, detail: str) -> Cause:
    """`Invalid value: "x": detail`."""
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    return Cause("FieldValueInvalid", f"Invalid value: {shown}: {detail}", field)


def checked_metadata(obj: Kind, resource: Resource) -> Sequence[Cause]:
    """What is wrong with an object's metadata."""
    meta, causes = obj.metadata, []
    if not meta.name:
        causes.append(Cause("FieldValueRequired", "Required value: name or generateName is required", "metadata.name"))
    else:
        causes += [invalid_value("metadata.name", meta.name, rule) for rule in _name_faults(meta.name, resource)]
    if resource.namespaced and not meta.namespace:
        causes.append(Cause("FieldValueRequired", "Required value", "metadata.namespace"))
    for key, value in meta.labels.items():
        if not _QUALIFIED.fullmatch(key):
            causes.append(invalid_value("metadata.labels", key, NAME_PART_RULE))
        if not _LABEL_VALUE.fullmatch(value):
            causes.append(invalid_value("metadata.labels", value, VALUE_RULE))
    for key in meta.annotations:
        if not _QUALIFIED.fullmatch(key.lower()):
            causes.append(invalid_value("metadata.annotations", key, NAME_PART_RULE))
    if sum(len(key) + len(value) for key, value in meta.annotations.items()) > TOTAL_ANNOTATION_BYTES:
        detail = f"Too long: may not be more than {TOTAL_ANNOTATION_BYTES} bytes"
        causes.append(Cause("FieldValueTooLong", detail, "metadata.annotations"))
    return causes + _owner_faults(meta)


def checked_change(new: Kind, old: Kind) -> Sequence[Cause]:
    """What may not be changed in metadata."""
    added = [name for name in new.metadata.finalizers if name not in old.metadata.finalizers]
    if not added or old.metadata.deletionTimestamp is None:
        return ()
    names = ", ".join(f'"{name}"' for name in added)
    detail = (
        "Forbidden: no new finalizers can be added if the object is being deleted, "
        f"found new finalizers []string{{{names}}}"
    )
    return (Cause("FieldValueForbidden", detail, "metadata.finalizers"),)


def _name_faults(name: str, resource: Resource) -> list[str]:
    which = (resource.group, resource.plural)
    if which in PATH_SEGMENT_KINDS:
        if name in (".", ".."):
            return [f"may not be '{name}'"]
        return [f"may not contain '{sign}'" for sign in "/%" if sign in name]
    if which in DNS_LABEL_KINDS:
        return _matched(name, _LABEL, LABEL_RULE, 63)
    if which in SERVICE_KINDS:
        return _matched(name, _LABEL_1035, LABEL_1035_RULE, 63)
    if which == IP_ADDRESSES:
        return canonical_ip_address(name)
    return _matched(name, _SUBDOMAIN, SUBDOMAIN_RULE, 253)


def _matched(name: str, pattern: re.Pattern[str], rule: str, longest: int) -> list[str]:
    faults = [f"must be no more than {longest} characters"] if len(name) > longest else []
    return faults if pattern.fullmatch(name) else [*faults, rule]


def _owner_faults(meta: ObjectMeta) -> list[Cause]:
    causes = []
    for position, owner in enumerate(meta.ownerReferences):
        for field in ("apiVersion", "kind", "name", "uid"):
            if not getattr(owner, field):
                where = f"metadata.ownerReferences[{position}].{field}"
                causes.append(invalid_value(where, "", f"{field} must not be empty"))
    controllers = [owner.name for owner in meta.ownerReferences if owner.controller]
    if len(controllers) > 1:
        detail = (
            "Only one reference can have Controller set to true. Found "
            f'"true" in references for {controllers[0]} and {controllers[1]}'
        )
        causes.append(invalid_value("metadata.ownerReferences", "[]metav1.OwnerReference", detail))
    return causes


def check_identity(resource: Resource, new: Kind, old: Kind) -> None:
    """A change must be of this object, and of the revision the client has seen if it says one."""
    meta = new.metadata
    check_name(new, old.metadata.name)
    if meta.resourceVersion and meta.resourceVersion != old.metadata.resourceVersion:
        raise modified(resource.group_resource, meta.name)
    if meta.uid and meta.uid != old.metadata.uid:
        why = f"Precondition failed: UID in precondition: {meta.uid}, UID in object meta: {old.metadata.uid}"
        message = f'Operation cannot be fulfilled on {resource.group_resource} "{meta.name}": {why}'
        raise Conflict(message, Details(name=meta.name, group=resource.group, kind=resource.plural))


def check_name(obj: Kind, url: str) -> None:
    """An object must have the name that the URL says."""
    name = obj.metadata.name
    if name != url:
        raise BadRequest(f"the name of the object ({name}) does not match the name on the URL ({url})")


def check_preconditions(resource: Resource, old: Kind, uid: str | None, resource_version: str | None) -> None:
    """A deletion must be of the object the client means."""
    for label, wanted, found, hint in (
        ("UID", uid, old.metadata.uid, "The object might have been deleted and then recreated"),
        ("ResourceVersion", resource_version, old.metadata.resourceVersion, "The object might have been modified"),
    ):
        if wanted is not None and wanted != found:
            why = f"the {label} in the precondition ({wanted}) does not match the {label} in record ({found}). {hint}"
            raise conflict(group_kind(resource), old.metadata.name, why)


def keep_system_metadata(new: K, old: K) -> K:
    """What only the server writes stays as it is."""
    before = old.metadata
    kept = replace(
        new.metadata,
        uid=before.uid,
        creationTimestamp=before.creationTimestamp,
        deletionTimestamp=before.deletionTimestamp,
        deletionGracePeriodSeconds=before.deletionGracePeriodSeconds,
        generation=before.generation,
        selfLink="",
        resourceVersion=before.resourceVersion,
    )
    return replace(new, metadata=kept)


def is_finished(obj: Kind) -> bool:
    """A terminating object that nothing holds any more: no finalizer and no grace left."""
    meta = obj.metadata
    has_finalizers = bool(meta.finalizers) or _namespace_holds(obj)
    return meta.deletionTimestamp is not None and not has_finalizers and not meta.deletionGracePeriodSeconds


def _namespace_holds(obj: Kind) -> bool:
    spec = getattr(obj, "spec", None)
    return obj.kind == "Namespace" and bool(getattr(spec, "finalizers", ()))
