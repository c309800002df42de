"""Admission webhooks: services that are asked about requests."""

from enum import StrEnum
from typing import Annotated

from steersman.api.admissionregistration.policy import (
    FailurePolicyType,
    MatchCondition,
    MatchPolicyType,
    ReinvocationPolicyType,
    RuleWithOperations,
)
from steersman.api.meta.kind import Kind
from steersman.api.meta.objectmeta import LabelSelector
from steersman.apimachinery.markers import Atomic, Int32, ListMap, MergeBy, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object


class SideEffectClass(StrEnum):
    """Whether asking a webhook has effects besides its answer."""

    UNKNOWN = "Unknown"
    NONE = "None"
    SOME = "Some"
    NONE_ON_DRY_RUN = "NoneOnDryRun"


class ServiceReference(Object, package="k8s.io.api.admissionregistration.v1"):
    """The Service that answers for a webhook."""

    namespace: Annotated[str, Wire(1), Required()] = always("")
    name: Annotated[str, Wire(2), Required()] = always("")
    path: Annotated[str | None, Wire(3)] = None
    port: Annotated[Int32 | None, Wire(4)] = None


class WebhookClientConfig(Object, package="k8s.io.api.admissionregistration.v1"):
    """How a webhook is reached, and who signed its certificate."""

    url: Annotated[str | None, Wire(3)] = None
    service: Annotated[ServiceReference | None, Wire(1)] = None
    caBundle: Annotated[bytes, Wire(2)] = b""


class ValidatingWebhook(Object, package="k8s.io.api.admissionregistration.v1"):
    """A webhook that allows or denies requests, and which ones it is asked about."""

    name: Annotated[str, Wire(1), Required()] = always("")
    clientConfig: Annotated[WebhookClientConfig, Wire(2), Required()] = always(WebhookClientConfig)
    rules: Annotated[tuple[RuleWithOperations, ...], Wire(3), Atomic()] = ()
    failurePolicy: Annotated[str | None, Wire(4), OneOf(FailurePolicyType)] = None
    matchPolicy: Annotated[str | None, Wire(9), OneOf(MatchPolicyType)] = None
    namespaceSelector: Annotated[LabelSelector | None, Wire(5)] = None
    objectSelector: Annotated[LabelSelector | None, Wire(10)] = None
    sideEffects: Annotated[str | None, Wire(6), Required(), OneOf(SideEffectClass)] = None
    timeoutSeconds: Annotated[Int32 | None, Wire(7)] = None
    admissionReviewVersions: Annotated[tuple[str, ...], Wire(8), Required(), Atomic()] = always(())
    matchConditions: Annotated[tuple[MatchCondition, ...], Wire(11), MergeBy("name"), ListMap("name")] = ()


class ValidatingWebhookConfiguration(
    Kind, api="admissionregistration.k8s.io/v1", package="k8s.io.api.admissionregistration.v1"
):
    """Webhooks that allow or deny requests."""

    webhooks: Annotated[tuple[ValidatingWebhook, ...], Wire(2), MergeBy("name"), ListMap("name")] = ()


class MutatingWebhook(Object, package="k8s.io.api.admissionregistration.v1"):
    """A webhook that may change requests, and which ones it is asked about."""

    name: Annotated[str, Wire(1), Required()] = always("")
    clientConfig: Annotated[WebhookClientConfig, Wire(2), Required()] = always(WebhookClientConfig)
    rules: Annotated[tuple[RuleWithOperations, ...], Wire(3), Atomic()] = ()
    failurePolicy: Annotated[str | None, Wire(4), OneOf(FailurePolicyType)] = None
    matchPolicy: Annotated[str | None, Wire(9), OneOf(MatchPolicyType)] = None
    namespaceSelector: Annotated[LabelSelector | None, Wire(5)] = None
    objectSelector: Annotated[LabelSelector | None, Wire(11)] = None
    sideEffects: Annotated[str | None, Wire(6), Required(), OneOf(SideEffectClass)] = None
    timeoutSeconds: Annotated[Int32 | None, Wire(7)] = None
    admissionReviewVersions: Annotated[tuple[str, ...], Wire(8), Required(), Atomic()] = always(())
    reinvocationPolicy: Annotated[str | None, Wire(10), OneOf(ReinvocationPolicyType)] = None
    matchConditions: Annotated[tuple[MatchCondition, ...], Wire(12), MergeBy("name"), ListMap("name")] = ()


class MutatingWebhookConfiguration(
    Kind, api="admissionregistration.k8s.io/v1", package="k8s.io.api.admissionregistration.v1"
):
    """Webhooks that may change requests."""

    webhooks: Annotated[tuple[MutatingWebhook, ...], Wire(2), MergeBy("name"), ListMap("name")] = ()
