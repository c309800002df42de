"""A certificate with its key; apart, so that who only hands PEM to TLS needn't load a cryptography library."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509


@dataclass(frozen=True, slots=True, repr=False)
class KeyPair:
    """A certificate and its private key, PEM. The key is never shown."""

    cert_pem: bytes
    key_pem: bytes

    @property
    def certificate(self) -> "x509.Certificate":
        """The certificate itself."""
        from cryptography import x509

        return x509.load_pem_x509_certificate(self.cert_pem)

    @property
    def not_after(self) -> datetime:
        """When it expires."""
        return self.certificate.not_valid_after_utc
