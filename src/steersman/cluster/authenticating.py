"""What the flags about authentication ask for, built: who is believed, and by what."""

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from ssl import SSLError
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import urlsplit

from cryptography.x509 import load_pem_x509_certificates

from steersman.api import core
from steersman.api.meta import Kind
from steersman.apiserver.attributes import Authenticator
from steersman.apiserver.authn.accounttokens import AccountTokens
from steersman.apiserver.authn.anonymous import Anonymous
from steersman.apiserver.authn.bearer import BearerTokens
from steersman.apiserver.authn.bootstraptokens import NAMESPACE, BootstrapTokens, FindSecret
from steersman.apiserver.authn.counted import CountedAuthenticator
from steersman.apiserver.authn.issuer import JWKS_PATH, Issuer
from steersman.apiserver.authn.requestheader import ProxyHeaders, RequestHeaderAuthenticator
from steersman.apiserver.authn.tokencache import CachedTokens, Lifetimes
from steersman.apiserver.authn.tokenfile import TokenFileError, tokens_of
from steersman.apiserver.authn.tokens import StaticTokens, TokenAuthenticator, TokenUnion
from steersman.apiserver.authn.union import UnionAuthenticator
from steersman.apiserver.authn.webhook import WebhookTokens
from steersman.apiserver.authn.x509 import X509Authenticator
from steersman.apiserver.bootstrap import FRONT_PROXY
from steersman.apiserver.user import UserInfo
from steersman.apiserver.webhooks.kubeconfigcaller import KubeconfigCaller
from steersman.apiserver.webhooks.patientcaller import PatientCaller
from steersman.client import kubeconfig
from steersman.client.kubeconfig import KubeconfigError
from steersman.cluster.authenticationflags import AuthenticationFlags, names_oidc
from steersman.cluster.errors import ClusterError
from steersman.component.clock import Clock, RealClock
from steersman.component.jws import PrivateKey, PublicKey
from steersman.component.keys import private_key_of, public_keys_of
from steersman.component.metrics import Registry

if TYPE_CHECKING:
    from steersman.apiserver.authn.oidc.reloading import Issuers

K = TypeVar("K", bound=Kind)
# Source: pkg/kubeapiserver/options/authentication.go: Validate.
SHORTEST_MOST, LONGEST_MOST = 3600, 1 << 32


class AuthenticationError(ClusterError):
    """A flag or a file that can't be used."""


class Find(Protocol):
    """Objects as they are now."""

    def __call__(self, kind: type[K], namespace: str, name: str, /) -> K | None:
        """The object, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the server believes whatever the flags say.

    The authorities of client certificates and of front proxies, the key of service account tokens, fixed tokens.
    """

    signing_key: PrivateKey
    client_ca_pem: bytes = b""
    front_proxy_ca_pem: bytes = b""
    tokens: tuple[tuple[str, UserInfo], ...] = ()
    issuer: str = "https://kubernetes.default.svc.cluster.local"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What authentication is built into."""

    find: Find
    clock: Clock
    random: Random
    metrics: Registry


@dataclass(frozen=True, slots=True)
class Authentication:
    """Who says who a client is, and whose a token is. audiences: the API server's own."""

    authenticator: Authenticator
    tokens: CachedTokens
    audiences: tuple[str, ...]
    issuers: "Issuers | None"
    webhook: WebhookTokens | None

    async def run(self) -> None:
        """Follow the issuers and their file until cancelled."""
        try:
            if self.issuers is not None:
                await self.issuers.run(self.tokens.forget)
            await asyncio.Event().wait()
        finally:
            if self.webhook is not None:
                await self.webhook.close()


def issuer_of(flags: AuthenticationFlags, identity: Identity, address: str) -> Issuer:
    """Who issues service account tokens; address: where the API server is found. Blocks. AuthenticationError."""
    urls = flags.service_account_issuer or (identity.issuer,)
    _check_issuer(flags)
    own, key = identity.signing_key, _signing_key(flags.service_account_signing_key_file)
    files = [one for file in flags.service_account_key_file for one in _public_keys(file)]
    keys = (own.public_key(), *files) if key is not None else tuple(files)
    return Issuer(
        urls,
        flags.api_audiences or urls,
        key or own,
        keys,
        int(flags.service_account_max_token_expiration),
        flags.service_account_extend_token_expiration,
        flags.service_account_jwks_uri or f"https://{address}{JWKS_PATH}",
        flags.service_account_lookup,
    )


def authentication_of(
    flags: AuthenticationFlags, identity: Identity, issuer: Issuer, around: Surroundings
) -> Authentication:
    """Everything that says who somebody is. Blocks. ClusterError for what can't be used."""
    own, clock = issuer.audiences, around.clock
    issuers, anonymous = _issuers(flags, issuer, around)
    webhook, seconds = _webhook(flags, own, around), flags.authentication_token_webhook_cache_ttl
    kinds = [*_local_tokens(flags, identity, issuer, around)]
    if issuers is not None:
        kinds.append(issuers)
    if webhook is not None:
        kinds.append(CachedTokens(webhook, Lifetimes(seconds, seconds), clock, around.random, around.metrics))
    tokens = CachedTokens(TokenUnion(kinds), Lifetimes(), clock, around.random, around.metrics)
    ways = (*_certificates(flags, identity, clock), BearerTokens(tokens, own))
    counted = CountedAuthenticator(UnionAuthenticator(ways, anonymous), clock, around.metrics)
    return Authentication(counted, tokens, own, issuers, webhook)


def check_authentication(flags: AuthenticationFlags, given: Collection[str]) -> None:
    """ClusterError for a file that can't be used, or for flags that contradict each other. Blocks.

    given: the names of the flags that were given, whatever they say.
    """
    _check_issuer(flags)
    _authorities(flags.client_ca_file)
    _authorities(flags.requestheader_client_ca_file)
    _signing_key(flags.service_account_signing_key_file)
    for file in flags.service_account_key_file:
        _public_keys(file)
    if flags.token_auth_file is not None:
        _token_file(flags.token_auth_file)
    _caller(flags.authentication_token_webhook_config_file)
    if flags.authentication_config is None and not names_oidc(flags):
        return
    from steersman.cluster.issuers import Allowed, check_issuers

    urls = flags.service_account_issuer
    check_issuers(flags, Allowed(urls, flags.api_audiences or urls, RealClock()), "anonymous-auth" in given)


def _local_tokens(
    flags: AuthenticationFlags, identity: Identity, issuer: Issuer, around: Surroundings
) -> Iterator[TokenAuthenticator]:
    """Tokens that are known without asking anybody."""
    own = issuer.audiences
    if identity.tokens:
        yield StaticTokens(dict(identity.tokens), own)
    if flags.token_auth_file is not None:
        yield StaticTokens(_token_file(flags.token_auth_file), own)
    yield AccountTokens(issuer, around.find, around.clock)
    if flags.enable_bootstrap_token_auth:
        yield BootstrapTokens(_secrets(around.find), own, around.clock)


def _issuers(flags: AuthenticationFlags, issuer: Issuer, around: Surroundings) -> tuple["Issuers | None", Anonymous]:
    """The issuers that the flags name, and who may be anonymous, which their file may say too."""
    if flags.authentication_config is None and not names_oidc(flags):
        return None, Anonymous(flags.anonymous_auth)
    # Expressions and all: 15 ms of a start that hasn't them to spare.
    from steersman.apiserver.authn.oidc.reloading import Issuers
    from steersman.cluster.issuers import Allowed, issuers_of

    found = issuers_of(flags, Allowed(issuer.urls, issuer.audiences, around.clock))
    return Issuers(found.issuers, found.watched, around.clock, around.metrics), found.anonymous


def _webhook(flags: AuthenticationFlags, own: tuple[str, ...], around: Surroundings) -> WebhookTokens | None:
    caller = _caller(flags.authentication_token_webhook_config_file)
    version = flags.authentication_token_webhook_version
    if caller is None:
        return None
    return WebhookTokens(PatientCaller(caller, around.clock, around.random), version, own)


def _caller(file: Path | None) -> KubeconfigCaller | None:
    if file is None:
        return None
    try:
        return KubeconfigCaller(kubeconfig.load(file), "authentication-webhook")
    except (KubeconfigError, SSLError) as error:
        raise AuthenticationError(f"failed to get webhook authentication configuration: {error}") from error


def _certificates(flags: AuthenticationFlags, identity: Identity, clock: Clock) -> Iterator[Authenticator]:
    """Front proxies come first: their certificates say nothing of users."""
    if identity.front_proxy_ca_pem:
        yield RequestHeaderAuthenticator(identity.front_proxy_ca_pem, (FRONT_PROXY,), clock)
    proxies = _authorities(flags.requestheader_client_ca_file)
    if proxies:
        named = ProxyHeaders(
            flags.requestheader_username_headers,
            flags.requestheader_uid_headers,
            flags.requestheader_group_headers,
            flags.requestheader_extra_headers_prefix,
        )
        yield RequestHeaderAuthenticator(proxies, flags.requestheader_allowed_names, clock, named)
    for authorities in (identity.client_ca_pem, _authorities(flags.client_ca_file)):
        if authorities:
            yield X509Authenticator(authorities, clock)


def certificate_authorities(flags: AuthenticationFlags, identity: Identity) -> bytes:
    """Every authority whose certificates a client may show: it is told them, and picks. Blocks. AuthenticationError."""
    files = (flags.client_ca_file, flags.requestheader_client_ca_file)
    parts = (identity.client_ca_pem, identity.front_proxy_ca_pem, *map(_authorities, files))
    return b"".join(part if part.endswith(b"\n") else part + b"\n" for part in parts if part)


def _authorities(file: Path | None) -> bytes:
    if file is None:
        return b""
    try:
        pem = file.read_bytes()
        load_pem_x509_certificates(pem)
    except (OSError, ValueError) as error:
        raise AuthenticationError(f"unable to load client CA file {file}: {error}") from error
    return pem


def _check_issuer(flags: AuthenticationFlags) -> None:
    urls = flags.service_account_issuer
    for at, url in enumerate(urls):
        if url in urls[:at]:
            raise AuthenticationError(f'service-account-issuer "{url}" is already specified')
        if ":" in url and not _is_url(url):
            raise AuthenticationError(f"service-account-issuer \"{url}\" contained a ':' but was not a valid URL")
    uri = flags.service_account_jwks_uri
    if uri and not (_is_url(uri) and urlsplit(uri).scheme == "https"):
        raise AuthenticationError(f"service-account-jwks-uri requires https scheme, parsed as: {uri}")
    if flags.service_account_max_token_expiration and not (
        SHORTEST_MOST <= flags.service_account_max_token_expiration <= LONGEST_MOST
    ):
        raise AuthenticationError("the service-account-max-token-expiration must be between 1 hour and 2^32 seconds")


def _is_url(text: str) -> bool:
    try:
        return bool(urlsplit(text).scheme)
    except ValueError:
        return False


def _signing_key(file: Path | None) -> PrivateKey | None:
    if file is None:
        return None
    try:
        return private_key_of(file.read_bytes())
    except (ValueError, OSError) as error:
        raise AuthenticationError(f"failed to parse service-account-issuer-key-file {file}: {error}") from error


def _public_keys(file: Path) -> tuple[PublicKey, ...]:
    try:
        return public_keys_of(file.read_bytes())
    except (ValueError, OSError) as error:
        raise AuthenticationError(f"failed to parse service-account-key-file {file}: {error}") from error


def _token_file(file: Path) -> dict[str, UserInfo]:
    try:
        return dict(tokens_of(file.read_text(), str(file)))
    except (TokenFileError, UnicodeDecodeError, OSError) as error:
        raise AuthenticationError(str(error)) from error


def _secrets(find: Find) -> FindSecret:
    return lambda name: find(core.Secret, NAMESPACE, name)
