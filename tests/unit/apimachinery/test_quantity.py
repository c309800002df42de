"""Quantities: upstream's canonical forms, and arithmetic that stays exact."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apimachinery.quantity import Quantity, QuantityError


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("0", "0"), ("0Ki", "0"), ("0m", "0"), ("00", "0"), ("-0", "0"),
        ("1024Mi", "1Gi"), ("307200Ki", "300Mi"), ("1025024Mi", "1001Gi"), ("1024Gi", "1Ti"),
        ("5000m", "5"), ("0.5", "500m"), ("1000M", "1G"), ("0.001T", "1G"), ("1000u", "1m"),
        ("1080000000n", "1080m"), (".001e12", "1e9"), ("0.001e0", "1e-3"), ("1000e-12", "1e-9"),
        ("1.5Gi", "1536Mi"), (".001Ki", "1024m"), (".000001Ki", "1024u"), (".000000000001Ki", "2n"),
        ("3.001n", "4n"), ("0.0000000001", "1n"), ("0.00000012345", "124n"), ("-3.001n", "-4n"),
        ("9Ei", "9223372036854775807"), ("9223372036854775807Ki", "9223372036854775807"), ("12E", "12E"),
        ("1.2e3", "1200"), ("1.53E12", "1530e9"),
        ("0.1", "100m"), (".5", "500m"), ("10000000E", "10000000E"),
    ],
)  # fmt: skip
def test_a_quantity_takes_its_canonical_form(written: str, canonical: str) -> None:
    assert str(Quantity(written)) == canonical
    assert str(Quantity(canonical)) == canonical
    assert Quantity(written) == Quantity(canonical)


@pytest.mark.parametrize("written", ["1Ki", "1025", "1001Gi", "100m", "1E3", "1.", "100.035k", "1.500", "+5", "80e-3"])
def test_what_is_nearly_canonical_stays_as_written(written: str) -> None:
    assert str(Quantity(written)) == written


@pytest.mark.parametrize(
    ("written", "message"),
    [("1K", "suffix"), ("1mi", "suffix"), ("1ee", "suffix"), ("1e9999999", "suffix"), ("1 Gi", "regular expression"),
     ("", "regular expression"), ("Gi", "regular expression"), ("1.2.3", "suffix"), ("x", "regular expression")],
)  # fmt: skip
def test_what_is_no_quantity_is_refused(written: str, message: str) -> None:
    with pytest.raises(QuantityError, match=message):
        Quantity(written)


@pytest.mark.parametrize(
    ("first", "second", "total"),
    [
        ("0", "1Gi", "1Gi"), ("1Gi", "0", "1Gi"), ("100m", "900m", "1"), ("1Gi", "512Mi", "1536Mi"),
        ("1Gi", "500m", "1073741824500m"), ("512Ki", "512Ki", "1Mi"), ("1e3", "1", "1001"), ("500", "1Ki", "1524"),
    ],
)  # fmt: skip
def test_a_sum_keeps_the_first_amounts_suffixes(first: str, second: str, total: str) -> None:
    assert str(Quantity(first) + Quantity(second)) == total


def test_a_binary_sum_finds_back_to_binary_suffixes() -> None:
    assert str(Quantity("1Gi") + Quantity("500m") + Quantity("500m") + Quantity(1023)) == "1048577Ki"


def test_whole_and_thousandth_values_round_up() -> None:
    assert Quantity("1500m").int_value() == 2
    assert Quantity("1.0001").milli_value() == 1001
    assert Quantity("1Gi").int_value() == 2**30


AMOUNTS = st.builds(
    lambda sign, number, fraction, suffix: f"{sign}{number}{fraction}{suffix}",
    st.sampled_from(["", "-"]),
    st.integers(0, 10**9),
    st.sampled_from(["", ".5", ".125", ".001"]),
    st.sampled_from(["", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "Ti", "e3", "e-3", "E6"]),
)


@given(AMOUNTS)
def test_the_canonical_form_means_the_same_and_is_stable(written: str) -> None:
    quantity = Quantity(written)
    again = Quantity(str(quantity))
    assert again == quantity
    assert str(again) == str(quantity)


@given(AMOUNTS, AMOUNTS)
def test_sums_and_differences_are_exact_and_ordered(first: str, second: str) -> None:
    one, other = Quantity(first), Quantity(second)
    assert (one + other) - other == one
    assert (one < other) == ((one - other).value < Decimal(0))
    assert hash(Quantity(first)) == hash(one)
