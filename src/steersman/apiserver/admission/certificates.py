"""CertificateApproval, CertificateSigning and CertificateSubjectRestriction: who decides about which certificates.

Source: plugin/pkg/admission/certificates, pkg/certauthorization.
"""

from cryptography import x509
from cryptography.x509.oid import NameOID

from steersman.api.certificates import CertificateSigningRequest
from steersman.apiserver.admission.plugin import CREATE, UPDATE, Plugin, denied
from steersman.apiserver.attributes import AdmissionAttributes, Authorizer
from steersman.apiserver.authz.asking import decision_on
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import MASTERS_GROUP, UserInfo

CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client"
GROUP = "certificates.k8s.io"


async def may_act_for(authorizer: Authorizer, user: UserInfo, verb: str, signer: str) -> bool:
    """Whether a user may approve or sign for a signer, or for every signer of its domain."""
    every = f"{signer.partition('/')[0]}/*"
    for name in (signer, every):
        asked = RequestInfo(verb, "", True, group=GROUP, version="*", resource="signers", name=name)
        if (await decision_on(authorizer, user, asked)).allowed:
            return True
    return False


class CertificateApproval(Plugin):
    """Who approves needs a right of its own for the signer."""

    name = "CertificateApproval"
    operations = UPDATE

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Refuse approvals for signers that aren't theirs to approve."""
        old = attributes.old_object
        if not isinstance(old, CertificateSigningRequest) or attributes.subresource != "approval":
            return
        signer = old.spec.signerName
        if not await may_act_for(self._authorizer, attributes.user, "approve", signer):
            raise denied(attributes, f'user not permitted to approve requests with signerName "{signer}"')


class CertificateSigning(Plugin):
    """Who signs needs a right of its own for the signer."""

    name = "CertificateSigning"
    operations = UPDATE

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Refuse certificates and conditions of signers that aren't theirs."""
        new, old = attributes.object, attributes.old_object
        if not isinstance(new, CertificateSigningRequest) or not isinstance(old, CertificateSigningRequest):
            return
        before, after = old.status, new.status
        is_same = (before.certificate, before.conditions) == (after.certificate, after.conditions)
        if attributes.subresource != "status" or is_same:
            return
        signer = old.spec.signerName
        if not await may_act_for(self._authorizer, attributes.user, "sign", signer):
            raise denied(attributes, f'user not permitted to sign requests with signerName "{signer}"')


class CertificateSubjectRestriction(Plugin):
    """Nobody becomes a cluster's master by a certificate of its API."""

    name = "CertificateSubjectRestriction"
    operations = CREATE

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Refuse requests for the group of masters."""
        csr = attributes.object
        if not isinstance(csr, CertificateSigningRequest) or attributes.subresource:
            return
        if csr.spec.signerName != CLIENT_SIGNER:
            return
        try:
            subject = x509.load_pem_x509_csr(csr.spec.request).subject
        except ValueError as error:
            raise denied(attributes, f"failed to parse CSR: {error}") from error
        groups = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        if any(group.value == MASTERS_GROUP for group in groups):
            raise denied(attributes, f"use of {CLIENT_SIGNER} signer with {MASTERS_GROUP} group is not allowed")
