"""The string formats that schemas of custom resources may ask for. A format that isn't known is no constraint.

Source: kube-openapi/pkg/validation/strfmt; apiextensions-apiserver/pkg/apiserver/validation/formats.go.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from ipaddress import IPv4Address, IPv6Address, ip_network
from urllib.parse import urlsplit

from steersman.apimachinery import formats

Check = Callable[[str], bool]


def _matches(pattern: str) -> Check:
    return lambda text: re.fullmatch(pattern, text) is not None


def _parses(parse: Callable[[str], object]) -> Check:
    def check(text: str) -> bool:
        try:
            parse(text)
        except (ValueError, binascii.Error):
            return False
        return True

    return check


def _uri(text: str) -> None:
    if not urlsplit(text).scheme:
        raise ValueError("no scheme")


def _luhn(text: str) -> bool:
    digits = [int(one) for one in re.sub(r"[ -]", "", text)]
    doubled = [one * 2 - 9 * (one > 4) for one in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


_HEX = "[0-9a-fA-F]"


def _uuid(third: str, fourth: str) -> Check:
    return _matches(rf"{_HEX}{{8}}-?{_HEX}{{4}}-?{third}{_HEX}{{3}}-?{fourth}{_HEX}{{3}}-?{_HEX}{{12}}")


_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")


def _date_time(text: str) -> None:
    if not _DATE_TIME.fullmatch(text):
        raise ValueError("not RFC 3339")
    datetime.fromisoformat(re.sub(r"\.\d+", "", text.upper()))


def _credit_card(text: str) -> bool:
    return re.fullmatch(r"[0-9 -]{12,23}", text) is not None and _luhn(text)


FORMATS: Mapping[str, Check] = {
    "bsonobjectid": _matches(rf"{_HEX}{{24}}"),
    "byte": _parses(lambda text: base64.b64decode(text, validate=True)),
    "cidr": _parses(lambda text: ip_network(text, strict=False) if "/" in text else IPv4Address("no prefix")),
    "creditcard": _credit_card,
    "date": _parses(date.fromisoformat),
    "date-time": _parses(_date_time),
    "datetime": _parses(_date_time),
    "duration": _matches(r"[-+]?((\d+(\.\d*)?|\.\d+)\s*(ns|us|µs|ms|s|m|h|d|w|[a-z]+)?\s*)+"),
    "email": _matches(r"[^@\s<>]+@[^@\s<>]+"),
    "hexcolor": _matches(rf"#?({_HEX}{{3}}|{_HEX}{{6}})"),
    "hostname": _matches(
        r"([A-Za-z0-9_]([A-Za-z0-9_-]{0,62}[A-Za-z0-9_])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}[A-Za-z0-9_])?\.?"
    ),
    "ipv4": _parses(IPv4Address),
    "ipv6": _parses(IPv6Address),
    "isbn": _matches(r"(97[89])?\d{9}[\dXx]"),
    "isbn10": _matches(r"\d{9}[\dXx]"),
    "isbn13": _matches(r"97[89]\d{10}"),
    "k8s-long-name": lambda text: not formats.dns1123_subdomain(text),
    "k8s-short-name": lambda text: not formats.dns1123_label(text),
    "mac": _matches(rf"({_HEX}{{2}}[:-]){{5,7}}{_HEX}{{2}}|({_HEX}{{4}}\.){{2,3}}{_HEX}{{4}}"),
    "rgbcolor": _matches(r"rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)"),
    "ssn": _matches(r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    "uri": _parses(_uri),
    "uuid": _uuid(_HEX, _HEX),
    "uuid3": _uuid("3", _HEX),
    "uuid4": _uuid("4", "[89abAB]"),
    "uuid5": _uuid("5", "[89abAB]"),
}
