"""What a webhook is asked: a request as the spec of a SubjectAccessReview. Pure.

Source: apiserver/plugin/pkg/authorizer/webhook/webhook.go: resourceAttributesFrom and what follows.
"""

from collections.abc import Mapping
from typing import Any

from steersman.apimachinery.codec.json import encode
from steersman.apimachinery.selectors import Requirement, SelectorError, parse_field_selector, parse_label_selector
from steersman.apiserver.attributes import Decision
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import UserInfo

GROUP = "authorization.k8s.io"
KIND = "SubjectAccessReview"
V1, V1BETA1 = "v1", "v1beta1"
BOTH = "webhook subject access review returned both allow and deny response"
CONDITIONAL = "webhook authorizer tried to return conditional decision although client does not support it"
# How label selectors are written, and how requirements name it. What compares numbers can't be told.
_OPERATORS = {
    "=": "In", "in": "In", "!=": "NotIn", "notin": "NotIn", "exists": "Exists", "!": "DoesNotExist",
}  # fmt: skip


class BadReview(Exception):
    """The answer is no SubjectAccessReview."""


def spec_of(user: UserInfo, request: RequestInfo) -> dict[str, Any]:
    """The spec, with what isn't empty."""
    spec: dict[str, Any] = {}
    if request.is_resource:
        spec["resourceAttributes"] = _resource_attributes(request)
    else:
        spec["nonResourceAttributes"] = _given(path=request.path, verb=request.verb)
    extra = {key: list(values) for key, values in user.extra.items()}
    return spec | _given(user=user.name, groups=list(user.groups), extra=extra, uid=user.uid)


def review_of(spec: Mapping[str, Any], version: str) -> bytes:
    """What the webhook is sent. In v1beta1 the groups have another name."""
    told = dict(spec)
    if version == V1BETA1 and "groups" in told:
        told["group"] = told.pop("groups")
    return encode({"kind": KIND, "apiVersion": f"{GROUP}/{version}", "spec": told})


def decision_of(review: Any, version: str) -> Decision:
    """What the webhook says. BadReview for what is no answer."""
    if not isinstance(review, dict) or review.get("apiVersion") != f"{GROUP}/{version}":
        raise BadReview(f"the webhook's answer is no {KIND} of {GROUP}/{version}")
    status = review.get("status")
    if not isinstance(status, dict):
        status = {}
    reason = status.get("reason") or ""
    if not isinstance(reason, str) or not all(
        isinstance(status.get(one, False), bool) for one in ("allowed", "denied")
    ):
        raise BadReview("the webhook's answer is malformed")
    allowed, denied = status.get("allowed", False), status.get("denied", False)
    if allowed and denied:
        return Decision(False, reason, denied=True, error=BOTH)
    if status.get("conditionalDecision") is not None:
        # Nobody asked for conditions; what they may deny is denied.
        return Decision(False, CONDITIONAL, denied=True)
    return Decision(allowed, reason, denied)


def _resource_attributes(request: RequestInfo) -> dict[str, Any]:
    found = _given(
        namespace=request.namespace,
        verb=request.verb,
        group=request.group,
        version=request.version,
        resource=request.resource,
        subresource=request.subresource,
        name=request.name,
    )
    if fields := field_requirements(request.field_selector):
        found["fieldSelector"] = {"requirements": fields}
    if labels := label_requirements(request.label_selector):
        found["labelSelector"] = {"requirements": labels}
    return found


def field_requirements(selector: str) -> list[dict[str, Any]]:
    """The requirements of a field selector; none of one that can't be read."""
    try:
        terms = parse_field_selector(selector).terms if selector else ()
    except SelectorError:
        return []
    return [{"key": one.path, "operator": "In" if one.equal else "NotIn", "values": [one.value]} for one in terms]


def label_requirements(selector: str) -> list[dict[str, Any]]:
    """The requirements of a label selector; none of one that can't be read."""
    try:
        requirements = parse_label_selector(selector).requirements if selector else ()
    except SelectorError:
        return []
    return [_requirement(one) for one in requirements if one.operator in _OPERATORS]


def _requirement(one: Requirement) -> dict[str, Any]:
    found: dict[str, Any] = {"key": one.key, "operator": _OPERATORS[one.operator]}
    return found | {"values": list(one.values)} if one.values else found


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
