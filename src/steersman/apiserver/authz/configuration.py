"""AuthorizationConfiguration: who decides about requests, in which order; with its defaults.

Source: apiserver/pkg/apis/apiserver/v1: types.go, defaults.go; KEP-3221.
"""

from steersman.apimachinery.object import Object

PACKAGE = "k8s.io.apiserver.pkg.apis.apiserver.v1"
KIND = "AuthorizationConfiguration"
VERSIONS = tuple(f"apiserver.config.k8s.io/{version}" for version in ("v1", "v1beta1", "v1alpha1"))
WEBHOOK = "Webhook"
KUBECONFIG_FILE, IN_CLUSTER = "KubeConfigFile", "InClusterConfig"
NO_OPINION, DENY = "NoOpinion", "Deny"


class WebhookConnectionInfo(Object, package=PACKAGE):
    """How a webhook is reached."""

    type: str = ""
    kubeConfigFile: str | None = None


class WebhookMatchCondition(Object, package=PACKAGE):
    """An expression about the request, which must be true for the webhook to be asked."""

    expression: str = ""


class WebhookConfiguration(Object, package=PACKAGE):
    """One webhook. Durations are as Go writes them."""

    authorizedTTL: str = "5m0s"
    cacheAuthorizedRequests: bool = True
    unauthorizedTTL: str = "30s"
    cacheUnauthorizedRequests: bool = True
    timeout: str = ""
    subjectAccessReviewVersion: str = ""
    matchConditionSubjectAccessReviewVersion: str = ""
    failurePolicy: str = ""
    connectionInfo: WebhookConnectionInfo = WebhookConnectionInfo()
    matchConditions: tuple[WebhookMatchCondition, ...] = ()


class AuthorizerConfiguration(Object, package=PACKAGE):
    """One authorizer."""

    type: str = ""
    name: str = ""
    webhook: WebhookConfiguration | None = None


class AuthorizationConfiguration(Object, api=VERSIONS[0], package=PACKAGE):
    """The whole of it."""

    authorizers: tuple[AuthorizerConfiguration, ...] = ()
