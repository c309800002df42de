"""JSON Web Tokens: writing, and reading with the signature checked.

Source: RFC 7515, 7519.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from steersman.component.jws import ALGORITHMS, PrivateKey, PublicKey, algorithm_of, decoded, encoded, is_signed, sign

# A service account token has about 1 KB; nothing honest is near this.
MAX_TOKEN_BYTES = 16 * 1024


class TokenError(ValueError):
    """The text is no token, or none that was signed by whom we know."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token taken apart. Nothing in it is to be believed until `checked` has seen its signature."""

    algorithm: str
    key_id: str
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


def signed(claims: Mapping[str, Any], key: PrivateKey, key_id: str) -> str:
    """The token of these claims, by the key's own algorithm."""
    head = {"alg": algorithm_of(key.public_key()), "kid": key_id}
    text = f"{encoded(_json(head))}.{encoded(_json(claims))}"
    return f"{text}.{encoded(sign(key, text.encode()))}"


def parse(text: str) -> Token:
    """The parts of a token. TokenError."""
    parts = text.split(".")
    if len(parts) != 3 or len(text) > MAX_TOKEN_BYTES:
        raise TokenError("not a JSON Web Token")
    head, claims = _object(parts[0]), _object(parts[1])
    if head.get("crit"):
        raise TokenError("it asks for what isn't understood")  # RFC 7515, 4.1.11
    algorithm, key_id = head.get("alg"), head.get("kid", "")
    if not isinstance(algorithm, str) or not isinstance(key_id, str):
        raise TokenError("not a JSON Web Token")
    return Token(algorithm, key_id, claims, f"{parts[0]}.{parts[1]}".encode(), _bytes(parts[2]))


def checked(token: Token, keys: Collection[PublicKey], algorithms: Collection[str] = ALGORITHMS) -> Mapping[str, Any]:
    """The claims, if one of the keys has signed them. Times and audience are the caller's to check. TokenError."""
    if token.algorithm not in algorithms:
        raise TokenError(f"the algorithm {token.algorithm!r} isn't allowed")
    if not any(is_signed(key, token.algorithm, token.signed, token.signature) for key in keys):
        raise TokenError("the signature is wrong")
    return token.claims


def verify(text: str, keys: Mapping[str, PublicKey]) -> Mapping[str, Any]:
    """The claims of a token signed by the key it names, or by any of them if it names none. TokenError."""
    token = parse(text)
    candidates = [key for name, key in keys.items() if not token.key_id or name == token.key_id]
    if not candidates:
        raise TokenError("invalid signature, no keys found")
    return checked(token, candidates)


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _object(part: str) -> dict[str, Any]:
    data = _bytes(part)
    try:
        value = json.loads(data)
        if b"\\ud" in data.lower():
            # Half a character can be escaped, but never be written: names would break whoever shows them.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise TokenError("not a JSON Web Token") from error
    if not isinstance(value, dict):
        raise TokenError("not a JSON Web Token")
    return value


def _bytes(part: str) -> bytes:
    try:
        return decoded(part)
    except ValueError as error:
        raise TokenError("not a JSON Web Token") from error
