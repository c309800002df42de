"""Who may approve and sign requests for certificates, and for whom none are made."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.unit.admission.asking import Allows, admitted, creates, updates

from steersman.api.certificates import (
    CertificateSigningRequest,
    CertificateSigningRequestCondition,
    CertificateSigningRequestSpec,
    CertificateSigningRequestStatus,
)
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Forbidden
from steersman.apiserver.admission.certificates import (
    CertificateApproval,
    CertificateSigning,
    CertificateSubjectRestriction,
)
from steersman.component import keys


def request(signer: str = "example.com/s", body: bytes = b"") -> CertificateSigningRequest:
    spec = CertificateSigningRequestSpec(signerName=signer, request=body)
    return CertificateSigningRequest(metadata=ObjectMeta(name="r"), spec=spec)


def signed_by_key(organization: str) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(keys.new_private_key(), hashes.SHA256())
    return made.public_bytes(Encoding.PEM)


APPROVED = CertificateSigningRequestStatus(
    conditions=(CertificateSigningRequestCondition(type="Approved", status="True"),)
)
ISSUED = CertificateSigningRequestStatus(certificate=b"x")


@pytest.mark.parametrize(
    ("signers", "is_allowed"), [((), False), (("example.com/s",), True), (("example.com/*",), True)]
)
async def test_approving_and_signing_need_a_right_for_the_signer(signers: tuple[str, ...], is_allowed: bool) -> None:
    old = request()
    for verb, status, subresource in (("approve", APPROVED, "approval"), ("sign", ISSUED, "status")):
        authorizer = Allows({(verb, "signers", name) for name in signers})
        plugin = (CertificateApproval if verb == "approve" else CertificateSigning)(authorizer)
        # A change of the signer, which nobody may make, doesn't help.
        attributes = updates(old, replace(request("other.com/x"), status=status), subresource=subresource)
        await admitted(plugin, updates(old, old))
        if is_allowed:
            await admitted(plugin, attributes)
            continue
        with pytest.raises(Forbidden) as caught:
            await admitted(plugin, attributes)
        assert caught.value.message == (
            'certificatesigningrequests.certificates.k8s.io "r" is forbidden: '
            f'user not permitted to {verb} requests with signerName "example.com/s"'
        )
        assert [one.name for one in authorizer.asked] == ["example.com/s", "example.com/*"]
        assert {(one.group, one.version, one.resource) for one in authorizer.asked} == {
            ("certificates.k8s.io", "*", "signers")
        }


async def test_a_status_that_stays_as_it_is_needs_no_right() -> None:
    old = replace(request(), status=ISSUED)
    await admitted(CertificateSigning(Allows()), updates(old, old, subresource="status"))


async def test_nobody_becomes_a_master_by_request() -> None:
    plugin, signer = CertificateSubjectRestriction(), "kubernetes.io/kube-apiserver-client"
    await admitted(plugin, creates(request(signer, signed_by_key("dev"))))
    await admitted(plugin, creates(request("example.com/s", signed_by_key("system:masters"))))
    with pytest.raises(Forbidden, match=f"use of {signer} signer with system:masters group is not allowed"):
        await admitted(plugin, creates(request(signer, signed_by_key("system:masters"))))
    with pytest.raises(Forbidden, match="failed to parse CSR"):
        await admitted(plugin, creates(request(signer, b"nonsense")))
