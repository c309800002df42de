"""Ingresses, their classes, network policies, addresses and ranges: defaults, rules and what changes are allowed.

Source: pkg/apis/networking/validation/validation_test.go, pkg/apis/networking/v1/defaults_test.go.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from steersman.api.networking import Ingress, IngressClass, IPAddress, NetworkPolicy, ServiceCIDR
from steersman.api.networking.addressvalidation import (
    validate_address,
    validate_address_update,
    validate_service_cidr,
    validate_service_cidr_update,
)
from steersman.api.networking.classvalidation import validate_ingress_class, validate_ingress_class_update
from steersman.api.networking.defaults import default_ingress_class, default_network_policy
from steersman.api.networking.ingressvalidation import (
    ingress_warnings,
    validate_ingress,
    validate_ingress_status,
    validate_ingress_update,
)
from steersman.api.networking.policyvalidation import (
    network_policy_warnings,
    validate_network_policy,
    validate_network_policy_update,
)
from steersman.apimachinery.codec.json import from_wire

CLASS = "kubernetes.io/ingress.class"


def told(causes: Any) -> list[str]:
    return [f"{cause.field}: {cause.message}" for cause in causes]


def service(name: str = "web", /, **port: Any) -> dict[str, Any]:
    return {"service": {"name": name, "port": port or {"number": 80}}}


def http(path: str = "/", kind: str | None = "Prefix", backend: Any = None) -> dict[str, Any]:
    one = {"path": path, "backend": backend or service()}
    return {"http": {"paths": [one if kind is None else {**one, "pathType": kind}]}}


def ingress(annotations: Mapping[str, str] | None = None, status: Any = None, **spec: Any) -> Ingress:
    wire = {"metadata": {"name": "i", "annotations": annotations or {}}, "spec": spec, "status": status or {}}
    return from_wire(wire, Ingress)


@pytest.mark.parametrize(
    "spec",
    [
        {"defaultBackend": service()},
        {"defaultBackend": service("1digit", name="http")},
        {"defaultBackend": {"resource": {"apiGroup": "example.com", "kind": "Bucket", "name": "b"}}},
        {"rules": [{"host": "*.example.com", **http()}, {"host": "a.example.com"}]},
        {"rules": [http(""), http("/a", "ImplementationSpecific")][1:]},
        {"rules": [http("", "ImplementationSpecific")]},
        {"defaultBackend": service(), "tls": [{"hosts": ["*.example.com"], "secretName": "s"}, {}]},
    ],
)
def test_ingresses_lead_to_services_and_resources_by_host_and_path(spec: dict[str, Any]) -> None:
    assert validate_ingress(ingress(**spec)) == []


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({}, "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"),
        ({"defaultBackend": {}}, 'spec.defaultBackend: Invalid value: "": resource or service backend is required'),
        (
            {"defaultBackend": {**service(), "resource": {"kind": "B", "name": "b"}}},
            'spec.defaultBackend: Invalid value: "": cannot set both resource and service backends',
        ),
        ({"defaultBackend": service("")}, "spec.defaultBackend.service.name: Required value"),
        (
            {"defaultBackend": service("Web")},
            'spec.defaultBackend.service.name: Invalid value: "Web": a lowercase RFC 1123 label must consist of',
        ),
        (
            {"defaultBackend": service(name="http", number=80)},
            'spec.defaultBackend: Invalid value: "": cannot set both port name & port number',
        ),
        ({"defaultBackend": service(number=0)}, "spec.defaultBackend: Required value: port name or number is required"),
        (
            {"defaultBackend": service(number=70000)},
            "spec.defaultBackend.service.port.number: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ),
        ({"defaultBackend": {"resource": {"name": "b"}}}, "spec.defaultBackend.resource.kind: Required value"),
        (
            {"defaultBackend": {"resource": {"kind": "B", "name": "a/b"}}},
            "spec.defaultBackend.resource.name: Invalid value: \"a/b\": may not contain '/'",
        ),
        (
            {"rules": [{"host": "10.0.0.1"}]},
            'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
        ),
        ({"rules": [{"host": "a.*.b"}]}, 'spec.rules[0].host: Invalid value: "a.*.b": a wildcard DNS-1123 subdomain'),
        ({"rules": [{"http": {"paths": []}}]}, "spec.rules[0].http.paths: Required value"),
        ({"rules": [http(kind=None)]}, "spec.rules[0].http.paths[0].pathType: Required value: pathType must be spec"),
        (
            {"rules": [http(kind="Regex")]},
            (
                'spec.rules[0].http.paths[0].pathType: Unsupported value: "Regex": supported values: "Exact", '
                '"ImplementationSpecific", "Prefix"'
            ),
        ),
        ({"rules": [http("a")]}, 'spec.rules[0].http.paths[0].path: Invalid value: "a": must be an absolute path'),
        (
            {"rules": [http("/a//b")]},
            "spec.rules[0].http.paths[0].path: Invalid value: \"/a//b\": must not contain '//'",
        ),
        (
            {"rules": [http("/a/..")]},
            "spec.rules[0].http.paths[0].path: Invalid value: \"/a/..\": cannot end with '/..'",
        ),
        (
            {"rules": [http("/%2f")]},
            "spec.rules[0].http.paths[0].path: Invalid value: \"/%2f\": must not contain '%2f'",
        ),
        (
            {"defaultBackend": service(), "tls": [{"secretName": "A"}]},
            'spec.tls[0].secretName: Invalid value: "A": a lowercase RFC 1123 subdomain',
        ),
        (
            {"defaultBackend": service(), "tls": [{"hosts": ["A"]}]},
            'spec.tls[0].hosts[0]: Invalid value: "A": a lowercase RFC 1123 subdomain',
        ),
        (
            {"defaultBackend": service(), "ingressClassName": "A"},
            'spec.ingressClassName: Invalid value: "A": a lowercase RFC 1123 subdomain',
        ),
    ],
)
def test_what_is_wrong_with_an_ingress_is_told(spec: dict[str, Any], fault: str) -> None:
    (found,) = told(validate_ingress(ingress(**spec)))
    assert found.startswith(fault)


def test_a_class_that_is_named_twice_is_the_same_one_when_it_is_made() -> None:
    both = ingress({CLASS: "a"}, ingressClassName="b", defaultBackend=service())
    (fault,) = told(validate_ingress(both))
    assert fault == (
        'annotations.kubernetes.io/ingress.class: Invalid value: "a": '
        "must match `ingressClassName` when both are specified"
    )
    assert validate_ingress_update(both, both) == []
    annotated = ingress({CLASS: "a"}, defaultBackend=service())
    assert ingress_warnings(annotated) == [
        f"annotation \"{CLASS}\" is deprecated, please use 'spec.ingressClassName' instead"
    ]
    assert ingress_warnings(both) == []


def test_what_was_stored_wrong_may_stay() -> None:
    secret = ingress(defaultBackend=service(), tls=[{"secretName": "A_B"}])
    assert validate_ingress_update(secret, secret) == []
    wildcard = ingress(rules=[{"host": "*.example.com", **http("a")}])
    assert validate_ingress_update(wildcard, wildcard) == []
    plain = ingress(rules=[{"host": "example.com", **http("a")}])
    assert len(validate_ingress_update(plain, plain)) == 1


def test_an_ingress_is_reached_at_addresses_and_names() -> None:
    reached = ingress(status={"loadBalancer": {"ingress": [{"ip": "010.0.0.1"}, {"hostname": "1.2.3.4"}]}})
    assert told(validate_ingress_status(reached, ingress())) == [
        'status.loadBalancer.ingress[0].ip: Invalid value: "010.0.0.1": must not have leading 0s',
        'status.loadBalancer.ingress[1].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
    ]
    assert len(validate_ingress_status(reached, reached)) == 1


def ingress_class(controller: str = "example.com/c", /, **parameters: Any) -> IngressClass:
    spec = {"controller": controller, **({"parameters": parameters} if parameters else {})}
    return default_ingress_class(from_wire({"spec": spec}, IngressClass))


def test_parameters_of_a_class_are_of_the_cluster_by_default() -> None:
    made = ingress_class(kind="K", name="n")
    assert made.spec.parameters is not None
    assert made.spec.parameters.scope == "Cluster"
    assert validate_ingress_class(made) == []
    assert validate_ingress_class(ingress_class(kind="K", name="n", scope="Namespace", namespace="ns")) == []


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (ingress_class(""), "spec.controller: Required value"),
        (
            ingress_class("c"),
            'spec.controller: Invalid value: "c": must be a domain-prefixed path (such as "acme.io/foo")',
        ),
        (ingress_class("a.io/" + 250 * "x"), "spec.controller: Too long: may not be more than 250 bytes"),
        (ingress_class(kind="", name="n"), "spec.parameters.kind: Required value"),
        (ingress_class(kind="K"), "spec.parameters.name: Required value"),
        (
            ingress_class(kind="K", name="n", scope="All"),
            'spec.parameters.scope: Unsupported value: "All": supported values: "Cluster", "Namespace"',
        ),
        (
            ingress_class(kind="K", name="n", scope="Namespace"),
            "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
        ),
        (
            ingress_class(kind="K", name="n", namespace="ns"),
            "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'",
        ),
    ],
)
def test_what_is_wrong_with_a_class_is_told(made: IngressClass, fault: str) -> None:
    assert told(validate_ingress_class(made)) == [fault]


def test_a_class_keeps_its_controller() -> None:
    (fault,) = told(validate_ingress_class_update(ingress_class("a.io/b"), ingress_class()))
    assert fault == 'spec.controller: Invalid value: "a.io/b": field is immutable'


def policy(**spec: Any) -> NetworkPolicy:
    return default_network_policy(from_wire({"spec": spec}, NetworkPolicy))


def block(cidr: str, *without: str) -> dict[str, Any]:
    return {"ingress": [{"from": [{"ipBlock": {"cidr": cidr, "except": list(without)}}]}]}


def test_a_policys_directions_follow_its_rules() -> None:
    assert policy().spec.policyTypes == ("Ingress",)
    assert policy(egress=[{}]).spec.policyTypes == ("Ingress", "Egress")
    assert policy(egress=[{}], policyTypes=["Egress"]).spec.policyTypes == ("Egress",)
    assert policy(egress=[{"ports": [{"port": 53}]}]).spec.egress[0].ports[0].protocol == "TCP"


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({"ingress": [{"from": [{}]}]}, "spec.ingress[0].from[0]: Required value: must specify a peer"),
        (
            {"egress": [{"to": [{"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}}]}]},
            "spec.egress[0].to[0]: Forbidden: may not specify both ipBlock and another peer",
        ),
        (block(""), "spec.ingress[0].from[0].ipBlock.cidr: Required value"),
        (block("10.0.0.0"), 'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0": must be a valid CIDR'),
        (
            block("10.0.0.1/8"),
            'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.1/8": must not have bits set beyond',
        ),
        (
            block("10.0.0.0/8", "10.0.0.0/8"),
            'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
        ),
        (
            block("10.0.0.0/8", "10.1.0.0/16", "fd00::/64"),
            'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "fd00::/64": must be a strict subset of `cidr`',
        ),
        (
            {"ingress": [{"ports": [{"protocol": "ICMP"}]}]},
            'spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
        ),
        (
            {"ingress": [{"ports": [{"port": 0}]}]},
            "spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
        (
            {"ingress": [{"ports": [{"endPort": 2}]}]},
            "spec.ingress[0].ports[0].endPort: Invalid value: 2: may not be specified when `port` is not specified",
        ),
        (
            {"ingress": [{"ports": [{"port": "http", "endPort": 2}]}]},
            "spec.ingress[0].ports[0].endPort: Invalid value: 2: may not be specified when `port` is non-numeric",
        ),
        (
            {"ingress": [{"ports": [{"port": 9, "endPort": 2}]}]},
            "spec.ingress[0].ports[0].endPort: Invalid value: 2: must be greater than or equal to `port`",
        ),
        (
            {"policyTypes": ["Both"]},
            'spec.policyTypes[0]: Unsupported value: "Both": supported values: "Ingress", "Egress"',
        ),
        (
            {"policyTypes": ["Ingress", "Egress", "Ingress"]},
            'spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two',
        ),
        (
            {"podSelector": {"matchLabels": {"a": "-"}}},
            'spec.podSelector.matchLabels: Invalid value: "-": a valid label must be',
        ),
    ],
)
def test_what_is_wrong_with_a_policy_is_told(spec: dict[str, Any], fault: str) -> None:
    (found,) = told(validate_network_policy(policy(**spec)))
    assert found.startswith(fault)


def test_networks_and_label_values_that_a_policy_had_may_stay() -> None:
    old = policy(**block("10.0.0.1/8", "010.1.0.0/16"))
    assert len(validate_network_policy(old)) == 2
    assert validate_network_policy_update(policy(**block("10.0.0.1/8")), old) == []
    wrong = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["-"]}]}
    assert len(validate_network_policy(policy(podSelector=wrong))) == 1
    assert validate_network_policy_update(policy(podSelector=wrong), policy(podSelector=wrong)) == []


def test_a_policys_odd_networks_are_warned_of() -> None:
    assert network_policy_warnings(policy(**block("2001:DB8::/32", "2001:db8:1::/48"))) == [
        (
            'spec.ingress[0].from[0].ipBlock.cidr: IPv6 CIDR value "2001:DB8::/32" should be in RFC 5952 '
            'canonical format ("2001:db8::/32")'
        )
    ]


def ranges(*cidrs: str) -> ServiceCIDR:
    return from_wire({"metadata": {"name": "r"}, "spec": {"cidrs": list(cidrs)}}, ServiceCIDR)


@pytest.mark.parametrize(
    ("cidrs", "faults"),
    [
        (("10.0.0.0/24",), []),
        (("10.0.0.0/24", "fd00::/64"), []),
        ((), ["spec.cidrs: Required value: at least one CIDR required"]),
        (
            ("10.0.0.0/24", "fd00::/64", "10.1.0.0/24"),
            [
                (
                    'spec.cidrs: Invalid value: {"CIDRs":["10.0.0.0/24","fd00::/64","10.1.0.0/24"]}: '
                    "may only hold up to 2 values"
                )
            ],
        ),
        (("FD00::/64",), ['spec.cidrs[0]: Invalid value: "FD00::/64": must be in canonical form ("fd00::/64")']),
        (
            ("10.0.0.0/24", "10.1.0.0/24"),
            [
                (
                    'spec.cidrs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than one IP '
                    "for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
                )
            ],
        ),
    ],
)
def test_ranges_are_one_or_one_of_each_family(cidrs: tuple[str, ...], faults: list[str]) -> None:
    assert told(validate_service_cidr(ranges(*cidrs))) == faults


@pytest.mark.parametrize(
    ("new", "old", "faults"),
    [
        (("10.0.0.0/24", "fd00::/64"), ("10.0.0.0/24",), []),
        (("10.0.0.0/24",), ("10.0.0.0/24",), []),
        (("10.1.0.0/24",), ("10.0.0.0/24",), ['spec.cidrs[0]: Invalid value: "10.1.0.0/24": field is immutable']),
        (
            ("10.0.0.0/24",),
            ("10.0.0.0/24", "fd00::/64"),
            ['spec.cidrs: Invalid value: ["10.0.0.0/24"]: field is immutable'],
        ),
        (
            ("10.1.0.0/24", "fd00::/64"),
            ("10.0.0.0/24",),
            ['spec.cidrs[0]: Invalid value: "10.1.0.0/24": field is immutable'],
        ),
    ],
)
def test_ranges_stay_but_for_a_second_one(new: tuple[str, ...], old: tuple[str, ...], faults: list[str]) -> None:
    assert told(validate_service_cidr_update(ranges(*new), ranges(*old))) == faults


def address(**parent: str) -> IPAddress:
    return from_wire({"metadata": {"name": "10.0.0.1"}, "spec": {"parentRef": parent} if parent else {}}, IPAddress)


@pytest.mark.parametrize(
    ("parent", "faults"),
    [
        ({"resource": "services", "namespace": "default", "name": "web"}, []),
        ({}, ["spec.parentRef: Required value"]),
        ({"name": "web"}, ["spec.parentRef.resource: Required value"]),
        ({"resource": "services"}, ["spec.parentRef.name: Required value"]),
        (
            {"resource": "services", "name": "web", "namespace": "a/b"},
            ["spec.parentRef.namespace: Invalid value: \"a/b\": may not contain '/'"],
        ),
    ],
)
def test_an_address_belongs_to_something(parent: dict[str, str], faults: list[str]) -> None:
    assert told(validate_address(address(**parent))) == faults


def test_an_address_stays_whose_it_is() -> None:
    old, new = address(resource="services", name="a"), address(resource="services", name="b")
    (fault,) = told(validate_address_update(new, old))
    assert fault.startswith("spec.parentRef: Invalid value: {")
    assert fault.endswith("field is immutable")
