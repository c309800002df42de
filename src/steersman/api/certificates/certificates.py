"""Certificates that the cluster signs, and trust anchors."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.api.meta.listmeta import Condition
from steersman.apimachinery.markers import Atomic, Default, Int32, ListMap, MergeBy, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class KeyUsage(StrEnum):
    """What a key may be used for."""

    SIGNING = "signing"
    DIGITAL_SIGNATURE = "digital signature"
    CONTENT_COMMITMENT = "content commitment"
    KEY_ENCIPHERMENT = "key encipherment"
    KEY_AGREEMENT = "key agreement"
    DATA_ENCIPHERMENT = "data encipherment"
    CERT_SIGN = "cert sign"
    CRL_SIGN = "crl sign"
    ENCIPHER_ONLY = "encipher only"
    DECIPHER_ONLY = "decipher only"
    ANY = "any"
    SERVER_AUTH = "server auth"
    CLIENT_AUTH = "client auth"
    CODE_SIGNING = "code signing"
    EMAIL_PROTECTION = "email protection"
    S_MIME = "s/mime"
    IPSEC_END_SYSTEM = "ipsec end system"
    IPSEC_TUNNEL = "ipsec tunnel"
    IPSEC_USER = "ipsec user"
    TIMESTAMPING = "timestamping"
    OCSP_SIGNING = "ocsp signing"
    MICROSOFT_SGC = "microsoft sgc"
    NETSCAPE_SGC = "netscape sgc"


class CertificateSigningRequestSpec(Object, package="k8s.io.api.certificates.v1"):
    """Who asks whom for which certificate."""

    request: Annotated[bytes, Wire(1), Required()] = always(b"")
    signerName: Annotated[str, Wire(7), Required()] = always("")
    expirationSeconds: Annotated[Int32 | None, Wire(8)] = None
    usages: Annotated[tuple[str, ...], Wire(5), Atomic()] = ()
    username: Annotated[str, Wire(2)] = ""
    uid: Annotated[str, Wire(3)] = ""
    groups: Annotated[tuple[str, ...], Wire(4), Atomic()] = ()
    extra: Annotated[Mapping[str, tuple[str, ...]], Wire(6)] = {}


class CertificateSigningRequestCondition(Object, package="k8s.io.api.certificates.v1"):
    """That a request was approved, was denied, or has failed."""

    type: Annotated[str, Wire(1), Required()] = always("")
    status: Annotated[str, Wire(6), Required()] = always("")
    reason: Annotated[str, Wire(2)] = ""
    message: Annotated[str, Wire(3)] = ""
    lastUpdateTime: Annotated[Time | None, Wire(4)] = None
    lastTransitionTime: Annotated[Time | None, Wire(5)] = None


class CertificateSigningRequestStatus(Object, package="k8s.io.api.certificates.v1"):
    """What became of a request, and the certificate."""

    conditions: Annotated[tuple[CertificateSigningRequestCondition, ...], Wire(1), ListMap("type")] = ()
    certificate: Annotated[bytes, Wire(2)] = b""


class CertificateSigningRequest(Kind, api="certificates.k8s.io/v1", package="k8s.io.api.certificates.v1"):
    """Asks a signer for a certificate."""

    spec: Annotated[CertificateSigningRequestSpec, Wire(2), Required()] = always(CertificateSigningRequestSpec)
    status: Annotated[CertificateSigningRequestStatus, Wire(3)] = always(CertificateSigningRequestStatus)


class ClusterTrustBundleSpec(Object, package="k8s.io.api.certificates.v1"):
    """Trust anchors, and the signer they belong to."""

    signerName: Annotated[str, Wire(1)] = ""
    trustBundle: Annotated[str, Wire(2), Required()] = always("")


class ClusterTrustBundle(Kind, api="certificates.k8s.io/v1", package="k8s.io.api.certificates.v1"):
    """Trust anchors for the whole cluster."""

    spec: Annotated[ClusterTrustBundleSpec, Wire(2), Required()] = always(ClusterTrustBundleSpec)


class PodCertificateRequestSpec(Object, package="k8s.io.api.certificates.v1"):
    """For which pod a certificate is asked, and by which key."""

    signerName: Annotated[str, Wire(1), Required()] = always("")
    podName: Annotated[str, Wire(2), Required()] = always("")
    podUID: Annotated[str, Wire(3), Required()] = always("")
    serviceAccountName: Annotated[str, Wire(4), Required()] = always("")
    serviceAccountUID: Annotated[str, Wire(5), Required()] = always("")
    nodeName: Annotated[str, Wire(6), Required()] = always("")
    nodeUID: Annotated[str, Wire(7), Required()] = always("")
    maxExpirationSeconds: Annotated[Int32 | None, Wire(8), Default(86400)] = None
    stubPKCS10Request: Annotated[bytes, Wire(12), Required()] = always(b"")
    unverifiedUserAnnotations: Annotated[Mapping[str, str], Wire(11)] = {}


class PodCertificateRequestStatus(Object, package="k8s.io.api.certificates.v1"):
    """What became of a request, and the certificates."""

    conditions: Annotated[tuple[Condition, ...], Wire(1), MergeBy("type"), ListMap("type")] = ()
    certificateChain: Annotated[str, Wire(2)] = ""
    notBefore: Annotated[Time | None, Wire(4)] = None
    beginRefreshAt: Annotated[Time | None, Wire(5)] = None
    notAfter: Annotated[Time | None, Wire(6)] = None


class PodCertificateRequest(Kind, api="certificates.k8s.io/v1", package="k8s.io.api.certificates.v1"):
    """A kubelet's wish for a certificate of one of its pods."""

    spec: Annotated[PodCertificateRequestSpec, Wire(2), Required()] = always(PodCertificateRequestSpec)
    status: Annotated[PodCertificateRequestStatus, Wire(3)] = always(PodCertificateRequestStatus)
