"""AdmissionReview: what a webhook is told, and what its answer means. Pure.

Source: api/admission/v1; apiserver/pkg/admission/plugin/webhook: request/admissionreview.go, errors/statuserror.go.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec

from steersman.api.meta import Kind
from steersman.api.resources import Resource
from steersman.apimachinery.codec.json import DecodeError, encode, parse
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.object import GroupVersionKind, Object
from steersman.apimachinery.status import StatusError, from_status
from steersman.apiserver.attributes import AdmissionAttributes, Operation

VERSIONS = ("v1", "v1beta1")
OPTIONS = {Operation.CREATE: "CreateOptions", Operation.UPDATE: "UpdateOptions", Operation.DELETE: "DeleteOptions"}


class BadAnswer(Exception):
    """The answer isn't one; counts as a failure to ask."""


@dataclass(frozen=True, slots=True)
class Answer:
    """denied: the error for the client, None when allowed. patch: operations of a JSON patch.

    annotations: what the audit log is to say. has_failed: there was no answer, which is excused.
    """

    denied: StatusError | None
    patch: list[Any] | None
    warnings: tuple[str, ...]
    annotations: Mapping[str, str] = field(default_factory=dict)
    has_failed: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """A request as one webhook sees it: in a version of its choice."""

    attributes: AdmissionAttributes
    resource: Resource
    object: Object | None
    old_object: Kind | None


def supported_version(accepted: tuple[str, ...]) -> str:
    """The newest version of AdmissionReview that both sides speak."""
    found = next((one for one in accepted if one in VERSIONS), None)
    if found is None:
        raise BadAnswer("webhook does not accept known v1 or v1beta1 AdmissionReview")
    return found


def review_of(subject: Subject, uid: str, version: str) -> bytes:
    """The body of the call."""
    objects = {"object": _raw(subject.object), "oldObject": _raw(subject.old_object)}
    request = {"uid": uid, **request_of(subject), **objects}
    return encode({"kind": "AdmissionReview", "apiVersion": f"admission.k8s.io/{version}", "request": request})


def request_of(subject: Subject) -> dict[str, Any]:
    """The request as a wire tree, without its id and the objects."""
    attributes, resource = subject.attributes, subject.resource
    shown = subject.object if subject.object is not None else subject.old_object
    user = attributes.user
    request: dict[str, Any] = {
        "kind": _kind(_gvk(shown, resource)),
        "resource": _resource(resource),
        "requestKind": _kind(_requested_kind(attributes)),
        "requestResource": _resource(attributes.requested),
        "name": attributes.name,
        "namespace": attributes.namespace,
        "operation": str(attributes.operation),
        "userInfo": {"username": user.name, "uid": user.uid, "groups": list(user.groups), "extra": dict(user.extra)},
        "dryRun": attributes.dry_run,
        "options": _options(attributes),
    }
    if attributes.subresource:
        request |= {"subResource": attributes.subresource, "requestSubResource": attributes.subresource}
    return request


def read_answer(data: bytes, uid: str, hook: str) -> Answer:
    """What the webhook says. BadAnswer when that can't be told."""
    try:
        review = parse(data)
    except DecodeError as error:
        raise BadAnswer(f"failed to read the answer: {error}") from error
    response = review.get("response") if isinstance(review, dict) else None
    if not isinstance(response, dict):
        raise BadAnswer("webhook response was absent")
    is_v1 = review.get("apiVersion") == "admission.k8s.io/v1"
    if is_v1 and response.get("uid") != uid:
        raise BadAnswer(f"expected response.uid={quote(uid)}, got {quote(str(response.get('uid', '')))}")
    warnings = tuple(str(one) for one in response.get("warnings") or ())
    annotations = {f"{hook}/{key}": str(text) for key, text in (response.get("auditAnnotations") or {}).items()}
    if not response.get("allowed"):
        return Answer(_denied(hook, response.get("status") or {}), None, warnings, annotations)
    return Answer(None, _patch(response), warnings, annotations)


def _patch(response: Mapping[str, Any]) -> list[Any] | None:
    encoded = response.get("patch")
    if not encoded:
        return None
    if response.get("patchType", "JSONPatch") != "JSONPatch":
        raise BadAnswer(f"unsupported patch type {quote(str(response.get('patchType')))}")
    try:
        patch = parse(base64.b64decode(encoded))
    except (binascii.Error, TypeError, DecodeError) as error:
        raise BadAnswer(f"the patch can't be read: {error}") from error
    if not isinstance(patch, list) or not all(isinstance(one, dict) for one in patch):
        raise BadAnswer("a JSON patch must be a list of operations")
    return patch


def _denied(hook: str, status: Mapping[str, Any]) -> StatusError:
    denied = f"admission webhook {quote(hook)} denied the request"
    message, reason = str(status.get("message") or ""), str(status.get("reason") or "")
    text = f"{denied}: {message or reason}" if message or reason else f"{denied} without explanation"
    code = int(status.get("code") or 0)
    return from_status({**status, "message": text, "reason": reason, "code": max(code, int(HTTPStatus.BAD_REQUEST))})


def _kind(gvk: GroupVersionKind) -> dict[str, str]:
    return {"group": gvk.group, "version": gvk.version, "kind": gvk.kind}


def _resource(resource: Resource) -> dict[str, str]:
    return {"group": resource.group, "version": resource.version, "resource": resource.plural}


def _gvk(shown: Object | None, resource: Resource) -> GroupVersionKind:
    found = type(shown).__facts__.gvk if shown is not None else None
    return found or resource.gvk


def _requested_kind(attributes: AdmissionAttributes) -> GroupVersionKind:
    shown = attributes.object or attributes.old_object
    is_own = type(shown) is attributes.resource.object_type
    return attributes.requested.gvk if is_own else _gvk(shown, attributes.requested)


def _raw(obj: Object | None) -> msgspec.Raw:
    return msgspec.Raw(b"null" if obj is None else encode(obj))


def _options(attributes: AdmissionAttributes) -> Any:
    kind = OPTIONS.get(attributes.operation)
    if kind is None:
        return None
    named = {"kind": kind, "apiVersion": "meta.k8s.io/v1"}
    if attributes.delete_options is not None:
        return {**parse(encode(attributes.delete_options)), **named}
    return {**named, "dryRun": ["All"]} if attributes.dry_run else named
