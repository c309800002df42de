"""What makes a job wrong, new or changed, in upstream's words.

Source: pkg/apis/batch/validation/validation.go, pkg/registry/batch/job/strategy.go.
"""

from collections.abc import Iterable

from steersman.api.batch.job import CompletionMode, Job, JobSpec
from steersman.api.batch.policies import NEEDS_INDEXES, validate_policies
from steersman.api.batch.selector import validate_generated_selector
from steersman.api.core.affinity import Affinity
from steersman.api.core.pod import PodSpec, PodTemplateSpec
from steersman.api.core.validation import validate_template
from steersman.api.meta.fieldrules import domain_prefixed_path, immutable, not_negative
from steersman.api.meta.labelrules import validate_label_selector
from steersman.apimachinery.fielderrors import invalid_value, not_supported, required, too_long
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import dns1123_label
from steersman.apimachinery.object import replace
from steersman.apimachinery.selectors import SelectorError, from_label_selector
from steersman.apimachinery.status import Cause

SPEC = Path("spec")
# Above so many completions what failed can't all be noted, so that it must be bounded.
MANY_COMPLETIONS = 100_000
MAX_INDEXED_PARALLELISM = 100_000
MAX_FAILED_INDEXES = 100_000
MAX_WITH_MANY_COMPLETIONS = 10_000
MAX_MANAGED_BY = 63
NUMBERS = (
    "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
    "backoffLimitPerIndex", "maxFailedIndexes",
)  # fmt: skip
UNCHANGEABLE = ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy")
MOST = "must be less than or equal to"
TOO_FAR = "when completions are above 100000 and used with backoff limit per index"


def validate_job(job: Job, old: Job | None = None) -> list[Cause]:
    """A job; old is the one it changes, whose labels may be from before they had prefixes."""
    spec = job.spec
    faults = [*validate_generated_selector(job, old), *job_spec_faults(spec, SPEC), *_selector_faults(spec)]
    if spec.completionMode == CompletionMode.INDEXED and spec.completions:
        longest = f"{job.metadata.name}-{spec.completions - 1}"
        if dns1123_label(longest):
            why = f"will not able to create pod with invalid DNS label: {longest}"
            faults.append(invalid_value(Path("metadata.name"), job.metadata.name, why))
    return faults


def validate_job_update(job: Job, old: Job) -> list[Cause]:
    """A changed job: how many must succeed, which pods and how they are made stays, but for what is said below."""
    spec, before = job.spec, old.spec
    faults = validate_job(job, old)
    faults += _completions_change(spec, before, SPEC.child("completions"))
    faults += immutable(spec.selector, before.selector, SPEC.child("selector"))
    faults += immutable(spec.template, _template_as_allowed(job, old), SPEC.child("template"))
    for name in UNCHANGEABLE:
        faults += immutable(getattr(spec, name), getattr(before, name), SPEC.child(name))
    return faults


def job_spec_faults(spec: JobSpec, path: Path) -> list[Cause]:
    """What a job and the template of a cron job's jobs have in common."""
    faults = [fault for name in NUMBERS for fault in not_negative(getattr(spec, name), path.child(name))]
    if spec.maxFailedIndexes is not None and spec.backoffLimitPerIndex is None:
        faults.append(required(path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified"))
    if spec.managedBy is not None:
        faults += domain_prefixed_path(spec.managedBy, path.child("managedBy"))
        if len(spec.managedBy) > MAX_MANAGED_BY:
            faults.append(too_long(path.child("managedBy"), MAX_MANAGED_BY))
    faults += _mode_faults(spec, path)
    faults += validate_policies(spec, path)
    faults += validate_template(spec.template, path.child("template"))
    return [*faults, *_restart_faults(spec, path.child("template", "spec", "restartPolicy"))]


def _mode_faults(spec: JobSpec, path: Path) -> Iterable[Cause]:
    mode = spec.completionMode
    if mode is not None and mode not in tuple(CompletionMode):
        yield not_supported(path.child("completionMode"), mode, tuple(CompletionMode))
    elif mode == CompletionMode.INDEXED:
        yield from _indexed_faults(spec, path)
    else:
        for name in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if getattr(spec, name) is not None:
                yield invalid_value(path.child(name), getattr(spec, name), NEEDS_INDEXES)


def _indexed_faults(spec: JobSpec, path: Path) -> Iterable[Cause]:
    completions, parallelism, failed = spec.completions, spec.parallelism or 0, spec.maxFailedIndexes
    running, failing = path.child("parallelism"), path.child("maxFailedIndexes")
    if completions is None:
        yield required(path.child("completions"), "when completion mode is Indexed")
    if parallelism > MAX_INDEXED_PARALLELISM:
        why = f"{MOST} {MAX_INDEXED_PARALLELISM} when completion mode is Indexed"
        yield invalid_value(running, parallelism, why)
    if completions is not None and failed is not None and failed > completions:
        yield invalid_value(failing, failed, f"{MOST} completions")
    if failed is not None and failed > MAX_FAILED_INDEXES:
        yield invalid_value(failing, failed, f"{MOST} {MAX_FAILED_INDEXES}")
    if completions is None or completions <= MANY_COMPLETIONS or spec.backoffLimitPerIndex is None:
        return
    if failed is None:
        yield required(failing, f"must be specified when completions is above {MANY_COMPLETIONS}")
    if parallelism > MAX_WITH_MANY_COMPLETIONS:
        yield invalid_value(running, parallelism, f"{MOST} {MAX_WITH_MANY_COMPLETIONS} {TOO_FAR}")
    if failed is not None and failed > MAX_WITH_MANY_COMPLETIONS:
        yield invalid_value(failing, failed, f"{MOST} {MAX_WITH_MANY_COMPLETIONS} {TOO_FAR}")


def _restart_faults(spec: JobSpec, path: Path) -> Iterable[Cause]:
    policy = spec.template.spec.restartPolicy
    if policy in ("Always", ""):
        # A pod's default is of no use here, so that it counts as nothing said.
        yield required(path, 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        yield not_supported(path, policy, ("OnFailure", "Never"))
    elif spec.podFailurePolicy is not None and policy != "Never":
        yield invalid_value(path, policy, 'only "Never" is supported when podFailurePolicy is specified')


def _selector_faults(spec: JobSpec) -> Iterable[Cause]:
    if spec.selector is None:
        yield required(SPEC.child("selector"))
    yield from validate_label_selector(spec.selector, SPEC.child("selector"))
    labels = dict(spec.template.metadata.labels)
    try:
        is_selected = from_label_selector(spec.selector).matches(labels)
    except SelectorError:
        return
    if not is_selected:
        where = SPEC.child("template", "metadata", "labels")
        yield invalid_value(where, labels, "`selector` does not match template `labels`")


def _completions_change(spec: JobSpec, before: JobSpec, path: Path) -> list[Cause]:
    """An indexed job grows and shrinks, with as many pods as indexes. Source: KEP-3715."""
    if spec.completionMode != CompletionMode.INDEXED:
        return immutable(spec.completions, before.completions, path)
    if spec.completions in (None, before.completions, spec.parallelism):
        return []
    return [invalid_value(path, spec.completions, "can only be modified in tandem with spec.parallelism")]


def _template_as_allowed(job: Job, old: Job) -> PodTemplateSpec:
    """The old template with what may change taken from the new one: of a suspended job without pods, where its pods
    may run and what they ask for. Source: KEP-2926, KEP-5440.
    """
    before, status = old.spec.template, old.status
    is_marked = any(one.type == "Suspended" and one.status == "True" for one in status.conditions)
    if not old.spec.suspend or status.active or not (status.startTime is None or is_marked):
        return before
    meta, pod = job.spec.template.metadata, job.spec.template.spec
    return replace(
        before,
        metadata=replace(before.metadata, annotations=meta.annotations, labels=meta.labels),
        spec=replace(
            _with_resources(before.spec, pod),
            nodeSelector=pod.nodeSelector,
            tolerations=pod.tolerations,
            schedulingGates=pod.schedulingGates,
            affinity=_affinity(before.spec, pod),
        ),
    )


def _affinity(before: PodSpec, pod: PodSpec) -> Affinity | None:
    """Affinity to nodes may change, to pods not."""
    old, new = before.affinity, pod.affinity
    if old is None:
        return None if new is None else Affinity(nodeAffinity=new.nodeAffinity)
    kept = replace(old, nodeAffinity=new.nodeAffinity if new is not None else None)
    return None if new is None and kept == Affinity() else kept


def _with_resources(before: PodSpec, pod: PodSpec) -> PodSpec:
    asked = {container.name: container.resources for container in (*pod.containers, *pod.initContainers)}
    return replace(
        before,
        containers=tuple(replace(c, resources=asked.get(c.name, c.resources)) for c in before.containers),
        initContainers=tuple(replace(c, resources=asked.get(c.name, c.resources)) for c in before.initContainers),
    )
