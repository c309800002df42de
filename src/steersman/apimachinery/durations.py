"""Durations as Go writes them. Source: Go's time.ParseDuration."""

import re

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|ns)")


def go_seconds(text: str) -> float:
    """The seconds of `1h30m`, `1.5s`, `300ms`; ValueError for anything else."""
    parts = _PART.findall(text)
    if not parts or "".join(amount + unit for amount, unit in parts) != text:
        raise ValueError("it is no duration")
    return sum(float(amount) * _UNITS[unit] for amount, unit in parts)
