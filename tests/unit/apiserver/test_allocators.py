from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.api.core import Service, ServicePort, ServiceSpec
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Invalid
from steersman.apiserver.allocators.families import with_families
from steersman.apiserver.allocators.places import Band, free_place, reserved_of
from steersman.apiserver.allocators.services import with_what_it_had

BOTH, FOUR = ("IPv4", "IPv6"), ("IPv4",)


def service(name: str = "a", **spec: object) -> Service:
    whole = replace(ServiceSpec(selector={"a": "b"}, ports=(ServicePort(port=80),)), **spec)
    return Service(metadata=ObjectMeta(name=name), spec=whole)


def test_the_upper_part_is_given_first_and_each_place_once() -> None:
    band, random, taken = Band(100, 109, 4), Random(1), set[int]()
    given_out = []
    while (place := free_place(band, taken.__contains__, random)) is not None:
        taken.add(place)
        given_out.append(place)
    assert set(given_out[:6]) == set(range(104, 110))
    assert set(given_out[6:]) == set(range(100, 104))


@given(st.integers(1, 40), st.integers(0, 40), st.sets(st.integers(0, 40)), st.integers(0))
def test_a_place_is_free_and_found_whenever_there_is_one(size: int, reserved: int, taken: set[int], seed: int) -> None:
    band = Band(0, size - 1, min(reserved, size))
    place = free_place(band, taken.__contains__, Random(seed))
    assert (place is None) == (set(range(size)) <= taken)
    assert place is None or (place in band and place not in taken)


def test_the_reserved_part_is_upstreams() -> None:
    # Source: KEP-3070's table.
    assert [reserved_of(size, 16, 16, 256) for size in (16, 32, 256, 4096, 1 << 20)] == [0, 16, 16, 256, 256]
    assert reserved_of(2768, 16, 32, 128) == 86


@pytest.mark.parametrize(
    ("spec", "configured", "policy", "families"),
    [
        ({}, FOUR, "SingleStack", ("IPv4",)),
        ({}, ("IPv6", "IPv4"), "SingleStack", ("IPv6",)),
        ({"ipFamilyPolicy": "PreferDualStack"}, FOUR, "PreferDualStack", ("IPv4",)),
        ({"ipFamilyPolicy": "PreferDualStack"}, BOTH, "PreferDualStack", BOTH),
        ({"ipFamilyPolicy": "RequireDualStack", "ipFamilies": ("IPv6",)}, BOTH, "RequireDualStack", ("IPv6", "IPv4")),
        ({"clusterIP": "fd00::1", "clusterIPs": ("fd00::1",)}, BOTH, "SingleStack", ("IPv6",)),
        ({"clusterIP": "None", "clusterIPs": ("None",)}, FOUR, "SingleStack", ("IPv4",)),
        # Whose endpoints somebody else makes may be of any family.
        ({"clusterIP": "None", "clusterIPs": ("None",), "selector": {}}, FOUR, "RequireDualStack", BOTH),
        ({"type": "ExternalName"}, BOTH, None, ()),
    ],
)  # fmt: skip
def test_families_are_as_said_or_as_the_cluster_has_them(
    spec: dict[str, object], configured: tuple[str, ...], policy: str | None, families: tuple[str, ...]
) -> None:
    made = with_families(service(**spec), None, configured)
    assert (made.ipFamilyPolicy, made.ipFamilies) == (policy, families)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"ipFamilyPolicy": "RequireDualStack"}, "this cluster is not configured for dual-stack services"),
        ({"ipFamilies": ("IPv6",)}, r'spec.ipFamilies\[0\]: Invalid value: "IPv6": not configured on this cluster'),
        ({"clusterIP": "fd00::1", "clusterIPs": ("fd00::1",)}, "IPv6 is not configured on this cluster"),
        ({"ipFamilyPolicy": "SingleStack", "ipFamilies": BOTH}, "when multiple IP families are specified"),
    ],
)
def test_what_the_cluster_does_not_have_is_refused(spec: dict[str, object], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        with_families(service(**spec), None, FOUR)


DUAL = {
    "ipFamilyPolicy": "RequireDualStack",
    "ipFamilies": BOTH,
    "clusterIP": "10.0.0.1",
    "clusterIPs": ("10.0.0.1", "fd00::1"),
}


def test_the_second_address_goes_by_the_policy_not_by_leaving_it_out() -> None:
    old = service(**DUAL)
    made = with_families(service(**DUAL | {"ipFamilyPolicy": "SingleStack"}), old, BOTH)
    assert (made.ipFamilies, made.clusterIPs) == (FOUR, ("10.0.0.1",))
    with pytest.raises(Invalid, match="must be 'SingleStack' to release the secondary cluster IP"):
        with_families(service(**DUAL | {"clusterIPs": ("10.0.0.1",)}), old, BOTH)


def test_a_preference_does_not_follow_the_clusters_ranges_as_they_change() -> None:
    old = service(
        type="ClusterIP",
        ipFamilyPolicy="PreferDualStack",
        ipFamilies=FOUR,
        clusterIP="10.0.0.1",
        clusterIPs=("10.0.0.1",),
    )
    assert with_families(old, old, BOTH).ipFamilies == FOUR


def test_node_ports_that_an_update_leaves_out_stay_with_the_ports_of_their_name() -> None:
    old = service(
        type="NodePort",
        ports=(ServicePort(name="a", port=1, nodePort=30001), ServicePort(name="b", port=2, nodePort=30002)),
    )
    new = service(
        type="NodePort",
        ports=(
            ServicePort(name="b", port=9),
            ServicePort(name="c", port=1, nodePort=30001),
            ServicePort(name="a", port=3),
        ),
    )
    kept = with_what_it_had(new, old).spec.ports
    assert [port.nodePort for port in kept] == [30002, 30001, 0]
