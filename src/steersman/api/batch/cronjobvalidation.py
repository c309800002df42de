"""What makes a cron job wrong, new or changed, in upstream's words.

Source: pkg/apis/batch/validation/validation.go.
"""

import re
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from steersman.api.batch.cronjob import ConcurrencyPolicy, CronJob, CronJobSpec
from steersman.api.batch.schedule import ScheduleError, parse_schedule
from steersman.api.batch.validation import job_spec_faults
from steersman.api.meta.fieldrules import not_negative, one_of
from steersman.apimachinery.fielderrors import invalid_value, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause

SPEC = Path("spec")
# A job's name is the cron job's and eleven characters more, and at most 63 long.
MAX_NAME = 52
_ZONE_PART = re.compile(r"(?!-)[A-Za-z.\-_0-9+]{1,14}")


def validate_cron_job(cron_job: CronJob) -> list[Cause]:
    """A new cron job."""
    faults = _spec_faults(cron_job.spec, None)
    if len(cron_job.metadata.name) > MAX_NAME:
        why = "must be no more than 52 characters"
        faults.append(invalid_value(Path("metadata.name"), cron_job.metadata.name, why))
    return faults


def validate_cron_job_update(cron_job: CronJob, old: CronJob) -> list[Cause]:
    """A changed cron job. One whose schedule names a time zone keeps the right to."""
    return _spec_faults(cron_job.spec, old.spec)


def _spec_faults(spec: CronJobSpec, before: CronJobSpec | None) -> list[Cause]:
    faults = [*_schedule_faults(spec, before, SPEC.child("schedule"))]
    faults += not_negative(spec.startingDeadlineSeconds, SPEC.child("startingDeadlineSeconds"))
    if spec.timeZone is not None and (before is None or before.timeZone != spec.timeZone):
        faults += _zone_faults(spec.timeZone, SPEC.child("timeZone"))
    faults += one_of(spec.concurrencyPolicy, tuple(ConcurrencyPolicy), SPEC.child("concurrencyPolicy"))
    job, where = spec.jobTemplate.spec, SPEC.child("jobTemplate", "spec")
    faults += job_spec_faults(job, where)
    if job.selector is not None:
        faults.append(invalid_value(where.child("selector"), job.selector, "`selector` will be auto-generated"))
    if job.manualSelector:
        faults.append(not_supported(where.child("manualSelector"), True, ("nil", "false")))
    for name in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        faults += not_negative(getattr(spec, name), SPEC.child(name))
    return faults


def _schedule_faults(spec: CronJobSpec, before: CronJobSpec | None, path: Path) -> Iterable[Cause]:
    schedule = spec.schedule
    if not schedule:
        yield required(path)
        return
    try:
        parse_schedule(schedule)
    except ScheduleError as error:
        yield invalid_value(path, schedule, str(error))
    if "TZ" not in schedule:
        return
    if before is None or "TZ" not in before.schedule:
        yield invalid_value(path, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
    elif spec.timeZone is not None:
        yield invalid_value(path, schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule")


def _zone_faults(zone: str, path: Path) -> Iterable[Cause]:
    if not zone:
        yield invalid_value(path, zone, "timeZone must be nil or non-empty string")
        return
    if not all(_ZONE_PART.fullmatch(part) and part not in (".", "..") for part in zone.split("/")):
        yield invalid_value(path, zone, f"unknown time zone {zone}")
        return
    if zone.lower() == "local":
        why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        yield invalid_value(path, zone, why)
    if zone != "Local" and not _is_zone(zone):
        yield invalid_value(path, zone, f"unknown time zone {zone}")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
