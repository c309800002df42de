"""An issuer of OpenID Connect tokens of a test's own, with TLS on a free port; it is a webhook for tokens too."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from steersman.component import certs, jwt, tls
from steersman.component.clock import RealClock
from steersman.component.http.message import Request, Response
from steersman.component.http.server import HTTPServer
from steersman.component.jws import PrivateKey, encoded, jwk
from steersman.component.keys import key_id, new_private_key

HOUR = 3600


def signed_as(algorithm: str, claims: Mapping[str, Any], key: PrivateKey) -> str:
    """A token by an algorithm that isn't the key's first choice."""
    parts = ({"alg": algorithm, "kid": key_id(key.public_key())}, claims)
    text = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    if not isinstance(key, rsa.RSAPrivateKey):
        return jwt.signed(claims, key, key_id(key.public_key()))
    digest = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[algorithm[2:]]
    salted = padding.PSS(padding.MGF1(digest), digest.digest_size)
    scheme = salted if algorithm.startswith("PS") else padding.PKCS1v15()
    return f"{text}.{encoded(key.sign(text.encode(), scheme, digest))}"


@dataclass
class Issuer:
    """Signs by its key; whoever asks is told the keys of `published`."""

    ca_pem: bytes
    key: PrivateKey = field(default_factory=new_private_key)
    url: str = ""
    published: list[PrivateKey] = field(default_factory=list)
    documents: dict[str, bytes] = field(default_factory=dict)
    # What the webhook says of tokens, by these, and what it was asked.
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    is_broken: bool = False

    def __post_init__(self) -> None:
        self.published.append(self.key)

    def claims(self, **more: Any) -> dict[str, Any]:
        """Claims of a good token for `me`, and more; None takes one away."""
        now = int(RealClock().now().timestamp())
        made = {"iss": self.url, "aud": "me", "sub": "ada", "exp": now + HOUR, "iat": now, **more}
        return {name: value for name, value in made.items() if value is not None}

    def token(self, **more: Any) -> str:
        """A token of such claims."""
        return jwt.signed(self.claims(**more), self.key, key_id(self.key.public_key()))

    async def handle(self, request: Request) -> Response:
        """Discovery, keys, what was put into `documents`, and reviews of tokens."""
        self.asked.append((request.path, request.headers.get("authorization", "")))
        if self.is_broken:
            return _answer(503, {})
        if request.path == "/review":
            return _answer(200, self._reviewed(json.loads(await request.body(1 << 20))))
        if request.path == "/.well-known/openid-configuration":
            return _answer(200, {"issuer": self.url, "jwks_uri": f"{self.url}/keys"})
        if request.path == "/keys":
            keys = [one.public_key() for one in self.published]
            return _answer(200, {"keys": [jwk(one, key_id(one)) for one in keys]})
        if request.path in self.documents:
            return Response(200, (), self.documents[request.path])
        return _answer(404, {})

    def _reviewed(self, review: dict[str, Any]) -> dict[str, Any]:
        self.reviews.append(review)
        user = self.users.get(review["spec"]["token"])
        return {**review, "status": {"authenticated": user is not None, **({} if user is None else {"user": user})}}


def _answer(status: int, body: dict[str, Any]) -> Response:
    return Response(status, (("content-type", "application/json"),), json.dumps(body).encode())


@asynccontextmanager
async def issuing() -> AsyncIterator[Issuer]:
    """A running issuer."""
    now = RealClock().now()
    ca = certs.new_ca("issuers", now)
    pair = certs.issue(ca, certs.Leaf("issuer", certs.Usage.SERVER, dns_names=("localhost",)), now)
    issuer = Issuer(ca.cert_pem)
    http = HTTPServer(issuer.handle, ssl_context=tls.server_context(pair))
    await http.start()
    issuer.url = f"https://localhost:{http.port}"
    try:
        yield issuer
    finally:
        await http.stop(deadline_seconds=0.1)


def new_key(kind: str) -> PrivateKey:
    """A key for an algorithm."""
    match kind:
        case "ES384":
            return ec.generate_private_key(ec.SECP384R1())
        case "ES512":
            return ec.generate_private_key(ec.SECP521R1())
        case "ES256":
            return new_private_key()
        case _:
            return rsa.generate_private_key(65537, 2048)
