"""What upstream fills in where a client left something out, in batch/v1.

Source: pkg/apis/batch/v1/defaults.go.
"""

from steersman.api.batch.cronjob import ConcurrencyPolicy, CronJob
from steersman.api.batch.job import (
    CompletionMode,
    Job,
    JobSpec,
    PodFailurePolicy,
    PodFailurePolicyRule,
    PodReplacementPolicy,
)
from steersman.api.core.defaults import default_pod_spec
from steersman.api.core.pod import PodTemplateSpec
from steersman.apimachinery.object import replace

BACKOFF_LIMIT = 6
# With a limit for each index the limit for the whole job is as good as none.
NO_BACKOFF_LIMIT = 2**31 - 1


def default_job(job: Job) -> Job:
    """One pod at a time until one has succeeded; labels follow the template's."""
    labels = job.metadata.labels or job.spec.template.metadata.labels
    return replace(job, metadata=replace(job.metadata, labels=labels), spec=_job_spec(job.spec))


def default_cron_job(cron_job: CronJob) -> CronJob:
    """Jobs may overlap; three that went well and one that failed are kept. Of the job only its pods get defaults."""
    spec, job = cron_job.spec, cron_job.spec.jobTemplate
    spec = replace(
        spec,
        concurrencyPolicy=spec.concurrencyPolicy or ConcurrencyPolicy.ALLOW,
        suspend=bool(spec.suspend),
        successfulJobsHistoryLimit=3 if spec.successfulJobsHistoryLimit is None else spec.successfulJobsHistoryLimit,
        failedJobsHistoryLimit=1 if spec.failedJobsHistoryLimit is None else spec.failedJobsHistoryLimit,
        jobTemplate=replace(job, spec=replace(job.spec, template=_template(job.spec.template))),
    )
    return replace(cron_job, spec=spec)


def _job_spec(spec: JobSpec) -> JobSpec:
    completions = 1 if spec.completions is None and spec.parallelism is None else spec.completions
    backoff = BACKOFF_LIMIT if spec.backoffLimitPerIndex is None else NO_BACKOFF_LIMIT
    failures = spec.podFailurePolicy
    replacement = PodReplacementPolicy.TERMINATING_OR_FAILED if failures is None else PodReplacementPolicy.FAILED
    return replace(
        spec,
        completions=completions,
        parallelism=1 if spec.parallelism is None else spec.parallelism,
        backoffLimit=backoff if spec.backoffLimit is None else spec.backoffLimit,
        completionMode=CompletionMode.NON_INDEXED if spec.completionMode is None else spec.completionMode,
        suspend=bool(spec.suspend),
        podFailurePolicy=None if failures is None else _failure_policy(failures),
        podReplacementPolicy=replacement if spec.podReplacementPolicy is None else spec.podReplacementPolicy,
        manualSelector=bool(spec.manualSelector),
        template=_template(spec.template),
    )


def _template(template: PodTemplateSpec) -> PodTemplateSpec:
    return replace(template, spec=default_pod_spec(template.spec))


def _failure_policy(policy: PodFailurePolicy) -> PodFailurePolicy:
    return replace(policy, rules=tuple(map(_rule, policy.rules)))


def _rule(rule: PodFailurePolicyRule) -> PodFailurePolicyRule:
    patterns = tuple(replace(pattern, status=pattern.status or "True") for pattern in rule.onPodConditions)
    return replace(rule, onPodConditions=patterns)
