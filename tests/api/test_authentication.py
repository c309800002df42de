"""Who is let in, and as whom: through a whole control plane, with an issuer and a webhook of the test's own."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.api.server import CONFIG, WAIT_SECONDS, Answer, Served
from tests.oidcissuer import Issuer, issuing, new_key, signed_as

from steersman.apiserver.user import MASTERS_GROUP, UserInfo
from steersman.cluster.authenticating import Identity
from steersman.cluster.controlplane import ControlPlane, ControlPlaneConfig
from steersman.cluster.serverflags import check_flags, read_flags
from steersman.component import jwt, keys, legacyclaims
from steersman.component.clock import RealClock
from steersman.component.http.server import HTTPServer
from steersman.component.jws import ALGORITHMS, key_of
from steersman.component.keys import key_id
from steersman.storage.memory import MemoryStore

REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/robot"
CREDENTIAL = "authentication.kubernetes.io/credential-id"
OWN = "https://own.example.com"
KEY = keys.new_private_key()
ROOT = {"authorization": "Bearer root"}


class HastyClock(RealClock):
    """Waits for nothing long, so that files are looked at and issuers are tried again at once."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(min(seconds, 0.05))


@dataclass
class Gate:
    """A server, asked with a token."""

    served: Served

    async def who(self, token: str) -> dict[str, Any]:
        """Whom the server takes the bearer for."""
        answer = await self.knock(token)
        assert answer.status == 201, answer.data
        found: dict[str, Any] = answer.json["status"]["userInfo"]
        return found

    async def knock(self, token: str) -> Answer:
        body = {"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1"}
        return await self.served.post(SELF, body, authorization=f"Bearer {token}")

    async def refuses(self, token: str) -> str:
        """Why: as a review of the token tells."""
        answer = await self.knock(token)
        assert answer.status == 401, answer.data
        assert answer.json["message"] == "Unauthorized"
        status = await self.review(token)
        assert not status.get("authenticated")
        why: str = status["error"]
        return why

    async def review(self, token: str, *audiences: str) -> dict[str, Any]:
        spec = {"token": token, "audiences": list(audiences)}
        answer = await self.served.post(REVIEWS, {"metadata": {}, "spec": spec}, **ROOT)
        assert answer.status == 201, answer.data
        status: dict[str, Any] = answer.json["status"]
        return status

    async def make(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.served.post(path, body, **ROOT)
        assert answer.status == 201, answer.data
        made: dict[str, Any] = answer.json
        return made

    async def account_token(self, **spec: Any) -> tuple[str, Answer]:
        answer = await self.served.post(f"{ACCOUNT}/token", {"spec": spec}, **ROOT)
        assert answer.status == 201, answer.data
        return answer.json["status"]["token"], answer

    async def until(self, condition: Callable[[Answer], bool], token: str) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while not condition(await self.knock(token)):
                await asyncio.sleep(0.02)


@asynccontextmanager
async def gated(**flags: str) -> AsyncIterator[Gate]:
    texts = {name.replace("_", "-"): text for name, text in flags.items()}
    check_flags(texts)
    clock = HastyClock()
    store = MemoryStore(clock)
    identity = Identity(KEY, tokens=(("root", UserInfo("root", groups=(MASTERS_GROUP,))),), issuer=OWN)
    plane = ControlPlane(ControlPlaneConfig(identity, CONFIG, flags=read_flags(texts)), store, clock)
    http, running = HTTPServer(plane.server.handle), asyncio.create_task(plane.run())
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await plane.ready()
        await http.start()
        gate = Gate(Served(plane.server, http, store))
        await gate.make("/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "robot"}})
        yield gate
        await gate.served.pool.close()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await http.stop(deadline_seconds=0.1)
        await store.close()


def configured(issuer: Issuer, folder: Path, **more: Any) -> str:
    """A file that names the issuer; more goes into its part."""
    mappings = {"username": {"claim": "sub", "prefix": "oidc:"}}
    one = {
        "issuer": {"url": issuer.url, "audiences": ["me"], "certificateAuthority": issuer.ca_pem.decode()},
        "claimMappings": mappings,
        **more,
    }
    return written(folder, jwt=[one])


def written(folder: Path, **parts: Any) -> str:
    file = folder / "authentication.yaml"
    head = {"kind": "AuthenticationConfiguration", "apiVersion": "apiserver.config.k8s.io/v1"}
    file.write_text(yaml.safe_dump({**head, **parts}))
    return str(file)


async def test_an_issuers_tokens_make_users_by_its_claims(tmp_path: Path) -> None:
    mappings = {
        "username": {"expression": "claims.team__dot__name + ':' + claims.sub"},
        "groups": {"expression": "claims.roles.filter(r, r != 'none').map(r, 'role:' + r)"},
        "uid": {"claim": "id"},
        "extra": [
            {"key": "example.com/level", "valueExpression": "string(int(claims.level) + 1)"},
            {"key": "example.com/none", "valueExpression": "''"},
        ],
    }
    rules = [{"expression": "claims.level < 10", "message": "too high"}, {"claim": "hd", "requiredValue": "x"}]
    users = [{"expression": "!user.username.startsWith('system:')", "message": "reserved"}]
    async with issuing() as issuer:
        file = configured(
            issuer, tmp_path, claimMappings=mappings, claimValidationRules=rules, userValidationRules=users
        )
        async with gated(authentication_config=file) as gate:
            good = {"team.name": "dev", "roles": ["a", "none", "b"], "id": "u-1", "level": 3, "hd": "x", "jti": "j-1"}
            await gate.until(lambda answer: answer.status == 201, issuer.token(**good))
            assert await gate.who(issuer.token(**good)) == {
                "username": "dev:ada",
                "uid": "u-1",
                "groups": ["role:a", "role:b", "system:authenticated"],
                "extra": {"example.com/level": ["4"], CREDENTIAL: ["JTI=j-1"]},
            }
            for changed, said in (
                ({"level": 10}, "validation expression 'claims.level < 10' failed: too high"),
                ({"hd": "y"}, "required claim hd value does not match. Got = y, want = x"),
                ({"hd": None}, "required claim hd not present in ID token"),
                ({"team.name": "system"}, "failed: reserved"),
                ({"roles": None}, "error evaluating group claim expression: expression 'claims.roles"),
                ({"roles": [1]}, "no such overload"),
                ({"team.name": 1}, "no such overload"),
                ({"id": 1}, 'oidc: parse uid claim "id"'),
            ):
                assert said in await gate.refuses(issuer.token(**{**good, **changed}))


async def test_a_token_that_is_not_for_us_not_in_time_or_altered_is_refused(tmp_path: Path) -> None:
    async with issuing() as issuer, gated(authentication_config=configured(issuer, tmp_path)) as gate:
        good = issuer.token()
        await gate.until(lambda answer: answer.status == 201, good)
        assert (await gate.who(issuer.token(aud=["x", "me"])))["username"] == "oidc:ada"
        now = issuer.claims()["iat"]
        for changed, said in (
            ({"aud": "you"}, 'expected audience in ["me"] got ["you"]'),
            ({"aud": None}, "expected audience"),
            ({"exp": now - 1}, "token is expired"),
            ({"exp": None}, "token is expired"),
            ({"exp": "soon"}, "exp is no time"),
            ({"nbf": now + 600}, "before the nbf"),
            ({"sub": None}, 'parse username claims "sub": claim not present'),
            ({"iss": "https://other.example.com"}, "invalid bearer token"),
        ):
            assert said in await gate.refuses(issuer.token(**changed))
        head, claims, signature = good.split(".")
        other = jwt.signed(issuer.claims(), keys.new_private_key(), key_id(issuer.key.public_key()))
        unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
        for bad in (other, f"{head}.{claims}.", f"{unsigned}.{claims}.", f"{unsigned}.{claims}.{signature}"):
            assert "oidc: verify token" in await gate.refuses(bad)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_every_algorithm_is_understood(algorithm: str, tmp_path: Path) -> None:
    async with issuing() as issuer:
        issuer.key = new_key(algorithm)
        issuer.published = [issuer.key]
        async with gated(authentication_config=configured(issuer, tmp_path)) as gate:
            token = signed_as(algorithm, issuer.claims(), issuer.key)
            await gate.until(lambda answer: answer.status == 201, token)
            assert (await gate.who(token))["username"] == "oidc:ada"


async def test_keys_are_fetched_when_a_token_needs_one_and_kept(tmp_path: Path) -> None:
    async with issuing() as issuer, gated(authentication_config=configured(issuer, tmp_path)) as gate:
        await gate.until(lambda answer: answer.status == 201, issuer.token())
        for number in range(5):
            await gate.who(issuer.token(number=number))
        assert [path for path, _ in issuer.asked].count("/keys") == 1
        issuer.key = keys.new_private_key()
        issuer.published.append(issuer.key)
        await gate.until(lambda answer: answer.status == 201, issuer.token())
        assert [path for path, _ in issuer.asked].count("/keys") == 2


async def test_flags_name_one_issuer(tmp_path: Path) -> None:
    authorities = tmp_path / "ca.pem"
    async with issuing() as issuer:
        authorities.write_bytes(issuer.ca_pem)
        flags = {
            "oidc_issuer_url": issuer.url, "oidc_client_id": "me", "oidc_ca_file": str(authorities),
            "oidc_groups_claim": "groups", "oidc_groups_prefix": "g:", "oidc_required_claim": "hd=x",
            "oidc_signing_algs": "ES256,RS256",
        }  # fmt: skip
        async with gated(**flags) as gate:
            await gate.until(lambda answer: answer.status == 201, issuer.token(hd="x"))
            user = await gate.who(issuer.token(hd="x", groups="one"))
            assert (user["username"], user["groups"]) == (f"{issuer.url}#ada", ["g:one", "system:authenticated"])
            assert "required claim hd" in await gate.refuses(issuer.token())
            issuer.key = new_key("ES384")
            issuer.published.append(issuer.key)
            assert "unsupported algorithm" in await gate.refuses(issuer.token(hd="x"))
        async with gated(**{**flags, "oidc_username_claim": "email", "oidc_signing_algs": "ES384"}) as gate:
            await gate.until(lambda answer: answer.status == 201, issuer.token(hd="x", email="a@b"))
            assert (await gate.who(issuer.token(hd="x", email="a@b")))["username"] == "a@b"
            said = await gate.refuses(issuer.token(hd="x", email="a@b", email_verified=False))
            assert said == "oidc: email not verified"


async def test_groups_may_be_in_another_token_elsewhere(tmp_path: Path) -> None:
    mappings = {"username": {"claim": "sub", "prefix": ""}, "groups": {"claim": "groups", "prefix": ""}}
    async with issuing() as issuer:
        async with gated(authentication_config=configured(issuer, tmp_path, claimMappings=mappings)) as gate:
            await gate.until(lambda answer: answer.status == 201, issuer.token())
            issuer.documents["/groups"] = issuer.token(groups=["far"]).encode()
            sources = {"s": {"endpoint": f"{issuer.url}/groups", "access_token": "let-me"}}
            given = {"_claim_names": {"groups": "s"}, "_claim_sources": sources}
            assert (await gate.who(issuer.token(**given)))["groups"] == ["far", "system:authenticated"]
            assert ("/groups", "Bearer let-me") in issuer.asked
            issuer.documents["/groups"] = issuer.token(groups=["far"], aud="you").encode()
            assert "could not expand distributed claims" in await gate.refuses(issuer.token(**given, jti="2"))
            del given["_claim_sources"]
            assert "no claim sources" in await gate.refuses(issuer.token(**given))


async def test_a_changed_file_is_used_as_soon_as_its_issuers_answer(tmp_path: Path) -> None:
    async with issuing() as issuer, issuing() as other:
        async with gated(authentication_config=configured(issuer, tmp_path)) as gate:
            await gate.until(lambda answer: answer.status == 201, issuer.token())
            (tmp_path / "authentication.yaml").write_text("kind: Nonsense")
            assert (await gate.who(issuer.token(jti="2")))["username"] == "oidc:ada"
            other.is_broken = True
            configured(other, tmp_path)
            assert (await gate.knock(other.token())).status == 401
            other.is_broken = False
            await gate.until(lambda answer: answer.status == 201, other.token())
            assert await gate.refuses(issuer.token(jti="2")) == "invalid bearer token"
            metrics = (await gate.served.get("/metrics", **ROOT)).data.decode()
            assert 'automatic_reloads_total{status="success"} 1' in metrics


def kubeconfig(issuer: Issuer, folder: Path) -> str:
    file = folder / "webhook.yaml"
    authority = base64.b64encode(issuer.ca_pem).decode()
    file.write_text(
        yaml.safe_dump({
            "clusters": [{"name": "c", "cluster": {"server": f"{issuer.url}/review",
                                                   "certificate-authority-data": authority}}],
            "users": [{"name": "u", "user": {"token": "api-server"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        })
    )  # fmt: skip
    return str(file)


async def test_a_webhook_says_whose_a_token_is_and_its_answers_hold(tmp_path: Path) -> None:
    async with issuing() as issuer:
        issuer.users["t"] = {"username": "ada", "uid": "7", "groups": ["dev"], "extra": {"a.com/b": ["c"]}}
        config = kubeconfig(issuer, tmp_path)
        async with gated(authentication_token_webhook_config_file=config) as gate:
            for _ in range(3):
                assert await gate.who("t") == {
                    "username": "ada", "uid": "7", "groups": ["dev", "system:authenticated"],
                    "extra": {"a.com/b": ["c"]},
                }  # fmt: skip
                assert await gate.refuses("other") == "invalid bearer token"
            assert len(issuer.reviews) == 2
            asked = issuer.reviews[0]
            assert asked["apiVersion"] == "authentication.k8s.io/v1beta1"
            assert asked["spec"] == {"token": "t", "audiences": [OWN]}
            assert issuer.asked[0] == ("/review", "Bearer api-server")
            assert "authenticated" not in await gate.review("t", "vault")
            issuer.is_broken = True
            assert "503" in await gate.refuses("new")


async def test_fixed_tokens_bootstrap_tokens_and_anonymous_paths(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('secret,ada,1,"dev,ops"\n')
    config = written(tmp_path, anonymous={"enabled": True, "conditions": [{"path": "/livez"}]})
    flags = {"token_auth_file": str(tokens), "enable_bootstrap_token_auth": "true", "authentication_config": config}
    async with gated(**flags) as gate:
        assert await gate.who("secret") == {
            "username": "ada", "uid": "1", "groups": ["dev", "ops", "system:authenticated"],
        }  # fmt: skip
        data = {"token-id": "abcdef", "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true"}
        secret = {"metadata": {"name": "bootstrap-token-abcdef"}, "type": "bootstrap.kubernetes.io/token"}
        await gate.make("/api/v1/namespaces/kube-system/secrets", {**secret, "stringData": data})
        user = await gate.who("abcdef.0123456789abcdef")
        assert user == {
            "username": "system:bootstrap:abcdef",
            "groups": ["system:bootstrappers", "system:authenticated"],
        }
        await gate.refuses("abcdef.0123456789abcdeg")
        assert [(await gate.served.get(path)).status for path in ("/livez", "/version")] == [200, 401]
    async with gated(anonymous_auth="false") as gate:
        assert (await gate.served.get("/livez")).status == 401


async def test_a_review_of_a_token_is_about_the_audiences_it_names() -> None:
    async with gated() as gate:
        token, _ = await gate.account_token(audiences=["vault", OWN])
        assert (await gate.review(token))["audiences"] == [OWN]
        status = await gate.review(token, "vault", "bank")
        assert (status["authenticated"], status["audiences"]) == (True, ["vault"])
        assert status["user"]["username"] == "system:serviceaccount:default:robot"
        assert status["user"]["extra"][CREDENTIAL][0].startswith("JTI=")
        refused = await gate.review(token, "bank")
        assert "authenticated" not in refused
        assert "is invalid for the target audiences" in refused["error"]


async def test_several_issuers_are_believed_and_their_keys_are_published(tmp_path: Path) -> None:
    other, mine = new_key("RS256"), new_key("ES384")
    files = {"other": public_key_pem_of(other), "mine": keys_pem(mine)}
    for name, pem in files.items():
        (tmp_path / name).write_bytes(pem)
    flags = {
        "service_account_issuer": "https://new.example.com,https://old.example.com",
        "service_account_key_file": str(tmp_path / "other"),
        "service_account_signing_key_file": str(tmp_path / "mine"),
        "service_account_max_token_expiration": "2h",
        "api_audiences": "api",
    }
    async with gated(**flags) as gate:
        token, answer = await gate.account_token(expirationSeconds=86400)
        assert "shortened to 7200 seconds" in answer.headers["warning"]
        assert answer.json["spec"]["expirationSeconds"] == 7200
        claims = jwt.parse(token).claims
        assert (claims["iss"], claims["aud"], jwt.parse(token).algorithm) == (
            "https://new.example.com",
            ["api"],
            "ES384",
        )
        assert claims["exp"] - claims["iat"] == 7200
        await gate.who(token)
        for key, issuer, is_good in (
            (other, "https://old.example.com", True), (KEY, "https://new.example.com", True),
            (other, "https://own.example.com", False), (new_key("ES256"), "https://new.example.com", False),
        ):  # fmt: skip
            forged = jwt.signed({**claims, "iss": issuer}, key, key_id(key.public_key()))
            assert (await gate.knock(forged)).status == (201 if is_good else 401)
        about = (await gate.served.get("/.well-known/openid-configuration", **ROOT)).json
        assert (about["issuer"], about["jwks_uri"]) == (
            "https://new.example.com",
            "https://127.0.0.1:6443/openid/v1/jwks",
        )
        assert about["id_token_signing_alg_values_supported"] == ["ES256", "ES384", "RS256"]
        published = (await gate.served.get("/openid/v1/jwks", **ROOT)).json["keys"]
        assert jwt.checked(jwt.parse(token), [key_of(one) for one in published]) == claims
    async with gated(service_account_issuer="nobody") as gate:
        assert (await gate.served.get("/openid/v1/jwks", **ROOT)).status == 404


async def test_the_tokens_of_pods_outlast_their_hour_unless_that_is_off() -> None:
    pod = {
        "metadata": {"name": "p"},
        "spec": {"serviceAccountName": "robot", "containers": [{"name": "c", "image": "i"}]},
    }
    bound = {"boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": "p"}, "expirationSeconds": 3607}
    for extends, seconds in (("true", 365 * 86400), ("false", 3607)):
        async with gated(service_account_extend_token_expiration=extends) as gate:
            await gate.make("/api/v1/namespaces/default/pods", pod)
            token, answer = await gate.account_token(**bound)
            claims = jwt.parse(token).claims
            assert claims["exp"] - claims["iat"] == seconds
            assert answer.json["spec"]["expirationSeconds"] == 3607
            assert claims["kubernetes.io"].get("warnafter") == (claims["iat"] + 3607 if extends == "true" else None)
            elsewhere, _ = await gate.account_token(**bound, audiences=["vault"])
            assert jwt.parse(elsewhere).claims["exp"] - claims["iat"] <= 3608


async def test_a_token_in_a_secret_is_as_good_as_the_secret() -> None:
    async with gated() as gate:
        account = (await gate.served.get(ACCOUNT, **ROOT)).json["metadata"]
        claims = {
            "iss": legacyclaims.ISSUER, "sub": "system:serviceaccount:default:robot",
            legacyclaims.NAMESPACE: "default", legacyclaims.SECRET: "s", legacyclaims.ACCOUNT: "robot",
            legacyclaims.ACCOUNT_UID: account["uid"],
        }  # fmt: skip
        token = jwt.signed(claims, KEY, key_id(KEY.public_key()))
        assert await gate.refuses(token) == "Token has been invalidated"
        marks = {"annotations": {"kubernetes.io/service-account.name": "robot"}}
        body = {"metadata": {"name": "s", **marks}, "type": "kubernetes.io/service-account-token"}
        path = "/api/v1/namespaces/default/secrets"
        await gate.make(path, {**body, "stringData": {"token": "another"}})
        assert await gate.refuses(token) == "Token does not match server's copy"
        patch = json.dumps({"stringData": {"token": token}}).encode()
        await gate.served.ask("PATCH", f"{path}/s", patch, content_type="application/merge-patch+json", **ROOT)
        assert (await gate.who(token))["username"] == "system:serviceaccount:default:robot"
        unnamed = jwt.signed({**claims, legacyclaims.SECRET: ""}, KEY, key_id(KEY.public_key()))
        assert await gate.refuses(unnamed) == "secretName claim is missing"
        stranger = jwt.signed({**claims, "sub": "system:serviceaccount:x:robot"}, KEY, key_id(KEY.public_key()))
        assert await gate.refuses(stranger) == "sub claim is invalid"


async def test_a_token_that_was_long_unused_is_refused() -> None:
    async with gated() as gate:
        account = (await gate.served.get(ACCOUNT, **ROOT)).json["metadata"]
        claims = {
            "iss": legacyclaims.ISSUER, "sub": "system:serviceaccount:default:robot",
            legacyclaims.NAMESPACE: "default", legacyclaims.SECRET: "s", legacyclaims.ACCOUNT: "robot",
            legacyclaims.ACCOUNT_UID: account["uid"],
        }  # fmt: skip
        token = jwt.signed(claims, KEY, key_id(KEY.public_key()))
        labels = {"kubernetes.io/legacy-token-invalid-since": "2026-01-01"}
        marks = {"annotations": {"kubernetes.io/service-account.name": "robot"}, "labels": labels}
        body = {"metadata": {"name": "s", **marks}, "type": "kubernetes.io/service-account-token"}
        await gate.make("/api/v1/namespaces/default/secrets", {**body, "stringData": {"token": token}})
        assert "has been marked invalid" in await gate.refuses(token)


def public_key_pem_of(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def keys_pem(key: Any) -> bytes:
    return keys.private_key_pem(key)
