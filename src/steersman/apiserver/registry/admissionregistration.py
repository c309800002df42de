"""Webhook configurations, admission policies and their bindings.

Source: pkg/registry/admissionregistration; pkg/printers/internalversion.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from steersman.api.admissionregistration import (
    MutatingAdmissionPolicy,
    MutatingAdmissionPolicyBinding,
    MutatingWebhookConfiguration,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidatingWebhookConfiguration,
)
from steersman.api.admissionregistration.defaults import (
    default_binding,
    default_mutating_webhooks,
    default_policy,
    default_validating_webhooks,
)
from steersman.api.admissionregistration.expressionvalidation import condition_faults, mutation_faults, policy_faults
from steersman.api.admissionregistration.policyvalidation import (
    binding_faults,
    mutating_binding_faults,
    scope_faults,
    status_faults,
)
from steersman.api.admissionregistration.webhookvalidation import OLDER, Demands, demands_after, webhooks_faults
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.age import age
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Column, Strategy

CONDITIONS = Path("spec").child("matchConditions")
C = TypeVar("C", MutatingWebhookConfiguration, ValidatingWebhookConfiguration)
P = TypeVar("P", MutatingAdmissionPolicy, ValidatingAdmissionPolicy)


class WebhooksStrategy(Strategy[C], Generic[C]):
    """What configurations of both sorts have in common."""

    columns = (NAME_COLUMN, Column("Webhooks", description="How many webhooks it has."), AGE_COLUMN)
    demands = Demands()

    def prepare_for_create(self, obj: C) -> C:
        """Changes count from one, although there is no spec."""
        return _numbered(obj, 1)

    def prepare_for_update(self, obj: C, old: C) -> C:
        """Changed webhooks count."""
        before = old.metadata.generation
        return _numbered(obj, before + 1 if obj.webhooks != old.webhooks else before)

    def validate(self, obj: C) -> Sequence[Cause]:
        """Each webhook."""
        return tuple(webhooks_faults(obj.webhooks, self.demands))

    def validate_update(self, obj: C, old: C) -> Sequence[Cause]:
        """Each webhook, as far as what is stored met the demands."""
        return tuple(webhooks_faults(obj.webhooks, demands_after(obj.webhooks, old.webhooks, self.demands)))

    def row(self, obj: C, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return (obj.metadata.name, len(obj.webhooks), age(obj.metadata.creationTimestamp, now))


class ValidatingWebhooksStrategy(WebhooksStrategy[ValidatingWebhookConfiguration]):
    """Strategy of validating webhooks."""

    def default(self, obj: ValidatingWebhookConfiguration) -> ValidatingWebhookConfiguration:
        """Upstream's defaults."""
        return default_validating_webhooks(obj)

    def in_version(self, api_version: str) -> Strategy[ValidatingWebhookConfiguration]:
        """Less is demanded in v1beta1."""
        return OlderValidatingWebhooksStrategy()


class OlderValidatingWebhooksStrategy(ValidatingWebhooksStrategy):
    """Of v1beta1, where webhooks may have side effects."""

    demands = OLDER


class MutatingWebhooksStrategy(WebhooksStrategy[MutatingWebhookConfiguration]):
    """Strategy of mutating webhooks."""

    def default(self, obj: MutatingWebhookConfiguration) -> MutatingWebhookConfiguration:
        """Upstream's defaults."""
        return default_mutating_webhooks(obj)

    def in_version(self, api_version: str) -> Strategy[MutatingWebhookConfiguration]:
        """Less is demanded in v1beta1."""
        return OlderMutatingWebhooksStrategy()


class OlderMutatingWebhooksStrategy(MutatingWebhooksStrategy):
    """Of v1beta1, where webhooks may have side effects."""

    demands = OLDER


class PolicyStrategy(Strategy[P], Generic[P]):
    """What policies of both sorts have in common."""

    def default(self, obj: P) -> P:
        """Upstream's defaults."""
        return default_policy(obj)

    def expression_faults(self, obj: P) -> Iterable[Cause]:
        """Those of the expressions that are this sort's own."""
        raise NotImplementedError

    def validate(self, obj: P) -> Sequence[Cause]:
        """What it is about, and its expressions."""
        return self._faults(obj, has_new_conditions=True)

    def validate_update(self, obj: P, old: P) -> Sequence[Cause]:
        """The same. Conditions that stay as they are were right when they came."""
        new, was = obj.spec, old.spec
        same = (new.paramKind, new.matchConditions) == (was.paramKind, was.matchConditions)
        return self._faults(obj, has_new_conditions=not same)

    def _faults(self, obj: P, *, has_new_conditions: bool) -> list[Cause]:
        found: list[Cause] = list(scope_faults(obj.spec))
        if has_new_conditions:
            has_params = obj.spec.paramKind is not None
            found += condition_faults(obj.spec.matchConditions, CONDITIONS, has_params=has_params)
        return [*found, *self.expression_faults(obj)]


class ValidatingPolicyStrategy(PolicyStrategy[ValidatingAdmissionPolicy]):
    """Strategy of validating policies."""

    columns = (
        NAME_COLUMN,
        Column("Validations", description="How many expressions must be true."),
        Column("ParamKind", description="The kind of its parameters."),
        AGE_COLUMN,
    )

    def expression_faults(self, obj: ValidatingAdmissionPolicy) -> Iterable[Cause]:
        """Variables, validations and notes."""
        return policy_faults(obj.metadata.name, obj.spec)

    def validate_subresource(
        self, subresource: str, obj: ValidatingAdmissionPolicy, old: ValidatingAdmissionPolicy
    ) -> Sequence[Cause]:
        """What was found out about it."""
        return tuple(status_faults(obj.status))

    def row(self, obj: ValidatingAdmissionPolicy, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        kind = obj.spec.paramKind
        shown = f"{kind.apiVersion}/{kind.kind}" if kind is not None else "<unset>"
        return (obj.metadata.name, len(obj.spec.validations), shown, age(obj.metadata.creationTimestamp, now))


class MutatingPolicyStrategy(PolicyStrategy[MutatingAdmissionPolicy]):
    """Strategy of mutating policies."""

    columns = (
        NAME_COLUMN,
        Column("Mutations", description="How many changes it makes."),
        Column("ParamKind", description="The kind of its parameters."),
        AGE_COLUMN,
    )

    def expression_faults(self, obj: MutatingAdmissionPolicy) -> Iterable[Cause]:
        """Variables and mutations."""
        return mutation_faults(obj.spec)

    def row(self, obj: MutatingAdmissionPolicy, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        kind = obj.spec.paramKind
        shown = f"{kind.apiVersion}/{kind.kind}" if kind is not None else "<unset>"
        return (obj.metadata.name, len(obj.spec.mutations), shown, age(obj.metadata.creationTimestamp, now))


BINDING_COLUMNS = (
    NAME_COLUMN,
    Column("PolicyName", description="The policy that it puts in force."),
    Column("ParamRef", description="The policy's parameters."),
    AGE_COLUMN,
)


class ValidatingBindingStrategy(Strategy[ValidatingAdmissionPolicyBinding]):
    """Strategy of bindings of validating policies."""

    columns = BINDING_COLUMNS

    def default(self, obj: ValidatingAdmissionPolicyBinding) -> ValidatingAdmissionPolicyBinding:
        """Upstream's defaults."""
        return default_binding(obj)

    def validate(self, obj: ValidatingAdmissionPolicyBinding) -> Sequence[Cause]:
        """The spec."""
        return tuple(binding_faults(obj.spec))

    def row(self, obj: ValidatingAdmissionPolicyBinding, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return _binding_row(obj, now)


class MutatingBindingStrategy(Strategy[MutatingAdmissionPolicyBinding]):
    """Strategy of bindings of mutating policies."""

    columns = BINDING_COLUMNS

    def default(self, obj: MutatingAdmissionPolicyBinding) -> MutatingAdmissionPolicyBinding:
        """Upstream's defaults."""
        return default_binding(obj)

    def validate(self, obj: MutatingAdmissionPolicyBinding) -> Sequence[Cause]:
        """The spec."""
        return tuple(mutating_binding_faults(obj.spec))

    def row(self, obj: MutatingAdmissionPolicyBinding, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        return _binding_row(obj, now)


def _binding_row(
    binding: MutatingAdmissionPolicyBinding | ValidatingAdmissionPolicyBinding, now: datetime
) -> tuple[Any, ...]:
    param, shown = binding.spec.paramRef, "<unset>"
    if param is not None and param.name:
        shown = f"{param.namespace}/{param.name}" if param.namespace else param.name
    return (binding.metadata.name, binding.spec.policyName, shown, age(binding.metadata.creationTimestamp, now))


def _numbered(obj: C, generation: int) -> C:
    return replace(obj, metadata=replace(obj.metadata, generation=generation))
