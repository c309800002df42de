"""Requests shown to those who are to judge them, webhooks and policies: which, in which version, with what around them.

Source: apiserver/pkg/admission/plugin/webhook/generic/webhook.go.
"""

from collections.abc import Mapping
from functools import lru_cache
from random import Random
from uuid import UUID

from steersman.api.admissionregistration import (
    MutatingWebhook,
    ValidatingWebhook,
)
from steersman.api.admissionregistration.expressions import Compiled, Expressions
from steersman.api.core import Namespace
from steersman.api.meta import Kind
from steersman.api.resources import Resource
from steersman.apimachinery.cel.types import BOOL
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.status import BadRequest, forbidden, internal_error
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.policy.bindings import Bindings, bindings_of
from steersman.apiserver.admission.policy.conditions import ConditionsFailed, are_met
from steersman.apiserver.admission.policy.evaluation import Condition, Variables
from steersman.apiserver.attributes import AdmissionAttributes, Authorizer, Nobody
from steersman.apiserver.authz.asking import decided
from steersman.apiserver.metrics.admission import AdmissionMetrics
from steersman.apiserver.metrics.policies import PolicyMetrics
from steersman.apiserver.webhooks.caller import WebhookCaller
from steersman.apiserver.webhooks.config import WebhookError
from steersman.apiserver.webhooks.identities import Identities
from steersman.apiserver.webhooks.matching import Candidates, matched_resource
from steersman.apiserver.webhooks.review import Answer, BadAnswer, Subject, read_answer, review_of, supported_version
from steersman.apiserver.webhooks.versions import Versions

Webhook = MutatingWebhook | ValidatingWebhook

DEFAULT_TIMEOUT_SECONDS = 10
HARMLESS = frozenset({"None", "NoneOnDryRun"})
# So many compiled expressions are kept.
CONDITIONS = 1024


class Reach:
    """What webhooks need of the server; attached once there is one."""

    def __init__(self, lookup: Lookup, random: Random, metrics: AdmissionMetrics | None = None) -> None:
        self._metrics = metrics
        self.lookup = lookup
        self._random = random
        self._caller: WebhookCaller | None = None
        self._versions: Versions | None = None
        self._authorizer: Authorizer = Nobody()
        self._conditions = lru_cache(maxsize=CONDITIONS)(_compiled)

    def attach(self, caller: WebhookCaller, versions: Versions, authorizer: Authorizer) -> None:
        """Caller reaches webhooks, versions knows the kinds, authorizer is whom expressions ask."""
        self._caller, self._versions, self._authorizer = caller, versions, authorizer

    @property
    def versions(self) -> Versions:
        """The kinds that are served."""
        assert self._versions is not None
        return self._versions

    @property
    def policy_metrics(self) -> PolicyMetrics | None:
        """Where policies are counted."""
        return self._metrics.policies if self._metrics is not None else None

    def candidates(self, attributes: AdmissionAttributes) -> Candidates:
        """What rules are compared with."""
        return Candidates(
            attributes.requested, self.versions.others(attributes.requested), self._namespace_labels(attributes)
        )

    async def subject(self, hook: Webhook, attributes: AdmissionAttributes, candidates: Candidates) -> Subject | None:
        """The request as the webhook is to see it; None when it isn't asked."""
        resource = matched_resource(hook, attributes, candidates)
        if resource is None:
            return None
        subject = self.seen_as(attributes, resource)
        if hook.matchConditions and not await decided(lambda: self._is_meant(hook, subject)):
            return None
        return subject

    def seen_as(self, attributes: AdmissionAttributes, resource: Resource) -> Subject:
        """The request in a version of its resource."""
        own, versions = attributes.resource, self.versions
        return Subject(
            attributes,
            resource,
            versions.converted(attributes.object, own, resource),
            versions.converted(attributes.old_object, own, resource),
        )

    def bindings(self, subject: Subject, namespace: Namespace | None = None) -> Bindings:
        """The variables of expressions about the request."""
        return bindings_of(subject, namespace, self._authorizer)

    def _is_meant(self, hook: Webhook, subject: Subject) -> bool:
        conditions = [Condition(one.expression, self._conditions(one.expression)) for one in hook.matchConditions]
        try:
            return are_met(conditions, Variables({}, self.bindings(subject).values), hook.failurePolicy)
        except ConditionsFailed as error:
            attributes = subject.attributes
            raise forbidden(attributes.resource.group_resource, attributes.name, str(error)) from error

    async def ask(self, hook: Webhook, subject: Subject, identities: Identities) -> Answer:
        """The webhook's answer; raises what the client is told when it can't be asked and that is no excuse."""
        if subject.attributes.dry_run and hook.sideEffects not in HARMLESS:
            raise BadRequest(f"admission webhook {quote(hook.name)} does not support dry run")
        metrics, operation = self._metrics, subject.attributes.operation
        type_ = "admit" if isinstance(hook, MutatingWebhook) else "validating"
        began = metrics.now() if metrics is not None else 0.0
        try:
            answer = await self._asked(hook, subject, identities)
            if metrics is not None:
                metrics.webhook(hook.name, type_, operation, answer.denied.code if answer.denied else 0, began)
            return answer
        except (WebhookError, BadAnswer) as error:
            is_ignored = hook.failurePolicy == "Ignore"
            if metrics is not None:
                metrics.webhook_failed(hook.name, type_, operation, is_ignored, began)
            if is_ignored:
                return Answer(None, None, (), has_failed=True)
            raise internal_error(f"failed calling webhook {quote(hook.name)}: {error}") from error

    async def _asked(self, hook: Webhook, subject: Subject, identities: Identities) -> Answer:
        assert self._caller is not None
        uid = str(UUID(int=self._random.getrandbits(128), version=4))
        body = review_of(subject, uid, supported_version(hook.admissionReviewVersions))
        seconds = hook.timeoutSeconds or DEFAULT_TIMEOUT_SECONDS
        data = await self._caller.call(hook.clientConfig, body, seconds, f"timeout={seconds}s", identities)
        return read_answer(data, uid, hook.name)

    def _namespace_labels(self, attributes: AdmissionAttributes) -> Mapping[str, str] | None:
        if attributes.resource.plural == "namespaces":
            shown = attributes.object or attributes.old_object
            return shown.metadata.labels if isinstance(shown, Kind) else {}
        if not attributes.namespace:
            return None
        found = self.lookup.find(Namespace, "", attributes.namespace)
        return found.metadata.labels if found is not None else {}


def _compiled(expression: str) -> Compiled:
    return Expressions(has_variables=False).compile(expression, BOOL)
