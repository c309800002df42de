"""Defaults of webhooks and admission policies.

Source: pkg/apis/admissionregistration/v1/defaults.go.
"""

from typing import TypeVar

from steersman.api.admissionregistration.policy import (
    MatchResources,
    MutatingAdmissionPolicy,
    MutatingAdmissionPolicyBinding,
    RuleWithOperations,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
)
from steersman.api.admissionregistration.webhook import (
    MutatingWebhook,
    MutatingWebhookConfiguration,
    ValidatingWebhook,
    ValidatingWebhookConfiguration,
    WebhookClientConfig,
)
from steersman.api.meta.objectmeta import LabelSelector
from steersman.apimachinery.object import replace

W = TypeVar("W", MutatingWebhook, ValidatingWebhook)
R = TypeVar("R", bound=RuleWithOperations)
P = TypeVar("P", MutatingAdmissionPolicy, ValidatingAdmissionPolicy)
B = TypeVar("B", MutatingAdmissionPolicyBinding, ValidatingAdmissionPolicyBinding)

TIMEOUT_SECONDS, PORT = 10, 443


def default_validating_webhooks(configuration: ValidatingWebhookConfiguration) -> ValidatingWebhookConfiguration:
    """What each webhook leaves out."""
    return replace(configuration, webhooks=tuple(map(_webhook, configuration.webhooks)))


def default_mutating_webhooks(configuration: MutatingWebhookConfiguration) -> MutatingWebhookConfiguration:
    """What each webhook leaves out."""
    webhooks = [_webhook(one) for one in configuration.webhooks]
    return replace(
        configuration,
        webhooks=tuple(replace(one, reinvocationPolicy=one.reinvocationPolicy or "Never") for one in webhooks),
    )


def default_policy(policy: P) -> P:
    """A policy that can't be asked fails the request, and is about all versions of its resources."""
    spec = policy.spec
    constraints = spec.matchConstraints
    return replace(
        policy,
        spec=replace(
            spec,
            failurePolicy=spec.failurePolicy or "Fail",
            matchConstraints=_resources(constraints) if constraints is not None else None,
        ),
    )


def default_binding(binding: B) -> B:
    """What a binding is about, if it says so."""
    resources = binding.spec.matchResources
    if resources is None:
        return binding
    return replace(binding, spec=replace(binding.spec, matchResources=_resources(resources)))


def _webhook(webhook: W) -> W:
    return replace(
        webhook,
        failurePolicy=webhook.failurePolicy or "Fail",
        matchPolicy=webhook.matchPolicy or "Equivalent",
        namespaceSelector=webhook.namespaceSelector or LabelSelector(),
        objectSelector=webhook.objectSelector or LabelSelector(),
        timeoutSeconds=TIMEOUT_SECONDS if webhook.timeoutSeconds is None else webhook.timeoutSeconds,
        rules=_rules(webhook.rules),
        clientConfig=_client(webhook.clientConfig),
    )


def _client(config: WebhookClientConfig) -> WebhookClientConfig:
    service = config.service
    if service is None or service.port is not None:
        return config
    return replace(config, service=replace(service, port=PORT))


def _resources(resources: MatchResources) -> MatchResources:
    return replace(
        resources,
        matchPolicy=resources.matchPolicy or "Equivalent",
        namespaceSelector=resources.namespaceSelector or LabelSelector(),
        objectSelector=resources.objectSelector or LabelSelector(),
        resourceRules=_rules(resources.resourceRules),
        excludeResourceRules=_rules(resources.excludeResourceRules),
    )


def _rules(rules: tuple[R, ...]) -> tuple[R, ...]:
    return tuple(replace(one, scope=one.scope or "*") for one in rules)
