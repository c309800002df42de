"""Work that ends: jobs, and what makes them by the clock.

Source: pkg/registry/batch, pkg/printers/internalversion: printJob, printCronJob.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from steersman.api.batch import CompletionMode, CronJob, Job, JobSpec
from steersman.api.batch.cronjobvalidation import validate_cron_job, validate_cron_job_update
from steersman.api.batch.defaults import default_cron_job, default_job
from steersman.api.batch.selector import with_selector
from steersman.api.batch.statusrules import is_true, validate_job_status
from steersman.api.batch.validation import validate_job, validate_job_update
from steersman.apimachinery.formats import dns1123_label
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.age import age, human_duration
from steersman.apiserver.registry.pods import template_cells
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Column, Strategy
from steersman.apiserver.registry.workloads import CONTAINERS, IMAGES, SELECTOR, selector_text

# The first of these conditions that holds is shown; an object that is being deleted comes after those that end it.
SHOWN_FIRST, SHOWN_LATER = ("Complete", "Failed"), ("Suspended", "FailureTarget")
NAME_WARNING = (
    "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
    "a DNS label is recommended: "
)
MANY_COMPLETIONS, MUCH_PARALLELISM = 100_000, 10_000
TRACKING_WARNING = (
    "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, "
    "Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
)
ZONE_WARNING = (
    "is not officially supported, see "
    "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
)


class JobStrategy(Strategy[Job]):
    """Strategy of jobs."""

    orphans_dependents = True
    columns = (
        NAME_COLUMN,
        Column("Status", description="Whether it runs, and how it has ended."),
        Column("Completions", description="Pods that have succeeded, of how many."),
        Column("Duration", description="How long it has taken."),
        AGE_COLUMN,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    )

    def default(self, obj: Job) -> Job:
        """Upstream's defaults."""
        return default_job(obj)

    def prepare_for_create(self, obj: Job) -> Job:
        """A selector of its own, unless the client brings one. WorkloadWithJob, whose field goes, is an alpha gate."""
        return super().prepare_for_create(with_selector(replace(obj, spec=replace(obj.spec, scheduling=None))))

    def prepare_for_update(self, obj: Job, old: Job) -> Job:
        """As for a new one, the field of an alpha gate stays out."""
        scheduling = obj.spec.scheduling if old.spec.scheduling is not None else None
        return super().prepare_for_update(replace(obj, spec=replace(obj.spec, scheduling=scheduling)), old)

    def validate(self, obj: Job) -> Sequence[Cause]:
        """The spec."""
        return validate_job(obj)

    def validate_update(self, obj: Job, old: Job) -> Sequence[Cause]:
        """The spec, most of which stays."""
        return validate_job_update(obj, old)

    def validate_subresource(self, subresource: str, obj: Job, old: Job) -> Sequence[Cause]:
        """The status, and how it moves."""
        return validate_job_status(obj, old)

    def warnings(self, obj: Job) -> Sequence[str]:
        """Names that hostnames can't be made of, and more indexes than can be tracked."""
        return [*_name_warnings(obj.metadata.name), *_spec_warnings(obj.spec, "spec")]

    def warnings_of_change(self, obj: Job, old: Job) -> Sequence[str]:
        """A spec that changes."""
        return _spec_warnings(obj.spec, "spec") if obj.metadata.generation != old.metadata.generation else ()

    def selectable(self, obj: Job) -> dict[str, str]:
        """The fields jobs may be selected by."""
        return {"status.successful": str(obj.status.succeeded)}

    def row(self, obj: Job, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        spec, since = obj.spec, age(obj.metadata.creationTimestamp, now)
        cells = (obj.metadata.name, _shown_status(obj), _completions(obj), _duration(obj, now), since)
        return (*cells, *template_cells(spec.template), selector_text(spec.selector))


def _shown_status(job: Job) -> str:
    if found := next((kind for kind in SHOWN_FIRST if is_true(job, kind)), ""):
        return found
    if job.metadata.deletionTimestamp is not None:
        return "Terminating"
    return next((kind for kind in SHOWN_LATER if is_true(job, kind)), "Running")


def _completions(job: Job) -> str:
    spec, succeeded = job.spec, job.status.succeeded
    if spec.completions is not None:
        return f"{succeeded}/{spec.completions}"
    parallelism = spec.parallelism or 0
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _duration(job: Job, now: datetime) -> str:
    started = job.status.startTime
    return "" if started is None else human_duration(((job.status.completionTime or now) - started).total_seconds())


class CronJobStrategy(Strategy[CronJob]):
    """Strategy of cron jobs."""

    columns = (
        NAME_COLUMN,
        Column("Schedule", description="When jobs are made."),
        Column("Timezone", description="Whose clock that is by."),
        Column("Suspend", "boolean", description="No jobs are made for now."),
        Column("Active", "integer", description="Jobs that run."),
        Column("Last Schedule", description="How long ago the last job was made."),
        AGE_COLUMN,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    )

    def default(self, obj: CronJob) -> CronJob:
        """Upstream's defaults."""
        return default_cron_job(obj)

    def validate(self, obj: CronJob) -> Sequence[Cause]:
        """Name and spec."""
        return validate_cron_job(obj)

    def validate_update(self, obj: CronJob, old: CronJob) -> Sequence[Cause]:
        """The spec."""
        return validate_cron_job_update(obj, old)

    def warnings(self, obj: CronJob) -> Sequence[str]:
        """Names that hostnames can't be made of, and what the jobs would be warned of."""
        return [*_name_warnings(obj.metadata.name), *self._spec_warnings(obj)]

    def warnings_of_change(self, obj: CronJob, old: CronJob) -> Sequence[str]:
        """A spec that changes."""
        return self._spec_warnings(obj) if obj.metadata.generation != old.metadata.generation else ()

    def _spec_warnings(self, obj: CronJob) -> list[str]:
        schedule = obj.spec.schedule
        zone = [f"spec.schedule: CRON_TZ or TZ used in {schedule} {ZONE_WARNING}"] if "TZ" in schedule else []
        return [*_spec_warnings(obj.spec.jobTemplate.spec, "spec.jobTemplate.spec"), *zone]

    def row(self, obj: CronJob, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        spec, status, job = obj.spec, obj.status, obj.spec.jobTemplate.spec
        return (
            obj.metadata.name,
            spec.schedule,
            "<none>" if spec.timeZone is None else spec.timeZone,
            "<unset>" if spec.suspend is None else str(spec.suspend),
            len(status.active),
            "<none>" if status.lastScheduleTime is None else age(status.lastScheduleTime, now),
            age(obj.metadata.creationTimestamp, now),
            *template_cells(job.template),
            selector_text(job.selector),
        )


def _name_warnings(name: str) -> list[str]:
    faults = dns1123_label(name)
    return [f"{NAME_WARNING}[{' '.join(faults)}]"] if faults else []


def _spec_warnings(spec: JobSpec, path: str) -> list[str]:
    is_indexed = spec.completionMode == CompletionMode.INDEXED
    much = (spec.completions or 0) > MANY_COMPLETIONS and (spec.parallelism or 0) > MUCH_PARALLELISM
    return [f"{path}: {TRACKING_WARNING}"] if is_indexed and much else []
