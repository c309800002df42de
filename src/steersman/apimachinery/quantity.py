"""Resource quantities: exact decimal numbers with a suffix, kept in upstream's canonical form.

Source: apimachinery/pkg/api/resource: a quantity is written in the suffix family it came in, with no fractional digits
and the largest suffix possible; more than nano precision is rounded up. What comes in nearly canonical stays as it is.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_UP, Context, Decimal
from enum import Enum
from functools import lru_cache, total_ordering

BINARY_SUFFIXES = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
DECIMAL_SUFFIXES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
NANO = Decimal("1e-9")
# Only binary amounts are bounded, at what an int64 holds.
LIMIT = Decimal(2**63 - 1)
# Exact for any amount with an exponent we accept; Go would go on until memory ends.
MAX_EXPONENT = 400
_EXACT = Context(prec=1000)

_SPLIT = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?[0-9]+)?")
_SHAPE = re.compile(r"[+-]?[0-9.]+[eEinumkKMGTP]*[-+]?[0-9]*")


class QuantityError(ValueError):
    """The text is no quantity; the message is upstream's."""


class Family(Enum):
    """The suffixes an amount is written with."""

    DECIMAL = "decimal"
    BINARY = "binary"
    EXPONENT = "exponent"


@total_ordering
class Quantity:
    """An exact amount such as `100m`, `1.5Gi` or `2`; equal amounts are equal whatever their suffix."""

    __slots__ = ("family", "text", "value")

    text: str
    value: Decimal
    family: Family

    def __init__(self, written: "str | int | float | Decimal | Quantity" = 0) -> None:
        parsed = _parse(str(written))
        self.text, self.value, self.family = parsed.text, parsed.value, parsed.family

    @classmethod
    def of(cls, value: Decimal | int, suffixes_like: "Quantity | None" = None) -> "Quantity":
        """An amount written in the suffix family of another quantity (decimal when none is given)."""
        made = cls.__new__(cls)
        made.value = Decimal(value)
        made.family = Family.DECIMAL if suffixes_like is None else suffixes_like.family
        made.text = _format(made.value, made.family)
        return made

    def milli_value(self) -> int:
        """Thousandths, rounded up."""
        return int((self.value * 1000).to_integral_value(ROUND_UP))

    def int_value(self) -> int:
        """Whole units, rounded up."""
        return int(self.value.to_integral_value(ROUND_UP))

    def __add__(self, other: "Quantity") -> "Quantity":
        return Quantity.of(_EXACT.add(self.value, other.value), self if self.value else other)

    def __sub__(self, other: "Quantity") -> "Quantity":
        return Quantity.of(_EXACT.subtract(self.value, other.value), self if self.value else other)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.value == other.value

    def __lt__(self, other: "Quantity") -> bool:
        return self.value < other.value

    def __bool__(self) -> bool:
        return bool(self.value)

    def __hash__(self) -> int:
        return hash(self.value)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Quantity({self.text!r})"


@dataclass(frozen=True, slots=True)
class _Parsed:
    text: str
    value: Decimal
    family: Family


# A cluster repeats a few hundred distinct quantities over all its pods, so parsing is nearly always a dictionary hit.
@lru_cache(maxsize=4096)
def _parse(written: str) -> _Parsed:
    match = _SPLIT.fullmatch(written)
    if match is None or not (match[2] or match[3]):
        if match is None and _SHAPE.fullmatch(written):
            raise QuantityError("unable to parse quantity's suffix")
        raise QuantityError(
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        )
    sign, whole, fraction, suffix = match[1], match[2].lstrip("0") or "0", match[3] or "", match[4] or ""
    digits = Decimal(f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}")
    value, family, exponent = _scaled(digits, suffix)
    value = value.quantize(NANO, ROUND_UP, _EXACT)
    if family is Family.BINARY:
        value = max(-LIMIT, min(LIMIT, value))
        if 0 < abs(value) < 1:
            family = Family.DECIMAL
    is_kept = bool(value) and _is_kept(whole, fraction, family, exponent)
    return _Parsed(written if is_kept else _format(value, family), value, family)


def _scaled(digits: Decimal, suffix: str) -> tuple[Decimal, Family, int]:
    """The amount, its family, and the suffix's exponent (of ten, or of 1024)."""
    if suffix in DECIMAL_SUFFIXES:
        exponent = DECIMAL_SUFFIXES[suffix]
        return digits.scaleb(exponent, _EXACT), Family.DECIMAL, exponent
    if suffix in BINARY_SUFFIXES:
        exponent = BINARY_SUFFIXES.index(suffix)
        return _EXACT.multiply(digits, Decimal(1024**exponent)), Family.BINARY, exponent
    exponent = int(suffix[1:])
    if abs(exponent) > MAX_EXPONENT:
        raise QuantityError("unable to parse quantity's suffix")
    return digits.scaleb(exponent, _EXACT), Family.EXPONENT, exponent


def _is_kept(whole: str, fraction: str, family: Family, exponent: int) -> bool:
    """Whether upstream keeps the text as written, canonical or not. Source: ParseQuantity's fast path."""
    digits = whole + fraction
    if family is Family.BINARY:
        is_fast = not fraction and 14 - len(whole) - exponent * 3 >= 0
        return is_fast and int(whole) % 8 != 0
    scale = exponent - len(fraction)
    is_fast = len(digits) <= 18 and scale >= -9
    return is_fast and scale % 3 == 0 and not digits.endswith("000") and digits[0] != "0"


def _format(value: Decimal, family: Family) -> str:
    if not value:
        return "0"
    # Below 1024 a binary amount is no whole multiple of Ki; upstream writes such a number with decimal suffixes.
    if family is Family.BINARY and abs(value) >= 1024 and value == value.to_integral_value():
        return _format_binary(int(value))
    sign, digits, power = value.normalize(_EXACT).as_tuple()
    assert isinstance(power, int), "a quantity is finite"
    exponent = min(power - power % 3, 18) if family is not Family.EXPONENT else power - power % 3
    number = int("".join(map(str, digits))) * 10 ** (power - exponent)
    text = f"-{number}" if sign else str(number)
    if family is Family.EXPONENT:
        return text if exponent == 0 else f"{text}e{exponent}"
    return text + next(suffix for suffix, known in DECIMAL_SUFFIXES.items() if known == exponent)


def _format_binary(number: int) -> str:
    power = 0
    while number % 1024 == 0 and power < len(BINARY_SUFFIXES) - 1:
        number //= 1024
        power += 1
    return f"{number}{BINARY_SUFFIXES[power]}"
