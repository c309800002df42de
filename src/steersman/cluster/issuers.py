"""Issuers of OpenID Connect tokens, as flags or a file name them.

Source: pkg/kubeapiserver/options/authentication.go: ToAuthenticationConfig.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from steersman.apimachinery.gotext import aggregate
from steersman.apiserver.authn.anonymous import Anonymous
from steersman.apiserver.authn.oidc.authenticator import IssuerTokens
from steersman.apiserver.authn.oidc.configuration import (
    AuthenticationConfiguration,
    ClaimMappings,
    ClaimValidationRule,
    Issuer,
    JWTAuthenticator,
    PrefixedClaimOrExpression,
    configuration_of,
)
from steersman.apiserver.authn.oidc.reloading import Watched
from steersman.apiserver.authn.oidc.validation import faults_of
from steersman.apiserver.configurationfile import ConfigurationError
from steersman.cluster.authenticationflags import AuthenticationFlags, names_oidc
from steersman.cluster.errors import ClusterError
from steersman.component.clock import Clock
from steersman.component.jws import ALGORITHMS

OIDC_FLAGS = "oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set"


class IssuerError(ClusterError):
    """Flags that contradict each other, or a file that can't be used."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """disallowed: issuers that may not be named, as we sign for them ourselves. audiences: the API server's own."""

    disallowed: Collection[str]
    audiences: tuple[str, ...]
    clock: Clock

    def issuers(
        self, configuration: AuthenticationConfiguration, algorithms: Collection[str]
    ) -> Sequence[IssuerTokens]:
        """Those of a configuration. ConfigurationError for what is wrong with it."""
        _check(configuration, self.disallowed)
        return [IssuerTokens(one, self.audiences, self.clock, algorithms) for one in configuration.jwt]

    def read(self, content: bytes) -> Sequence[IssuerTokens]:
        """Those of a file's content. ConfigurationError."""
        return self.issuers(configuration_of(content), ALGORITHMS)


@dataclass(frozen=True, slots=True)
class Configured:
    """What flags or file say: the issuers, the file if there is one, and who may be anonymous."""

    issuers: Sequence[IssuerTokens]
    watched: Watched | None
    anonymous: Anonymous
    says_who_is_anonymous: bool = False


def issuers_of(flags: AuthenticationFlags, allowed: Allowed) -> Configured:
    """Everything about issuers. Blocks. IssuerError."""
    anonymous = Anonymous(flags.anonymous_auth)
    if flags.authentication_config is None:
        try:
            return Configured(allowed.issuers(_from_flags(flags), flags.oidc_signing_algs), None, anonymous)
        except ConfigurationError as error:
            raise IssuerError(str(error)) from error
    file = flags.authentication_config
    try:
        content = file.read_bytes()
        configuration = configuration_of(content)
        issuers = allowed.issuers(configuration, ALGORITHMS)
    except (OSError, ConfigurationError) as error:
        raise IssuerError(f"authentication configuration {file}: {error}") from error
    given = configuration.anonymous
    if given is not None:
        anonymous = Anonymous(given.enabled, tuple(one.path for one in given.conditions))
    return Configured(issuers, Watched(file, content, allowed.read), anonymous, given is not None)


def check_issuers(flags: AuthenticationFlags, allowed: Allowed, is_anonymous_given: bool) -> None:
    """IssuerError for flags that don't go together, or a file that can't be used. Blocks."""
    has_oidc = names_oidc(flags)
    if has_oidc and flags.authentication_config is not None:
        raise IssuerError("authentication-config file and oidc-* flags are mutually exclusive")
    if has_oidc and not (flags.oidc_issuer_url and flags.oidc_client_id):
        raise IssuerError(OIDC_FLAGS)
    if issuers_of(flags, allowed).says_who_is_anonymous and is_anonymous_given:
        raise IssuerError(
            "--anonymous-auth flag cannot be set when anonymous field is configured in authentication "
            "configuration file"
        )


def _check(configuration: AuthenticationConfiguration, disallowed: Collection[str]) -> None:
    faults = [f"{cause.field}: {cause.message}" for cause in faults_of(configuration, disallowed)]
    for one in configuration.jwt:
        if one.issuer.egressSelectorType and not faults:
            faults.append(f'oidc: egress lookup for "{one.issuer.egressSelectorType}" is not configured')
    if faults:
        raise ConfigurationError(aggregate(faults))


def _from_flags(flags: AuthenticationFlags) -> AuthenticationConfiguration:
    prefix = flags.oidc_username_prefix
    if not prefix and flags.oidc_username_claim != "email":
        # Names of several issuers would clash; email addresses are unique by themselves.
        prefix = f"{flags.oidc_issuer_url}#"
    groups = PrefixedClaimOrExpression()
    if flags.oidc_groups_claim:
        groups = PrefixedClaimOrExpression(claim=flags.oidc_groups_claim, prefix=flags.oidc_groups_prefix)
    username = PrefixedClaimOrExpression(claim=flags.oidc_username_claim, prefix="" if prefix == "-" else prefix)
    issuer = Issuer(
        url=flags.oidc_issuer_url,
        audiences=(flags.oidc_client_id,),
        certificateAuthority=_authorities(flags.oidc_ca_file),
    )
    rules = tuple(ClaimValidationRule(claim=name, requiredValue=value) for name, value in flags.oidc_required_claim)
    mappings = ClaimMappings(username=username, groups=groups)
    return AuthenticationConfiguration(
        jwt=(JWTAuthenticator(issuer=issuer, claimMappings=mappings, claimValidationRules=rules),)
    )


def _authorities(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise IssuerError(f"oidc-ca-file {file}: {error}") from error
