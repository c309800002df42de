"""Rules that fields of any kind may have: numbers, closed sets, what stays as it was.

Source: apimachinery/pkg/api/validation: ValidateNonnegativeField, ValidateImmutableField, IsDomainPrefixedPath.
"""

import re
from collections.abc import Sequence

from steersman.apimachinery.fielderrors import invalid_value, invalid_values, not_supported, required, too_long
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import caseless_dns1123_subdomain, dns1123_subdomain, pattern_error
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.status import Cause

MAX_DRIVER_NAME = 63
_HTTP_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"


def not_negative(value: int | None, path: Path) -> list[Cause]:
    """A number that is there isn't below zero."""
    if value is None or value >= 0:
        return []
    return [invalid_value(path, value, "must be greater than or equal to 0")]


def immutable(new: object, old: object, path: Path) -> list[Cause]:
    """A field that stays as it was."""
    return [] if new == old else [invalid_value(path, new, "field is immutable")]


def one_of(value: str, allowed: Sequence[str], path: Path, needed: str = "") -> list[Cause]:
    """A value of a closed set, which must be there; `needed` is what is said if it isn't."""
    if not value:
        return [required(path, needed)]
    return [] if value in allowed else [not_supported(path, value, allowed)]


def valid_values(allowed: Sequence[str]) -> str:
    """`valid values: ["A" "B"]`, as some fields say what they need."""
    return f"valid values: [{' '.join(quote(str(one)) for one in allowed)}]"


def domain_prefixed_path(value: str, path: Path) -> list[Cause]:
    """`example.com/some/thing`, which must be there."""
    if not value:
        return [required(path)]
    host, _, rest = value.partition("/")
    if not host or not rest:
        return [invalid_value(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')]
    faults = invalid_values(path, host, dns1123_subdomain(host))
    if not re.fullmatch(_HTTP_PATH, rest):
        faults.append(invalid_value(path, rest, pattern_error("Invalid path", _HTTP_PATH)))
    return faults


def driver_name(name: str, path: Path) -> list[Cause]:
    """The name of a driver, of storage or of devices, which must be there. Source: ValidateCSIDriverName."""
    if not name:
        return [required(path)]
    faults = [too_long(path, MAX_DRIVER_NAME)] if len(name.encode()) > MAX_DRIVER_NAME else []
    return faults + invalid_values(path, name, caseless_dns1123_subdomain(name))
