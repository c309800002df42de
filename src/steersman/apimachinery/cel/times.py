"""Durations and moments as text. Source: Go's time.ParseDuration and RFC 3339."""

import re
from datetime import UTC, datetime, timedelta

from steersman.apimachinery.cel.values import MAX_INT, Duration, EvaluationError, Timestamp

NANOS = 1_000_000_000
UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": NANOS,
    "m": 60 * NANOS,
    "h": 3600 * NANOS,
}
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)")
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Source: cel-go/common/types/timestamp.go: years 1 to 9999.
MIN_SECONDS, MAX_SECONDS = -62135596800, 253402300799


def parse_duration(text: str) -> Duration:
    """`1h30m`, `-1.5s`. EvaluationError."""
    rest, is_negative = text.lstrip("+-"), text.startswith("-")
    if rest == "0":
        return Duration(0)
    total, position = 0, 0
    while position < len(rest):
        found = _PART.match(rest, position)
        if found is None or not (found.group(1) or found.group(2)):
            break
        whole, fraction, unit = found.group(1) or "0", found.group(2) or "", UNITS[found.group(3)]
        total += int(whole) * unit + (int(fraction) * unit // 10 ** len(fraction) if fraction else 0)
        position = found.end()
    if not rest or position < len(rest) or len(text) - len(rest) > 1 or total > MAX_INT:
        raise EvaluationError(f'time: invalid duration "{text}"')
    return Duration(-total if is_negative else total)


def format_duration(duration: Duration) -> str:
    """`5400s`, `1.5s`: seconds, as CEL writes them."""
    sign = "-" if duration.nanos < 0 else ""
    seconds, nanos = divmod(abs(duration.nanos), NANOS)
    return f"{sign}{seconds}{_fraction(nanos)}s"


def parse_timestamp(text: str) -> Timestamp:
    """RFC 3339. EvaluationError."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise EvaluationError(f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse')
    *numbers, fraction, sign, hours, minutes = found.groups()
    year, month, day, hour, minute, second = map(int, numbers)
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise EvaluationError(f'parsing time "{text}": {error}') from error
    offset = 0 if sign is None else (int(hours) * 60 + int(minutes)) * (60 if sign == "+" else -60)
    nanos = int((fraction or "0").ljust(9, "0")[:9])
    return Timestamp(((moment - _EPOCH) // timedelta(seconds=1) - offset) * NANOS + nanos)


def format_timestamp(moment: Timestamp) -> str:
    """RFC 3339 in UTC, with as many digits as it has."""
    seconds, nanos = divmod(moment.nanos, NANOS)
    return f"{(_EPOCH + timedelta(seconds=seconds)).strftime('%Y-%m-%dT%H:%M:%S')}{_fraction(nanos)}Z"


def as_datetime(moment: Timestamp) -> datetime:
    """To microseconds."""
    return _EPOCH + timedelta(microseconds=moment.nanos // 1000)


def _fraction(nanos: int) -> str:
    return f".{nanos:09d}".rstrip("0") if nanos else ""
