"""Schedules in cron's notation: five fields or a word such as `@daily`, and when they are due next.

Source: github.com/robfig/cron/v3, ParseStandard and SpecSchedule.Next: fields, names, ranges and error texts.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# Source: SpecSchedule.Next: a schedule such as 30 February is never due.
YEARS_SEARCHED = 5
EVERY = "@every "
ZONE_PREFIXES = ("TZ=", "CRON_TZ=")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
_DURATION = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_NUMBER = re.compile(r"[+-]?\d+")


class ScheduleError(ValueError):
    """The text is no schedule; the message is the library's."""


@dataclass(frozen=True, slots=True)
class _Field:
    """What a field may hold: its bounds, and names for its numbers from `low` on."""

    low: int
    high: int
    names: tuple[str, ...] = ()


MINUTE, HOUR, DAY, MONTH, WEEKDAY = (
    _Field(0, 59),
    _Field(0, 23),
    _Field(1, 31),
    _Field(1, 12, MONTHS),
    _Field(0, 6, DAYS),
)
_FIELDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)
_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


@dataclass(frozen=True, slots=True)
class _Times:
    """The values at which a field is due; free: it was written with a star, so it binds nothing."""

    values: frozenset[int]
    free: bool


@dataclass(frozen=True, slots=True)
class CronSchedule:
    """Due whenever a minute fits all fields; of the two kinds of days either is enough if neither is free."""

    minutes: _Times
    hours: _Times
    days: _Times
    months: _Times
    weekdays: _Times
    zone: tzinfo | None = None

    def next_after(self, when: datetime) -> datetime | None:
        """The first time after a moment, in the moment's zone unless the schedule names one; None if never."""
        zone = self.zone or when.tzinfo or UTC
        time = _later(when.astimezone(zone).replace(second=0, microsecond=0), timedelta(minutes=1))
        last_year = time.year + YEARS_SEARCHED
        while time.year <= last_year:
            if time.month not in self.months.values:
                time = _midnight(time.replace(day=1) + timedelta(days=32), day=1)
            elif not self._is_day(time):
                time = _midnight(time + timedelta(days=1))
            elif time.hour not in self.hours.values:
                time = _later(time.replace(minute=0), timedelta(hours=1))
            elif time.minute not in self.minutes.values:
                time = _later(time, timedelta(minutes=1))
            else:
                return time.astimezone(when.tzinfo)
        return None

    def _is_day(self, time: datetime) -> bool:
        fits_day = time.day in self.days.values
        fits_weekday = (time.weekday() + 1) % 7 in self.weekdays.values
        if self.days.free or self.weekdays.free:
            return fits_day and fits_weekday
        return fits_day or fits_weekday


@dataclass(frozen=True, slots=True)
class ConstantDelay:
    """Due again and again after the same time, in whole seconds."""

    delay: timedelta

    def next_after(self, when: datetime) -> datetime | None:
        """The moment that much later, without its fraction of a second."""
        return (when + self.delay).replace(microsecond=0)


Schedule = CronSchedule | ConstantDelay


def _later(time: datetime, delay: timedelta) -> datetime:
    """That much later by a clock that knows no daylight saving time: an hour that comes twice is met twice."""
    return (time.astimezone(UTC) + delay).astimezone(time.tzinfo)


def _midnight(time: datetime, day: int | None = None) -> datetime:
    """The day's beginning, or of another day of the month; later in the morning if the clock skips midnight."""
    start = datetime(time.year, time.month, day or time.day, tzinfo=time.tzinfo)
    return start.astimezone(UTC).astimezone(time.tzinfo)


def parse_schedule(text: str) -> Schedule:
    """The schedule of a text; ScheduleError says what is wrong with it."""
    if not text:
        raise ScheduleError("empty spec string")
    zone = None
    if text.startswith(ZONE_PREFIXES):
        named, _, text = text.partition(" ")
        zone = _zone(named.partition("=")[2])
        text = text.strip()
    if text.startswith("@"):
        return _described(text, zone)
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ScheduleError(f"expected exactly {len(_FIELDS)} fields, found {len(fields)}: [{' '.join(fields)}]")
    return _of_fields(fields, zone)


def _of_fields(fields: list[str], zone: tzinfo | None) -> CronSchedule:
    minutes, hours, days, months, weekdays = (_times(text, each) for text, each in zip(fields, _FIELDS, strict=True))
    return CronSchedule(minutes, hours, days, months, weekdays, zone)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError) as error:
        raise ScheduleError(f"provided bad location {name}: unknown time zone {name}") from error


def _described(text: str, zone: tzinfo | None) -> Schedule:
    if text in _WORDS:
        return _of_fields(_WORDS[text].split(), zone)
    if text.startswith(EVERY):
        seconds = _seconds(text.removeprefix(EVERY))
        return ConstantDelay(timedelta(seconds=max(int(seconds), 1)))
    raise ScheduleError(f"unrecognized descriptor: {text}")


def _seconds(text: str) -> float:
    sign, digits = (-1 if text.startswith("-") else 1), text.lstrip("+-")
    parts = _DURATION.findall(digits)
    if digits == "0":
        return 0
    if not parts or "".join(amount + unit for amount, unit in parts) != digits:
        raise ScheduleError(f'failed to parse duration {EVERY}{text}: time: invalid duration "{text}"')
    return sign * sum(float(amount) * _UNITS[unit] for amount, unit in parts)


def _times(text: str, field: _Field) -> _Times:
    values: set[int] = set()
    free = False
    for expression in filter(None, text.split(",")):
        start, end, step, starred = _range(expression, field)
        values.update(range(start, end + 1, step))
        free = free or (starred and step == 1)
    return _Times(frozenset(values), free)


def _range(text: str, field: _Field) -> tuple[int, int, int, bool]:
    """First, last, step of one range, and whether it is a star."""
    written, *steps = text.split("/")
    low, *highs = written.split("-")
    starred = low in ("*", "?")
    if starred:
        start, end = field.low, field.high
    else:
        start = end = _number(low, field)
        if len(highs) > 1:
            raise ScheduleError(f"too many hyphens: {text}")
        if highs:
            end = _number(highs[0], field)
    if len(steps) > 1:
        raise ScheduleError(f"too many slashes: {text}")
    step = _whole(steps[0]) if steps else 1
    if steps and not highs:
        end = field.high
    if start < field.low:
        raise ScheduleError(f"beginning of range ({start}) below minimum ({field.low}): {text}")
    if end > field.high:
        raise ScheduleError(f"end of range ({end}) above maximum ({field.high}): {text}")
    if start > end:
        raise ScheduleError(f"beginning of range ({start}) beyond end of range ({end}): {text}")
    if step == 0:
        raise ScheduleError(f"step of range should be a positive number: {text}")
    return start, end, step, starred


def _number(text: str, field: _Field) -> int:
    name = text.lower()
    return field.names.index(name) + field.low if name in field.names else _whole(text)


def _whole(text: str) -> int:
    if not _NUMBER.fullmatch(text) or not text.isascii():
        raise ScheduleError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    number = int(text)
    if number < 0:
        raise ScheduleError(f"negative number ({number}) not allowed: {text}")
    return number
