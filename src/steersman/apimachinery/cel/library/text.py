"""Numbers as Go prints them."""

import math


def go_float(number: float) -> str:
    """`strconv.FormatFloat(x, 'g', -1, 64)`: shortest, with an exponent for large and small ones."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    text = repr(number)
    mantissa, _, exponent = text.partition("e")
    if not exponent and number and not 1e-4 <= abs(number) < 1e21:
        mantissa, _, exponent = f"{number:e}".partition("e")
        mantissa = mantissa.rstrip("0")
    mantissa = mantissa.removesuffix(".0").removesuffix(".")
    if not exponent:
        return mantissa
    power = int(exponent)
    return f"{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
