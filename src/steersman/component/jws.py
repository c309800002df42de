"""Signatures of JSON Web Tokens, and public keys as JSON: RSA (RS*, PS*) and elliptic curves (ES*).

Source: RFC 7515, 7517, 7518. A signature on a curve is the two numbers r and s side by side, not their DER form.
"""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

ALGORITHMS = tuple(f"{family}{bits}" for family in ("ES", "PS", "RS") for bits in (256, 384, 512))
# One that takes too long to check would be a way to keep the server busy.
MAX_RSA_BITS = 8192


class KeyFormatError(ValueError):
    """No public key that can be used."""


@dataclass(frozen=True, slots=True)
class _Curve:
    """What an elliptic curve is called, and the bytes of a number on it."""

    algorithm: str
    name: str
    curve: ec.EllipticCurve
    size: int


_CURVES = (
    _Curve("ES256", "P-256", ec.SECP256R1(), 32),
    _Curve("ES384", "P-384", ec.SECP384R1(), 48),
    _Curve("ES512", "P-521", ec.SECP521R1(), 66),
)


def encoded(data: bytes) -> str:
    """Base64 for URLs, without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of such a text. ValueError for any other way to write them, so that no two texts mean the same."""
    data = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if encoded(data) != text:
        raise ValueError("not base64 as it is written for URLs")
    return data


def algorithm_of(key: PublicKey) -> str:
    """The algorithm we sign with by such a key. KeyFormatError for a curve that has none."""
    return "RS256" if isinstance(key, rsa.RSAPublicKey) else _curve_of(key).algorithm


def sign(key: PrivateKey, data: bytes) -> bytes:
    """The signature by the key's own algorithm."""
    algorithm = algorithm_of(key.public_key())
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), _hash(algorithm))
    size = _curve_of(key.public_key()).size
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(_hash(algorithm))))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def is_signed(key: PublicKey, algorithm: str, data: bytes, signature: bytes) -> bool:
    """Whether the signature is this key's by this algorithm, and the key is one for it."""
    if algorithm not in ALGORITHMS:
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            return _is_signed_by_rsa(key, algorithm, data, signature)
        curve = _curve_of(key)
        if curve.algorithm != algorithm or len(signature) != 2 * curve.size:
            return False
        r, s = (int.from_bytes(half, "big") for half in (signature[: curve.size], signature[curve.size :]))
        key.verify(encode_dss_signature(r, s), data, ec.ECDSA(_hash(algorithm)))
    except (InvalidSignature, KeyFormatError):
        return False
    return True


def jwk(key: PublicKey, key_id: str) -> dict[str, str]:
    """The public key as a JSON Web Key."""
    about = {"use": "sig", "kid": key_id, "alg": algorithm_of(key)}
    if isinstance(key, rsa.RSAPublicKey):
        rsa_numbers = key.public_numbers()
        n, e = (encoded(one.to_bytes((one.bit_length() + 7) // 8, "big")) for one in (rsa_numbers.n, rsa_numbers.e))
        return {**about, "kty": "RSA", "n": n, "e": e}
    numbers, curve = key.public_numbers(), _curve_of(key)
    x, y = (encoded(number.to_bytes(curve.size, "big")) for number in (numbers.x, numbers.y))
    return {**about, "kty": "EC", "crv": curve.name, "x": x, "y": y}


def key_of(given: Mapping[str, Any]) -> PublicKey:
    """The public key of a JSON Web Key. KeyFormatError for what is none, or of another kind."""
    try:
        if given.get("kty") == "RSA":
            n, e = (int.from_bytes(decoded(str(given[name])), "big") for name in ("n", "e"))
            if n.bit_length() > MAX_RSA_BITS:
                raise KeyFormatError(f"a key of {n.bit_length()} bits is too big")
            return rsa.RSAPublicNumbers(e, n).public_key()
        if given.get("kty") == "EC":
            curve = next(one for one in _CURVES if one.name == given.get("crv"))
            x, y = (int.from_bytes(decoded(str(given[name])), "big") for name in ("x", "y"))
            return ec.EllipticCurvePublicNumbers(x, y, curve.curve).public_key()
    except (KeyError, ValueError, StopIteration) as error:
        raise KeyFormatError(f"no public key: {error!r}") from error
    raise KeyFormatError(f"unknown kind of key {given.get('kty')!r}")


def _is_signed_by_rsa(key: rsa.RSAPublicKey, algorithm: str, data: bytes, signature: bytes) -> bool:
    digest = _hash(algorithm)
    if algorithm.startswith("PS"):
        # RFC 7518, 3.5: the salt is as long as the digest.
        key.verify(signature, data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        return True
    if algorithm.startswith("RS"):
        key.verify(signature, data, padding.PKCS1v15(), digest)
        return True
    return False


def _curve_of(key: ec.EllipticCurvePublicKey) -> _Curve:
    for one in _CURVES:
        if one.curve.name == key.curve.name:
            return one
    raise KeyFormatError("unknown private key curve, must be 256, 384, or 521")


def _hash(algorithm: str) -> hashes.HashAlgorithm:
    match algorithm[2:]:
        case "384":
            return hashes.SHA384()
        case "512":
            return hashes.SHA512()
        case _:
            return hashes.SHA256()
