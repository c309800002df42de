"""AuthenticationConfiguration: who may issue tokens, and what their claims mean. Read.

Source: apiserver/pkg/apis/apiserver/v1/types.go; KEP-3331.
"""

from steersman.apimachinery.object import Object
from steersman.apiserver.configurationfile import read_configuration

PACKAGE = "k8s.io.apiserver.pkg.apis.apiserver.v1"
KIND = "AuthenticationConfiguration"
VERSIONS = tuple(f"apiserver.config.k8s.io/{version}" for version in ("v1", "v1beta1", "v1alpha1"))
MATCH_ANY = "MatchAny"


class Issuer(Object, package=PACKAGE):
    """Who signs, where his keys are found, and whom his tokens must be for."""

    url: str = ""
    discoveryURL: str = ""
    certificateAuthority: str = ""
    audiences: tuple[str, ...] = ()
    audienceMatchPolicy: str = ""
    egressSelectorType: str = ""


class ClaimValidationRule(Object, package=PACKAGE):
    """A claim that must have a value, or an expression about claims that must be true."""

    claim: str = ""
    requiredValue: str = ""
    expression: str = ""
    message: str = ""


class PrefixedClaimOrExpression(Object, package=PACKAGE):
    """A claim with something before it, or an expression."""

    claim: str = ""
    prefix: str | None = None
    expression: str = ""


class ClaimOrExpression(Object, package=PACKAGE):
    """A claim, or an expression."""

    claim: str = ""
    expression: str = ""


class ExtraMapping(Object, package=PACKAGE):
    """What else is told of a user, under a key."""

    key: str = ""
    valueExpression: str = ""


class ClaimMappings(Object, package=PACKAGE):
    """What makes a user of claims."""

    username: PrefixedClaimOrExpression = PrefixedClaimOrExpression()
    groups: PrefixedClaimOrExpression = PrefixedClaimOrExpression()
    uid: ClaimOrExpression = ClaimOrExpression()
    extra: tuple[ExtraMapping, ...] = ()


class UserValidationRule(Object, package=PACKAGE):
    """An expression about the user that must be true."""

    expression: str = ""
    message: str = ""


class JWTAuthenticator(Object, package=PACKAGE):
    """One issuer, and what his tokens mean."""

    issuer: Issuer = Issuer()
    claimValidationRules: tuple[ClaimValidationRule, ...] = ()
    claimMappings: ClaimMappings = ClaimMappings()
    userValidationRules: tuple[UserValidationRule, ...] = ()


class AnonymousAuthCondition(Object, package=PACKAGE):
    """A path at which requests may be anonymous."""

    path: str = ""


class AnonymousAuthConfig(Object, package=PACKAGE):
    """Whether requests may be anonymous, and where."""

    enabled: bool = False
    conditions: tuple[AnonymousAuthCondition, ...] = ()


class AuthenticationConfiguration(Object, api=VERSIONS[0], package=PACKAGE):
    """The whole of it."""

    jwt: tuple[JWTAuthenticator, ...] = ()
    anonymous: AnonymousAuthConfig | None = None


def configuration_of(data: bytes) -> AuthenticationConfiguration:
    """The configuration of a YAML or JSON text, which must say nothing that isn't known. ConfigurationError."""
    return read_configuration(data, AuthenticationConfiguration, KIND, VERSIONS)
