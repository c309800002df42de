"""Job: pods that are to finish."""

from enum import StrEnum
from typing import Annotated

from steersman.api.core.pod import PodTemplateSpec
from steersman.api.meta.kind import Kind
from steersman.api.meta.objectmeta import LabelSelector, ObjectMeta
from steersman.api.scheduling.podgroup import (
    WorkloadPodGroupDisruptionMode,
    WorkloadPodGroupResourceClaim,
    WorkloadPodGroupSchedulingConstraints,
    WorkloadPodGroupSchedulingPolicy,
)
from steersman.apimachinery.markers import (
    Atomic,
    Int32,
    Int64,
    ListMap,
    ListSet,
    MergeBy,
    OneOf,
    Required,
    Wire,
    always,
)
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import Time


class CompletionMode(StrEnum):
    """Whether every success counts the same, or each index has to succeed."""

    NON_INDEXED = "NonIndexed"
    INDEXED = "Indexed"


class PodFailurePolicyAction(StrEnum):
    """What a failed pod that a rule applies to means for the job."""

    FAIL_JOB = "FailJob"
    FAIL_INDEX = "FailIndex"
    IGNORE = "Ignore"
    COUNT = "Count"


class PodFailurePolicyOnExitCodesOperator(StrEnum):
    """Whether a rule applies to the listed exit codes or to all others."""

    IN = "In"
    NOT_IN = "NotIn"


class PodReplacementPolicy(StrEnum):
    """Whether a pod is replaced when it begins to end or when it has failed."""

    TERMINATING_OR_FAILED = "TerminatingOrFailed"
    FAILED = "Failed"


class JobSchedulingConfiguration(Object, package="k8s.io.api.batch.v1"):
    """How the pods of the job are scheduled together."""

    schedulingPolicy: Annotated[WorkloadPodGroupSchedulingPolicy | None, Wire(1)] = None
    schedulingConstraints: Annotated[WorkloadPodGroupSchedulingConstraints | None, Wire(2)] = None
    disruptionMode: Annotated[WorkloadPodGroupDisruptionMode | None, Wire(3)] = None
    resourceClaims: Annotated[tuple[WorkloadPodGroupResourceClaim, ...], Wire(4), MergeBy("name"), ListMap("name")] = ()


class PodFailurePolicyOnExitCodesRequirement(Object, package="k8s.io.api.batch.v1"):
    """Exit codes that a rule applies to."""

    containerName: Annotated[str | None, Wire(1)] = None
    operator: Annotated[str, Wire(2), Required(), OneOf(PodFailurePolicyOnExitCodesOperator)] = always("")
    values: Annotated[tuple[Int32, ...], Wire(3), Required(), ListSet()] = always(())


class PodFailurePolicyOnPodConditionsPattern(Object, package="k8s.io.api.batch.v1"):
    """A condition of the pod that a rule applies to."""

    type: Annotated[str, Wire(1), Required()] = always("")
    status: Annotated[str, Wire(2)] = always("")


class PodFailurePolicyRule(Object, package="k8s.io.api.batch.v1"):
    """Which failures, and what is done about them."""

    action: Annotated[str, Wire(1), Required(), OneOf(PodFailurePolicyAction)] = always("")
    onExitCodes: Annotated[PodFailurePolicyOnExitCodesRequirement | None, Wire(2)] = None
    onPodConditions: Annotated[tuple[PodFailurePolicyOnPodConditionsPattern, ...], Wire(3), Atomic()] = ()


class PodFailurePolicy(Object, package="k8s.io.api.batch.v1"):
    """Rules about failed pods; the first that applies counts."""

    rules: Annotated[tuple[PodFailurePolicyRule, ...], Wire(1), Required(), Atomic()] = always(())


class SuccessPolicyRule(Object, package="k8s.io.api.batch.v1"):
    """Which indexes, or how many of them, have to succeed."""

    succeededIndexes: Annotated[str | None, Wire(1)] = None
    succeededCount: Annotated[Int32 | None, Wire(2)] = None


class SuccessPolicy(Object, package="k8s.io.api.batch.v1"):
    """Rules of which one has to hold for the job to have succeeded."""

    rules: Annotated[tuple[SuccessPolicyRule, ...], Wire(1), Required(), Atomic()] = always(())


class JobSpec(Object, package="k8s.io.api.batch.v1"):
    """Which pods are to run, how many at a time, how many have to succeed, and how often they may fail."""

    parallelism: Annotated[Int32 | None, Wire(1)] = None
    completions: Annotated[Int32 | None, Wire(2)] = None
    activeDeadlineSeconds: Annotated[Int64 | None, Wire(3)] = None
    podFailurePolicy: Annotated[PodFailurePolicy | None, Wire(11)] = None
    successPolicy: Annotated[SuccessPolicy | None, Wire(16)] = None
    backoffLimit: Annotated[Int32 | None, Wire(7)] = None
    backoffLimitPerIndex: Annotated[Int32 | None, Wire(12)] = None
    maxFailedIndexes: Annotated[Int32 | None, Wire(13)] = None
    selector: Annotated[LabelSelector | None, Wire(4)] = None
    manualSelector: Annotated[bool | None, Wire(5)] = None
    template: Annotated[PodTemplateSpec, Wire(6), Required()] = always(PodTemplateSpec)
    ttlSecondsAfterFinished: Annotated[Int32 | None, Wire(8)] = None
    completionMode: Annotated[str | None, Wire(9), OneOf(CompletionMode)] = None
    suspend: Annotated[bool | None, Wire(10)] = None
    podReplacementPolicy: Annotated[str | None, Wire(14), OneOf(PodReplacementPolicy)] = None
    managedBy: Annotated[str | None, Wire(15)] = None
    scheduling: Annotated[JobSchedulingConfiguration | None, Wire(17)] = None


class JobCondition(Object, package="k8s.io.api.batch.v1"):
    """One observation about a job, such as that it is complete."""

    type: Annotated[str, Wire(1), Required()] = always("")
    status: Annotated[str, Wire(2), Required()] = always("")
    lastProbeTime: Annotated[Time | None, Wire(3)] = None
    lastTransitionTime: Annotated[Time | None, Wire(4)] = None
    reason: Annotated[str, Wire(5)] = ""
    message: Annotated[str, Wire(6)] = ""


class UncountedTerminatedPods(Object, package="k8s.io.api.batch.v1"):
    """Pods that have ended and are not yet in the figures."""

    succeeded: Annotated[tuple[str, ...], Wire(1), ListSet()] = ()
    failed: Annotated[tuple[str, ...], Wire(2), ListSet()] = ()


class JobStatus(Object, package="k8s.io.api.batch.v1"):
    """How many pods run, have succeeded and have failed."""

    conditions: Annotated[tuple[JobCondition, ...], Wire(1), MergeBy("type"), Atomic()] = ()
    startTime: Annotated[Time | None, Wire(2)] = None
    completionTime: Annotated[Time | None, Wire(3)] = None
    active: Annotated[Int32, Wire(4)] = 0
    succeeded: Annotated[Int32, Wire(5)] = 0
    failed: Annotated[Int32, Wire(6)] = 0
    terminating: Annotated[Int32 | None, Wire(11)] = None
    completedIndexes: Annotated[str, Wire(7)] = ""
    failedIndexes: Annotated[str | None, Wire(10)] = None
    uncountedTerminatedPods: Annotated[UncountedTerminatedPods | None, Wire(8)] = None
    ready: Annotated[Int32 | None, Wire(9)] = None


class Job(Kind, api="batch/v1", package="k8s.io.api.batch.v1"):
    """Runs pods until enough of them have succeeded."""

    spec: Annotated[JobSpec, Wire(2)] = always(JobSpec)
    status: Annotated[JobStatus, Wire(3)] = always(JobStatus)


class JobTemplateSpec(Object, package="k8s.io.api.batch.v1"):
    """What jobs are made from."""

    metadata: Annotated[ObjectMeta, Wire(1)] = always(ObjectMeta)
    spec: Annotated[JobSpec, Wire(2)] = always(JobSpec)
