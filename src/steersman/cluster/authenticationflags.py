"""The API server's flags about authentication.

Source: pkg/kubeapiserver/options/authentication.go.
"""

from dataclasses import dataclass
from pathlib import Path

from steersman.cluster.auditflags import one_of
from steersman.cluster.authorizationflags import AuthorizationFlags
from steersman.cluster.flagtexts import flag, path, paths, seconds, words, yes_or_no

# Source: OIDC: supportedSigningAlgs; here, as nothing heavy is imported by who only reads flags.
ALGORITHMS = tuple(f"{family}{bits}" for family in ("ES", "PS", "RS") for bits in (256, 384, 512))
OWN_AUDIENCES = "who the API server is to those who give out tokens; without it, the issuers of service account tokens"


def algorithms(text: str) -> tuple[str, ...]:
    """Algorithms with commas between. ValueError for one that isn't known."""
    for one in words(text):
        if one not in ALGORITHMS:
            raise ValueError(f'oidc: unsupported signing alg: "{one}"')
    return words(text)


def headers(text: str) -> tuple[str, ...]:
    """Names of headers with commas between, in lower case. ValueError for an empty one."""
    found = tuple(one.strip().lower() for one in words(text))
    if not all(found):
        raise ValueError("empty value in it")
    return found


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """`key=value,other=value`. ValueError for anything else."""
    found = tuple((name.strip(), value.strip()) for name, _, value in (one.partition("=") for one in words(text)))
    if any("=" not in one for one in words(text)) or not all(name for name, _ in found):
        raise ValueError("it is no list of key=value")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationFlags(AuthorizationFlags):
    """The flags as read, with those of the groups before."""

    anonymous_auth: bool = flag(True, yes_or_no, "whether who presents nothing is system:anonymous, or refused")
    client_ca_file: Path | None = flag(  # noqa: RUF009  # a path doesn't change
        None, path, "authorities whose certificates name users, besides the cluster's own"
    )
    requestheader_client_ca_file: Path | None = flag(  # noqa: RUF009  # a path doesn't change
        None, path, "authorities of front proxies, which name users in headers"
    )
    requestheader_allowed_names: tuple[str, ...] = flag((), words, "the names of these proxies; none: all")
    requestheader_username_headers: tuple[str, ...] = flag((), headers, "headers in which they name a user")
    requestheader_uid_headers: tuple[str, ...] = flag((), headers, "headers in which they tell his uid")
    requestheader_group_headers: tuple[str, ...] = flag((), headers, "headers in which they name his groups")
    requestheader_extra_headers_prefix: tuple[str, ...] = flag(
        (), headers, "how the headers begin in which they tell more of him"
    )

    api_audiences: tuple[str, ...] = flag((), words, OWN_AUDIENCES)
    token_auth_file: Path | None = flag(None, path, "a file of tokens: lines of token,user,uid and, quoted, groups")  # noqa: RUF009
    enable_bootstrap_token_auth: bool = flag(False, yes_or_no, "whether bootstrap tokens in kube-system are believed")

    authentication_config: Path | None = flag(  # noqa: RUF009  # a path doesn't change
        None, path, "a file that says who else issues tokens, and what they mean; it is read again when it changes"
    )
    oidc_issuer_url: str = flag("", str, "who issues OpenID Connect tokens: an https URL")
    oidc_client_id: str = flag("", str, "whom these tokens must be for")
    oidc_ca_file: Path | None = flag(None, path, "the authorities of the issuer's certificate; none: the machine's")  # noqa: RUF009
    oidc_username_claim: str = flag("sub", str, "the claim that is a user's name")
    oidc_username_prefix: str = flag(
        "", str, "what stands before it; none: the issuer and #, but for email; -: nothing"
    )
    oidc_groups_claim: str = flag("", str, "the claim that lists a user's groups")
    oidc_groups_prefix: str = flag("", str, "what stands before each")
    oidc_required_claim: tuple[tuple[str, str], ...] = flag((), pairs, "claims that must be so: key=value")
    oidc_signing_algs: tuple[str, ...] = flag(("RS256",), algorithms, "algorithms that tokens may be signed by")

    authentication_token_webhook_config_file: Path | None = flag(  # noqa: RUF009  # a path doesn't change
        None, path, "a kubeconfig of the server that is asked whose a token is"
    )
    authentication_token_webhook_version: str = flag(
        "v1beta1", one_of("v1", "v1beta1"), "the version of TokenReview it is asked in"
    )
    authentication_token_webhook_cache_ttl: float = flag(120.0, seconds, "how long its answers hold")

    service_account_issuer: tuple[str, ...] = flag(
        (), words, "who issues service account tokens, if several: the first issues, the others are believed"
    )
    service_account_jwks_uri: str = flag("", str, "where others find the keys of service account tokens")
    service_account_key_file: tuple[Path, ...] = flag(
        (), paths, "keys, public or private, by which service account tokens are believed besides our own"
    )
    service_account_signing_key_file: Path | None = flag(None, path, "the key that signs service account tokens")  # noqa: RUF009
    service_account_lookup: bool = flag(True, yes_or_no, "whether tokens in Secrets last no longer than these")
    service_account_max_token_expiration: float = flag(
        0.0, seconds, "how long a service account token lasts at the most; 0: as long as is asked for"
    )
    service_account_extend_token_expiration: bool = flag(
        True, yes_or_no, "whether tokens of pods outlast their hour, for clients that don't read them again"
    )


def names_oidc(flags: AuthenticationFlags) -> bool:
    """Whether any of the flags about OpenID Connect says something."""
    defaults = AuthenticationFlags()
    names = [name for name in AuthenticationFlags.__annotations__ if name.startswith("oidc_")]
    return any(getattr(flags, name) != getattr(defaults, name) for name in names)
