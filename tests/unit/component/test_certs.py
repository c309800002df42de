import hashlib
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from steersman.component import certs, keys
from steersman.component.certs import Leaf, Usage

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SERVING = Leaf("kube-apiserver", Usage.SERVER, (), ("kubernetes", "localhost"), ("127.0.0.1", "10.96.0.1", "::1"))
ADMIN = Leaf("kubernetes-admin", Usage.CLIENT, ("system:masters", "others"))


def test_a_leaf_says_what_it_was_asked_to_and_is_signed_by_the_authority() -> None:
    ca = certs.new_ca("kubernetes", NOW)
    pair = certs.issue(ca, SERVING, NOW)
    certificate = pair.certificate
    certificate.verify_directly_issued_by(ca.certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["kubernetes", "localhost"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "10.96.0.1", "::1"]
    subject = certs.issue(ca, ADMIN, NOW).certificate.subject
    assert subject.rfc4514_string() == "CN=kubernetes-admin,O=others,O=system:masters"
    assert pair.key_pem.decode() not in repr(pair)


def test_a_leaf_does_not_outlive_its_authority() -> None:
    ca = certs.new_ca("short", NOW, timedelta(days=2))
    assert certs.issue(ca, ADMIN, NOW).not_after == ca.not_after


def test_pairs_are_kept_with_private_keys_and_made_once(tmp_path: Path) -> None:
    ca = certs.ensure_ca(tmp_path, "ca", "kubernetes", NOW)
    assert certs.ensure_ca(tmp_path, "ca", "kubernetes", NOW) == ca
    pair = certs.ensure(tmp_path, "apiserver", ca, SERVING, NOW)
    assert certs.ensure(tmp_path, "apiserver", ca, SERVING, NOW + timedelta(days=200)) == pair
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.glob("*.key")} == {
        "ca.key": "0o600",
        "apiserver.key": "0o600",
    }


def test_an_authority_without_its_key_is_never_replaced(tmp_path: Path) -> None:
    certs.ensure_ca(tmp_path, "ca", "kubernetes", NOW)
    (tmp_path / "ca.key").unlink()
    with pytest.raises(FileNotFoundError, match=r"ca\.key is missing"):
        certs.ensure_ca(tmp_path, "ca", "kubernetes", NOW)


@pytest.mark.parametrize(
    ("leaf", "days", "is_due"),
    [
        (SERVING, 0, False),
        (SERVING, 240, False),
        (SERVING, 245, True),
        (SERVING, 400, True),
        (SERVING, -10, True),
        (replace(SERVING, ip_addresses=("127.0.0.1",)), 0, True),
        (replace(SERVING, dns_names=("localhost", "kubernetes")), 0, False),
        (replace(SERVING, common_name="other"), 0, True),
        (replace(SERVING, organizations=("group",)), 0, True),
        (replace(SERVING, usage=Usage.PEER), 0, True),
    ],
)
def test_a_pair_is_renewed_late_in_its_life_or_when_it_should_say_something_else(
    leaf: Leaf, days: int, is_due: bool
) -> None:
    ca = certs.new_ca("kubernetes", NOW)
    pair = certs.issue(ca, SERVING, NOW)
    assert certs.needs_renewal(pair, ca, leaf, NOW + timedelta(days=days)) is is_due


def test_a_pair_of_another_authority_or_key_or_in_pieces_is_renewed(tmp_path: Path) -> None:
    ca, other = certs.new_ca("kubernetes", NOW), certs.new_ca("kubernetes", NOW)
    pair = certs.issue(ca, SERVING, NOW)
    assert certs.needs_renewal(pair, other, SERVING, NOW)
    assert certs.needs_renewal(replace(pair, key_pem=other.key_pem), ca, SERVING, NOW)
    assert certs.needs_renewal(replace(pair, cert_pem=b"torn"), ca, SERVING, NOW)
    certs.save(tmp_path, "apiserver", replace(pair, key_pem=b"torn"))
    assert not certs.needs_renewal(certs.ensure(tmp_path, "apiserver", ca, SERVING, NOW), ca, SERVING, NOW)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_the_pin_and_the_chain_are_what_openssl_makes_of_them(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    ca = certs.ensure_ca(tmp_path, "ca", "kubernetes", now)
    certs.ensure(tmp_path, "leaf", ca, SERVING, now)
    run = lambda *args: subprocess.run(args, cwd=tmp_path, capture_output=True, check=True, timeout=10).stdout  # noqa: E731
    spki = run("openssl", "pkey", "-pubin", "-outform", "DER", "-in", _public(tmp_path, run))
    assert certs.public_key_hash(ca) == "sha256:" + hashlib.sha256(spki).hexdigest()
    assert run("openssl", "verify", "-x509_strict", "-CAfile", "ca.crt", "leaf.crt") == b"leaf.crt: OK\n"


def _public(directory: Path, run) -> str:  # type: ignore[no-untyped-def]
    (directory / "ca.pub").write_bytes(run("openssl", "x509", "-pubkey", "-noout", "-in", "ca.crt"))
    return "ca.pub"


def test_the_signing_key_is_made_once_and_names_itself(tmp_path: Path) -> None:
    path = tmp_path / "sa.key"
    key = keys.ensure_signing_key(path)
    again = keys.ensure_signing_key(path)
    assert keys.key_id(key.public_key()) == keys.key_id(again.public_key())
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes().startswith(b"-----BEGIN EC PRIVATE KEY-----")
    assert keys.public_key_pem(key).startswith(b"-----BEGIN PUBLIC KEY-----")


def test_a_bundle_holds_the_certificates_and_no_key() -> None:
    bundle = certs.bundle(certs.new_ca("a", NOW), certs.new_ca("b", NOW))
    assert bundle.count(b"BEGIN CERTIFICATE") == 2
    assert b"PRIVATE" not in bundle
