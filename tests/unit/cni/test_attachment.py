"""Who gets which address."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.cni.attachment import (
    AddressesExhausted,
    Attachment,
    Attachments,
    attach,
    detach,
    gateway,
    leaked,
)

CIDR = "10.1.2.0/28"
CAPACITY = 16 - 3
"""Without network, gateway and broadcast."""


def wanted(name: str, namespace: str = "") -> Attachment:
    return Attachment(name, "eth0", "", namespace=namespace)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=60))
def test_no_two_sandboxes_ever_share_an_address(steps: list[tuple[bool, int]]) -> None:
    state = Attachments()
    for is_add, number in steps:
        state = detach(state, f"s{number}", "eth0")
        if is_add:
            state = attach(state, wanted(f"s{number}"), CIDR)
    given_out = [ipaddress.ip_address(item.address) for item in state.items]
    assert len(set(given_out)) == len(given_out)
    network = ipaddress.ip_network(CIDR)
    reserved = {network.network_address, network.broadcast_address, gateway(CIDR)}
    assert all(address in network and address not in reserved for address in given_out)


def test_every_address_is_used_before_none_is_left() -> None:
    state = Attachments()
    for number in range(CAPACITY):
        state = attach(state, wanted(f"s{number}"), CIDR)
    with pytest.raises(AddressesExhausted):
        attach(state, wanted("one-more"), CIDR)
    freed = detach(state, "s4", "eth0")
    again = attach(freed, wanted("one-more"), CIDR)
    assert again.items[-1].address == state.items[4].address


def test_a_freed_address_is_handed_out_last() -> None:
    state = attach(Attachments(), wanted("first"), CIDR)
    freed = state.items[0].address
    state = detach(state, "first", "eth0")
    for number in range(CAPACITY - 1):
        state = attach(state, wanted(f"s{number}"), CIDR)
    assert freed not in [item.address for item in state.items]


def test_another_range_starts_anew() -> None:
    state = attach(Attachments(last_address="10.9.9.9"), wanted("first"), CIDR)
    assert state.items[0].address in map(str, ipaddress.ip_network(CIDR).hosts())


def test_what_is_being_made_is_not_leaked() -> None:
    state = Attachments()
    for name in ("living", "making", "lost"):
        state = attach(state, wanted(name, f"/netns/{name}"), CIDR)
    gone = leaked(state, living=["living"], namespaces=["/netns/making"])
    assert [item.container_id for item in gone] == ["lost"]
