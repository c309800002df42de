"""The variables of expressions about a request: what they are in this one.

Source: apiserver/pkg/admission/plugin/cel: activation.go, condition.go: CreateAdmissionRequest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steersman.api.admissionregistration.expressions import NAMESPACE, REQUEST
from steersman.api.core import Namespace
from steersman.apimachinery.cel.library.authorization import Ask, Authorizer, Question
from steersman.apimachinery.cel.library.authorization import Decision as Answer
from steersman.apimachinery.cel.views import ObjectView
from steersman.apimachinery.codec.json import to_wire
from steersman.apiserver import attributes as seams
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import ACCOUNT_PREFIX, UserInfo
from steersman.apiserver.webhooks.review import Subject, request_of

# Left out when empty, as Go's omitempty has it.
_OPTIONAL = frozenset({"subResource", "requestSubResource", "name", "namespace"})


@dataclass(frozen=True, slots=True)
class Bindings:
    """Values by the names of the variables, without those of a policy."""

    values: Mapping[str, Any]

    def with_params(self, params: Any) -> Mapping[str, Any]:
        """With the parameters of a policy: a wire tree, or None."""
        return {**self.values, "params": params}


def for_conditions(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What match conditions see: they are told of the request before its namespace is looked up."""
    return {**values, "namespaceObject": None}


def for_words(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What messages and notes are made of: nobody is asked what somebody may do."""
    return {name: one for name, one in values.items() if name != "authorizer"}


def bindings_of(subject: Subject, namespace: Namespace | None, authorizer: seams.Authorizer) -> Bindings:
    """The variables of a request as a policy or a webhook sees it. namespace: where the object is."""
    attributes = subject.attributes
    asked = Question(
        group=attributes.requested.group,
        resource=attributes.requested.plural,
        subresource=attributes.subresource,
        namespace=attributes.namespace,
        name=attributes.name,
    )
    request = {name: one for name, one in request_of(subject).items() if one or name not in _OPTIONAL}
    request["userInfo"] = {name: one for name, one in request["userInfo"].items() if one}
    return Bindings({
        "object": _tree(subject.object),
        "oldObject": _tree(subject.old_object),
        "request": ObjectView(request, REQUEST),
        "namespaceObject": None if namespace is None else ObjectView(_shown(namespace), NAMESPACE),
        "authorizer": Authorizer(asking(authorizer, attributes.user), requested=asked),
    })  # fmt: skip


def _tree(obj: Any) -> Any:
    return None if obj is None else to_wire(obj)


def _shown(namespace: Namespace) -> Any:
    tree = to_wire(namespace)
    hidden = ("ownerReferences", "managedFields", "selfLink")
    tree["metadata"] = {name: one for name, one in tree["metadata"].items() if name not in hidden}
    return tree


def asking(authorizer: seams.Authorizer, user: UserInfo) -> Ask:
    """Answers `check(verb)`; the same question of one request is answered once."""
    known: dict[Question, Answer] = {}

    def ask(question: Question) -> Answer:
        answer = known.get(question)
        if answer is None:
            decision = authorizer.authorize(_asker(question, user), _request(question))
            answer = known[question] = Answer(decision.allowed, decision.reason, decision.error)
        return answer

    return ask


def _asker(question: Question, user: UserInfo) -> UserInfo:
    if question.service_account is None:
        return user
    namespace, name = question.service_account
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
    return UserInfo(f"{ACCOUNT_PREFIX}{namespace}:{name}", groups=groups)


def _request(question: Question) -> RequestInfo:
    if question.path:
        return RequestInfo(question.verb, question.path)
    return RequestInfo(
        question.verb,
        "",
        True,
        question.group,
        "*",
        question.namespace,
        question.resource,
        question.subresource,
        question.name,
        field_selector=question.field_selector,
        label_selector=question.label_selector,
    )
