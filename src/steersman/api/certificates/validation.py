"""What is wrong with a CertificateSigningRequest.

Source: pkg/apis/certificates/validation/validation.go.
"""

import re
from collections.abc import Iterable

from cryptography import x509

from steersman.api.certificates.certificates import CertificateSigningRequest, KeyUsage
from steersman.api.certificates.signername import validate_signer_name
from steersman.apimachinery.fielderrors import duplicate, forbidden_field, invalid_value, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause

SPEC, CONDITIONS = Path("spec"), Path("status.conditions")
LEAST_SECONDS = 600
PEM_TYPE = "CERTIFICATE REQUEST"
DECIDED = ("Approved", "Denied")
_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----")


def validate_request(csr: CertificateSigningRequest) -> list[Cause]:
    """What is wrong with a new request."""
    spec = csr.spec
    found = [*_pem_faults(spec.request), *validate_signer_name(spec.signerName, SPEC.child("signerName"))]
    if not spec.usages:
        found.append(required(SPEC.child("usages"), "usages is required for certificates.k8s.io/v1"))
    known = tuple(sorted(KeyUsage))
    for position, usage in enumerate(spec.usages):
        where = SPEC.child("usages").at(position)
        if usage not in known:
            found.append(not_supported(where, usage, known))
        elif usage in spec.usages[:position]:
            found.append(duplicate(where, usage))
    if spec.expirationSeconds is not None and spec.expirationSeconds < LEAST_SECONDS:
        why = "may not specify a duration less than 600 seconds (10 minutes)"
        found.append(invalid_value(SPEC.child("expirationSeconds"), spec.expirationSeconds, why))
    return [*found, *_condition_faults(csr)]


def validate_decision(csr: CertificateSigningRequest, old: CertificateSigningRequest) -> list[Cause]:
    """What is wrong with a change of the conditions: what was decided stays decided."""
    found = [*_condition_faults(csr)]
    for kind in (*DECIDED, "Failed"):
        if _has(old, kind) and not _has(csr, kind):
            found.append(forbidden_field(CONDITIONS, f"updates may not remove a condition of type {kind!r}"))
    return found


def validate_issue(csr: CertificateSigningRequest, old: CertificateSigningRequest) -> list[Cause]:
    """What is wrong with a change of the status: signers don't decide, and a certificate stays as it is."""
    found = validate_decision(csr, old)
    for kind in DECIDED:
        if _has(csr, kind) and not _has(old, kind):
            found.append(forbidden_field(CONDITIONS, f"updates may not add a condition of type {kind!r}"))
    if old.status.certificate and csr.status.certificate != old.status.certificate:
        found.append(forbidden_field("status.certificate", "updates may not change an issued certificate"))
    return found


def _has(csr: CertificateSigningRequest, kind: str) -> bool:
    return any(one.type == kind for one in csr.status.conditions)


def _pem_faults(request: bytes) -> Iterable[Cause]:
    where, begun = SPEC.child("request"), _PEM.search(request)
    if begun is None or begun[1].decode() != PEM_TYPE:
        yield invalid_value(where, request, f"PEM block type must be {PEM_TYPE}")
        return
    try:
        is_signed = x509.load_pem_x509_csr(request).is_signature_valid
    except ValueError as error:
        yield invalid_value(where, request, str(error))
        return
    if not is_signed:
        yield invalid_value(where, request, "the request's signature is wrong")


def _condition_faults(csr: CertificateSigningRequest) -> Iterable[Cause]:
    for position, one in enumerate(csr.status.conditions):
        where = CONDITIONS.at(position)
        if not one.type:
            yield required(where.child("type"))
        elif one.type in DECIDED and one.status != "True":
            yield not_supported(where.child("status"), one.status, ("True",))
    if all(_has(csr, kind) for kind in DECIDED):
        yield invalid_value(CONDITIONS, "Denied", "Approved and Denied conditions are mutually exclusive")
