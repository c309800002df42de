import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from steersman.component import certs, tls
from steersman.component.certs import Leaf, Usage
from steersman.component.keypair import KeyPair

NOW = datetime.now(UTC)
SERVING = Leaf("server", Usage.SERVER, (), ("localhost",), ("127.0.0.1",))


@asynccontextmanager
async def answering(context: ssl.SSLContext) -> AsyncIterator[int]:
    """A server that answers with the subject of the client's certificate."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.write(b"none" if der is None else certs.x509.load_der_x509_certificate(der).subject.public_bytes())
        writer.write_eof() if writer.can_write_eof() else None
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def ask(port: int, context: ssl.SSLContext) -> tuple[bytes, bytes]:
    """The answer, and the server's certificate."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    server = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer, server


def client_pair(ca: KeyPair, name: str) -> KeyPair:
    return certs.issue(ca, Leaf(name, Usage.CLIENT), NOW)


async def test_every_client_certificate_reaches_the_authenticator_and_none_is_needed() -> None:
    ca, stranger = certs.new_ca("ours", NOW), certs.new_ca("theirs", NOW)
    context = tls.server_context(certs.issue(ca, SERVING, NOW), ca.cert_pem)
    async with answering(context) as port:
        for issuer, name in ((ca, "known"), (stranger, "unknown")):
            pair = client_pair(issuer, name)
            answer, _ = await ask(port, tls.client_context(ca.cert_pem, pair))
            assert answer == pair.certificate.subject.public_bytes()
        assert (await ask(port, tls.client_context(ca.cert_pem)))[0] == b"none"


async def test_a_client_trusts_only_its_authority_unless_told_otherwise() -> None:
    ca, stranger = certs.new_ca("ours", NOW), certs.new_ca("theirs", NOW)
    async with answering(tls.server_context(certs.issue(ca, SERVING, NOW))) as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            await ask(port, tls.client_context(stranger.cert_pem))
        assert (await ask(port, tls.client_context(None, is_insecure=True)))[0] == b"none"


async def test_a_new_pair_serves_new_connections_and_a_bad_one_changes_nothing() -> None:
    ca = certs.new_ca("ours", NOW)
    first, second = certs.issue(ca, SERVING, NOW), certs.issue(ca, SERVING, NOW)
    context, client = tls.server_context(first, ca.cert_pem), tls.client_context(ca.cert_pem)
    async with answering(context) as port:
        tls.reload(context, second)
        assert (await ask(port, client))[1] == ssl.PEM_cert_to_DER_cert(second.cert_pem.decode())
        with pytest.raises(ssl.SSLError):
            tls.reload(context, KeyPair(first.cert_pem, second.key_pem))
        assert (await ask(port, client))[1] == ssl.PEM_cert_to_DER_cert(second.cert_pem.decode())
