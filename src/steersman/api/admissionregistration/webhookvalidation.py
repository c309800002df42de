"""What makes configurations of webhooks wrong. What was let through before, in an older version, stays.

Source: pkg/apis/admissionregistration/validation/validation.go.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from steersman.api.admissionregistration.expressionvalidation import condition_faults
from steersman.api.admissionregistration.rulevalidation import rule_faults
from steersman.api.admissionregistration.webhook import MutatingWebhook, ValidatingWebhook, WebhookClientConfig
from steersman.api.meta.labelrules import validate_label_selector
from steersman.api.meta.webhookrules import ONE_WAY, service_faults, url_faults
from steersman.apimachinery.fielderrors import duplicate, invalid_value, invalid_values, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1035_label, dns1123_label, dns1123_subdomain
from steersman.apimachinery.status import Cause

WEBHOOKS = Path("webhooks")
REVIEW_VERSIONS = ("v1", "v1beta1")
NO_SIDE_EFFECTS = ("None", "NoneOnDryRun")
MIN_LABELS = 3
SECONDS = range(1, 31)
Webhook = MutatingWebhook | ValidatingWebhook


@dataclass(frozen=True, slots=True)
class Demands:
    """What is demanded of webhooks; less of those stored that didn't meet it, and of v1beta1's."""

    no_side_effects: bool = True
    known_review_version: bool = True
    unique_names: bool = True
    right_selectors: bool = True
    compiled_conditions: bool = True


OLDER = Demands(no_side_effects=False, known_review_version=True, unique_names=False)


def webhooks_faults(webhooks: Sequence[Webhook], demands: Demands) -> Iterable[Cause]:
    """Of all webhooks of a configuration."""
    names: set[str] = set()
    for position, webhook in enumerate(webhooks):
        where = WEBHOOKS.at(position)
        yield from _webhook_faults(webhook, demands, where)
        yield from _review_faults(webhook.admissionReviewVersions, demands, where.child("admissionReviewVersions"))
        if demands.unique_names and webhook.name in names:
            yield duplicate(where.child("name"), webhook.name)
        names.add(webhook.name)


def demands_after(webhooks: Sequence[Webhook], old: Sequence[Webhook], demands: Demands) -> Demands:
    """What is demanded of a change, from what is stored."""
    known = (not one.admissionReviewVersions or set(one.admissionReviewVersions) & {*REVIEW_VERSIONS} for one in old)
    conditions = [one.matchConditions for one in webhooks] != [one.matchConditions for one in old]
    return Demands(
        no_side_effects=demands.no_side_effects and all(one.sideEffects in NO_SIDE_EFFECTS for one in old),
        known_review_version=all(known),
        unique_names=demands.unique_names and len({one.name for one in old}) == len(old),
        right_selectors=not any(True for one in old for _ in _selector_faults(one, WEBHOOKS)),
        compiled_conditions=conditions,
    )


def _webhook_faults(webhook: Webhook, demands: Demands, path: Path) -> Iterable[Cause]:
    if webhook.name:
        yield from _qualified(webhook.name, path.child("name"))
    for position, rule in enumerate(webhook.rules):
        yield from rule_faults(rule, path.child("rules").at(position))
    if demands.no_side_effects and webhook.sideEffects is not None and webhook.sideEffects not in NO_SIDE_EFFECTS:
        yield not_supported(path.child("sideEffects"), webhook.sideEffects, NO_SIDE_EFFECTS)
    if webhook.timeoutSeconds is not None and webhook.timeoutSeconds not in SECONDS:
        why = "the timeout value must be between 1 and 30 seconds"
        yield invalid_value(path.child("timeoutSeconds"), webhook.timeoutSeconds, why)
    if demands.right_selectors:
        yield from _selector_faults(webhook, path)
    yield from _client_faults(webhook.clientConfig, path.child("clientConfig"))
    if demands.compiled_conditions:
        yield from condition_faults(webhook.matchConditions, path.child("matchConditions"))


def _selector_faults(webhook: Webhook, path: Path) -> Iterable[Cause]:
    yield from validate_label_selector(webhook.namespaceSelector, path.child("namespaceSelector"))
    yield from validate_label_selector(webhook.objectSelector, path.child("objectSelector"))


def _qualified(name: str, path: Path) -> Iterable[Cause]:
    """Source: apimachinery/pkg/util/validation: IsFullyQualifiedName."""
    if errors := dns1123_subdomain(name):
        yield from invalid_values(path, name, errors)
        return
    labels = name.split(".")
    if len(labels) < MIN_LABELS:
        yield invalid_value(path, name, "should be a domain with at least three segments separated by dots")
        return
    for label in labels:
        yield from invalid_values(path, label, dns1123_label(label))


def _client_faults(config: WebhookClientConfig, path: Path) -> Iterable[Cause]:
    url, service = config.url, config.service
    if (url is None) == (service is None):
        yield required(path, ONE_WAY)
    elif url is not None:
        yield from url_faults(url, path.child("url"))
    elif service is not None:
        yield from service_faults(service.path, service.port, path.child("service"))


def _review_faults(versions: Sequence[str], demands: Demands, path: Path) -> Iterable[Cause]:
    for position, version in enumerate(versions):
        if version in versions[:position]:
            yield invalid_value(path.at(position), version, "duplicate version")
        else:
            yield from invalid_values(path.at(position), version, dns1035_label(version))
    if versions and demands.known_review_version and not set(versions) & {*REVIEW_VERSIONS}:
        why = f"must include at least one of {', '.join(REVIEW_VERSIONS)}"
        yield invalid_value(path, list(versions), why)
