"""How the texts of flags are read, and how a flag is declared. Everything raises ValueError for what it can't read."""

import re
from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import Any, TypeVar

from steersman.cluster.errors import ClusterError

T = TypeVar("T")


class FlagError(ClusterError):
    """A flag that isn't known, or a text it doesn't understand; the message names both."""


_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")


def words(text: str) -> tuple[str, ...]:
    """Words with commas between."""
    return tuple(filter(None, text.split(",")))


def path(text: str) -> Path | None:
    """A file or directory; the empty text is none. ValueError if it isn't there."""
    if not text:
        return None
    if not Path(text).exists():
        raise ValueError("there is no such file")
    return Path(text)


def paths(text: str) -> tuple[Path, ...]:
    """Files with commas between. ValueError if one isn't there."""
    return tuple(filter(None, (path(one) for one in words(text))))


def output_path(text: str) -> Path | None:
    """A file that is going to be written; the empty text is none."""
    return Path(text) if text else None


def yes_or_no(text: str) -> bool:
    """`true` or `false`. ValueError for anything else."""
    if text not in ("true", "false"):
        raise ValueError("it is true or false")
    return text == "true"


def number(text: str) -> int:
    """A whole number, not below zero. ValueError for anything else."""
    if not text.isascii() or not text.isdecimal():
        raise ValueError("it is no whole number")
    return int(text)


def seconds(text: str) -> float:
    """A duration as Go writes it (`1h30m`, `10s`), in seconds. ValueError for anything else."""
    parts = _DURATION.findall(text)
    if "".join(amount + unit for amount, unit in parts) != text or not parts:
        raise ValueError("it is no duration like 30s or 1h30m")
    return sum(float(amount) * _UNITS[unit] for amount, unit in parts)


def port_range(text: str) -> tuple[int, int]:
    """`first-last`, both included. ValueError for anything else."""
    match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", text, re.ASCII)
    pair = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 0 < pair[0] <= pair[1] < 1 << 16:
        raise ValueError("it is no range of ports like 30000-32767")
    return pair


def switches(text: str) -> tuple[tuple[str, bool], ...]:
    """`name=true,other=false`; a bare name is true. ValueError for anything else."""
    made = {}
    for word in words(text):
        name, equals, value = word.partition("=")
        if not name or (equals and value not in ("true", "false")):
            raise ValueError("it is no list of names with =true or =false")
        made[name] = value != "false"
    return tuple(made.items())


def flag(default: T, read: Callable[[str], Any], text: str) -> T:
    """A flag that isn't given has the default; `read` makes its value of a text, and the help says what it is for."""
    facts = {"read": read, "help": text}
    value: T = field(default=default, metadata=facts)
    return value
