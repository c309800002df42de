"""Authorizers elsewhere, as flags or an AuthorizationConfiguration name them.

Source: pkg/kubeapiserver/options/authorization.go: ToAuthorizationConfig; pkg/kubeapiserver/authorizer/config.go.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from ssl import SSLError

from steersman.apiserver.attributes import Authorizer
from steersman.apiserver.authz.configuration import (
    DENY,
    IN_CLUSTER,
    KIND,
    VERSIONS,
    WEBHOOK,
    AuthorizationConfiguration,
    AuthorizerConfiguration,
    WebhookConfiguration,
)
from steersman.apiserver.authz.configurationrules import faults_of, seconds_of
from steersman.apiserver.authz.matchconditions import Matcher, compile_condition
from steersman.apiserver.authz.union import Member
from steersman.apiserver.authz.webhook import WebhookAuthorizer, WebhookSettings
from steersman.apiserver.configurationfile import ConfigurationError, check, read_configuration
from steersman.apiserver.metrics.authorizers import AuthorizerMetrics
from steersman.apiserver.webhooks.kubeconfigcaller import KubeconfigCaller
from steersman.apiserver.webhooks.patientcaller import PatientCaller
from steersman.client import kubeconfig
from steersman.client.kubeconfig import KubeconfigError
from steersman.cluster.authorizationflags import AuthorizationFlags
from steersman.component.clock import Clock

DEFAULT_NAME = "default"
# Flags know no timeout; nobody waits longer.
FLAGS_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Makers:
    """What authorizers are made of. here: those in this process, by type."""

    here: Mapping[str, Callable[[], Authorizer]]
    clock: Clock
    random: Random
    metrics: AuthorizerMetrics

    def read(self, content: bytes) -> Sequence[Member]:
        """The authorizers that a file's content names. Reads files. ConfigurationError."""
        configuration = read_configuration(content, AuthorizationConfiguration, KIND, VERSIONS)
        check(faults_of(configuration, {*self.here, WEBHOOK}))
        return [self._member(one) for one in configuration.authorizers]

    def from_flags(self, flags: AuthorizationFlags) -> Authorizer:
        """The webhook that the flags name. Reads its file. ConfigurationError."""
        assert flags.authorization_webhook_config_file is not None
        return self._webhook(
            flags.authorization_webhook_config_file,
            WebhookSettings(
                DEFAULT_NAME,
                flags.authorization_webhook_version,
                flags.authorization_webhook_cache_authorized_ttl,
                flags.authorization_webhook_cache_unauthorized_ttl,
                FLAGS_TIMEOUT_SECONDS,
            ),
        )

    def _member(self, one: AuthorizerConfiguration) -> Member:
        if one.webhook is None:
            return Member(one.type, one.name, self.here[one.type]())
        if one.webhook.connectionInfo.type == IN_CLUSTER:
            raise ConfigurationError(f"authorizer {one.name}: {IN_CLUSTER} isn't for API servers")
        file = Path(one.webhook.connectionInfo.kubeConfigFile or "")
        return Member(one.type, one.name, self._webhook(file, settings_of(one.name, one.webhook)))

    def _webhook(self, file: Path, settings: WebhookSettings) -> WebhookAuthorizer:
        try:
            caller = KubeconfigCaller(kubeconfig.load(file), f"authorization-{settings.name}")
        except (KubeconfigError, SSLError) as error:
            raise ConfigurationError(f"failed to get webhook authorization configuration: {error}") from error
        return WebhookAuthorizer(PatientCaller(caller, self.clock, self.random), settings, self.clock, self.metrics)


def settings_of(name: str, webhook: WebhookConfiguration) -> WebhookSettings:
    """What a configuration without faults says of a webhook."""
    conditions = [compile_condition(one.expression) for one in webhook.matchConditions]
    return WebhookSettings(
        name,
        webhook.subjectAccessReviewVersion,
        seconds_of(webhook.authorizedTTL) if webhook.cacheAuthorizedRequests else 0.0,
        seconds_of(webhook.unauthorizedTTL) if webhook.cacheUnauthorizedRequests else 0.0,
        seconds_of(webhook.timeout),
        webhook.failurePolicy == DENY,
        Matcher(conditions) if conditions else None,
    )
