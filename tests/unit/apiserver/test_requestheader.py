"""Front proxies: whom they may vouch for, and that their certificates and users' aren't mixed up."""

from dataclasses import dataclass, field

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.aggregator.backends import identity_headers
from steersman.apiserver.authn.anonymous import NOBODY
from steersman.apiserver.authn.requestheader import ProxyHeaders, RequestHeaderAuthenticator
from steersman.apiserver.authn.union import UnionAuthenticator
from steersman.apiserver.authn.x509 import X509Authenticator
from steersman.apiserver.user import UserInfo
from steersman.component import certs
from steersman.component.clock import FakeClock

SCOPE = "x-remote-extra-example.com%2fscope"
ADA = {"x-remote-user": "ada", "x-remote-group": "dev, ops", SCOPE: "a, b"}
# As they come when each value has a header of its own.
APART = {"x-remote-group": ["dev", "ops"], SCOPE: ["a", "b"]}


@dataclass
class Presents:
    peer_cert_der: bytes | None
    headers: dict[str, str] = field(default_factory=dict)
    path: str = "/api"
    repeated: dict[str, list[str]] | None = None


class Authorities:
    """One for front proxies, one for users."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.proxies, self.users = certs.new_ca("proxies", self.clock.now()), certs.new_ca("users", self.clock.now())
        proxy = RequestHeaderAuthenticator(self.proxies.cert_pem, ("front",), self.clock)
        self.union = UnionAuthenticator((proxy, X509Authenticator(self.users.cert_pem, self.clock)))

    def certificate(self, authority: certs.KeyPair, name: str) -> bytes:
        pair = certs.issue(authority, certs.Leaf(name, certs.Usage.CLIENT), self.clock.now())
        return x509.load_pem_x509_certificate(pair.cert_pem).public_bytes(Encoding.DER)


@pytest.fixture
def authorities() -> Authorities:
    return Authorities()


async def test_a_front_proxy_names_the_user(authorities: Authorities) -> None:
    shown = Presents(authorities.certificate(authorities.proxies, "front"), ADA, repeated=APART)
    user = await authorities.union.authenticate(shown)
    extra = {"example.com/scope": ("a", "b")}
    assert user == UserInfo("ada", groups=("dev", "ops", "system:authenticated"), extra=extra)


async def test_a_group_with_a_comma_in_its_name_is_one_group(authorities: Authorities) -> None:
    named = {"x-remote-user": "ada", "x-remote-group": "dev,system:masters"}
    user = await authorities.union.authenticate(Presents(authorities.certificate(authorities.proxies, "front"), named))
    assert user == UserInfo("ada", groups=("dev,system:masters", "system:authenticated"))


async def test_a_front_proxy_may_have_headers_of_its_own(authorities: Authorities) -> None:
    names = ProxyHeaders(("x-first", "x-user"), ("x-uid",), ("x-group", "x-team"), ("x-a-", "x-b-"))
    proxy = RequestHeaderAuthenticator(authorities.proxies.cert_pem, (), authorities.clock, names)
    headers = {"x-user": "eve", "x-uid": "7", "x-team": "t", "x-b-key": "v", "x-remote-user": "ada"}
    user = await proxy.authenticate(Presents(authorities.certificate(authorities.proxies, "any"), headers))
    assert user == UserInfo("eve", "7", ("t", "system:authenticated"), {"key": ("v",)})


async def test_a_users_certificate_makes_no_front_proxy(authorities: Authorities) -> None:
    user = await authorities.union.authenticate(Presents(authorities.certificate(authorities.users, "front"), ADA))
    assert user is not None
    assert user.name == "front"


@pytest.mark.parametrize(("name", "headers"), [("front", {}), ("other", ADA)])
async def test_a_front_proxys_certificate_is_nobodys(
    authorities: Authorities, name: str, headers: dict[str, str]
) -> None:
    shown = Presents(authorities.certificate(authorities.proxies, name), headers)
    with pytest.raises(Unauthorized):
        await authorities.union.authenticate(shown)


async def test_without_a_certificate_the_headers_say_nothing(authorities: Authorities) -> None:
    assert await authorities.union.authenticate(Presents(None, ADA)) == NOBODY


def test_who_a_user_is_is_told_in_headers_that_are_safe_to_send() -> None:
    user = UserInfo("ada\r\nx-remote-group: system:masters", "7", ("dev",), {"example.com/scope": ("a",)})
    assert identity_headers(user) == {
        "x-remote-user": "ada  x-remote-group: system:masters",
        "x-remote-uid": "7",
        "x-remote-group": ("dev",),
        "x-remote-extra-example.com%2Fscope": ("a",),
    }
