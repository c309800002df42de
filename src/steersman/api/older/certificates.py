"""CertificateSigningRequest of certificates.k8s.io/v1beta1: who is to sign may be left to the server.

Source: k8s.io/api/certificates/v1beta1, pkg/apis/certificates/v1beta1/defaults.go as of 1.20.
"""

import base64
import binascii
from typing import Annotated, Any

from cryptography import x509

from steersman.api import certificates
from steersman.api.certificates.kubelet import CLIENT_SIGNER, SERVING_SIGNER, is_kubelet_client, is_kubelet_serving
from steersman.api.meta.kind import Kind
from steersman.api.older.trees import EACH, edited, filled
from steersman.api.older.variant import variant
from steersman.api.older.version import Older, Tree
from steersman.apimachinery.markers import Wire, always

PACKAGE = "k8s.io.api.certificates.v1beta1"
UNKNOWN_SIGNER = "kubernetes.io/legacy-unknown"
USAGES = ["digital signature", "key encipherment"]


def request_type() -> type[Kind]:
    """v1's, whose spec needn't name a signer."""
    # Which fields are required, the published schema says.
    signer: Any = Annotated[str | None, Wire(7)]
    spec = variant(certificates.CertificateSigningRequestSpec, PACKAGE, {"signerName": (signer, None)})
    whole: Any = Annotated[spec, Wire(2)]
    fields = {"spec": (whole, always(spec))}
    made: type[Kind] = variant(
        certificates.CertificateSigningRequest, PACKAGE, fields, api="certificates.k8s.io/v1beta1"
    )
    return made


def default(tree: Tree) -> Tree:
    """Usages, the signer that suits them and the request, and conditions that are true."""
    made = edited(tree, ("spec",), _with_signer)
    return edited(made, ("status", "conditions", EACH), lambda one: one if one.get("status") else {**one, **_TRUE})


_TRUE = {"status": "True"}


def _with_signer(spec: Tree) -> Tree:
    made = filled(spec, {"usages": USAGES})
    return made if made.get("signerName") is not None else {**made, "signerName": _signer(made)}


def _signer(spec: Tree) -> str:
    try:
        request = x509.load_pem_x509_csr(base64.b64decode(spec.get("request") or ""))
        if is_kubelet_client(request, spec["usages"]):
            return CLIENT_SIGNER
        if is_kubelet_serving(request, spec["usages"]):
            return SERVING_SIGNER
    except (ValueError, binascii.Error):
        pass  # what can't be read is refused later, in better words
    return UNKNOWN_SIGNER


OLDER = Older(certificates.CertificateSigningRequest, default)
