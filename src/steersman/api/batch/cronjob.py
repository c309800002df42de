"""CronJob: jobs by the clock."""

from enum import StrEnum
from typing import Annotated

from steersman.api.batch.job import JobTemplateSpec
from steersman.api.core.reference import ObjectReference
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Atomic, Int32, Int64, OneOf, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class ConcurrencyPolicy(StrEnum):
    """What happens when it is time again and the last job still runs."""

    ALLOW = "Allow"
    FORBID = "Forbid"
    REPLACE = "Replace"


class CronJobSpec(Object, package="k8s.io.api.batch.v1"):
    """When to make jobs, of which template, and how many old ones to keep."""

    schedule: Annotated[str, Wire(1), Required()] = always("")
    timeZone: Annotated[str | None, Wire(8)] = None
    startingDeadlineSeconds: Annotated[Int64 | None, Wire(2)] = None
    concurrencyPolicy: Annotated[str, Wire(3), OneOf(ConcurrencyPolicy)] = ""
    suspend: Annotated[bool | None, Wire(4)] = None
    jobTemplate: Annotated[JobTemplateSpec, Wire(5), Required()] = always(JobTemplateSpec)
    successfulJobsHistoryLimit: Annotated[Int32 | None, Wire(6)] = None
    failedJobsHistoryLimit: Annotated[Int32 | None, Wire(7)] = None


class CronJobStatus(Object, package="k8s.io.api.batch.v1"):
    """Which jobs run, and when the last one was made."""

    active: Annotated[tuple[ObjectReference, ...], Wire(1), Atomic()] = ()
    lastScheduleTime: Annotated[Time | None, Wire(4)] = None
    lastSuccessfulTime: Annotated[Time | None, Wire(5)] = None


class CronJob(Kind, api="batch/v1", package="k8s.io.api.batch.v1"):
    """Makes a job whenever it is time."""

    spec: Annotated[CronJobSpec, Wire(2), Required()] = always(CronJobSpec)
    status: Annotated[CronJobStatus, Wire(3)] = always(CronJobStatus)
