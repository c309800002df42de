"""Schedules in cron's notation. Expected times were computed with robfig/cron's rules by hand."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from steersman.api.batch.schedule import ScheduleError, parse_schedule

NEW_YORK = ZoneInfo("America/New_York")


def next_of(schedule: str, when: datetime) -> datetime:
    found = parse_schedule(schedule).next_after(when)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("schedule", "after", "due"),
    [
        ("0/15 * * * *", "2012-07-09T14:45", "2012-07-09T15:00"),
        ("*/15 * * * *", "2012-07-09T14:59", "2012-07-09T15:00"),
        ("20-35/15 * * * *", "2012-07-09T23:46", "2012-07-10T00:20"),
        ("0 0 1 jan *", "2012-07-09T14:00", "2013-01-01T00:00"),
        ("0 0 * FEB Mon", "2012-07-09T23:35", "2013-02-04T00:00"),
        ("0 0 * Feb Mon/2", "2012-07-09T23:35", "2013-02-01T00:00"),
        ("30 8 29 2 ?", "2013-01-01T00:00", "2016-02-29T08:30"),
        ("0 0 1,15 * Sun", "2012-07-09T00:00", "2012-07-15T00:00"),
        ("0 0 13 * Fri", "2012-07-09T00:00", "2012-07-13T00:00"),
        ("0 0 */2 * Sun", "2012-07-09T00:00", "2012-07-11T00:00"),
        ("0 0 * * Sun", "2012-07-09T00:00", "2012-07-15T00:00"),
        ("@daily", "2012-07-09T00:00", "2012-07-10T00:00"),
        ("@weekly", "2012-07-09T00:00", "2012-07-15T00:00"),
        ("@yearly", "2012-07-09T00:00", "2013-01-01T00:00"),
        ("@every 1h30m", "2012-07-09T00:00", "2012-07-09T01:30"),
        ("@every 10ms", "2012-07-09T00:00:00", "2012-07-09T00:00:01"),
        ("TZ=America/New_York 0 9 * * *", "2012-07-09T00:00", "2012-07-09T13:00"),
    ],
)
def test_the_next_time_is_the_first_that_fits_all_fields(schedule: str, after: str, due: str) -> None:
    expected = datetime.fromisoformat(due).replace(tzinfo=UTC)
    assert next_of(schedule, datetime.fromisoformat(after).replace(tzinfo=UTC)) == expected


def test_a_day_that_never_comes_is_never_due() -> None:
    assert parse_schedule("0 0 30 2 *").next_after(datetime(2024, 1, 1, tzinfo=UTC)) is None


def test_an_hour_that_the_clock_skips_is_skipped_and_one_that_comes_twice_is_met_twice() -> None:
    before = datetime(2024, 3, 10, 0, 0, tzinfo=NEW_YORK)
    assert next_of("30 2 * * *", before) == datetime(2024, 3, 11, 2, 30, tzinfo=NEW_YORK)
    first = next_of("30 1 * * *", datetime(2024, 11, 3, 0, 0, tzinfo=NEW_YORK))
    second = next_of("30 1 * * *", first)
    assert (second.astimezone(UTC) - first.astimezone(UTC)).total_seconds() == 3600


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("", "empty spec string"),
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 0 * * *", "end of range (60) above maximum (59): 60"),
        ("0 0 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("0 0 * * 7", "end of range (7) above maximum (6): 7"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
        ("@sometimes", "unrecognized descriptor: @sometimes"),
        ("@every day", 'failed to parse duration @every day: time: invalid duration "day"'),
        ("TZ=Nowhere/Else * * * * *", "provided bad location Nowhere/Else: unknown time zone Nowhere/Else"),
    ],
)
def test_what_is_no_schedule_is_told(schedule: str, message: str) -> None:
    with pytest.raises(ScheduleError) as error:
        parse_schedule(schedule)
    assert str(error.value) == message
