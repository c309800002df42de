"""Quantities and versions. Source: apiserver/pkg/cel/library/quantity.go, semverlib.go."""

import re
from dataclasses import dataclass
from typing import ClassVar

from steersman.apimachinery.cel.signatures import Function
from steersman.apimachinery.cel.values import MAX_INT, MIN_INT, EvaluationError
from steersman.apimachinery.quantity import Quantity, QuantityError

_NUMBER = r"(0|[1-9][0-9]*)"
_SEMVER = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)
PARTS = 3


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity as a value."""

    quantity: Quantity
    type_name: ClassVar[str] = "kubernetes.Quantity"

    def __str__(self) -> str:
        return self.quantity.text


@dataclass(frozen=True, slots=True)
class Semver:
    """A version; build isn't compared."""

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()
    type_name: ClassVar[str] = "kubernetes.Semver"

    def order(self) -> tuple[object, ...]:
        """What it is sorted by: numbers before words, a release after what comes before it."""
        parts = tuple((0, int(one), "") if one.isdecimal() else (1, 0, one) for one in self.prerelease)
        return (self.major, self.minor, self.patch, not self.prerelease, parts)


def parse_quantity(text: str) -> Amount:
    """EvaluationError."""
    try:
        return Amount(Quantity(text))
    except QuantityError as error:
        raise EvaluationError(f"quantity parse error: {error}") from error


def _is_quantity(text: str) -> bool:
    try:
        Quantity(text)
    except QuantityError:
        return False
    return True


def _compared(one: Amount, other: Amount) -> int:
    return (one.quantity > other.quantity) - (one.quantity < other.quantity)


def _is_integer(amount: Amount) -> bool:
    value = amount.quantity.value
    return value == value.to_integral_value() and MIN_INT <= value <= MAX_INT


def _as_integer(amount: Amount) -> int:
    if not _is_integer(amount):
        raise EvaluationError("cannot convert value to integer")
    return int(amount.quantity.value)


def _sign(amount: Amount) -> int:
    return (amount.quantity.value > 0) - (amount.quantity.value < 0)


def _sum(one: Amount, other: Amount | int) -> Amount:
    return Amount(one.quantity + (other.quantity if isinstance(other, Amount) else Quantity(other)))


def _difference(one: Amount, other: Amount | int) -> Amount:
    return Amount(one.quantity - (other.quantity if isinstance(other, Amount) else Quantity(other)))


def parse_semver(text: str, normalize: bool = False) -> Semver:  # as expressions call it
    """`1.2.3-rc.1`; normalize: `v1.02` too. EvaluationError."""
    found = _SEMVER.fullmatch(_normal(text) if normalize else text)
    words = tuple(found.group(4).split(".")) if found is not None and found.group(4) else ()
    if found is None or any(one.isdecimal() and len(one) > 1 and one.startswith("0") for one in words):
        raise EvaluationError(f"semver parse error: invalid version {text!r}")
    return Semver(int(found.group(1)), int(found.group(2)), int(found.group(3)), words)


def _normal(text: str) -> str:
    core = re.match(r"v?([0-9.]*)(.*)", text)
    assert core is not None, "it matches anything"
    numbers = [one.lstrip("0") or "0" for one in core.group(1).split(".") if one]
    return ".".join([*numbers, *["0"] * (PARTS - len(numbers))]) + core.group(2)


def _is_semver(text: str, normalize: bool = False) -> bool:  # as expressions call it
    try:
        parse_semver(text, normalize)
    except EvaluationError:
        return False
    return True


def _compared_versions(one: Semver, other: Semver) -> int:
    return (one.order() > other.order()) - (one.order() < other.order())


FUNCTIONS = (
    Function("quantity(string): kubernetes.Quantity", parse_quantity),
    Function("isQuantity(string): bool", _is_quantity),
    Function("kubernetes.Quantity.sign(): int", _sign),
    Function(
        "kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool", lambda one, other: _compared(one, other) > 0
    ),
    Function("kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool", lambda one, other: _compared(one, other) < 0),
    Function("kubernetes.Quantity.compareTo(kubernetes.Quantity): int", _compared),
    Function("kubernetes.Quantity.asApproximateFloat(): double", lambda amount: float(amount.quantity.value)),
    Function("kubernetes.Quantity.asInteger(): int", _as_integer),
    Function("kubernetes.Quantity.isInteger(): bool", _is_integer),
    Function("kubernetes.Quantity.add(kubernetes.Quantity): kubernetes.Quantity", _sum),
    Function("kubernetes.Quantity.add(int): kubernetes.Quantity", _sum),
    Function("kubernetes.Quantity.sub(kubernetes.Quantity): kubernetes.Quantity", _difference),
    Function("kubernetes.Quantity.sub(int): kubernetes.Quantity", _difference),
    Function("semver(string): kubernetes.Semver", parse_semver),
    Function("semver(string, bool): kubernetes.Semver", parse_semver),
    Function("isSemver(string): bool", _is_semver),
    Function("isSemver(string, bool): bool", _is_semver),
    Function("kubernetes.Semver.major(): int", lambda version: version.major),
    Function("kubernetes.Semver.minor(): int", lambda version: version.minor),
    Function("kubernetes.Semver.patch(): int", lambda version: version.patch),
    Function("kubernetes.Semver.compareTo(kubernetes.Semver): int", _compared_versions),
    Function(
        "kubernetes.Semver.isGreaterThan(kubernetes.Semver): bool",
        lambda one, other: _compared_versions(one, other) > 0,
    ),
    Function(
        "kubernetes.Semver.isLessThan(kubernetes.Semver): bool", lambda one, other: _compared_versions(one, other) < 0
    ),
)
