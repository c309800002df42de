"""The API server's flags about authentication.

Source: pkg/kubeapiserver/options/authentication.go.
"""

from dataclasses import dataclass
from pathlib import Path

from steersman.cluster.authorizationflags import AuthorizationFlags
from steersman.cluster.flagtexts import flag, path, paths, seconds, words, yes_or_no

OWN_AUDIENCES = "who the API server is to those who give out tokens; without it, the issuers of service account tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationFlags(AuthorizationFlags):
    """The flags as read, with those of the groups before."""

    anonymous_auth: bool = flag(True, yes_or_no, "whether who presents nothing is system:anonymous, or refused")
    api_audiences: tuple[str, ...] = flag((), words, OWN_AUDIENCES)
    token_auth_file: Path | None = flag(None, path, "a file of tokens: lines of token,user,uid and, quoted, groups")  # noqa: RUF009
    enable_bootstrap_token_auth: bool = flag(False, yes_or_no, "whether bootstrap tokens in kube-system are believed")

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
