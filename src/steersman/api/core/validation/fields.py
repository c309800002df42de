"""Checks that fields of many kinds share: closed sets, numbers, file paths, modes, ports, addresses.

Source: pkg/apis/core/validation/validation.go, apimachinery/pkg/api/validation.
"""

import ipaddress
from collections.abc import Callable, Iterable, Sequence

from steersman.apimachinery.fielderrors import duplicate, invalid_value, invalid_values, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_label, ip_address, port_name, port_number
from steersman.apimachinery.markers import IntOrString
from steersman.apimachinery.status import Cause

IMMUTABLE = "field is immutable"
NOT_NEGATIVE = "must be greater than or equal to 0"
NOT_POSITIVE = "must be greater than zero"
PROTOCOLS = ("SCTP", "TCP", "UDP")
MAX_INT32 = 2**31 - 1
MAX_MODE = 0o777

_SPECIAL: tuple[tuple[Callable[[ipaddress.IPv4Address | ipaddress.IPv6Address], bool], str], ...] = (
    (lambda ip: ip.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
    (
        lambda ip: ip.is_link_local,
        "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
    ),
    (
        lambda ip: ip in ipaddress.ip_network("224.0.0.0/24") or ip in ipaddress.ip_network("ff02::/16"),
        "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
    ),
)


def checked(value: str, check: Callable[[str], list[str]], path: Path, *field: str) -> list[Cause]:
    """A format. Here and below `field` is the way down from the path, written out only where there is a fault."""
    errors = check(value)
    return invalid_values(path.child(*field), value, errors) if errors else []


def one_of(value: str, allowed: Sequence[str], path: Path, *field: str) -> list[Cause]:
    """A value that must be there and one of a closed set, which the message lists in the order given."""
    if value in allowed:
        return []
    return [not_supported(path.child(*field), value, allowed)] if value else [required(path.child(*field))]


def maybe_one_of(value: str | None, allowed: Sequence[str], path: Path, *field: str) -> list[Cause]:
    """As one_of, for a pointer: an empty string is a value like any other."""
    return [] if value is None or value in allowed else [not_supported(path.child(*field), value, allowed)]


def not_negative(value: int, path: Path, *field: str) -> list[Cause]:
    """Zero or more."""
    return [invalid_value(path.child(*field), value, NOT_NEGATIVE)] if value < 0 else []


def within(value: int, low: int, high: int, path: Path, *field: str) -> list[Cause]:
    """Between two bounds, both included."""
    return (
        []
        if low <= value <= high
        else [invalid_value(path.child(*field), value, f"must be between {low} and {high}, inclusive")]
    )


def immutable(new: object, old: object, path: Path, *field: str) -> list[Cause]:
    """A field that stays as it was."""
    return [] if new == old else [invalid_value(path.child(*field), new, IMMUTABLE)]


def validate_label(value: str, path: Path, *field: str) -> list[Cause]:
    """A DNS label that must be there."""
    return checked(value, dns1123_label, path, *field) if value else [required(path.child(*field))]


def unique(value: str, seen: set[str], path: Path, *field: str) -> list[Cause]:
    """A value that no item before it had; it is noted."""
    if value in seen:
        return [duplicate(path.child(*field), value)]
    seen.add(value)
    return []


def required_strings(source: object, names: Iterable[str], path: Path) -> list[Cause]:
    """Fields of a source that mustn't be empty."""
    return [required(path.child(name)) for name in names if not getattr(source, name)]


def file_mode(mode: int | None, path: Path, *field: str) -> list[Cause]:
    """Permission bits."""
    if mode is None or 0 <= mode <= MAX_MODE:
        return []
    return [invalid_value(path.child(*field), mode, "must be a number between 0 and 0777 (octal), both inclusive")]


def no_backsteps(text: str, path: Path, *field: str) -> list[Cause]:
    """A file path without `..`."""
    if ".." in text and ".." in text.split("/"):
        return [invalid_value(path.child(*field), text, "must not contain '..'")]
    return []


def descending_path(text: str, path: Path, *field: str) -> list[Cause]:
    """A relative file path without `..`."""
    faults = [invalid_value(path.child(*field), text, "must be a relative path")] if text.startswith("/") else []
    return faults + no_backsteps(text, path, *field)


def local_path(text: str, path: Path, *field: str) -> list[Cause]:
    """A relative file path that neither contains `..` nor begins with two dots, which the kubelet's writer uses."""
    faults = descending_path(text, path, *field)
    if text.startswith("..") and not text.startswith("../"):
        faults.append(invalid_value(path.child(*field), text, "must not start with '..'"))
    return faults


def port_or_name(port: IntOrString | None, path: Path, *field: str) -> list[Cause]:
    """A port, or the name of one."""
    if isinstance(port, str):
        return checked(port, port_name, path, *field)
    number = port or 0
    return [] if 0 < number <= 65535 else invalid_values(path.child(*field), number, port_number(number))


def valid_ip(text: str, path: Path, *field: str) -> list[Cause]:
    """An address."""
    return checked(text, ip_address, path, *field)


def ordinary_ip(text: str, path: Path, *field: str) -> list[Cause]:
    """An address that means the same from everywhere: neither unspecified, loopback nor link-local."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return [invalid_value(path.child(*field), text, "must be a valid IP address")]
    if address.is_unspecified:
        return [invalid_value(path.child(*field), text, f"may not be unspecified ({text})")]
    return [invalid_value(path.child(*field), text, why) for is_special, why in _SPECIAL if is_special(address)]


def is_dual_stack(addresses: Sequence[str]) -> bool:
    """Addresses or networks of both families; what isn't one is of none."""
    families = set()
    for address in addresses:
        try:
            families.add(ipaddress.ip_network(address, strict=False).version)
        except ValueError:
            continue
    return len(families) == 2


def is_ipv6(address: str) -> bool:
    """By its look, as upstream's helpers decide."""
    return ":" in address


def ratcheted(faults: list[Cause], old_faults: Callable[[], Sequence[Cause]]) -> list[Cause]:
    """What is wrong now and wasn't before. Rules become stricter: what is stored can still be changed otherwise."""
    if not faults:
        return faults
    known = set(old_faults())
    return [fault for fault in faults if fault not in known]


def not_negative_fields(obj: object, names: Iterable[str], path: Path) -> list[Cause]:
    """Several counters at once."""
    return [fault for name in names for fault in not_negative(getattr(obj, name), path.child(name))]
