"""Private keys: those of certificates, and the one that signs service account tokens.

Tokens are signed with ES256, which upstream accepts beside its default RS256: making an RSA key takes 25 ms of a start.
"""

import base64
import hashlib
import re
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from steersman.component import files
from steersman.component.jws import PrivateKey, PublicKey, algorithm_of

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)


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


def key_id(key: PublicKey) -> str:
    """The `kid` of tokens this key signs. Source: pkg/serviceaccount/jwt.go: hash of the public key's DER form."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def private_key_of(pem: bytes) -> PrivateKey:
    """The key that signs tokens, in any form OpenSSL writes. ValueError for what is none."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise ValueError("data does not contain a valid RSA or ECDSA private key")
    algorithm_of(key.public_key())
    return key


def public_keys_of(pem: bytes) -> tuple[PublicKey, ...]:
    """The public keys of a file: public or private keys, or certificates. ValueError when there are none.

    Source: client-go util/keyutil: ParsePublicKeysPEM.
    """
    found = []
    for block in _BLOCK.finditer(pem):
        try:
            key = _public_key(block[0], block[1].decode())
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        if isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
            algorithm_of(key)
            found.append(key)
    if not found:
        raise ValueError("data does not contain any valid RSA or ECDSA public keys")
    return tuple(found)


def _public_key(block: bytes, kind: str) -> object:
    if kind == "CERTIFICATE":
        return x509.load_pem_x509_certificate(block).public_key()
    if kind.endswith("PRIVATE KEY"):
        return load_pem_private_key(block, password=None).public_key()
    return load_pem_public_key(block)
