from ipaddress import ip_network
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.api.core import Service, ServicePort, ServiceSpec
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Invalid
from steersman.apiserver.allocators.pool import Full, Pool, reserved_of
from steersman.apiserver.allocators.services import ServiceReserver


def service(name: str = "a", **spec: object) -> Service:
    return Service(metadata=ObjectMeta(name=name), spec=replace(ServiceSpec(ports=(ServicePort(port=80),)), **spec))


def reserver() -> ServiceReserver:
    return ServiceReserver(ip_network("10.0.0.0/28"), (30000, 30009), Random(1))


def test_a_pool_gives_its_upper_part_first_and_each_place_once() -> None:
    pool = Pool(10, 4, Random(1))
    first = {pool.take_any() for _ in range(6)}
    assert first == set(range(4, 10))
    assert {pool.take_any() for _ in range(4)} == set(range(4))
    with pytest.raises(Full):
        pool.take_any()


def test_the_reserved_part_is_upstreams() -> None:
    # Source: KEP-3070's table.
    assert [reserved_of(size, 16, 16, 256) for size in (14, 256, 4096, 1 << 20)] == [0, 16, 256, 256]
    assert reserved_of(2768, 16, 32, 128) == 86


def test_what_is_not_kept_comes_back() -> None:
    made = reserver()
    with made.reserve(service(clusterIP="10.0.0.3"), None, False):
        pass
    with made.reserve(service(clusterIP="10.0.0.3"), None, False) as reservation:
        reservation.keep()
    with pytest.raises(Invalid, match="provided IP is already allocated"):
        made.reserve(service("b", clusterIP="10.0.0.3"), None, False)


def test_a_dry_run_takes_nothing() -> None:
    made = reserver()
    with made.reserve(service(clusterIP="10.0.0.3"), None, True) as reservation:
        reservation.keep()
    with made.reserve(service("b", clusterIP="10.0.0.3"), None, False) as reservation:
        assert reservation.object.spec.clusterIP == "10.0.0.3"


def test_headless_and_external_services_take_no_address() -> None:
    made = reserver()
    with made.reserve(service(clusterIP="None"), None, False) as reservation:
        assert reservation.object.spec.clusterIPs == ("None",)
    with made.reserve(service(type="ExternalName", externalName="x.y"), None, False) as reservation:
        assert reservation.object.spec.clusterIP == ""


def test_one_port_over_two_protocols_gets_one_node_port() -> None:
    ports = (ServicePort(name="t", port=53, protocol="TCP"), ServicePort(name="u", port=53, protocol="UDP"))
    with reserver().reserve(service(type="NodePort", ports=ports), None, False) as reservation:
        first, second = reservation.object.spec.ports
    assert first.nodePort == second.nodePort >= 30000


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["ClusterIP", "NodePort", "gone"])), max_size=40))
def test_after_any_history_exactly_what_services_hold_is_taken(steps: list[tuple[int, str]]) -> None:
    made = reserver()
    living: dict[int, Service] = {}
    for key, wanted in steps:
        old = living.get(key)
        if wanted == "gone":
            if old is not None:
                made.release(living.pop(key))
            continue
        with made.reserve(service(f"s{key}", type=wanted), old, False) as reservation:
            living[key] = reservation.object
            reservation.keep()
    addresses = [one.spec.clusterIP for one in living.values()]
    ports = [port.nodePort for one in living.values() for port in one.spec.ports if port.nodePort]
    assert len(set(addresses)) == len(addresses)
    assert len(set(ports)) == len(ports)
    fresh = reserver()
    fresh.fill(living.values())
    assert (len(made._addresses), len(made._ports)) == (len(fresh._addresses), len(fresh._ports))
