"""The selector that a job gets of its own, so that no two jobs ever claim the same pods.

Source: pkg/registry/batch/job/strategy.go: generateSelector; pkg/apis/batch/validation: validateGeneratedSelector.
"""

from collections.abc import Mapping

from steersman.api.batch.job import Job
from steersman.api.meta import LabelSelector
from steersman.apimachinery.fielderrors import invalid_value, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import replace
from steersman.apimachinery.selectors import SelectorError, from_label_selector
from steersman.apimachinery.status import Cause

CONTROLLER_UID = "batch.kubernetes.io/controller-uid"
JOB_NAME = "batch.kubernetes.io/job-name"
# As they were called before labels of the project had its prefix.
LEGACY_CONTROLLER_UID, LEGACY_JOB_NAME = "controller-uid", "job-name"


def with_selector(job: Job) -> Job:
    """The job with a selector by its uid and with the labels that its pods need; what a client wrote stays."""
    if job.spec.manualSelector:
        return job
    template, selector = job.spec.template, job.spec.selector or LabelSelector()
    labels = _own_labels(job) | dict(template.metadata.labels)
    wanted = {CONTROLLER_UID: job.metadata.uid} | dict(selector.matchLabels)
    spec = replace(
        job.spec,
        selector=replace(selector, matchLabels=wanted),
        template=replace(template, metadata=replace(template.metadata, labels=labels)),
    )
    return replace(job, spec=spec)


def validate_generated_selector(job: Job, old: Job | None) -> list[Cause]:
    """A client that doesn't select pods itself may not stand in the way of the labels that do it."""
    spec = job.spec
    if spec.manualSelector or spec.selector is None:
        return []
    faults = [] if job.metadata.uid else [required(Path("metadata.uid"))]
    wanted = _own_labels(job)
    if old is not None and not {CONTROLLER_UID, JOB_NAME} <= old.spec.template.metadata.labels.keys():
        wanted = {key: value for key, value in wanted.items() if key not in (CONTROLLER_UID, JOB_NAME)}
    labels = spec.template.metadata.labels
    for key, value in wanted.items():
        faults += _label_faults(labels, key, value)
    try:
        is_own = from_label_selector(spec.selector).matches(wanted)
    except SelectorError:
        return faults
    return (
        faults if is_own else [*faults, invalid_value("spec.selector", spec.selector, "`selector` not auto-generated")]
    )


def _label_faults(labels: Mapping[str, str], key: str, wanted: str) -> list[Cause]:
    where, why = Path("spec.template.metadata.labels").key(key), f"must be '{wanted}'"
    if key not in labels:
        return [required(where, why)]
    return [] if labels[key] == wanted else [invalid_value(where, dict(labels), why)]


def _own_labels(job: Job) -> dict[str, str]:
    uid, name = job.metadata.uid, job.metadata.name
    return {LEGACY_CONTROLLER_UID: uid, LEGACY_JOB_NAME: name, CONTROLLER_UID: uid, JOB_NAME: name}
