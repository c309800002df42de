"""Requests for certificates."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from steersman.api.certificates import CertificateSigningRequest
from steersman.api.certificates.validation import validate_decision, validate_issue, validate_request
from steersman.apimachinery.codec.json import from_wire
from steersman.apimachinery.object import replace

KEY = ec.generate_private_key(ec.SECP256R1())
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "me")])
PEM = (
    x509.CertificateSigningRequestBuilder()
    .subject_name(NAME)
    .sign(KEY, hashes.SHA256())
    .public_bytes(serialization.Encoding.PEM)
)


def request(*conditions: str, **spec: object) -> CertificateSigningRequest:
    made = from_wire(
        {"spec": {"signerName": "example.com/me", "usages": ["client auth"], **spec}}, CertificateSigningRequest
    )
    told = [{"type": kind, "status": "True"} for kind in conditions]
    status = from_wire({"status": {"conditions": told}}, CertificateSigningRequest).status
    return replace(made, spec=replace(made.spec, request=PEM), status=status)


def test_a_good_request_has_no_faults() -> None:
    assert validate_request(request()) == []


@pytest.mark.parametrize(
    ("spec", "field", "words"),
    [
        ({"signerName": "me"}, "spec.signerName", "must be a fully qualified domain and path"),
        ({"usages": []}, "spec.usages", "usages is required"),
        ({"usages": ["magic"]}, "spec.usages[0]", "Unsupported value"),
        ({"usages": ["any", "any"]}, "spec.usages[1]", "Duplicate value"),
        ({"expirationSeconds": 10}, "spec.expirationSeconds", "less than 600 seconds (10 minutes)"),
    ],
)
def test_what_is_wrong_is_told(spec: dict[str, object], field: str, words: str) -> None:
    (fault,) = validate_request(request(**spec))
    assert (fault.field, words in fault.message) == (field, True)


def test_what_is_decided_stays_decided() -> None:
    assert validate_decision(request("Approved"), request()) == []
    assert validate_decision(request(), request("Approved"))[0].field == "status.conditions"
    assert "mutually exclusive" in validate_decision(request("Approved", "Denied"), request("Approved"))[0].message


def test_who_signs_does_not_decide() -> None:
    assert "may not add a condition" in validate_issue(request("Approved"), request())[0].message
