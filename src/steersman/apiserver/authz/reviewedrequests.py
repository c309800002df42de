"""The requests that access reviews ask about, and what is wrong with a review. Pure.

Source: pkg/apis/authorization/validation; pkg/registry/authorization/util/helpers.go.
"""

from collections.abc import Iterator, Sequence

from steersman.api import authorization
from steersman.api.meta.labelrules import requirement_faults
from steersman.api.meta.listmeta import FieldSelectorRequirement
from steersman.api.meta.objectmeta import LabelSelectorRequirement
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.selectors import (
    FieldSelector,
    FieldTerm,
    Requirement,
    SelectorError,
    parse_field_selector,
    parse_label_selector,
)
from steersman.apimachinery.status import Cause
from steersman.apiserver.request import RequestInfo

Spec = authorization.SubjectAccessReviewSpec | authorization.SelfSubjectAccessReviewSpec
ONE_OF = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
NOBODY = "at least one of user or group must be specified"
_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


def faults_of(spec: Spec) -> list[Cause]:
    """Every fault of a review's spec."""
    path, faults = Path("spec"), list[Cause]()
    if (spec.resourceAttributes is None) == (spec.nonResourceAttributes is None):
        faults.append(invalid_value(path, spec.nonResourceAttributes, ONE_OF))
    if isinstance(spec, authorization.SubjectAccessReviewSpec) and not spec.user and not spec.groups:
        faults.append(invalid_value(path.child("user"), spec.user, NOBODY))
    if spec.resourceAttributes is not None:
        faults += _selector_faults(spec.resourceAttributes, path.child("resourceAttributes"))
    return faults


def request_of(spec: Spec) -> tuple[RequestInfo, str]:
    """The request that a review without faults asks about, and what of its selectors is ignored."""
    resource, path = spec.resourceAttributes, spec.nonResourceAttributes
    if resource is None:
        assert path is not None, "a review without faults has one of them"
        return RequestInfo(verb=path.verb, path=path.path), ""
    fields, why_fields = _fields(resource.fieldSelector)
    labels, why_labels = _labels(resource.labelSelector)
    request = RequestInfo(
        verb=resource.verb,
        path="",
        is_resource=True,
        group=resource.group,
        version=resource.version or "*",
        namespace=resource.namespace,
        resource=resource.resource,
        subresource=resource.subresource,
        name=resource.name,
        field_selector=fields,
        label_selector=labels,
    )
    return request, "; ".join(filter(None, (why_fields, why_labels)))


def _selector_faults(attributes: authorization.ResourceAttributes, path: Path) -> Iterator[Cause]:
    fields, labels = attributes.fieldSelector, attributes.labelSelector
    if fields is not None:
        where = path.child("fieldSelector")
        yield from _either(fields.rawSelector, fields.requirements, where)
        for at, one in enumerate(fields.requirements):
            yield from _field_requirement_faults(one, where.child("requirements").at(at))
    if labels is not None:
        where = path.child("labelSelector")
        yield from _either(labels.rawSelector, labels.requirements, where)
        for at, other in enumerate(labels.requirements):
            yield from requirement_faults(other, where.child("requirements").at(at))


def _field_requirement_faults(one: FieldSelectorRequirement, path: Path) -> Iterator[Cause]:
    if not one.key:
        yield required(path.child("key"), "must be specified")
    if one.operator in ("In", "NotIn") and not one.values:
        yield required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'")
    if one.operator in ("Exists", "DoesNotExist") and one.values:
        why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        yield forbidden_field(path.child("values"), why)


def _either(raw: str, requirements: Sequence[object], path: Path) -> Iterator[Cause]:
    if raw and requirements:
        yield invalid_value(path.child("rawSelector"), raw, "may not specified at the same time as requirements")
    elif not raw and not requirements:
        yield required(path.child("requirements"), f"when {path} is specified, requirements or rawSelector is required")


def _fields(selector: authorization.FieldSelectorAttributes | None) -> tuple[str, str]:
    """As a client would write it; and that it, or a part of it, can't be understood."""
    if selector is None:
        return "", ""
    if selector.rawSelector:
        try:
            return str(parse_field_selector(selector.rawSelector)), ""
        except SelectorError:
            return "", _ignored("fieldSelector", 0)
    terms = tuple(term for one in selector.requirements if (term := _term(one)) is not None)
    why = _ignored("fieldSelector", len(terms)) if len(terms) < len(selector.requirements) else ""
    return str(FieldSelector(terms)), why


def _term(one: FieldSelectorRequirement) -> FieldTerm | None:
    """Field selectors can't say more yet."""
    if len(one.values) != 1 or one.operator not in ("In", "NotIn"):
        return None
    return FieldTerm(one.key, one.operator == "In", one.values[0])


def _labels(selector: authorization.LabelSelectorAttributes | None) -> tuple[str, str]:
    if selector is None:
        return "", ""
    if selector.rawSelector:
        try:
            parse_label_selector(selector.rawSelector)
        except SelectorError:
            return "", _ignored("labelSelector", 0)
        return selector.rawSelector, ""
    written = [text for one in selector.requirements if (text := _written(one))]
    why = _ignored("labelSelector", len(written)) if len(written) < len(selector.requirements) else ""
    return ",".join(written), why


def _written(one: LabelSelectorRequirement) -> str:
    """As a client would write it; empty for what can't be written so."""
    operator = _OPERATORS.get(one.operator, "")
    if not operator or bool(one.values) != (operator in ("in", "notin")):
        return ""
    text = str(Requirement(one.key, operator, one.values))
    try:
        parse_label_selector(text)
    except SelectorError:
        return ""
    return text


def _ignored(name: str, understood: int) -> str:
    partially = "partially " if understood else ""
    return f"spec.resourceAttributes.{name} {partially}ignored due to parse error"
