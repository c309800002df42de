"""Who may do what: questions to the authorizer."""

from collections.abc import Mapping
from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.api.meta.listmeta import FieldSelectorRequirement
from steersman.api.meta.objectmeta import LabelSelectorRequirement
from steersman.apimachinery.markers import Atomic, Required, Wire, always
from steersman.apimachinery.object import Object


class NonResourceAttributes(Object, package="k8s.io.api.authorization.v1"):
    """A request for a path that is no resource, such as /healthz."""

    path: Annotated[str, Wire(1)] = ""
    verb: Annotated[str, Wire(2)] = ""


class FieldSelectorAttributes(Object, package="k8s.io.api.authorization.v1"):
    """The field selector of the request in question."""

    rawSelector: Annotated[str, Wire(1)] = ""
    requirements: Annotated[tuple[FieldSelectorRequirement, ...], Wire(2), Atomic()] = ()


class LabelSelectorAttributes(Object, package="k8s.io.api.authorization.v1"):
    """The label selector of the request in question."""

    rawSelector: Annotated[str, Wire(1)] = ""
    requirements: Annotated[tuple[LabelSelectorRequirement, ...], Wire(2), Atomic()] = ()


class ResourceAttributes(Object, package="k8s.io.api.authorization.v1"):
    """A request for a resource: verb, group, resource, namespace and name."""

    namespace: Annotated[str, Wire(1)] = ""
    verb: Annotated[str, Wire(2)] = ""
    group: Annotated[str, Wire(3)] = ""
    version: Annotated[str, Wire(4)] = ""
    resource: Annotated[str, Wire(5)] = ""
    subresource: Annotated[str, Wire(6)] = ""
    name: Annotated[str, Wire(7)] = ""
    fieldSelector: Annotated[FieldSelectorAttributes | None, Wire(8)] = None
    labelSelector: Annotated[LabelSelectorAttributes | None, Wire(9)] = None


class SubjectAccessReviewSpec(Object, package="k8s.io.api.authorization.v1"):
    """The request in question, and the user who would make it."""

    resourceAttributes: Annotated[ResourceAttributes | None, Wire(1)] = None
    nonResourceAttributes: Annotated[NonResourceAttributes | None, Wire(2)] = None
    user: Annotated[str, Wire(3)] = ""
    groups: Annotated[tuple[str, ...], Wire(4), Atomic()] = ()
    extra: Annotated[Mapping[str, tuple[str, ...]], Wire(5)] = {}
    uid: Annotated[str, Wire(6)] = ""


class SubjectAccessReviewStatus(Object, package="k8s.io.api.authorization.v1"):
    """Whether the request would be allowed, and why."""

    allowed: Annotated[bool, Wire(1), Required()] = always(False)
    denied: Annotated[bool, Wire(4)] = False
    reason: Annotated[str, Wire(2)] = ""
    evaluationError: Annotated[str, Wire(3)] = ""


class SubjectAccessReview(Kind, api="authorization.k8s.io/v1", package="k8s.io.api.authorization.v1"):
    """Asks whether a user may do something."""

    spec: Annotated[SubjectAccessReviewSpec, Wire(2), Required()] = always(SubjectAccessReviewSpec)
    status: Annotated[SubjectAccessReviewStatus, Wire(3)] = always(SubjectAccessReviewStatus)


class SelfSubjectAccessReviewSpec(Object, package="k8s.io.api.authorization.v1"):
    """The request in question, made by the asker."""

    resourceAttributes: Annotated[ResourceAttributes | None, Wire(1)] = None
    nonResourceAttributes: Annotated[NonResourceAttributes | None, Wire(2)] = None


class SelfSubjectAccessReview(Kind, api="authorization.k8s.io/v1", package="k8s.io.api.authorization.v1"):
    """Asks whether the asker may do something."""

    spec: Annotated[SelfSubjectAccessReviewSpec, Wire(2), Required()] = always(SelfSubjectAccessReviewSpec)
    status: Annotated[SubjectAccessReviewStatus, Wire(3)] = always(SubjectAccessReviewStatus)


class LocalSubjectAccessReview(Kind, api="authorization.k8s.io/v1", package="k8s.io.api.authorization.v1"):
    """Asks whether a user may do something in one namespace."""

    spec: Annotated[SubjectAccessReviewSpec, Wire(2), Required()] = always(SubjectAccessReviewSpec)
    status: Annotated[SubjectAccessReviewStatus, Wire(3)] = always(SubjectAccessReviewStatus)


class SelfSubjectRulesReviewSpec(Object, package="k8s.io.api.authorization.v1"):
    """The namespace in question."""

    namespace: Annotated[str, Wire(1)] = ""


class NonResourceRule(Object, package="k8s.io.api.authorization.v1"):
    """Verbs and paths that are allowed."""

    verbs: Annotated[tuple[str, ...], Wire(1), Required(), Atomic()] = always(())
    nonResourceURLs: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()


class ResourceRule(Object, package="k8s.io.api.authorization.v1"):
    """Verbs on resources that are allowed."""

    verbs: Annotated[tuple[str, ...], Wire(1), Required(), Atomic()] = always(())
    apiGroups: Annotated[tuple[str, ...], Wire(2), Atomic()] = ()
    resources: Annotated[tuple[str, ...], Wire(3), Atomic()] = ()
    resourceNames: Annotated[tuple[str, ...], Wire(4), Atomic()] = ()


class SubjectRulesReviewStatus(Object, package="k8s.io.api.authorization.v1"):
    """What is allowed, as far as the authorizer can list it."""

    resourceRules: Annotated[tuple[ResourceRule, ...], Wire(1), Required(), Atomic()] = always(())
    nonResourceRules: Annotated[tuple[NonResourceRule, ...], Wire(2), Required(), Atomic()] = always(())
    incomplete: Annotated[bool, Wire(3), Required()] = always(False)
    evaluationError: Annotated[str, Wire(4)] = ""


class SelfSubjectRulesReview(Kind, api="authorization.k8s.io/v1", package="k8s.io.api.authorization.v1"):
    """Asks for all that the asker may do in a namespace."""

    spec: Annotated[SelfSubjectRulesReviewSpec, Wire(2), Required()] = always(SelfSubjectRulesReviewSpec)
    status: Annotated[SubjectRulesReviewStatus, Wire(3)] = always(SubjectRulesReviewStatus)
