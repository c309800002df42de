"""What kubelets ask for: certificates to show to the API server, and to serve with.

Source: pkg/apis/certificates/helpers.go.
"""

from collections.abc import Iterable

from cryptography import x509
from cryptography.x509.oid import NameOID

CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client-kubelet"
SERVING_SIGNER = "kubernetes.io/kubelet-serving"
NODES_GROUP, NODE_PREFIX = "system:nodes", "system:node:"
# A key that isn't RSA's enciphers nothing.
SIGNATURE, ENCIPHERMENT = "digital signature", "key encipherment"


def is_kubelet_client(request: x509.CertificateSigningRequest, usages: Iterable[str]) -> bool:
    """Whether a kubelet asks for its client certificate."""
    return _is_of_node(request) and not _names(request) and _are_usages(usages, "client auth")


def is_kubelet_serving(request: x509.CertificateSigningRequest, usages: Iterable[str]) -> bool:
    """Whether a kubelet asks for the certificate it serves with."""
    names = _names(request)
    are_hosts = all(isinstance(one, x509.DNSName | x509.IPAddress) for one in names)
    return _is_of_node(request) and bool(names) and are_hosts and _are_usages(usages, "server auth")


def _is_of_node(request: x509.CertificateSigningRequest) -> bool:
    groups = [one.value for one in request.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    names = [str(one.value) for one in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return groups == [NODES_GROUP] and bool(names) and names[-1].startswith(NODE_PREFIX)


def _names(request: x509.CertificateSigningRequest) -> list[x509.GeneralName]:
    try:
        return list(request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []


def _are_usages(usages: Iterable[str], purpose: str) -> bool:
    return set(usages) in ({SIGNATURE, purpose}, {SIGNATURE, ENCIPHERMENT, purpose})
