"""TLS contexts for our servers and clients, from pairs in memory.

A server asks every client for a certificate and lets the handshake pass whatever it gets, as upstream does: the
authenticator judges the certificate and answers 401, with a Status, where a failed handshake would tell nothing.
"""

import contextlib
import ctypes
import os
import ssl
import sys
from collections.abc import Iterator

from steersman.component.keypair import KeyPair
from steersman.component.log import get_logger

_log = get_logger(__name__)

PROTOCOLS = ("http/1.1",)

_VERIFY_PEER = 1
_VerifyCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p)


# Kept for the life of the process: OpenSSL holds its address.
_ACCEPT = _VerifyCallback(lambda _is_verified, _store: 1)


def server_context(pair: KeyPair, client_ca_pem: bytes = b"") -> ssl.SSLContext:
    """A server's context. With `client_ca_pem` it asks for a client certificate, which stays unverified: see above."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(list(PROTOCOLS))
    _load(context, pair)
    if client_ca_pem:
        context.load_verify_locations(cadata=client_ca_pem.decode())
        context.verify_mode = ssl.CERT_OPTIONAL
        _accept_any_client_certificate(context)
    return context


def reload(context: ssl.SSLContext, pair: KeyPair) -> None:
    """Serve new connections with another pair; one that doesn't fit raises ssl.SSLError and changes nothing."""
    _load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), pair)
    _load(context, pair)


def client_context(ca_pem: bytes | None, pair: KeyPair | None = None, *, is_insecure: bool = False) -> ssl.SSLContext:
    """A client's context: whom it trusts (None: the machine's authorities), and its own certificate if it has one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(list(PROTOCOLS))
    if is_insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif ca_pem is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(cadata=ca_pem.decode())
    if pair is not None:
        _load(context, pair)
    return context


def _load(context: ssl.SSLContext, pair: KeyPair) -> None:
    # The ssl module reads these from files only; memory files keep the key off the disk.
    with _memory_file(pair.cert_pem) as cert, _memory_file(pair.key_pem) as key:
        context.load_cert_chain(cert, key)


@contextlib.contextmanager
def _memory_file(content: bytes) -> Iterator[str]:
    descriptor = os.memfd_create("pem")
    try:
        os.write(descriptor, content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _accept_any_client_certificate(context: ssl.SSLContext) -> None:
    """Tell OpenSSL itself, as the ssl module has no setting for it.

    CPython's context object holds the pointer to OpenSSL's right after the object's head.
    """
    try:
        library = ctypes.CDLL(sys.modules["_ssl"].__file__)
        set_verify = library.SSL_CTX_set_verify
        get_mode = library.SSL_CTX_get_verify_mode
    except (AttributeError, OSError, TypeError):
        # An ssl module that OpenSSL is linked into without its names. A certificate of a foreign
        # authority then fails the handshake; all else is the same.
        _log.info("client certificates are verified in the handshake")
        return
    pointer = ctypes.c_void_p.from_address(id(context) + object.__basicsize__)
    get_mode.argtypes = [ctypes.c_void_p]
    set_verify.argtypes = [ctypes.c_void_p, ctypes.c_int, _VerifyCallback]
    set_verify.restype = None
    if get_mode(pointer) == _VERIFY_PEER:  # what CERT_OPTIONAL was made of: this is the right object
        set_verify(pointer, _VERIFY_PEER, _ACCEPT)
