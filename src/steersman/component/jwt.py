"""JSON Web Tokens signed with ES256: writing, and reading with the signature checked.

Source: RFC 7515, 7518. A signature here is the two numbers r and s side by side, not their DER form.
"""

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

ALGORITHM = "ES256"
NUMBER_BYTES = 32
# A service account token has about 1 KB; nothing honest is near this.
MAX_TOKEN_BYTES = 16 * 1024


class TokenError(ValueError):
    """The text is no token we signed."""


def sign(claims: Mapping[str, Any], key: ec.EllipticCurvePrivateKey, key_id: str) -> str:
    """The token of these claims."""
    head = {"alg": ALGORITHM, "kid": key_id}
    signed = f"{_encode(_json(head))}.{_encode(_json(claims))}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_encode(r.to_bytes(NUMBER_BYTES, 'big') + s.to_bytes(NUMBER_BYTES, 'big'))}"


def verify(token: str, keys: Mapping[str, ec.EllipticCurvePublicKey]) -> dict[str, Any]:
    """The claims of a token signed by the key it names. Times and audience are the caller's to check."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > MAX_TOKEN_BYTES:
        raise TokenError("not a JSON Web Token")
    head, claims = _object(parts[0]), _object(parts[1])
    key = keys.get(str(head.get("kid", "")))
    if head.get("alg") != ALGORITHM or key is None:
        raise TokenError("signed by nobody we know")
    signature = _decode(parts[2])
    if len(signature) != 2 * NUMBER_BYTES:
        raise TokenError("the signature has the wrong size")
    r, s = (int.from_bytes(half, "big") for half in (signature[:NUMBER_BYTES], signature[NUMBER_BYTES:]))
    try:
        key.verify(encode_dss_signature(r, s), f"{parts[0]}.{parts[1]}".encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise TokenError("the signature is wrong") from error
    return claims


def jwk(key: ec.EllipticCurvePublicKey, key_id: str) -> dict[str, str]:
    """The public key as a JSON Web Key."""
    numbers = key.public_numbers()
    x, y = (_encode(number.to_bytes(NUMBER_BYTES, "big")) for number in (numbers.x, numbers.y))
    return {"use": "sig", "kty": "EC", "kid": key_id, "crv": "P-256", "alg": ALGORITHM, "x": x, "y": y}


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _object(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_decode(part))
    except ValueError as error:
        raise TokenError("not a JSON Web Token") from error
    if not isinstance(value, dict):
        raise TokenError("not a JSON Web Token")
    return value


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(part: str) -> bytes:
    if "=" in part:
        raise TokenError("not a JSON Web Token")  # RFC 7515: without padding
    try:
        return b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise TokenError("not a JSON Web Token") from error
