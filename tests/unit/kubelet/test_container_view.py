"""What a container is given: environment, DNS, hosts, downward API, security, cgroup settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.api.core import (
    Capabilities,
    Container,
    HostAlias,
    Pod,
    PodDNSConfig,
    PodDNSConfigOption,
    PodSecurityContext,
    PodSpec,
    ResourceFieldSelector,
    ResourceRequirements,
    SecurityContext,
    Service,
    ServicePort,
    ServiceSpec,
)
from steersman.api.core.qos import qos_class
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity
from steersman.cri import records
from steersman.kubelet.dns import ClusterDNS, pod_dns
from steersman.kubelet.downward import FieldNotSupportedError, field_value, resource_value
from steersman.kubelet.env import expand, service_variables
from steersman.kubelet.hosts import hostname_of, hosts_file
from steersman.kubelet.qos import oom_score_adj
from steersman.kubelet.resources import container_resources, pod_cgroup_resources, quota_of, shares_of
from steersman.kubelet.security import ImageRunsAsRootError, container_security, verify_non_root

NODE_DNS = records.DNSConfig(("192.0.2.1",), ("example.org",), ("edns0",))
CLUSTER = ClusterDNS(("10.96.0.10",))


def pod(*containers: Container, **spec: object) -> Pod:
    meta = ObjectMeta(name="web-0", namespace="shop", uid="u1", labels={"b": "2", "a": 'say "hi"'})
    return Pod(metadata=meta, spec=PodSpec(containers=containers or (Container(name="app"),), **spec))


def asking(requests: dict[str, str], limits: dict[str, str]) -> Container:
    made = ({name: Quantity(text) for name, text in side.items()} for side in (requests, limits))
    return Container(name="app", resources=ResourceRequirements(requests=next(made), limits=next(made)))


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A) and $(B)", "1 and $(B)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A $", "$A $"),
        ("$(A", "$(A"),
        ("$(A)$(A)", "11"),
        ("$()", "$()"),
    ],
)
def test_variables_are_expanded_as_upstream_does(text: str, expanded: str) -> None:
    assert expand(text, {"A": "1"}) == expanded


@given(st.text(alphabet="$()AB "))
def test_expansion_of_nothing_known_changes_only_doubled_dollars(text: str) -> None:
    assert expand(text, {}).replace("$", "") == text.replace("$", "")


def service(namespace: str, name: str, address: str = "10.96.0.5") -> Service:
    ports = (ServicePort(name="web", port=80, protocol="TCP"), ServicePort(name="dns-udp", port=53, protocol="UDP"))
    return Service(
        metadata=ObjectMeta(name=name, namespace=namespace), spec=ServiceSpec(clusterIP=address, ports=ports)
    )


def test_services_of_the_namespace_become_variables() -> None:
    services = (service("shop", "my-db"), service("other", "far"), service("shop", "headless", "None"))
    variables = service_variables(services, "shop", has_links=True)
    assert variables == {
        "MY_DB_SERVICE_HOST": "10.96.0.5",
        "MY_DB_SERVICE_PORT": "80",
        "MY_DB_SERVICE_PORT_WEB": "80",
        "MY_DB_SERVICE_PORT_DNS_UDP": "53",
        "MY_DB_PORT": "tcp://10.96.0.5:80",
        "MY_DB_PORT_80_TCP": "tcp://10.96.0.5:80",
        "MY_DB_PORT_80_TCP_PROTO": "tcp",
        "MY_DB_PORT_80_TCP_PORT": "80",
        "MY_DB_PORT_80_TCP_ADDR": "10.96.0.5",
        "MY_DB_PORT_53_UDP": "udp://10.96.0.5:53",
        "MY_DB_PORT_53_UDP_PROTO": "udp",
        "MY_DB_PORT_53_UDP_PORT": "53",
        "MY_DB_PORT_53_UDP_ADDR": "10.96.0.5",
    }


def test_the_api_server_is_known_even_without_service_links() -> None:
    services = (service("shop", "my-db"), service("default", "kubernetes", "10.96.0.1"))
    variables = service_variables(services, "shop", has_links=False)
    assert variables["KUBERNETES_SERVICE_HOST"] == "10.96.0.1"
    assert not [name for name in variables if name.startswith("MY_DB")]


def test_pods_resolve_cluster_names_first() -> None:
    config = pod_dns(pod(dnsPolicy="ClusterFirst"), CLUSTER, NODE_DNS)
    assert config.servers == ("10.96.0.10",)
    assert config.searches == ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.org")
    assert config.options == ("ndots:5",)


def test_pods_in_the_nodes_network_resolve_as_the_node_unless_they_ask() -> None:
    assert pod_dns(pod(dnsPolicy="ClusterFirst", hostNetwork=True), CLUSTER, NODE_DNS) == NODE_DNS
    assert pod_dns(pod(dnsPolicy="Default"), CLUSTER, NODE_DNS) == NODE_DNS
    own = pod(dnsPolicy="ClusterFirstWithHostNet", hostNetwork=True)
    assert pod_dns(own, CLUSTER, NODE_DNS).servers == ("10.96.0.10",)


def test_a_pods_own_dns_settings_are_added() -> None:
    extra = PodDNSConfig(
        nameservers=("192.0.2.53",), searches=("corp",), options=(PodDNSConfigOption(name="ndots", value="2"),)
    )
    config = pod_dns(pod(dnsPolicy="None", dnsConfig=extra), CLUSTER, NODE_DNS)
    assert config == records.DNSConfig(("192.0.2.53",), ("corp",), ("ndots:2",))
    config = pod_dns(pod(dnsPolicy="ClusterFirst", dnsConfig=extra), CLUSTER, NODE_DNS)
    assert config.options == ("ndots:2",)


def test_the_hosts_file_names_the_pod_and_its_aliases() -> None:
    alias = HostAlias(ip="192.0.2.9", hostnames=("one", "two"))
    text = hosts_file(pod(hostname="db", subdomain="peers", hostAliases=(alias,)), ("10.0.0.1",), "cluster.local")
    assert text.startswith("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n")
    assert "10.0.0.1\tdb.peers.shop.svc.cluster.local\tdb\n" in text
    assert text.endswith("\n# Entries added by HostAliases.\n192.0.2.9\tone\ttwo\n")


def test_long_names_make_short_hostnames() -> None:
    long = replace(pod(), metadata=ObjectMeta(name="a" * 62 + "-b"))
    assert hostname_of(long) == "a" * 62


def test_the_downward_api_shows_the_pod() -> None:
    shown = pod(nodeName="node-1")
    values = {path: field_value(shown, path, ("10.0.0.1", "fd00::1"), ("192.0.2.2",)) for path in (
        "metadata.name", "metadata.labels['b']", "metadata.labels", "spec.nodeName", "status.podIPs", "status.hostIP",
    )}  # fmt: skip
    assert values == {
        "metadata.name": "web-0",
        "metadata.labels['b']": "2",
        "metadata.labels": 'a="say \\"hi\\""\nb="2"',
        "spec.nodeName": "node-1",
        "status.podIPs": "10.0.0.1,fd00::1",
        "status.hostIP": "192.0.2.2",
    }
    with pytest.raises(FieldNotSupportedError):
        field_value(shown, "spec.containers", (), ())


def test_resources_are_shown_by_their_divisor_and_missing_limits_are_the_nodes() -> None:
    container = asking({"cpu": "250m"}, {"memory": "100Mi"})
    node = {"cpu": Quantity("4")}

    def value(resource: str, divisor: str) -> str:
        return resource_value(ResourceFieldSelector(resource=resource, divisor=Quantity(divisor)), container, node)

    assert value("requests.cpu", "1m") == "250"
    assert value("requests.cpu", "1") == "1"
    assert value("limits.memory", "1Mi") == "100"
    assert value("limits.cpu", "0") == "4"


def test_a_quality_of_service_class_follows_from_requests_and_limits() -> None:
    full = {"cpu": "1", "memory": "1Gi"}
    assert qos_class(pod(asking(full, full))) == "Guaranteed"
    assert qos_class(pod(asking({}, full))) == "Guaranteed"
    assert qos_class(pod(asking({"cpu": "1"}, {}))) == "Burstable"
    assert qos_class(pod()) == "BestEffort"
    assert qos_class(pod(asking({"cpu": "0"}, {}))) == "BestEffort"
    assert qos_class(pod(asking(full, full), asking({}, {"cpu": "1"}))) == "Burstable"


def test_who_asked_for_less_is_killed_sooner() -> None:
    capacity = 8 << 30
    half, guaranteed = asking({"memory": "4Gi"}, {}), asking({}, {"cpu": "1", "memory": "1Gi"})
    assert oom_score_adj(pod(half), half, capacity) == 500
    assert oom_score_adj(pod(guaranteed), guaranteed, capacity) == -997
    assert oom_score_adj(pod(), Container(name="app"), capacity) == 1000


def test_requests_become_shares_and_limits_quotas() -> None:
    assert (shares_of(0), shares_of(250), shares_of(10**9)) == (2, 256, 262144)
    assert (quota_of(0), quota_of(1), quota_of(500)) == (0, 1000, 50_000)
    limited = asking({"cpu": "100m"}, {"cpu": "1", "memory": "64Mi", "hugepages-2Mi": "4Mi"})
    settings = container_resources(pod(limited), limited, 8 << 30)
    assert (settings.cpu_shares, settings.cpu_quota, settings.memory_limit_in_bytes) == (102, 100_000, 64 << 20)
    assert settings.hugepage_limits == (records.HugepageLimit("2MB", 4 << 20),)


def test_a_pod_is_limited_only_if_all_its_containers_are() -> None:
    limited = asking({}, {"memory": "64Mi"})
    assert pod_cgroup_resources(pod(limited)).memory_limit_in_bytes == 64 << 20
    assert pod_cgroup_resources(pod(limited, Container(name="free"))).memory_limit_in_bytes == 0


def test_a_containers_security_goes_over_its_pods() -> None:
    shared = PodSecurityContext(runAsUser=1000, runAsGroup=1000, fsGroup=2000, supplementalGroups=(3000,))
    own = SecurityContext(
        runAsUser=2,
        allowPrivilegeEscalation=False,
        readOnlyRootFilesystem=True,
        capabilities=Capabilities(drop=("ALL",)),
    )
    made = container_security(pod(securityContext=shared), Container(name="app", securityContext=own), None)
    assert (made.run_as_user, made.run_as_group, made.supplemental_groups) == (2, 1000, (2000, 3000))
    assert made.no_new_privs
    assert made.readonly_rootfs
    assert made.capabilities == records.Capability((), ("ALL",))
    assert "/proc/kcore" in made.masked_paths


def test_a_privileged_container_sees_all_of_proc() -> None:
    container = Container(name="app", securityContext=SecurityContext(privileged=True))
    made = container_security(pod(), container, None)
    assert made.privileged
    assert made.masked_paths == ()


def test_root_is_refused_where_it_is_forbidden() -> None:
    forbidding = pod(securityContext=PodSecurityContext(runAsNonRoot=True))
    container = Container(name="app")
    verify_non_root(forbidding, container, records.Image(uid=1000))
    verify_non_root(pod(), container, records.Image(uid=0))
    for image in (records.Image(uid=0), records.Image(username="nobody"), None):
        with pytest.raises(ImageRunsAsRootError):
            verify_non_root(forbidding, container, image)
