"""ValidatingAdmissionPolicy: rules that administrators write as expressions have a say in requests.

Source: apiserver/pkg/admission/plugin/policy/validating/dispatcher.go.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

from steersman.api.admissionregistration import (
    FailurePolicyType,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidationAction,
)
from steersman.apimachinery.codec.json import encode
from steersman.apimachinery.gotext import html_escaped
from steersman.apimachinery.status import StatusError, from_status
from steersman.apiserver.admission.plugin import Plugin, denied
from steersman.apiserver.admission.policy.bindings import Bindings
from steersman.apiserver.admission.policy.invocations import Invocation, Misconfigured, Policies, namespace_of
from steersman.apiserver.admission.policy.judgement import CompiledPolicy, Judgement, Violation, compile_policy, judge
from steersman.apiserver.admission.reach import Reach
from steersman.apiserver.attributes import AdmissionAttributes, Operation
from steersman.apiserver.authz.asking import decided
from steersman.apiserver.metrics.policies import PolicyMetrics

FAILURES = "validation.policy.admission.k8s.io/validation_failure"
# What goes into the audit log is bounded.
MAX_FAILURES, MAX_NOTE_BYTES = 50, 10 * 1024
CODES: Mapping[str, HTTPStatus] = {
    "Unauthorized": HTTPStatus.UNAUTHORIZED,
    "Forbidden": HTTPStatus.FORBIDDEN,
    "RequestEntityTooLarge": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "Invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
}
Policy, Binding = ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding
Put = Invocation[ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, CompiledPolicy]


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a request is refused, in the words for the client."""

    message: str
    reason: str = ""


class ValidatingPolicies(Plugin):
    """Puts requests to all policies; the first that denies is told."""

    name = "ValidatingAdmissionPolicy"
    operations = frozenset(Operation)

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._policies = Policies(reach, Policy, Binding, compile_policy)

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Raises the first denial, in the order of the names of policies and bindings."""
        invocations = await self._policies.invocations(attributes)
        if not invocations:
            return
        metrics = self._reach.policy_metrics
        outcome = _Outcome(attributes, metrics)
        seen: dict[int, Bindings] = {}
        for one in invocations:
            if isinstance(one, Misconfigured):
                outcome.misconfigured(one)
                continue
            bindings = seen.get(id(one.resource))
            if bindings is None:
                subject = self._reach.seen_as(attributes, one.resource)
                namespace = await namespace_of(self._reach, attributes)
                bindings = seen[id(one.resource)] = self._reach.bindings(subject, namespace)
            began = metrics.now() if metrics is not None else 0.0
            known = bindings.with_params(one.params)
            outcome.judged(one, await decided(partial(judge, one.compiled, known)), began)
        outcome.publish()
        if outcome.denials:
            raise refusal(attributes, outcome.denials[0])


def refusal(attributes: AdmissionAttributes, denial: Denial) -> StatusError:
    """The error for the client."""
    status = denied(attributes, denial.message).to_status()
    reason = denial.reason or "Invalid"
    details = {**status.get("details", {}), "causes": [{"message": denial.message}]}
    code = int(CODES.get(reason, HTTPStatus.UNPROCESSABLE_ENTITY))
    return from_status({**status, "reason": reason, "code": code, "details": details})


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What becomes of a request, gathered from all policies."""

    attributes: AdmissionAttributes
    metrics: PolicyMetrics | None
    denials: list[Denial] = field(default_factory=list)
    failures: list[Mapping[str, Any]] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)

    def misconfigured(self, one: Misconfigured[ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding]) -> None:
        if one.policy.spec.failurePolicy != FailurePolicyType.IGNORE:
            self.denials.append(Denial(_told(one.policy, one.binding, one.why)))

    def judged(self, put: Put, judgement: Judgement, began: float) -> None:
        for why in judgement.excused:
            self._count(put, "allow", why, began)
        for violation in judgement.violations:
            for action in put.binding.spec.validationActions:
                self._act(action, put, violation)
                self._count(put, action.lower(), violation.message, began)
        for note in judgement.notes:
            if note.error:
                self._count(put, "deny", note.error, began)
                self.denials.append(Denial(_told(put.policy, put.binding, note.error)))
                continue
            value = note.value.encode()[:MAX_NOTE_BYTES].decode(errors="ignore")
            known = self.notes.setdefault(f"{put.policy.metadata.name}/{note.key}", [])
            if value not in known:
                known.append(value)

    def _count(self, put: Put, action: str, why: str, began: float) -> None:
        if self.metrics is not None:
            self.metrics.validated((put.policy.metadata.name, put.binding.metadata.name), action, why, began)

    def _act(self, action: str, put: Put, violation: Violation) -> None:
        policy, binding = put.policy.metadata.name, put.binding.metadata.name
        match action:
            case ValidationAction.DENY:
                message = _told(put.policy, put.binding, violation.message)
                self.denials.append(Denial(message, violation.reason))
            case ValidationAction.WARN:
                self.attributes.warnings.append(
                    f"Validation failed for ValidatingAdmissionPolicy '{policy}' with binding '{binding}': "
                    f"{violation.message}"
                )
            case ValidationAction.AUDIT:
                self.failures.append({
                    "message": violation.message,
                    "policy": policy,
                    "binding": binding,
                    "expressionIndex": violation.index,
                    "validationActions": list(put.binding.spec.validationActions),
                })  # fmt: skip

    def publish(self) -> None:
        """Tell the audit log."""
        for key, values in self.notes.items():
            self.attributes.annotations[key] = ", ".join(values)
        if self.failures:
            self.attributes.annotations[FAILURES] = html_escaped(encode(self.failures[:MAX_FAILURES]).decode())


def _told(policy: ValidatingAdmissionPolicy, binding: ValidatingAdmissionPolicyBinding | None, why: str) -> str:
    bound = f" with binding '{binding.metadata.name}'" if binding is not None else ""
    return f"ValidatingAdmissionPolicy '{policy.metadata.name}'{bound} denied request: {why}"
