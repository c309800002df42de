"""String formats of the API: each check returns what is wrong with a value, in upstream's words.

Source: apimachinery/pkg/util/validation, apimachinery/pkg/api/validate/content: patterns and message texts.
"""

import ipaddress
import re
from functools import cache

MAX_LABEL_LENGTH = 63
MAX_SUBDOMAIN_LENGTH = 253
MAX_PORT_NAME_LENGTH = 15
MAX_PORT = 65535
MAX_ID = 2**31 - 1

_DNS_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_DNS_SUBDOMAIN = _DNS_LABEL + r"(\." + _DNS_LABEL + ")*"
_UNDERSCORE_LABEL = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_UNDERSCORE_SUBDOMAIN = _UNDERSCORE_LABEL + r"(\." + _UNDERSCORE_LABEL + ")*"
_DNS1035_LABEL = "[a-z]([-a-z0-9]*[a-z0-9])?"
_NAME_PART = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = f"({_NAME_PART})?"
_NAME_PART_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
)
_LOWER_CASE_RULE = "must consist of lower case alphanumeric characters"
# What nearly every value is, found by one look: right, and ASCII, so that its characters are its bytes.
_GOOD_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_GOOD_SUBDOMAIN = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*", re.ASCII
)
_GOOD_KEY = re.compile(
    r"(?:(?=[^/]{1,253}/)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*/)?"
    r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?",
    re.ASCII,
)
_GOOD_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", re.ASCII)
_GOOD_PORT = re.compile(r"(?=[0-9-]*[a-z])(?!.*--)[a-z0-9](?:[-a-z0-9]{0,13}[a-z0-9])?", re.ASCII)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _matches(pattern: str, value: str) -> bool:
    return _compiled(pattern).fullmatch(value) is not None


def pattern_error(rule: str, pattern: str, *examples: str) -> str:
    """How upstream says that a pattern isn't met, odd commas included."""
    if not examples:
        return f"{rule} (regex used for validation is '{pattern}')"
    listed = " or ".join(f"'{example}', " for example in examples)
    return f"{rule} (e.g. {listed}regex used for validation is '{pattern}')"


def max_length_error(limit: int) -> str:
    """The value is too long."""
    return f"must be no more than {limit} characters"


def max_bytes_error(limit: int) -> str:
    """The value is too long, in the words of upstream's newer checks."""
    return f"must be no more than {limit} bytes"


def _length(value: str) -> int:
    return len(value.encode())


def dns1123_label(value: str) -> list[str]:
    """A label of RFC 1123, such as a namespace's name."""
    if _GOOD_LABEL.fullmatch(value):
        return []
    errors = [max_length_error(MAX_LABEL_LENGTH)] if _length(value) > MAX_LABEL_LENGTH else []
    if not _matches(_DNS_LABEL, value):
        if _matches(_DNS_SUBDOMAIN, value):
            return [*errors, "must not contain dots"]
        rule = (
            f"a lowercase RFC 1123 label {_LOWER_CASE_RULE} or '-', "
            "and must start and end with an alphanumeric character"
        )
        errors.append(pattern_error(rule, _DNS_LABEL, "my-name", "123-abc"))
    return errors


def dns1123_subdomain(value: str) -> list[str]:
    """Labels of RFC 1123 with dots between them: most objects' names."""
    if _GOOD_SUBDOMAIN.fullmatch(value):
        return []
    errors = [max_length_error(MAX_SUBDOMAIN_LENGTH)] if _length(value) > MAX_SUBDOMAIN_LENGTH else []
    if not _matches(_DNS_SUBDOMAIN, value):
        rule = (
            f"a lowercase RFC 1123 subdomain {_LOWER_CASE_RULE}, '-' or '.', "
            "and must start and end with an alphanumeric character"
        )
        errors.append(pattern_error(rule, _DNS_SUBDOMAIN, "example.com"))
    return errors


def dns1123_subdomain_with_underscore(value: str) -> list[str]:
    """A subdomain whose labels may have underscores, as those of service records."""
    errors = [max_length_error(MAX_SUBDOMAIN_LENGTH)] if _length(value) > MAX_SUBDOMAIN_LENGTH else []
    if not _matches(_UNDERSCORE_SUBDOMAIN, value):
        rule = (
            f"a lowercase RFC 1123 subdomain {_LOWER_CASE_RULE}, '_', '-' or '.', "
            "and must start and end with an alphanumeric character"
        )
        errors.append(pattern_error(rule, _UNDERSCORE_SUBDOMAIN, "example.com"))
    return errors


def dns1035_label(value: str) -> list[str]:
    """A label of RFC 1035, which begins with a letter: a Service's name."""
    errors = [max_length_error(MAX_LABEL_LENGTH)] if _length(value) > MAX_LABEL_LENGTH else []
    if not _matches(_DNS1035_LABEL, value):
        rule = (
            f"a DNS-1035 label {_LOWER_CASE_RULE} or '-', start with an alphabetic character, "
            "and end with an alphanumeric character"
        )
        errors.append(pattern_error(rule, _DNS1035_LABEL, "my-name", "abc-123"))
    return errors


def wildcard_dns1123_subdomain(value: str) -> list[str]:
    """A subdomain whose first label is `*`."""
    errors = [max_length_error(MAX_SUBDOMAIN_LENGTH)] if _length(value) > MAX_SUBDOMAIN_LENGTH else []
    pattern = r"\*\." + _DNS_SUBDOMAIN
    if not _matches(pattern, value):
        rule = (
            "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which "
            f"{_LOWER_CASE_RULE}, '-' or '.' and end with an alphanumeric character"
        )
        errors.append(pattern_error(rule, pattern, "*.example.com"))
    return errors


def qualified_name(value: str) -> list[str]:
    """A label's key: a name, with a subdomain and a slash before it or without."""
    if _GOOD_KEY.fullmatch(value):
        return []
    parts = value.split("/")
    if len(parts) > 2:
        rule = pattern_error(_NAME_PART_RULE, _NAME_PART, "MyName", "my.name", "123-abc")
        return [f"a valid label key {rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    errors, name = [], parts[-1]
    if len(parts) == 2 and not parts[0]:
        errors.append("prefix part must be non-empty")
    elif len(parts) == 2:
        errors += [f"prefix part {error.replace('characters', 'bytes') if error.startswith('must be no') else error}"
                   for error in dns1123_subdomain(parts[0])]  # fmt: skip
    if not name:
        errors.append("name part must be non-empty")
    elif _length(name) > MAX_LABEL_LENGTH:
        errors.append(f"name part {max_bytes_error(MAX_LABEL_LENGTH)}")
    if not _matches(_NAME_PART, name):
        errors.append(f"name part {pattern_error(_NAME_PART_RULE, _NAME_PART, 'MyName', 'my.name', '123-abc')}")
    return errors


def label_value(value: str) -> list[str]:
    """A label's value, which may be empty."""
    if _GOOD_VALUE.fullmatch(value):
        return []
    errors = [max_bytes_error(MAX_LABEL_LENGTH)] if _length(value) > MAX_LABEL_LENGTH else []
    if not _matches(_LABEL_VALUE, value):
        rule = f"a valid label must be an empty string or {_NAME_PART_RULE.removeprefix('must ')}"
        errors.append(pattern_error(rule, _LABEL_VALUE, "MyValue", "my_value", "12345"))
    return errors


def c_identifier(value: str) -> list[str]:
    """A name in the C language."""
    pattern = "[A-Za-z_][A-Za-z0-9_]*"
    if _matches(pattern, value):
        return []
    rule = (
        "a valid C identifier must start with alphabetic character or '_', "
        "followed by a string of alphanumeric characters or '_'"
    )
    return [pattern_error(rule, pattern, "my_name", "MY_NAME", "MyName")]


def environment_variable_name(value: str) -> list[str]:
    """An environment variable's name: any printable ASCII but `=`."""
    if not value:
        return ["environment variable name must be non-empty"]
    if not _matches("[ -<>-~]+", value):
        return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
    return []


def config_map_key(value: str) -> list[str]:
    """A key in a ConfigMap or Secret; it becomes a file's name."""
    if _GOOD_LABEL.fullmatch(value):
        return []
    errors = [max_length_error(MAX_SUBDOMAIN_LENGTH)] if _length(value) > MAX_SUBDOMAIN_LENGTH else []
    pattern = "[-._a-zA-Z0-9]+"
    if not _matches(pattern, value):
        rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        errors.append(pattern_error(rule, pattern, "key.name", "KEY_NAME", "key-name"))
    if value in (".", ".."):
        errors.append(f"must not be '{value}'")
    elif value.startswith(".."):
        errors.append("must not start with '..'")
    return errors


def http_header_name(value: str) -> list[str]:
    """The name of an HTTP header."""
    pattern = "[-A-Za-z0-9]+"
    if _matches(pattern, value):
        return []
    return [
        pattern_error("a valid HTTP header must consist of alphanumeric characters or '-'", pattern, "X-Header-Name")
    ]


def percent(value: str) -> list[str]:
    """A number with a percent sign."""
    if _matches("[0-9]+%", value):
        return []
    rule = "a valid percent string must be a numeric string followed by an ending '%'"
    return [pattern_error(rule, "[0-9]+%", "1%", "93%")]


def in_range(value: int, low: int, high: int) -> list[str]:
    """A number between two bounds, both included."""
    return [] if low <= value <= high else [f"must be between {low} and {high}, inclusive"]


def port_number(value: int) -> list[str]:
    """A port that can be connected to."""
    return in_range(value, 1, MAX_PORT)


def user_or_group_id(value: int) -> list[str]:
    """A Unix uid or gid."""
    return in_range(value, 0, MAX_ID)


def port_name(value: str) -> list[str]:
    """A port's name as IANA has them."""
    if _GOOD_PORT.fullmatch(value):
        return []
    errors = [max_length_error(MAX_PORT_NAME_LENGTH)] if _length(value) > MAX_PORT_NAME_LENGTH else []
    if not _matches("[-a-z0-9]+", value):
        errors.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", value):
        errors.append("must contain at least one letter (a-z)")
    if "--" in value:
        errors.append("must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        errors.append("must not begin or end with a hyphen")
    return errors


def path_segment_name(value: str) -> list[str]:
    """A name that can stand in a URL path: some kinds allow nearly anything."""
    if value in (".", ".."):
        return [f"may not be '{value}'"]
    return [f"may not contain '{illegal}'" for illegal in ("/", "%") if illegal in value]


def ip_address(value: str) -> list[str]:
    """An IPv4 or IPv6 address, however written."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        # Leading zeros were let through once and read as decimal; they get a message of their own.
        if _is_ip(re.sub(r"(^|\.)0+(?=[0-9])", r"\1", value)):
            return ["must not have leading 0s"]
        return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]
        if address.ipv4_mapped is not None:
            return ["must not be an IPv4-mapped IPv6 address"]
    return []


def canonical_ip_address(value: str) -> list[str]:
    """An address in its one canonical form, as newer fields ask for."""
    if errors := ip_address(value):
        return errors
    canonical = str(ipaddress.ip_address(value))
    return [] if canonical == value else [f'must be in canonical form ("{canonical}")']


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def cidr(value: str) -> list[str]:
    """A network: an address with no bits set past the prefix, and the prefix's length."""
    wrong = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
    address, slash, length = value.partition("/")
    if not slash or not _matches("[0-9]+", length):
        return [wrong]
    bare = re.sub(r"(^|\.)0+(?=[0-9])", r"\1", address) if ":" not in address else address
    if not _is_ip(bare) or "%" in bare or int(length) > ipaddress.ip_address(bare).max_prefixlen:
        return [wrong]
    if bare != address or (len(length) > 1 and length.startswith("0")):
        return ["must not have leading 0s in IP or prefix length"]
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return ["must not have an IPv4-mapped IPv6 address"]
    if ipaddress.ip_network(value, strict=False).network_address != parsed:
        return ["must not have bits set beyond the prefix length"]
    return []


def caseless_dns1123_subdomain(value: str) -> list[str]:
    """A subdomain in whatever case: the names of storage and device drivers."""
    errors = [max_length_error(MAX_SUBDOMAIN_LENGTH)] if _length(value) > MAX_SUBDOMAIN_LENGTH else []
    if not _matches(f"(?i:{_DNS_SUBDOMAIN})", value):
        rule = (
            "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', "
            "and must start and end with an alphanumeric character"
        )
        errors.append(pattern_error(rule, _DNS_SUBDOMAIN, "Example.com"))
    return errors
