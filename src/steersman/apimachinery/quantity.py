"""Resource quantities: exact decimal numbers with a suffix, kept in upstream's canonical form.

Source: apimachinery/pkg/api/resource: a quantity is written in the suffix family it came in, with no fractional digits
and the largest suffix possible; more than nano precision is rounded up.
"""

import re
from decimal import ROUND_UP, Decimal
from functools import lru_cache, total_ordering

BINARY_SUFFIXES = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
DECIMAL_SUFFIXES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
NANO = Decimal("1e-9")
LIMIT = Decimal(2**63 - 1)

_SPLIT = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?[0-9]+)?")


class QuantityError(ValueError):
    """The text is no quantity; the message is upstream's."""


@total_ordering
class Quantity:
    """An exact amount such as `100m`, `1.5Gi` or `2`; equal amounts are equal whatever their suffix."""

    __slots__ = ("text", "value")

    text: str
    value: Decimal

    def __init__(self, written: "str | int | float | Decimal | Quantity" = 0) -> None:
        self.text, self.value = _parse(str(written))

    @classmethod
    def of(cls, value: Decimal | int, suffixes_like: "Quantity | None" = None) -> "Quantity":
        """An amount written in the suffix family of another quantity (decimal when none is given)."""
        made = cls.__new__(cls)
        amount = Decimal(value)
        family = "binary" if suffixes_like is not None and suffixes_like.text.endswith("i") else "decimal"
        made.text, made.value = _format(amount, family), amount
        return made

    def milli_value(self) -> int:
        """Thousandths, rounded up."""
        return int((self.value * 1000).to_integral_value(ROUND_UP))

    def int_value(self) -> int:
        """Whole units, rounded up."""
        return int(self.value.to_integral_value(ROUND_UP))

    def __add__(self, other: "Quantity") -> "Quantity":
        return Quantity.of(self.value + other.value, self if self.value else other)

    def __sub__(self, other: "Quantity") -> "Quantity":
        return Quantity.of(self.value - other.value, self)

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


# A cluster repeats a few hundred distinct quantities over all its pods, so parsing is nearly always a dictionary hit.
@lru_cache(maxsize=4096)
def _parse(written: str) -> tuple[str, Decimal]:
    match = _SPLIT.fullmatch(written)
    if match is None:
        raise QuantityError(
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        )
    digits, suffix = Decimal(match[1]), match[2] or ""
    if suffix in DECIMAL_SUFFIXES:
        family, value = "decimal", digits.scaleb(DECIMAL_SUFFIXES[suffix])
    elif suffix in BINARY_SUFFIXES:
        family, value = "binary", digits * 1024 ** BINARY_SUFFIXES.index(suffix)
    else:
        family, value = "exponent", digits.scaleb(int(suffix[1:]))
    value = max(-LIMIT, min(LIMIT, value.quantize(NANO, ROUND_UP) if abs(value) < LIMIT else value))
    return _format(value, family), value


def _format(value: Decimal, family: str) -> str:
    if not value:
        return "0"
    # Below 1024 a binary amount is no whole multiple of Ki; upstream writes such a number with decimal suffixes.
    if family == "binary" and abs(value) >= 1024 and value == value.to_integral_value():
        return _format_binary(int(value))
    exponent = next(e for e in (18, 15, 12, 9, 6, 3, 0, -3, -6, -9) if not value.scaleb(-e) % 1)
    digits = str(int(value.scaleb(-exponent)))
    if family == "exponent":
        return digits if exponent == 0 else f"{digits}e{exponent}"
    return digits + next(suffix for suffix, power in DECIMAL_SUFFIXES.items() if power == exponent)


def _format_binary(number: int) -> str:
    power = 0
    while number % 1024 == 0 and power < len(BINARY_SUFFIXES) - 1:
        number //= 1024
        power += 1
    return f"{number}{BINARY_SUFFIXES[power]}"
