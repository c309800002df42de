"""Addresses and networks in the forms that clients write.

Source: apimachinery/pkg/util/validation/ip_test.go.
"""

import pytest

from steersman.apimachinery.cidrs import (
    address_of,
    address_warnings,
    canonical_cidr,
    cidr_warnings,
    interface_address,
    network_of,
)
from steersman.apimachinery.fieldpath import Path

FIELD = Path("f")


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("010.001.000.000/16", "10.1.0.0/16"),
        ("2001:DB8::/032", "2001:db8::/32"),
        ("10.0.0.0", None),
        ("10.0.0.0/33", None),
        ("fe80::1%eth0/64", None),
        ("ten/8", None),
    ],
)
def test_a_text_means_a_network_or_none(text: str, network: str | None) -> None:
    found = network_of(text)
    assert (None if found is None else str(found)) == network


def test_zeros_in_front_are_let_through_in_addresses() -> None:
    assert str(address_of("010.000.000.001")) == "10.0.0.1"
    assert address_of("fe80::1%eth0") is None
    assert address_of("example.com") is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("10.0.0.0/8", None),
        ("2001:db8::/32", None),
        ("2001:DB8::/32", 'must be in canonical form ("2001:db8::/32")'),
        ("10.0.0.1/8", "must not have bits set beyond the prefix length"),
        ("010.0.0.0/8", "must not have leading 0s in IP or prefix length"),
        ("10.0.0.0", "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"),
    ],
)
def test_newer_fields_take_the_canonical_form_only(text: str, fault: str | None) -> None:
    assert canonical_cidr(text) == ([] if fault is None else [fault])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10.0.0.0/8", []),
        (
            "10.1.2.3/8",
            ['f: CIDR value "10.1.2.3/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.1.2.3/32"?)'],
        ),
        ("010.0.0.0/8", ['f: non-standard CIDR value "010.0.0.0/8" is invalid: use "10.0.0.0/8"']),
        ("10.0.0.0/08", ['f: non-standard CIDR value "10.0.0.0/08" is invalid: use "10.0.0.0/8"']),
        (
            "2001:DB8::/32",
            ['f: IPv6 CIDR value "2001:DB8::/32" should be in RFC 5952 canonical format ("2001:db8::/32")'],
        ),
        ("none", []),
    ],
)
def test_odd_networks_are_warned_of(text: str, said: list[str]) -> None:
    assert cidr_warnings(FIELD, text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10.0.0.1", []),
        ("010.0.0.1", ['f: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"']),
        ("::ffff:1.2.3.4", ['f: non-standard IP address "::ffff:1.2.3.4" is invalid: use "1.2.3.4"']),
        ("FE80::ABC", ['f: IPv6 address "FE80::ABC" should be in RFC 5952 canonical format ("fe80::abc")']),
        ("none", []),
    ],
)
def test_odd_addresses_are_warned_of(text: str, said: list[str]) -> None:
    assert address_warnings(FIELD, text) == said


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("10.0.0.5/24", None),
        ("fd00::1/64", None),
        ("10.0.0.5", "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)"),
        ("010.0.0.5/24", 'must be in canonical form ("10.0.0.5/24")'),
        ("::ffff:10.0.0.5/120", 'must be in canonical form ("10.0.0.5/24")'),
    ],
)
def test_an_interfaces_address_has_its_networks_length(text: str, fault: str | None) -> None:
    assert interface_address(text) == ([] if fault is None else [fault])
