"""Who one is, and what one may do."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest
from cryptography import x509

from steersman.api import authentication, core
from steersman.api.meta import Kind, ObjectMeta
from steersman.api.rbac import ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject
from steersman.api.resources import resource_for
from steersman.apimachinery.codec.json import encode
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import BadRequest, Conflict, Invalid, Unauthorized
from steersman.apiserver.authn.accounttokens import AccountTokens
from steersman.apiserver.authn.anonymous import NOBODY, Anonymous
from steersman.apiserver.authn.bearer import BearerTokens
from steersman.apiserver.authn.issuer import Issuer
from steersman.apiserver.authn.serviceaccount import ServiceAccountIssuer
from steersman.apiserver.authn.tokens import StaticTokens
from steersman.apiserver.authn.union import UnionAuthenticator
from steersman.apiserver.authn.x509 import X509Authenticator
from steersman.apiserver.authz.bootstrap.seed import first_bindings, first_roles
from steersman.apiserver.authz.rbac import RBACAuthorizer
from steersman.apiserver.authz.subjects import subjects_of, within
from steersman.apiserver.authz.union import Member, UnionAuthorizer
from steersman.apiserver.context import RequestContext
from steersman.apiserver.request import EMPTY_QUERY, RequestInfo, read_request
from steersman.apiserver.user import LOOPBACK, UserInfo
from steersman.component import certs, jwt, keys
from steersman.component.clock import FakeClock


@dataclass
class Presents:
    """What a client shows."""

    headers: dict[str, str] = field(default_factory=dict)
    peer_cert_der: bytes | None = None
    path: str = "/api"
    repeated: dict[str, list[str]] | None = None

    @classmethod
    def token(cls, token: str) -> "Presents":
        return cls({"authorization": f"Bearer {token}"})


def der(pair: certs.KeyPair) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return x509.load_pem_x509_certificate(pair.cert_pem).public_bytes(Encoding.DER)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_a_certificate_names_user_and_groups(clock: FakeClock) -> None:
    ca = certs.new_ca("clients", clock.now())
    pair = certs.issue(ca, certs.Leaf("ada", certs.Usage.CLIENT, organizations=("dev", "ops")), clock.now())
    user = await X509Authenticator(ca.cert_pem, clock).authenticate(Presents(peer_cert_der=der(pair)))
    assert user is not None
    assert (user.name, user.groups) == ("ada", ("dev", "ops", "system:authenticated"))
    fingerprint = hashlib.sha256(der(pair)).hexdigest()
    assert user.extra == {"authentication.kubernetes.io/credential-id": (f"X509SHA256={fingerprint}",)}


async def test_certificates_of_another_ca_for_servers_or_out_of_time_are_refused(clock: FakeClock) -> None:
    ca, other = certs.new_ca("clients", clock.now()), certs.new_ca("clients", clock.now())
    authenticator = X509Authenticator(ca.cert_pem, clock)
    foreign = certs.issue(other, certs.Leaf("ada", certs.Usage.CLIENT), clock.now())
    server = certs.issue(ca, certs.Leaf("ada", certs.Usage.SERVER), clock.now())
    for pair in (foreign, server):
        with pytest.raises(Unauthorized):
            await authenticator.authenticate(Presents(peer_cert_der=der(pair)))
    short = certs.issue(ca, certs.Leaf("ada", certs.Usage.CLIENT), clock.now(), timedelta(hours=1))
    assert await authenticator.authenticate(Presents(peer_cert_der=der(short))) is not None
    await clock.advance(7200)
    with pytest.raises(Unauthorized):
        await authenticator.authenticate(Presents(peer_cert_der=der(short)))


async def test_who_shows_nothing_is_anonymous_and_who_shows_nonsense_is_refused() -> None:
    union = UnionAuthenticator((BearerTokens(StaticTokens({"secret": LOOPBACK})),))
    assert await union.authenticate(Presents()) == NOBODY
    assert await union.authenticate(Presents.token("secret")) == LOOPBACK
    with pytest.raises(Unauthorized):
        await union.authenticate(Presents.token("guess"))
    assert await UnionAuthenticator((), Anonymous(is_allowed=False)).authenticate(Presents()) is None


class Accounts:
    """A service account and a pod, and an issuer that knows them."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.account = core.ServiceAccount(metadata=ObjectMeta(name="default", namespace="ns", uid="sa-uid"))
        self.pod = core.Pod(metadata=ObjectMeta(name="p", namespace="ns", uid="pod-uid"))
        self.objects: dict[tuple[type[Kind], str, str], Kind] = {
            (core.ServiceAccount, "ns", "default"): self.account,
            (core.Pod, "ns", "p"): self.pod,
        }
        url = "https://kubernetes.default.svc"
        issuer = Issuer((url,), (url,), keys.new_private_key())
        self.issuer = ServiceAccountIssuer(issuer, lambda *key: self.objects.get(key), Random(1))
        self.tokens = AccountTokens(issuer, lambda *key: self.objects.get(key), clock)
        self.bearer = BearerTokens(self.tokens, (url,))

    async def issue(self, spec: authentication.TokenRequestSpec) -> str:
        return (await self.answer(authentication.TokenRequest(spec=spec))).status.token

    async def answer(self, request: authentication.TokenRequest) -> authentication.TokenRequest:
        resource = resource_for(core.ServiceAccount)
        context = RequestContext(RequestInfo("create", ""), resource, LOOPBACK, self.clock.now(), EMPTY_QUERY)
        return await self.issuer.issue(context, self.account, request)


BOUND = authentication.BoundObjectReference(kind="Pod", apiVersion="v1", name="p", uid="pod-uid")


async def test_a_pods_token_names_its_account_and_dies_with_the_pod(clock: FakeClock) -> None:
    accounts = Accounts(clock)
    presented = Presents.token(await accounts.issue(authentication.TokenRequestSpec(boundObjectRef=BOUND)))
    user = await accounts.bearer.authenticate(presented)
    assert user is not None
    assert user.name == "system:serviceaccount:ns:default"
    assert user.groups == ("system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated")
    assert user.extra["authentication.kubernetes.io/pod-name"] == ("p",)
    del accounts.objects[core.Pod, "ns", "p"]
    with pytest.raises(Unauthorized):
        await accounts.bearer.authenticate(presented)


async def test_no_account_gets_a_token_bound_to_anothers_pod(clock: FakeClock) -> None:
    accounts = Accounts(clock)
    accounts.objects[core.Pod, "ns", "p"] = replace(accounts.pod, spec=core.PodSpec(serviceAccountName="other"))
    with pytest.raises(BadRequest, match="running with different serviceaccount name"):
        await accounts.issue(authentication.TokenRequestSpec(boundObjectRef=BOUND))


async def test_a_token_ends_with_its_time_its_account_and_outside_its_audience(clock: FakeClock) -> None:
    accounts = Accounts(clock)
    token = await accounts.issue(authentication.TokenRequestSpec(expirationSeconds=600))
    elsewhere = await accounts.issue(authentication.TokenRequestSpec(audiences=("vault",)))
    with pytest.raises(Unauthorized):
        await accounts.bearer.authenticate(Presents.token(elsewhere))
    renewed = replace(accounts.account, metadata=replace(accounts.account.metadata, uid="new"))
    accounts.objects[core.ServiceAccount, "ns", "default"] = renewed
    with pytest.raises(Unauthorized):
        await accounts.bearer.authenticate(Presents.token(token))
    accounts.objects[core.ServiceAccount, "ns", "default"] = accounts.account
    await clock.advance(601)
    with pytest.raises(Unauthorized):
        await accounts.bearer.authenticate(Presents.token(token))


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "less than 10 minutes"), (599, "less than 10 minutes"), (2**32 + 1, "larger than 2^32")]
)
async def test_tokens_last_ten_minutes_at_least_and_an_hour_unless_told(
    clock: FakeClock, seconds: int, words: str
) -> None:
    accounts = Accounts(clock)
    with pytest.raises(Invalid) as refused:
        await accounts.issue(authentication.TokenRequestSpec(expirationSeconds=seconds))
    assert refused.value.message.startswith(
        f'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: {seconds}: '
        f"may not specify a duration {words}"
    )
    answer = await accounts.answer(authentication.TokenRequest())
    assert answer.spec.expirationSeconds == 3600
    assert (answer.metadata.name, answer.metadata.namespace, answer.metadata.uid) == ("default", "ns", "sa-uid")


async def test_a_token_bound_to_a_node_names_it_and_dies_with_it(clock: FakeClock) -> None:
    accounts = Accounts(clock)
    node = core.Node(metadata=ObjectMeta(name="n", uid="node-uid"))
    accounts.objects[core.Node, "", "n"] = node
    to_node = authentication.BoundObjectReference(kind="Node", apiVersion="v1", name="n", uid="node-uid")
    presented = Presents.token(await accounts.issue(authentication.TokenRequestSpec(boundObjectRef=to_node)))
    user = await accounts.bearer.authenticate(presented)
    assert user is not None
    assert user.extra["authentication.kubernetes.io/node-name"] == ("n",)
    assert user.extra["authentication.kubernetes.io/node-uid"] == ("node-uid",)
    accounts.objects[core.Node, "", "n"] = replace(node, metadata=replace(node.metadata, uid="another"))
    with pytest.raises(Unauthorized):
        await accounts.bearer.authenticate(presented)
    with pytest.raises(Conflict, match=r'on Node "n": the UID in the bound object reference \(node-uid\)'):
        await accounts.issue(authentication.TokenRequestSpec(boundObjectRef=to_node))


async def test_a_pods_token_names_its_node_and_outlives_it(clock: FakeClock) -> None:
    accounts = Accounts(clock)
    accounts.objects[core.Node, "", "n"] = core.Node(metadata=ObjectMeta(name="n", uid="node-uid"))
    accounts.objects[core.Pod, "ns", "p"] = replace(accounts.pod, spec=core.PodSpec(nodeName="n"))
    presented = Presents.token(await accounts.issue(authentication.TokenRequestSpec(boundObjectRef=BOUND)))
    del accounts.objects[core.Node, "", "n"]
    user = await accounts.bearer.authenticate(presented)
    assert user is not None
    assert user.extra["authentication.kubernetes.io/node-uid"] == ("node-uid",)
    later = Presents.token(await accounts.issue(authentication.TokenRequestSpec(boundObjectRef=BOUND)))
    user = await accounts.bearer.authenticate(later)
    assert user is not None
    assert user.extra["authentication.kubernetes.io/node-name"] == ("n",)
    assert "authentication.kubernetes.io/node-uid" not in user.extra


@pytest.mark.parametrize(
    ("version", "kind", "named"),
    [("v1", "ConfigMap", "/v1, Kind=ConfigMap"), ("apps/v1", "Pod", "apps/v1, Kind=Pod"), ("", "", "/, Kind=")],
)
async def test_no_token_is_bound_to_anything_else(clock: FakeClock, version: str, kind: str, named: str) -> None:
    reference = authentication.BoundObjectReference(kind=kind, apiVersion=version, name="x")
    with pytest.raises(BadRequest) as refused:
        await Accounts(clock).issue(authentication.TokenRequestSpec(boundObjectRef=reference))
    assert refused.value.message == f"cannot bind token to object of type {named}"


async def test_a_request_that_speaks_of_another_account_is_refused(clock: FakeClock) -> None:
    accounts = Accounts(clock)
    with pytest.raises(Invalid, match="must match the service account name if specified"):
        await accounts.answer(authentication.TokenRequest(metadata=ObjectMeta(name="other")))
    with pytest.raises(Conflict, match="does not match the UID of the service account"):
        await accounts.answer(authentication.TokenRequest(metadata=ObjectMeta(uid="earlier")))


async def test_a_token_changed_in_any_part_or_signed_by_another_key_is_refused(clock: FakeClock) -> None:
    accounts = Accounts(clock)
    token = await accounts.issue(authentication.TokenRequestSpec())
    head, claims, signature = token.split(".")
    changed = claims[:-2] + ("A" if claims[-2] != "A" else "B") + claims[-1]
    other = keys.new_private_key()
    forged = jwt.signed({"iss": "x"}, other, keys.key_id(other.public_key()))
    for bad in (
        f"{head}.{changed}.{signature}",
        f"{head}.{claims}.{'A' * 86}",
        f"{head}.{claims}.",
        forged,
        "a.b.c",
        "x",
    ):
        with pytest.raises(Unauthorized):
            await accounts.bearer.authenticate(Presents.token(bad))


@dataclass
class RolesInMemory:
    """Roles and bindings in lists."""

    cluster: list[ClusterRole] = field(default_factory=list)
    local: list[Role] = field(default_factory=list)
    bindings: list[ClusterRoleBinding] = field(default_factory=list)
    local_bindings: list[RoleBinding] = field(default_factory=list)

    def cluster_role(self, name: str) -> ClusterRole | None:
        return next((role for role in self.cluster if role.metadata.name == name), None)

    def role(self, namespace: str, name: str) -> Role | None:
        found = (role for role in self.local if (role.metadata.namespace, role.metadata.name) == (namespace, name))
        return next(found, None)

    def cluster_role_bindings(self, subject: str) -> Iterable[ClusterRoleBinding]:
        return [binding for binding in self.bindings if subject in subjects_of(encode(binding))]

    def role_bindings(self, subject: str, namespace: str) -> Iterable[RoleBinding]:
        found = (binding for binding in self.local_bindings if binding.metadata.namespace == namespace)
        return [binding for binding in found if within(namespace, subject) in subjects_of(encode(binding))]


def allowed(roles: RolesInMemory, user: UserInfo, method: str, target: str) -> bool:
    request = read_request(method, target, EMPTY_QUERY)
    return UnionAuthorizer([Member("RBAC", "rbac", RBACAuthorizer(roles))]).authorize(user, request).allowed


ADA = UserInfo("ada", groups=("dev", "system:authenticated"))


@pytest.mark.parametrize(
    ("rule", "method", "target", "expected"),
    [
        (PolicyRule(verbs=("get",), apiGroups=("",), resources=("pods",)), "GET", "/api/v1/namespaces/n/pods/x", True),
        (PolicyRule(verbs=("get",), apiGroups=("",), resources=("pods",)), "GET", "/api/v1/namespaces/n/pods", False),
        (
            PolicyRule(verbs=("get",), apiGroups=("",), resources=("pods",)),
            "GET",
            "/api/v1/namespaces/n/pods/x/log",
            False,
        ),
        (
            PolicyRule(verbs=("*",), apiGroups=("*",), resources=("*/log",)),
            "GET",
            "/api/v1/namespaces/n/pods/x/log",
            True,
        ),
        (PolicyRule(verbs=("*",), apiGroups=("apps",), resources=("*",)), "GET", "/api/v1/namespaces/n/pods/x", False),
        (
            PolicyRule(verbs=("get",), apiGroups=("",), resources=("pods",), resourceNames=("x",)),
            "GET",
            "/api/v1/namespaces/n/pods/y",
            False,
        ),
        (PolicyRule(verbs=("get",), nonResourceURLs=("/healthz", "/logs/*")), "GET", "/logs/a", True),
        (PolicyRule(verbs=("get",), nonResourceURLs=("/healthz",)), "GET", "/healthz/etcd", False),
    ],
)
def test_a_rule_covers_what_it_names_and_nothing_more(
    rule: PolicyRule, method: str, target: str, expected: bool
) -> None:
    binding = ClusterRoleBinding(
        roleRef=RoleRef(kind="ClusterRole", name="r"), subjects=(Subject(kind="Group", name="dev"),)
    )
    roles = RolesInMemory([ClusterRole(metadata=ObjectMeta(name="r"), rules=(rule,))], bindings=[binding])
    assert allowed(roles, ADA, method, target) is expected
    assert not allowed(roles, UserInfo("eve"), method, target)


def test_a_role_binding_gives_rights_in_its_namespace_only() -> None:
    rule = PolicyRule(verbs=("list",), apiGroups=("",), resources=("pods",))
    binding = RoleBinding(
        metadata=ObjectMeta(namespace="n"),
        roleRef=RoleRef(kind="Role", name="r"),
        subjects=(Subject(kind="ServiceAccount", name="default"),),
    )
    role = Role(metadata=ObjectMeta(name="r", namespace="n"), rules=(rule,))
    roles = RolesInMemory(local=[role], local_bindings=[binding])
    account = UserInfo("system:serviceaccount:n:default")
    assert allowed(roles, account, "GET", "/api/v1/namespaces/n/pods")
    assert not allowed(roles, account, "GET", "/api/v1/namespaces/other/pods")
    assert not allowed(roles, account, "GET", "/api/v1/pods")


@pytest.mark.parametrize(
    ("user", "method", "target", "expected"),
    [
        (UserInfo("root", groups=("system:masters",)), "DELETE", "/api/v1/nodes/x", True),
        (ADA, "GET", "/apis", True),
        (ADA, "GET", "/api/v1/pods", False),
        (UserInfo("x", groups=("system:unauthenticated",)), "GET", "/version", True),
        (UserInfo("x", groups=("system:unauthenticated",)), "GET", "/apis", False),
        (UserInfo("system:kube-scheduler"), "POST", "/api/v1/namespaces/n/pods/x/binding", True),
        (
            UserInfo("system:serviceaccount:kube-system:replicaset-controller"),
            "POST",
            "/api/v1/namespaces/n/pods",
            True,
        ),
        (
            UserInfo("system:serviceaccount:kube-system:replicaset-controller"),
            "POST",
            "/api/v1/namespaces/n/secrets",
            False,
        ),
        # What nodes may do is for the Node authorizer to say.
        (UserInfo("system:node:a", groups=("system:nodes",)), "PATCH", "/api/v1/nodes/a/status", False),
        (UserInfo("system:node:a", groups=("system:nodes",)), "GET", "/api/v1/services", True),
    ],
)
def test_the_first_roles_give_the_rights_upstream_gives(
    user: UserInfo, method: str, target: str, expected: bool
) -> None:
    roles = RolesInMemory(list(first_roles()), bindings=list(first_bindings()))
    assert allowed(roles, user, method, target) is expected


def test_admin_holds_the_rules_of_edit_and_view() -> None:
    roles = {role.metadata.name: role for role in first_roles()}
    assert set(roles["view"].rules) < set(roles["edit"].rules) < set(roles["admin"].rules)


def test_what_is_allowed_is_allowed_for_a_reason() -> None:
    rule = PolicyRule(verbs=("get",), apiGroups=("",), resources=("pods",))
    account = Subject(kind="ServiceAccount", name="bot")
    named = ObjectMeta(name="b", namespace="n")
    roles = RolesInMemory(
        [ClusterRole(metadata=ObjectMeta(name="r"), rules=(rule,))],
        local_bindings=[
            RoleBinding(metadata=named, roleRef=RoleRef(kind="ClusterRole", name="r"), subjects=(account,))
        ],
    )
    info = read_request("GET", "/api/v1/namespaces/n/pods/x", EMPTY_QUERY)
    decision = RBACAuthorizer(roles).authorize(UserInfo("system:serviceaccount:n:bot"), info)
    assert decision.reason == 'RBAC: allowed by RoleBinding "b/n" of ClusterRole "r" to ServiceAccount "bot/n"'
    roles.bindings.append(
        ClusterRoleBinding(
            metadata=ObjectMeta(name="all"),
            roleRef=RoleRef(kind="ClusterRole", name="r"),
            subjects=(Subject(kind="User", name="eve"), Subject(kind="Group", name="dev")),
        )
    )
    assert RBACAuthorizer(roles).authorize(ADA, info).reason == (
        'RBAC: allowed by ClusterRoleBinding "all" of ClusterRole "r" to Group "dev"'
    )
