"""What the flags about auditing ask for, built: policy, log and webhook."""

from pathlib import Path
from random import Random
from ssl import SSLError

from steersman.apiserver.audit.auditor import Auditor
from steersman.apiserver.audit.batching import Batching, Delivery, Mode, Queue, Truncation
from steersman.apiserver.audit.logfile import Format, LogDelivery, Output, StandardOutput
from steersman.apiserver.audit.policy import Policy
from steersman.apiserver.audit.policyfile import PolicyError, read_policy
from steersman.apiserver.audit.rotation import RotatingFile, Rotation
from steersman.apiserver.audit.webhook import WebhookDelivery
from steersman.client import kubeconfig
from steersman.client.kubeconfig import ClientConfig, KubeconfigError
from steersman.cluster.auditflags import STANDARD_OUTPUT, AuditFlags
from steersman.cluster.errors import ClusterError
from steersman.component.clock import Clock
from steersman.component.metrics import Registry

# A slow webhook must not let the batches that are on their way grow without bounds; lines have an order.
IN_FLIGHT = {"log": 1, "webhook": 32}
_BATCH = ("buffer_size", "max_size", "max_wait", "throttle_enable", "throttle_qps", "throttle_burst")
_TRUNCATE = ("enabled", "max_batch_size", "max_event_size")


class AuditError(ClusterError):
    """A policy or a backend that can't be used."""


def auditor_of(flags: AuditFlags, clock: Clock, random: Random, metrics: Registry) -> Auditor | None:
    """What audits requests; None where no policy, or nowhere to send events, is given. Blocks. AuditError."""
    policy = _policy(flags)
    deliveries = _deliveries(flags, clock, random)
    if policy is None or not deliveries:
        return None
    errors = metrics.counter(
        "apiserver_audit_error_total",
        "Counter of audit events that failed to be audited properly. Plugin identifies the plugin affected.",
        ("plugin",),
    )
    queues = [Queue(one, _batching(flags, one.name), _truncation(flags, one.name), clock, errors) for one in deliveries]
    return Auditor(policy, queues, clock, metrics)


def check_auditing(flags: AuditFlags) -> None:
    """AuditError for a file that can't be used, or for flags that contradict each other. Blocks."""
    _policy(flags)
    _webhook_config(flags)
    for backend in IN_FLIGHT:
        _batching(flags, backend)
        _truncation(flags, backend)


def _policy(flags: AuditFlags) -> Policy | None:
    if flags.audit_policy_file is None:
        return None
    try:
        return read_policy(flags.audit_policy_file)
    except PolicyError as error:
        raise AuditError(f"loading audit policy file: {error}") from error


def _webhook_config(flags: AuditFlags) -> ClientConfig | None:
    if flags.audit_webhook_config_file is None:
        return None
    try:
        return kubeconfig.load(flags.audit_webhook_config_file)
    except KubeconfigError as error:
        raise AuditError(f"initializing audit webhook: {error}") from error


def _deliveries(flags: AuditFlags, clock: Clock, random: Random) -> list[Delivery]:
    made: list[Delivery] = []
    if flags.audit_log_path:
        made.append(LogDelivery(_output(flags.audit_log_path, flags, clock), Format(flags.audit_log_format)))
    config = _webhook_config(flags)
    if config is not None:
        try:
            made.append(WebhookDelivery(config, flags.audit_webhook_initial_backoff, clock, random))
        except (KubeconfigError, SSLError) as error:
            raise AuditError(f"initializing audit webhook: {error}") from error
    return made


def _output(path: Path, flags: AuditFlags, clock: Clock) -> Output:
    if path == STANDARD_OUTPUT:
        return StandardOutput()
    rotation = Rotation(
        flags.audit_log_maxsize, flags.audit_log_maxage, flags.audit_log_maxbackup, flags.audit_log_compress
    )
    file = RotatingFile(path, rotation, clock)
    try:
        file.open()
    except OSError as error:
        raise AuditError(f"ensureLogFile: {path}: {error.strerror}") from error
    return file


def _batching(flags: AuditFlags, backend: str) -> Batching:
    """The flags of one backend, which have the same names but for the backend's."""
    given = {name: getattr(flags, f"audit_{backend}_batch_{name}") for name in _BATCH}
    mode, in_flight, takes_all = Mode(getattr(flags, f"audit_{backend}_mode")), IN_FLIGHT[backend], backend == "log"
    if mode is not Mode.BATCH:
        return Batching(mode, in_flight=in_flight, takes_all=takes_all)
    if given["throttle_enable"] and not (given["throttle_qps"] and given["throttle_burst"]):
        raise AuditError(f"invalid audit batch {backend} throttle QPS or burst 0, must be a positive number")
    qps = given["throttle_qps"] if given["throttle_enable"] else 0.0
    sizes = given["buffer_size"], given["max_size"], given["max_wait"]
    return Batching(mode, *sizes, qps, given["throttle_burst"], in_flight, takes_all)


def _truncation(flags: AuditFlags, backend: str) -> Truncation | None:
    enabled, batch, event = (getattr(flags, f"audit_{backend}_truncate_{name}") for name in _TRUNCATE)
    if batch < event:
        raise AuditError(
            f"invalid audit truncate {backend} max batch size {batch}, must be greater than max event size ({event})"
        )
    return Truncation(batch, event) if enabled else None
