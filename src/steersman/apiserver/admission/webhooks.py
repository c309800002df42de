"""MutatingAdmissionWebhook and ValidatingAdmissionWebhook: configured services have a say in requests.

Source: apiserver/pkg/admission/plugin/webhook: mutating/dispatcher.go, validating/dispatcher.go.
"""

import asyncio
import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from steersman.api.admissionregistration import (
    MutatingWebhook,
    MutatingWebhookConfiguration,
    ValidatingWebhookConfiguration,
)
from steersman.apimachinery.codec.json import DecodeError, encode
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.object import Object
from steersman.apimachinery.patch import json as json_patch
from steersman.apimachinery.status import StatusError, internal_error
from steersman.apiserver.admission.plugin import Plugin
from steersman.apiserver.admission.reach import Reach
from steersman.apiserver.attributes import AdmissionAttributes, Operation, attributes_with
from steersman.apiserver.webhooks.identities import Identities
from steersman.apiserver.webhooks.matching import is_exempt
from steersman.apiserver.webhooks.review import Answer, Subject

C = TypeVar("C", MutatingWebhookConfiguration, ValidatingWebhookConfiguration)

# Source: mutating/dispatcher.go, validating/dispatcher.go: what the audit log says of webhooks.
PATCH, MUTATION = "patch.webhook.admission.k8s.io/", "mutation.webhook.admission.k8s.io/"
VALIDATING, FAILED_OPEN = "validating.webhook.admission.k8s.io/", "failed-open."


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
            subject = await self._reach.subject(hook, attributes, candidates)
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
            if (subject := await self._reach.subject(hook, attributes, candidates)) is not None
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


def _in_order(configurations: Iterable[C]) -> list[C]:
    """By name, as upstream asks them."""
    return sorted(configurations, key=lambda one: one.metadata.name)
