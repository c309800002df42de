"""MutatingAdmissionWebhook and ValidatingAdmissionWebhook: configured services have a say in requests.

Source: apiserver/pkg/admission/plugin/webhook: mutating/dispatcher.go, validating/dispatcher.go.
"""

import asyncio
import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from steersman.api.admissionregistration import (
    MutatingWebhook,
    MutatingWebhookConfiguration,
    ValidatingWebhook,
    ValidatingWebhookConfiguration,
)
from steersman.api.admissionregistration.expressions import Compiled, Expressions
from steersman.api.core import Namespace
from steersman.api.meta import Kind
from steersman.api.resources import Resource
from steersman.apimachinery.cel.types import BOOL
from steersman.apimachinery.codec.json import DecodeError, encode
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.object import Object
from steersman.apimachinery.patch import json as json_patch
from steersman.apimachinery.status import BadRequest, StatusError, forbidden, internal_error
from steersman.apiserver.admission.lookup import Lookup
from steersman.apiserver.admission.plugin import Plugin
from steersman.apiserver.admission.policy.bindings import Bindings, bindings_of
from steersman.apiserver.admission.policy.conditions import ConditionsFailed, are_met
from steersman.apiserver.admission.policy.evaluation import Condition, Variables
from steersman.apiserver.attributes import AdmissionAttributes, Authorizer, Nobody, Operation, attributes_with
from steersman.apiserver.webhooks.caller import WebhookCaller
from steersman.apiserver.webhooks.config import WebhookError
from steersman.apiserver.webhooks.identities import Identities
from steersman.apiserver.webhooks.matching import Candidates, is_exempt, matched_resource
from steersman.apiserver.webhooks.review import Answer, BadAnswer, Subject, read_answer, review_of, supported_version
from steersman.apiserver.webhooks.versions import Versions

Webhook = MutatingWebhook | ValidatingWebhook
C = TypeVar("C", MutatingWebhookConfiguration, ValidatingWebhookConfiguration)

DEFAULT_TIMEOUT_SECONDS = 10
# Source: mutating/dispatcher.go, validating/dispatcher.go: what the audit log says of webhooks.
PATCH, MUTATION = "patch.webhook.admission.k8s.io/", "mutation.webhook.admission.k8s.io/"
VALIDATING, FAILED_OPEN = "validating.webhook.admission.k8s.io/", "failed-open."
HARMLESS = frozenset({"None", "NoneOnDryRun"})
# So many compiled expressions are kept.
CONDITIONS = 1024


class Reach:
    """What webhooks need of the server; attached once there is one."""

    def __init__(self, lookup: Lookup, random: Random) -> None:
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

    def candidates(self, attributes: AdmissionAttributes) -> Candidates:
        """What rules are compared with."""
        return Candidates(
            attributes.requested, self.versions.others(attributes.requested), self._namespace_labels(attributes)
        )

    def subject(self, hook: Webhook, attributes: AdmissionAttributes, candidates: Candidates) -> Subject | None:
        """The request as the webhook is to see it; None when it isn't asked."""
        resource = matched_resource(hook, attributes, candidates)
        if resource is None:
            return None
        subject = self.seen_as(attributes, resource)
        return subject if not hook.matchConditions or self._is_meant(hook, subject) else None

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
        assert self._caller is not None
        try:
            return await self._asked(hook, subject, identities)
        except (WebhookError, BadAnswer) as error:
            if hook.failurePolicy == "Ignore":
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


class MutatingWebhooks(Plugin):
    """Asks each webhook in turn; once more those that want to see what others changed after them."""

    name = "MutatingAdmissionWebhook"
    operations = frozenset(Operation)

    def __init__(self, reach: Reach, identities: Identities | None = None) -> None:
        self._reach = reach
        self._identities = identities or Identities()

    async def admit(self, attributes: AdmissionAttributes) -> Object | None:
        """The object as the webhooks leave it."""
        hooks = [
            ((one.metadata.name, position), hook)
            for one in _in_order(self._reach.lookup.all(MutatingWebhookConfiguration))
            for position, hook in enumerate(one.webhooks)
        ]
        if not hooks or is_exempt(attributes):
            return attributes.object
        round_ = attributes.reinvocation
        candidates = self._reach.candidates(attributes)
        for index, (key, hook) in enumerate(hooks):
            if round_.is_second and key not in round_.again:
                continue
            subject = self._reach.subject(hook, attributes, candidates)
            if subject is None:
                continue
            note = _Note(attributes.annotations, f"round_{int(round_.is_second)}_index_{index}", key[0], hook.name)
            changed = await self._changed(hook, subject, note)
            if changed is not None and changed != attributes.object:
                attributes = attributes_with(attributes, changed)
                round_.request()
            if hook.reinvocationPolicy == "IfNeeded" and not round_.is_second:
                round_.asked.add(key)
        return attributes.object

    async def _changed(self, hook: MutatingWebhook, subject: Subject, note: "_Note") -> Object | None:
        answer = await self._reach.ask(hook, subject, self._identities)
        attributes = subject.attributes
        attributes.warnings.extend(answer.warnings)
        attributes.annotations.update(answer.annotations)
        if answer.has_failed:
            note.failed_open()
        if answer.denied is not None:
            raise answer.denied
        if answer.patch is None or subject.object is None:
            note.mutated(False)
            return None
        versions = self._reach.versions
        try:
            tree = json_patch.apply(copy.deepcopy(versions.tree(subject.object)), answer.patch)
            made = versions.patched(subject.object, tree)
        except (StatusError, DecodeError) as error:
            if hook.failurePolicy == "Ignore":
                note.failed_open()
                return None
            raise internal_error(f"failed calling webhook {quote(hook.name)}: {error}") from error
        note.patched(answer.patch)
        note.mutated(made != subject.object)
        back: Object = versions.converted(made, subject.resource, attributes.resource)
        return back


class ValidatingWebhooks(Plugin):
    """Asks all webhooks at once; the first that denies decides."""

    name = "ValidatingAdmissionWebhook"
    operations = frozenset(Operation)

    def __init__(self, reach: Reach, identities: Identities | None = None) -> None:
        self._reach = reach
        self._identities = identities or Identities()

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Raises the first denial, in the order of their names."""
        configurations = _in_order(self._reach.lookup.all(ValidatingWebhookConfiguration))
        hooks = [hook for one in configurations for hook in one.webhooks]
        if not hooks or is_exempt(attributes):
            return
        candidates = self._reach.candidates(attributes)
        asked = [
            (hook, subject)
            for hook in hooks
            if (subject := self._reach.subject(hook, attributes, candidates)) is not None
        ]
        if len(asked) == 1:
            answers: list[Answer | BaseException] = [await self._reach.ask(*asked[0], self._identities)]
        else:
            answers = await asyncio.gather(
                *(self._reach.ask(*one, self._identities) for one in asked), return_exceptions=True
            )
        for index, answer in enumerate(answers):
            if isinstance(answer, BaseException):
                raise answer
            attributes.warnings.extend(answer.warnings)
            attributes.annotations.update(answer.annotations)
            if answer.has_failed:
                attributes.annotations[f"{FAILED_OPEN}{VALIDATING}round_0_index_{index}"] = asked[index][0].name
            if answer.denied is not None:
                raise answer.denied


@dataclass(frozen=True, slots=True)
class _Note:
    """What the audit log is to say of one call of a webhook."""

    annotations: dict[str, str]
    place: str
    configuration: str
    webhook: str

    def failed_open(self) -> None:
        """It gave no answer, and the request went on."""
        self.annotations[f"{FAILED_OPEN}{MUTATION}{self.place}"] = self.webhook

    def mutated(self, has_changed: bool) -> None:
        """Whether it changed the object."""
        self._say(MUTATION, {"mutated": has_changed})

    def patched(self, patch: list[Any]) -> None:
        """How it changed the object."""
        if patch:
            self._say(PATCH, {"patch": patch, "patchType": "JSONPatch"})

    def _say(self, prefix: str, more: Mapping[str, Any]) -> None:
        said = {"configuration": self.configuration, "webhook": self.webhook, **more}
        self.annotations[f"{prefix}{self.place}"] = encode(said).decode()


def _compiled(expression: str) -> Compiled:
    return Expressions(has_variables=False).compile(expression, BOOL)


def _in_order(configurations: Iterable[C]) -> list[C]:
    """By name, as upstream asks them."""
    return sorted(configurations, key=lambda one: one.metadata.name)
