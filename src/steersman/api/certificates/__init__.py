"""certificates.k8s.io/v1: certificates that the cluster signs."""

from steersman.api.certificates.certificates import (
    CertificateSigningRequest,
    CertificateSigningRequestCondition,
    CertificateSigningRequestSpec,
    CertificateSigningRequestStatus,
    ClusterTrustBundle,
    ClusterTrustBundleSpec,
    KeyUsage,
    PodCertificateRequest,
    PodCertificateRequestSpec,
    PodCertificateRequestStatus,
)

__all__ = [
    "CertificateSigningRequest",
    "CertificateSigningRequestCondition",
    "CertificateSigningRequestSpec",
    "CertificateSigningRequestStatus",
    "ClusterTrustBundle",
    "ClusterTrustBundleSpec",
    "KeyUsage",
    "PodCertificateRequest",
    "PodCertificateRequestSpec",
    "PodCertificateRequestStatus",
]
