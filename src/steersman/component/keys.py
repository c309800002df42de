"""Private keys: those of certificates, and the one that signs service account tokens.

Tokens are signed with ES256, which upstream accepts beside its default RS256: making an RSA key takes 25 ms of a start.
"""

import base64
import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from steersman.component import files


def new_private_key() -> ec.EllipticCurvePrivateKey:
    """A new P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def private_key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key in the form that Go, OpenSSL and kubectl read (SEC 1)."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def public_key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half, PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def ensure_signing_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The key at `path` that signs service account tokens; made if missing."""
    pem = files.read_if_exists(path)
    if pem is None:
        key = new_private_key()
        files.write_atomic(path, private_key_pem(key), files.PRIVATE_FILE)
        return key
    loaded = load_pem_private_key(pem, password=None)
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} does not hold an elliptic curve key")
    return loaded


def key_id(key: ec.EllipticCurvePrivateKey) -> str:
    """The `kid` of tokens this key signs. Source: pkg/serviceaccount/jwt.go: hash of the public key's DER form."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
