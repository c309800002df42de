"""Webhook configurations of admissionregistration.k8s.io/v1beta1: milder where nothing is said.

Source: pkg/apis/admissionregistration/v1beta1/defaults.go.
"""

from types import GenericAlias
from typing import Annotated, Any

from steersman.api import admissionregistration
from steersman.api.meta.kind import Kind
from steersman.api.older.trees import EACH, edited, filled
from steersman.api.older.variant import variant
from steersman.api.older.version import Older, Tree
from steersman.apimachinery.markers import Atomic, ListMap, MergeBy, OneOf, Wire
from steersman.apimachinery.object import Object

PACKAGE = "k8s.io.api.admissionregistration.v1beta1"
API = "admissionregistration.k8s.io/v1beta1"
DEFAULTS: Tree = {
    "failurePolicy": "Ignore",
    "matchPolicy": "Exact",
    "namespaceSelector": {},
    "objectSelector": {},
    "sideEffects": "Unknown",
    "timeoutSeconds": 30,
}


def validating_type() -> type[Kind]:
    """v1's, whose webhooks need say less."""
    return _configuration(admissionregistration.ValidatingWebhookConfiguration, admissionregistration.ValidatingWebhook)


def mutating_type() -> type[Kind]:
    """v1's, whose webhooks need say less."""
    return _configuration(admissionregistration.MutatingWebhookConfiguration, admissionregistration.MutatingWebhook)


def _configuration(configuration: type[Kind], webhook: type[Object]) -> type[Kind]:
    effects: Any = Annotated[str | None, Wire(6), OneOf(admissionregistration.SideEffectClass)]
    versions: Any = Annotated[tuple[str, ...], Wire(8), Atomic()]
    milder = variant(webhook, PACKAGE, {"sideEffects": (effects, None), "admissionReviewVersions": (versions, ())})
    many: Any = GenericAlias(tuple, (milder, ...))
    webhooks: Any = Annotated[many, Wire(2), MergeBy("name"), ListMap("name")]
    made: type[Kind] = variant(configuration, PACKAGE, {"webhooks": (webhooks, ())}, api=API)
    return made


def default_validating(tree: Tree) -> Tree:
    """What each webhook leaves out."""
    return edited(tree, ("webhooks", EACH), _defaulted)


def default_mutating(tree: Tree) -> Tree:
    """What each webhook leaves out."""
    return edited(tree, ("webhooks", EACH), lambda one: filled(_defaulted(one), {"reinvocationPolicy": "Never"}))


def _defaulted(webhook: Tree) -> Tree:
    made = filled(webhook, DEFAULTS)
    if not made.get("admissionReviewVersions"):
        made = {**made, "admissionReviewVersions": ["v1beta1"]}
    made = edited(made, ("rules", EACH), lambda rule: filled(rule, {"scope": "*"}))
    return edited(made, ("clientConfig", "service"), lambda service: filled(service, {"port": 443}))


OLDER_VALIDATING = Older(admissionregistration.ValidatingWebhookConfiguration, default_validating)
OLDER_MUTATING = Older(admissionregistration.MutatingWebhookConfiguration, default_mutating)
