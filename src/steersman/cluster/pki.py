"""Every certificate of a cluster: made when missing, renewed when old or when a name has changed."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network

from cryptography.hazmat.primitives.asymmetric import ec

from steersman.client.kubeconfig import ClientConfig, Credentials, render
from steersman.cluster.layout import ClusterFacts, Layout, NodeFacts
from steersman.component import certs, files, keys
from steersman.component.keypair import KeyPair

# Controllers act as their own service accounts in upstream; until they do here, all of them may do everything.
USERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "admin": ("kubernetes-admin", ("system:masters",)),
    "controllers": ("system:kube-controller-manager", ("system:masters",)),
    "proxy": ("system:kube-proxy", ()),
    "dns": ("system:coredns", ()),
}


CA = "ca"
FRONT_PROXY = "front-proxy-client"  # the name other API servers expect; see apiserver.bootstrap


@dataclass(frozen=True, slots=True)
class ServerCredentials:
    """What the API server needs to prove itself and to know others."""

    serving: KeyPair
    client_ca: KeyPair
    kubelet_client: KeyPair
    front_proxy_ca: KeyPair
    front_proxy_client: KeyPair
    signing_key: ec.EllipticCurvePrivateKey


@contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """One process at a time makes certificates: `up` and the API server begin together."""
    with (layout.pki / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def server_credentials(layout: Layout, facts: ClusterFacts, now: datetime) -> ServerCredentials:
    """The API server's keys and certificates."""
    with _alone(layout):
        return _server_credentials(layout, facts, now)


def _server_credentials(layout: Layout, facts: ClusterFacts, now: datetime) -> ServerCredentials:
    ca = _cluster_ca(layout, now)
    first = str(ip_network(facts.service_cidr)[1])
    names = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
    leaf = certs.Leaf(
        "kube-apiserver",
        certs.Usage.SERVER,
        dns_names=("localhost", *names, *facts.host_names),
        ip_addresses=tuple(dict.fromkeys(("127.0.0.1", facts.address, first))),
    )
    kubelet_leaf = certs.Leaf("kube-apiserver-kubelet-client", certs.Usage.CLIENT, organizations=("system:masters",))
    # An authority of its own: whoever it certifies may name any user.
    proxy_ca = certs.ensure_ca(layout.pki, "front-proxy-ca", "front-proxy-ca", now)
    proxy_leaf = certs.Leaf(FRONT_PROXY, certs.Usage.CLIENT)
    return ServerCredentials(
        serving=certs.ensure(layout.pki, "apiserver", ca, leaf, now),
        client_ca=ca,
        kubelet_client=certs.ensure(layout.pki, "apiserver-kubelet-client", ca, kubelet_leaf, now),
        front_proxy_ca=proxy_ca,
        front_proxy_client=certs.ensure(layout.pki, "front-proxy-client", proxy_ca, proxy_leaf, now),
        signing_key=keys.ensure_signing_key(layout.pki / "sa.key"),
    )


def token_signing_key(layout: Layout) -> ec.EllipticCurvePrivateKey:
    """The key of service account tokens."""
    with _alone(layout):
        return keys.ensure_signing_key(layout.pki / "sa.key")


def cluster_ca_pem(layout: Layout) -> bytes:
    """The certificate of the cluster's authority, which `up` has made."""
    return (layout.pki / f"{CA}.crt").read_bytes()


def _cluster_ca(layout: Layout, now: datetime) -> KeyPair:
    return certs.ensure_ca(layout.pki, CA, "steersman-ca", now)


def kubelet_serving(layout: Layout, node: NodeFacts, now: datetime) -> KeyPair:
    """The certificate of a node's kubelet server."""
    leaf = certs.Leaf(
        f"system:node:{node.name}",
        certs.Usage.SERVER,
        organizations=("system:nodes",),
        dns_names=(node.name,),
        ip_addresses=tuple(dict.fromkeys(("127.0.0.1", node.address))),
    )
    with _alone(layout):
        return certs.ensure(layout.pki, f"kubelet-{node.name}", _cluster_ca(layout, now), leaf, now)


def write_kubeconfigs(layout: Layout, facts: ClusterFacts, now: datetime) -> None:
    """A kubeconfig for the administrator and one for each component."""
    with _alone(layout):
        _write_kubeconfigs(layout, facts, now)


def _write_kubeconfigs(layout: Layout, facts: ClusterFacts, now: datetime) -> None:
    ca = _cluster_ca(layout, now)
    nodes = {node.name: (f"system:node:{node.name}", ("system:nodes",)) for node in facts.nodes}
    for name, (user, groups) in {**USERS, **nodes}.items():
        leaf = certs.Leaf(user, certs.Usage.CLIENT, organizations=groups)
        pair = certs.ensure(layout.pki, f"client-{name}", ca, leaf, now)
        config = ClientConfig(
            server=f"https://127.0.0.1:{facts.port}",
            ca_pem=ca.cert_pem,
            credentials=Credentials(pair.cert_pem, pair.key_pem),
        )
        path = layout.kubeconfig if name == "admin" else layout.credentials(name)
        text = render(config, "steersman", "admin" if name == "admin" else user)
        files.write_atomic(path, text.encode(), mode=0o600)
