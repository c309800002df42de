"""From services and slices to rules."""

from steersman.api.core import Service, ServicePort, ServiceSpec
from steersman.api.discovery import Endpoint, EndpointConditions, EndpointPort, EndpointSlice
from steersman.api.meta import ObjectMeta
from steersman.proxy.build import build
from steersman.proxy.model import Backend, Frontend
from steersman.proxy.render import Names, render

NAMES = Names("steersman-test", "10.244.0.0/16", "10.96.0.0/16")


def service(name: str, ip: str, node_port: int = 0, **spec: object) -> Service:
    port = ServicePort(name="http", port=80, protocol="TCP", nodePort=node_port)
    return Service(
        metadata=ObjectMeta(name=name, namespace="n"),
        spec=ServiceSpec(clusterIP=ip, ports=(port,), type="ClusterIP", **spec),  # type: ignore[arg-type]
    )


def slice_of(name: str, *endpoints: Endpoint) -> EndpointSlice:
    return EndpointSlice(
        metadata=ObjectMeta(name=f"{name}-x", namespace="n", labels={"kubernetes.io/service-name": name}),
        addressType="IPv4",
        endpoints=endpoints,
        ports=(EndpointPort(name="http", port=8080, protocol="TCP"),),
    )


def endpoint(ip: str, ready: bool = True, terminating: bool = False) -> Endpoint:
    conditions = EndpointConditions(ready=ready, serving=True, terminating=terminating)
    return Endpoint(addresses=(ip,), conditions=conditions)


def test_a_service_leads_to_its_ready_endpoints() -> None:
    ruleset = build([service("s", "10.96.0.9")], [slice_of("s", endpoint("10.244.0.3"), endpoint("10.244.0.2"))])
    assert ruleset.routes == (
        (Frontend("10.96.0.9", "tcp", 80), (Backend("10.244.0.2", 8080), Backend("10.244.0.3", 8080))),
    )


def test_terminating_endpoints_serve_only_while_none_is_ready() -> None:
    ending = endpoint("10.244.0.2", ready=False, terminating=True)
    both = build([service("s", "10.96.0.9")], [slice_of("s", ending, endpoint("10.244.0.3"))])
    assert both.routes[0][1] == (Backend("10.244.0.3", 8080),)
    last = build([service("s", "10.96.0.9")], [slice_of("s", ending, endpoint("10.244.0.4", ready=False))])
    assert last.routes[0][1] == (Backend("10.244.0.2", 8080),)


def test_headless_and_external_names_have_no_frontend() -> None:
    external = Service(spec=ServiceSpec(type="ExternalName", externalName="example.com"))
    assert build([service("s", "None"), external], []).routes == ()


def test_a_node_port_is_served_beside_the_cluster_address() -> None:
    ruleset = build([service("s", "10.96.0.9", 30080)], [slice_of("s", endpoint("10.244.0.2"))])
    assert [frontend for frontend, _ in ruleset.routes] == [
        Frontend("", "tcp", 30080),
        Frontend("10.96.0.9", "tcp", 80),
    ]


def test_order_of_objects_makes_no_difference() -> None:
    services = [service("a", "10.96.0.8"), service("b", "10.96.0.9")]
    slices = [slice_of("a", endpoint("10.244.0.2")), slice_of("b", endpoint("10.244.0.3"))]
    assert build(services, slices) == build(services[::-1], slices[::-1])


def test_rules_replace_the_table_in_one_transaction_and_hold_each_endpoint_by_number() -> None:
    slices = [slice_of("s", endpoint("10.244.0.2"), endpoint("10.244.0.3"))]
    text = render(build([service("s", "10.96.0.9", 30080), service("none", "10.96.0.10")], slices), NAMES)
    assert text.startswith("add table ip steersman-test\ndelete table ip steersman-test\n")
    assert "10.96.0.9 . tcp . 80 . 1 : 10.244.0.3 . 8080" in text
    assert "tcp . 30080 . 0 : 10.244.0.2 . 8080" in text
    assert "numgen random mod 2" in text
    assert "set service_0 { type ipv4_addr . inet_proto . inet_service; elements = { 10.96.0.10 . tcp . 80 }; }" in text
