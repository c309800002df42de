"""Who issues service account tokens, by what keys, and what is told of it to those who verify them elsewhere.

Source: pkg/serviceaccount/openidmetadata.go; OpenID Connect Discovery 1.0.
"""

import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from steersman.component.jws import PrivateKey, PublicKey, algorithm_of, jwk
from steersman.component.keys import key_id

JWKS_PATH = "/openid/v1/jwks"


@dataclass(frozen=True, slots=True)
class Issuer:
    """urls: the first signs, all are believed. audiences: the API server's own. keys: believed besides the signing one.

    max_seconds: how long a token lasts at the most, 0 for no bound. extends: tokens of pods outlast what was asked for,
    as old clients don't read them again. jwks_uri: where the keys are, if that is not the first url.
    """

    urls: tuple[str, ...]
    audiences: tuple[str, ...]
    key: PrivateKey
    keys: tuple[PublicKey, ...] = ()
    max_seconds: int = 0
    extends: bool = True
    jwks_uri: str = ""
    checks_secrets: bool = True
    _named: dict[str, PublicKey] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Name the keys once: making a name costs more than checking a signature."""
        named = {key_id(one): one for one in (self.key.public_key(), *self.keys)}
        object.__setattr__(self, "_named", named)

    @property
    def url(self) -> str:
        """Who signs."""
        return self.urls[0]

    @property
    def named_keys(self) -> dict[str, PublicKey]:
        """Every key that is believed, by its `kid`; the signing one is the first."""
        return self._named

    @property
    def is_discoverable(self) -> bool:
        """Discovery is only for issuers that are URLs."""
        parts = urlsplit(self.url)
        return parts.scheme == "https" and bool(parts.netloc) and not parts.query and not parts.fragment


def openid_configuration(issuer: Issuer) -> bytes:
    """The discovery document."""
    algorithms = sorted({algorithm_of(key) for key in issuer.named_keys.values()})
    document = {
        "issuer": issuer.url,
        "jwks_uri": issuer.jwks_uri or f"{issuer.url.rstrip('/')}{JWKS_PATH}",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
    }
    return json.dumps(document).encode()


def key_set(issuer: Issuer) -> bytes:
    """The public keys, as JSON Web Keys."""
    return json.dumps({"keys": [jwk(key, name) for name, key in issuer.named_keys.items()]}).encode()
