"""What makes the status of a job wrong: controllers that aren't ours write it too, and clients rely on how it moves.

What was wrong before isn't held against a change of something else.
Source: pkg/apis/batch/validation: validateJobStatus, ValidateJobStatusUpdate; pkg/registry/batch/job:
getStatusValidationOptions.
"""

from collections.abc import Iterable

from steersman.api.batch.indexes import IndexesError, count_indexes, overlap
from steersman.api.batch.job import CompletionMode, Job
from steersman.api.meta.fieldrules import not_negative
from steersman.apimachinery.fielderrors import FieldErrorType, duplicate, field_error, invalid_value, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause

STATUS = Path("status")
CONDITIONS = STATUS.child("conditions")
COMPLETE, FAILED, FAILURE_TARGET, SUCCESS = "Complete", "Failed", "FailureTarget", "SuccessCriteriaMet"


def validate_job_status(job: Job, old: Job) -> list[Cause]:
    """A changed status."""
    return [
        *_number_faults(job, old),
        *_uncounted_faults(job),
        *_condition_faults(job, old),
        *_time_faults(job, old),
        *_finished_faults(job, old),
        *_index_faults(job, old),
        *_movement_faults(job, old),
    ]


def is_true(job: Job, kind: str) -> bool:
    """The job has this condition, and it holds."""
    return any(one.type == kind and one.status == "True" for one in job.status.conditions)


def is_finished(job: Job) -> bool:
    """Nothing more will happen to the job."""
    return is_true(job, COMPLETE) or is_true(job, FAILED)


def _changes(job: Job, old: Job, *names: str) -> bool:
    return any(getattr(job.status, name) != getattr(old.status, name) for name in names)


def _turns(job: Job, old: Job, *kinds: str) -> bool:
    return any(is_true(job, kind) != is_true(old, kind) for kind in kinds)


def _number_faults(job: Job, old: Job) -> Iterable[Cause]:
    status = job.status
    for name in ("active", "succeeded", "failed", "ready", "terminating"):
        yield from not_negative(getattr(status, name), STATUS.child(name))
    if status.ready is not None and status.ready > status.active and _changes(job, old, "ready", "active"):
        yield invalid_value(STATUS.child("ready"), status.ready, "cannot set more ready pods than active")


def _uncounted_faults(job: Job) -> Iterable[Cause]:
    uncounted, seen = job.status.uncountedTerminatedPods, set()
    if uncounted is None:
        return
    for name in ("succeeded", "failed"):
        for position, uid in enumerate(getattr(uncounted, name)):
            where = STATUS.child("uncountedTerminatedPods", name).at(position)
            if not uid:
                yield invalid_value(where, uid, "must not be empty")
            elif uid in seen:
                yield duplicate(where, uid)
            seen.add(uid)


def _condition_faults(job: Job, old: Job) -> Iterable[Cause]:
    completes = is_true(job, COMPLETE)
    if completes and is_true(job, FAILED) and _turns(job, old, COMPLETE, FAILED):
        yield _condition("cannot set Complete=True and Failed=true conditions")
    if completes and is_true(job, FAILURE_TARGET) and _turns(job, old, COMPLETE, FAILURE_TARGET):
        yield _condition("cannot set Complete=True and FailureTarget=true conditions")
    if is_true(job, FAILED) and not is_true(job, FAILURE_TARGET) and _turns(job, old, FAILED, FAILURE_TARGET):
        yield _condition("cannot set Failed=True condition without the FailureTarget=true condition")
    if completes and not is_true(job, SUCCESS) and _turns(job, old, COMPLETE, SUCCESS):
        yield _condition("cannot set Complete=True condition without the SuccessCriteriaMet=true condition")
    if is_true(job, SUCCESS) and is_true(job, FAILED):
        yield _condition("cannot set SuccessCriteriaMet=True and Failed=true conditions")
    if is_true(job, SUCCESS) and is_true(job, FAILURE_TARGET):
        yield _condition("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions")
    if job.spec.successPolicy is not None and completes and not is_true(job, SUCCESS):
        why = "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"
        yield _condition(why)


def _condition(why: str) -> Cause:
    return field_error(FieldErrorType.INVALID, CONDITIONS, detail=why)


def _time_faults(job: Job, old: Job) -> Iterable[Cause]:
    status, before, where = job.status, old.status, STATUS.child("completionTime")
    completes, ended = is_true(job, COMPLETE), status.completionTime
    if _turns(job, old, COMPLETE) or _changes(job, old, "completionTime"):
        if ended is not None and not completes:
            why = "cannot set completionTime when there is no Complete=True condition"
            yield invalid_value(where, ended, why)
        if ended is None and completes:
            yield required(where, "completionTime is required for Complete jobs")
    is_before = ended is not None and status.startTime is not None and ended < status.startTime
    if is_before and _changes(job, old, "startTime", "completionTime"):
        yield invalid_value(where, ended, "completionTime cannot be set before startTime")
    if ended is not None and before.completionTime is not None and ended != before.completionTime:
        yield invalid_value(where, ended, "completionTime cannot be mutated")
    if before.startTime is not None and before.startTime != status.startTime and not job.spec.suspend:
        yield required(STATUS.child("startTime"), "startTime cannot be removed for unsuspended job")


def _finished_faults(job: Job, old: Job) -> Iterable[Cause]:
    status, ends = job.status, is_finished(job) != is_finished(old)
    if not is_finished(job):
        return
    if status.active > 0 and (ends or _changes(job, old, "active")):
        yield invalid_value(STATUS.child("active"), status.active, "active>0 is invalid for finished job")
    if status.startTime is None and (ends or _changes(job, old, "startTime")):
        yield required(STATUS.child("startTime"), "startTime is required for finished job")
    uncounted = status.uncountedTerminatedPods
    has_uncounted = uncounted is not None and bool(uncounted.succeeded or uncounted.failed)
    if has_uncounted and (ends or _changes(job, old, "uncountedTerminatedPods")):
        why = "uncountedTerminatedPods needs to be empty for finished job"
        yield invalid_value(STATUS.child("uncountedTerminatedPods"), uncounted, why)
    if status.terminating and (ends or _changes(job, old, "terminating")):
        why = "terminating>0 is invalid for finished job"
        yield invalid_value(STATUS.child("terminating"), status.terminating, why)


def _index_faults(job: Job, old: Job) -> Iterable[Cause]:
    spec, completed, failed = job.spec, job.status.completedIndexes, job.status.failedIndexes
    if _changes(job, old, "completedIndexes"):
        yield from _unreadable("completedIndexes", completed, spec.completions)
        if completed and spec.completionMode != CompletionMode.INDEXED:
            why = "cannot set non-empty completedIndexes when non-indexed completion mode"
            yield invalid_value(STATUS.child("completedIndexes"), completed, why)
    where = STATUS.child("failedIndexes")
    if failed is not None and _changes(job, old, "failedIndexes"):
        if spec.backoffLimitPerIndex is None:
            yield invalid_value(where, failed, "cannot set non-null failedIndexes when backoffLimitPerIndex is null")
        else:
            yield from _unreadable("failedIndexes", failed, spec.completions)
    if failed is not None and spec.completions is not None and _changes(job, old, "completedIndexes", "failedIndexes"):
        both = overlap(completed, failed, spec.completions)
        if both is not None:
            yield invalid_value(where, failed, f"failedIndexes and completedIndexes overlap at index: {both}")


def _unreadable(name: str, text: str, completions: int | None) -> Iterable[Cause]:
    if completions is None:
        return
    try:
        count_indexes(text, completions)
    except IndexesError as error:
        yield invalid_value(STATUS.child(name), text, f"error parsing {name}: {error}")


def _movement_faults(job: Job, old: Job) -> Iterable[Cause]:
    spec, status, before = job.spec, job.status, old.status
    for kind in (FAILED, COMPLETE, FAILURE_TARGET):
        if is_true(old, kind) and not is_true(job, kind):
            yield _condition(f"cannot disable the terminal {kind}=True condition")
    if status.failed < before.failed:
        yield invalid_value(STATUS.child("failed"), status.failed, "cannot decrease the failed counter")
    # An indexed job that shrinks loses successes.
    shrinks = spec.completionMode == CompletionMode.INDEXED and spec.completions == spec.parallelism
    if status.succeeded < before.succeeded and not shrinks:
        yield invalid_value(STATUS.child("succeeded"), status.succeeded, "cannot decrease the succeeded counter")
    if is_true(old, SUCCESS) and not is_true(job, SUCCESS):
        yield _condition("cannot disable the SuccessCriteriaMet=True condition")
    if is_true(old, COMPLETE) and not is_true(old, SUCCESS) and is_true(job, SUCCESS):
        yield _condition("cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions")
