"""The operators and functions of the language itself. Source: the CEL specification, "Standard Definitions"."""

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from steersman.apimachinery.cel import operators
from steersman.apimachinery.cel.library.text import go_float
from steersman.apimachinery.cel.signatures import Function
from steersman.apimachinery.cel.times import (
    MAX_SECONDS,
    MIN_SECONDS,
    NANOS,
    as_datetime,
    format_duration,
    format_timestamp,
    parse_duration,
    parse_timestamp,
)
from steersman.apimachinery.cel.values import (
    MAX_INT,
    MAX_UINT,
    MIN_INT,
    Duration,
    EvaluationError,
    NoSuchOverload,
    Timestamp,
    TypeValue,
    UInt,
)
from steersman.apimachinery.regex import RegexError, compile_pattern

_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)")
_WEEK = 7


def _not(value: Any) -> bool:
    if type(value) is bool:
        return not value
    raise NoSuchOverload


def _to_int(value: Any) -> int:
    match value:
        case bool():
            raise NoSuchOverload
        case int():
            number = int(value)
        case float():
            if not -(2.0**63) < value < 2.0**63:
                raise EvaluationError("integer overflow")
            number = int(value)
        case str():
            if not re.fullmatch(r"[+-]?[0-9]+", value):
                raise EvaluationError(f'strconv.ParseInt: parsing "{value}": invalid syntax')
            number = int(value)
        case Timestamp():
            number = value.nanos // NANOS
        case Duration():
            number = value.nanos
        case _:
            raise NoSuchOverload
    if not MIN_INT <= number <= MAX_INT:
        raise EvaluationError("integer overflow")
    return number


def _to_uint(value: Any) -> UInt:
    if type(value) is str:
        if not re.fullmatch(r"[0-9]+", value):
            raise EvaluationError(f'strconv.ParseUint: parsing "{value}": invalid syntax')
        number = int(value)
    elif type(value) in operators.NUMBERS:
        number = int(value)
    else:
        raise NoSuchOverload
    if not 0 <= number <= MAX_UINT:
        raise EvaluationError("unsigned integer overflow")
    return UInt(number)


def _to_double(value: Any) -> float:
    if type(value) in operators.NUMBERS:
        return float(value)
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise EvaluationError(f'strconv.ParseFloat: parsing "{value}": invalid syntax') from error


def to_string(value: Any) -> str:
    """`string(value)`."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int():
            return str(int(value))
        case float():
            return go_float(value)
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError as error:
                raise EvaluationError("invalid UTF-8 in bytes, cannot convert to string") from error
        case Timestamp():
            return format_timestamp(value)
        case Duration():
            return format_duration(value)
        case _ if hasattr(value, "type_name"):
            return str(value)
        case _:
            raise NoSuchOverload


def _to_bool(value: Any) -> bool:
    if type(value) is bool:
        return value
    if value in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if value in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise EvaluationError(f'strconv.ParseBool: parsing "{value}": invalid syntax')


def _to_bytes(value: Any) -> bytes:
    return value if type(value) is bytes else str(value).encode()


def _to_timestamp(value: Any) -> Timestamp:
    if type(value) is int:
        if not MIN_SECONDS <= value <= MAX_SECONDS:
            raise EvaluationError("timestamp overflow")
        return Timestamp(value * NANOS)
    return value if isinstance(value, Timestamp) else parse_timestamp(value)


def _to_duration(value: Any) -> Duration:
    if type(value) is int:
        return Duration(value)
    return value if isinstance(value, Duration) else parse_duration(value)


def matches(text: str, pattern: str) -> bool:
    """The pattern is found somewhere in the text."""
    try:
        return compile_pattern(pattern).search(text) is not None
    except RegexError as error:
        raise EvaluationError(str(error)) from error


def _zone(name: str) -> tzinfo:
    found = _OFFSET.fullmatch(name)
    if found is not None:
        minutes = int(found.group(2)) * 60 + int(found.group(3))
        return timezone(timedelta(minutes=-minutes if found.group(1) == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise EvaluationError(f"unknown time zone {name}") from error


def _part(read: Any) -> Any:
    def part(moment: Timestamp, zone: str = "UTC") -> int:
        return int(read(as_datetime(moment).astimezone(_zone(zone)), moment))

    return part


def _day_of_year(moment: datetime) -> int:
    return moment.timetuple().tm_yday - 1


def _whole(unit: int) -> Any:
    return lambda duration: int(duration.nanos / unit) if unit > 1 else duration.nanos


_PARTS = {
    "getFullYear": _part(lambda at, _: at.year),
    "getMonth": _part(lambda at, _: at.month - 1),
    "getDate": _part(lambda at, _: at.day),
    "getDayOfMonth": _part(lambda at, _: at.day - 1),
    "getDayOfWeek": _part(lambda at, _: at.isoweekday() % _WEEK),
    "getDayOfYear": _part(lambda at, _: _day_of_year(at)),
    "getHours": _part(lambda at, _: at.hour),
    "getMinutes": _part(lambda at, _: at.minute),
    "getSeconds": _part(lambda at, _: at.second),
    "getMilliseconds": _part(lambda _, moment: moment.nanos % NANOS // 1_000_000),
}
_SPANS = {
    "getHours": _whole(3600 * NANOS),
    "getMinutes": _whole(60 * NANOS),
    "getSeconds": _whole(NANOS),
    "getMilliseconds": lambda duration: abs(duration.nanos) % NANOS // 1_000_000,
}


def _declared(implementation: Any, *signatures: str) -> tuple[Function, ...]:
    return tuple(Function(one, implementation) for one in signatures)


_ORDERED = ("bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration")
_MIXED = (
    ("int", "uint"),
    ("int", "double"),
    ("uint", "int"),
    ("uint", "double"),
    ("double", "int"),
    ("double", "uint"),
)


def _order(sign: str, implementation: Any) -> tuple[Function, ...]:
    pairs = [*((one, one) for one in _ORDERED), *_MIXED]
    return _declared(implementation, *(f"_{sign}_({one}, {other}): bool" for one, other in pairs))


FUNCTIONS = (
    *_declared(operators.equal, "_==_(A, A): bool"),
    *_declared(lambda one, other: not operators.equal(one, other), "_!=_(A, A): bool"),
    *_order("<", operators.less),
    *_order("<=", operators.less_or_equal),
    *_order(">", lambda one, other: operators.less(other, one)),
    *_order(">=", lambda one, other: operators.less_or_equal(other, one)),
    *_declared(
        operators.add, "_+_(int, int): int", "_+_(uint, uint): uint", "_+_(double, double): double",
        "_+_(string, string): string", "_+_(bytes, bytes): bytes", "_+_(list<A>, list<A>): list<A>",
        "_+_(timestamp, duration): timestamp", "_+_(duration, timestamp): timestamp",
        "_+_(duration, duration): duration",
    ),
    *_declared(
        operators.subtract, "_-_(int, int): int", "_-_(uint, uint): uint", "_-_(double, double): double",
        "_-_(timestamp, timestamp): duration", "_-_(timestamp, duration): timestamp",
        "_-_(duration, duration): duration",
    ),
    *_declared(operators.multiply, "_*_(int, int): int", "_*_(uint, uint): uint", "_*_(double, double): double"),
    *_declared(operators.divide, "_/_(int, int): int", "_/_(uint, uint): uint", "_/_(double, double): double"),
    *_declared(operators.remainder, "_%_(int, int): int", "_%_(uint, uint): uint"),
    *_declared(operators.negate, "-_(int): int", "-_(double): double", "-_(duration): duration"),
    *_declared(_not, "!_(bool): bool"),
    *_declared(lambda one, found: operators.contains(found, one), "@in(A, list<A>): bool", "@in(A, map<A, B>): bool"),
    *_declared(
        operators.size, *(f"size({one}): int" for one in ("string", "bytes", "list<A>", "map<A, B>")),
        *(f"{one}.size(): int" for one in ("string", "bytes", "list<A>", "map<A, B>")),
    ),
    *_declared(lambda text, part: part in text, "string.contains(string): bool"),
    *_declared(str.startswith, "string.startsWith(string): bool"),
    *_declared(str.endswith, "string.endsWith(string): bool"),
    *_declared(matches, "string.matches(string): bool", "matches(string, string): bool"),
    *_declared(_to_int, *(f"int({one}): int" for one in ("int", "uint", "double", "string", "timestamp", "duration"))),
    *_declared(_to_uint, *(f"uint({one}): uint" for one in ("uint", "int", "double", "string"))),
    *_declared(_to_double, *(f"double({one}): double" for one in ("double", "int", "uint", "string"))),
    *_declared(
        to_string,
        *(f"string({one}): string" for one in ("string", "bool", "int", "uint", "double", "bytes", "timestamp")),
        "string(duration): string",
    ),
    *_declared(_to_bool, "bool(bool): bool", "bool(string): bool"),
    *_declared(_to_bytes, "bytes(bytes): bytes", "bytes(string): bytes"),
    *_declared(_to_timestamp, *(f"timestamp({one}): timestamp" for one in ("timestamp", "string", "int"))),
    *_declared(_to_duration, *(f"duration({one}): duration" for one in ("duration", "string", "int"))),
    *_declared(lambda value: value, "dyn(A): dyn"),
    *_declared(lambda value: TypeValue(operators.type_name(value)), "type(A): type"),
    *(Function(f"timestamp.{name}(): int", part) for name, part in _PARTS.items()),
    *(Function(f"timestamp.{name}(string): int", part) for name, part in _PARTS.items()),
    *(Function(f"duration.{name}(): int", span) for name, span in _SPANS.items()),
)  # fmt: skip
