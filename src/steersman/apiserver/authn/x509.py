"""Users by client certificate: the common name is the user, the organizations its groups.

The TLS handshake lets any certificate pass (see component.tls); here the leaf is verified against the client CA. A
certificate of another CA, the front proxy's say, never names a user.
Source: apiserver/pkg/authentication/request/x509.
"""

from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.attributes import Presented
from steersman.apiserver.authn.accounts import CREDENTIAL_ID
from steersman.apiserver.user import AUTHENTICATED_GROUP, UserInfo
from steersman.component.clock import Clock

# Where a subject says its uid. Source: apimachinery/pkg/apis/asn1.
UID = x509.ObjectIdentifier("1.3.6.1.4.1.57683.2")
# Verified leaves are remembered by their bytes: a connection presents the same one with each request.
REMEMBERED = 1024


class X509Authenticator:
    """Knows the users whose certificates one CA has signed."""

    def __init__(self, ca_pem: bytes, clock: Clock) -> None:
        self._authorities = x509.load_pem_x509_certificates(ca_pem)
        self._clock = clock
        self._known: dict[bytes, tuple[UserInfo, datetime, datetime]] = {}

    async def authenticate(self, presented: Presented) -> UserInfo | None:
        """The certificate's user; None without one. Unauthorized when it isn't ours, is too old or not for clients."""
        der = presented.peer_cert_der
        if der is None:
            return None
        known = self._known.get(der)
        if known is None:
            known = self._verified(der)
            if len(self._known) >= REMEMBERED:
                self._known.pop(next(iter(self._known)))
            self._known[der] = known
        user, begins, ends = known
        if not begins <= self._clock.now() <= ends:
            raise Unauthorized
        return user

    def _verified(self, der: bytes) -> tuple[UserInfo, datetime, datetime]:
        try:
            leaf = x509.load_der_x509_certificate(der)
        except ValueError as error:
            raise Unauthorized from error
        if not any(_is_issued_by(leaf, authority) for authority in self._authorities) or not _is_for_clients(leaf):
            raise Unauthorized
        names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        uids = [str(one.value) for one in leaf.subject.get_attributes_for_oid(UID)]
        if not names or len(uids) > 1 or "" in uids:
            raise Unauthorized
        groups = tuple(str(one.value) for one in leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME))
        extra = {CREDENTIAL_ID: (f"X509SHA256={sha256(der).hexdigest()}",)}
        uid = uids[0] if uids else ""
        # Of several names Go takes the last.
        user = UserInfo(str(names[-1].value), uid, (*groups, AUTHENTICATED_GROUP), extra)
        return user, leaf.not_valid_before_utc, leaf.not_valid_after_utc


def _is_issued_by(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _is_for_clients(leaf: x509.Certificate) -> bool:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.CLIENT_AUTH in usage
