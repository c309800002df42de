"""Certificates of a cluster's own: authorities, and serving and client certificates that renew themselves.

ECDSA P-256 throughout: a key is made in microseconds. Pairs live in a directory as `<name>.crt` and `<name>.key`, as
upstream lays out its pki directory. Everything here blocks for a moment: call it at start, or by component.threads.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from steersman.component import files
from steersman.component.keypair import KeyPair
from steersman.component.keys import new_private_key, private_key_pem

# Upstream's lifetimes (kubeadm).
CA_LIFETIME = timedelta(days=3650)
LEAF_LIFETIME = timedelta(days=365)
# Machines whose clocks are behind must accept a certificate made just now.
BACKDATED = timedelta(hours=1)


class Usage(StrEnum):
    """What a certificate is for."""

    SERVER = "server"
    CLIENT = "client"
    PEER = "peer"
    """Both, as etcd members need."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a certificate is to say. For clients the common name is the user and the organizations are the groups."""

    common_name: str
    usage: Usage
    organizations: tuple[str, ...] = ()
    dns_names: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()


def new_ca(common_name: str, now: datetime, lifetime: timedelta = CA_LIFETIME) -> KeyPair:
    """A new self-signed authority."""
    key = new_private_key()
    name = _name(common_name, ())
    key_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + lifetime)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage(is_ca=True), critical=True)
        .add_extension(key_id, critical=False)
        # As kubeadm's have it: some Go clients look for a name here even in an authority.
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(common_name)]), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256())
    return KeyPair(certificate.public_bytes(Encoding.PEM), private_key_pem(key))


def issue(ca: KeyPair, leaf: Leaf, now: datetime, lifetime: timedelta = LEAF_LIFETIME) -> KeyPair:
    """A new certificate with a new key, signed by the authority; it doesn't outlive it."""
    key = new_private_key()
    certificate = sign(ca, leaf, key.public_key(), now, lifetime)
    return KeyPair(certificate, private_key_pem(key))


def sign(
    ca: KeyPair, leaf: Leaf, public_key: ec.EllipticCurvePublicKey, now: datetime, lifetime: timedelta = LEAF_LIFETIME
) -> bytes:
    """A certificate (PEM) for somebody else's key."""
    authority = ca.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(leaf.common_name, leaf.organizations))
        .issuer_name(authority.subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(max(now - BACKDATED, authority.not_valid_before_utc))
        .not_valid_after(min(now + lifetime, authority.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(is_ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(_extended_usages(leaf.usage)), critical=False)
        .add_extension(_authority_key_id(authority), critical=False)
    )
    if names := _alternative_names(leaf):
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(_signing_key(ca), hashes.SHA256()).public_bytes(Encoding.PEM)


def load(directory: Path, name: str) -> KeyPair | None:
    """The pair of this name; None when a file is missing."""
    cert = files.read_if_exists(directory / f"{name}.crt")
    key = files.read_if_exists(directory / f"{name}.key")
    return None if cert is None or key is None else KeyPair(cert, key)


def save(directory: Path, name: str, pair: KeyPair) -> None:
    """Write the pair. Key first: a certificate without its key would pass for a whole pair of the old key."""
    files.write_atomic(directory / f"{name}.key", pair.key_pem, files.PRIVATE_FILE)
    files.write_atomic(directory / f"{name}.crt", pair.cert_pem)


def ensure_ca(directory: Path, name: str, common_name: str, now: datetime) -> KeyPair:
    """The authority of this name, made if missing. Never renewed by itself: every trust in it would break."""
    existing = load(directory, name)
    if existing is not None:
        return existing
    if (directory / f"{name}.crt").exists():
        raise FileNotFoundError(f"{directory / name}.key is missing beside its certificate")
    pair = new_ca(common_name, now)
    save(directory, name, pair)
    return pair


def ensure(directory: Path, name: str, ca: KeyPair, leaf: Leaf, now: datetime) -> KeyPair:
    """The certificate of this name; made, or made anew when it needs to be (see `needs_renewal`)."""
    existing = load(directory, name)
    if existing is not None and not needs_renewal(existing, ca, leaf, now):
        return existing
    pair = issue(ca, leaf, now)
    save(directory, name, pair)
    return pair


def needs_renewal(pair: KeyPair, ca: KeyPair, leaf: Leaf, now: datetime) -> bool:
    """True with less than a third of its life left, other names, another authority, or a key that doesn't fit."""
    try:
        certificate = pair.certificate
        key = load_pem_private_key(pair.key_pem, password=None)
        certificate.verify_directly_issued_by(ca.certificate)
    except (ValueError, TypeError, InvalidSignature):
        return True
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return (
        certificate.not_valid_after_utc - now < life / 3
        or now < certificate.not_valid_before_utc
        or key.public_key() != certificate.public_key()
        or certificate.subject != _name(leaf.common_name, leaf.organizations)
        or set(_names_of(certificate)) != set(_alternative_names(leaf))
        or not _has_usages(certificate, leaf.usage)
    )


def bundle(*pairs: KeyPair) -> bytes:
    """The certificates alone, as a PEM bundle of authorities to trust."""
    return b"".join(pair.cert_pem for pair in pairs)


def public_key_hash(ca: KeyPair) -> str:
    """The pin of an authority, in the form that `kubeadm join --discovery-token-ca-cert-hash` takes."""
    spki = ca.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "sha256:" + hashlib.sha256(spki).hexdigest()


def _name(common_name: str, organizations: tuple[str, ...]) -> x509.Name:
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in organizations]
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternative_names(leaf: Leaf) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in leaf.dns_names]
    return names + [x509.IPAddress(ip_address(address)) for address in leaf.ip_addresses]


def _names_of(certificate: x509.Certificate) -> list[x509.GeneralName]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []


def _extended_usages(usage: Usage) -> list[x509.ObjectIdentifier]:
    match usage:
        case Usage.SERVER:
            return [ExtendedKeyUsageOID.SERVER_AUTH]
        case Usage.CLIENT:
            return [ExtendedKeyUsageOID.CLIENT_AUTH]
        case Usage.PEER:
            return [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]


def _has_usages(certificate: x509.Certificate, usage: Usage) -> bool:
    try:
        present = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return set(present) == set(_extended_usages(usage))


def _key_usage(is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _authority_key_id(authority: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    key_id = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id)


def _signing_key(ca: KeyPair) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(ca.key_pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is not an elliptic curve key")
    return key
