"""The API server's flags about auditing.

Source: apiserver/pkg/server/options/audit.go.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from steersman.cluster.flagtexts import flag, number, output_path, path, seconds, yes_or_no

# Source: defaultLogBatchConfig, defaultWebhookBatchConfig, NewAuditTruncateOptions.
BUFFER_SIZE, WEBHOOK_BATCH, WAIT_SECONDS, QPS, BURST = 10000, 400, 30.0, 10.0, 15
STANDARD_OUTPUT = Path("/dev/stdout")
BATCH_BYTES, EVENT_BYTES = 10 * 1024 * 1024, 100 * 1024


def one_of(*texts: str) -> Callable[[str], str]:
    """One of some words. ValueError for anything else."""

    def read(text: str) -> str:
        if text not in texts:
            raise ValueError(f"it is none of {', '.join(texts)}")
        return text

    return read


def rate(text: str) -> float:
    """A number above zero. ValueError for anything else."""
    if not 0 < float(text) < float("inf"):
        raise ValueError("it is no number above zero")
    return float(text)


def count(text: str) -> int:
    """A whole number above zero. ValueError for anything else."""
    if number(text) == 0:
        raise ValueError("it is no number above zero")
    return number(text)


def log_path(text: str) -> Path | None:
    """A file that is going to be written; `-` is standard output, and the empty text none."""
    return STANDARD_OUTPUT if text == "-" else output_path(text)


MODE = one_of("batch", "blocking", "blocking-strict")
VERSION = one_of("audit.k8s.io/v1")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFlags:
    """The flags as read. Without a policy, or without anywhere to send events, nothing is audited."""

    audit_policy_file: Path | None = flag(None, path, "a file that says which requests are audited, and how")  # noqa: RUF009

    audit_log_path: Path | None = flag(None, log_path, "the file events are written to; - is standard output")  # noqa: RUF009
    audit_log_format: str = flag("json", one_of("json", "legacy"), "json, or legacy: a line of text for each event")
    audit_log_maxage: int = flag(366, number, "days that old log files are kept; 0: for ever")
    audit_log_maxbackup: int = flag(100, number, "old log files that are kept; 0: all")
    audit_log_maxsize: int = flag(100, number, "megabytes at which a log file is put aside; 0: never")
    audit_log_compress: bool = flag(False, yes_or_no, "compress old log files")
    audit_log_version: str = flag("audit.k8s.io/v1", VERSION, "the version of the events in the log")
    audit_log_mode: str = flag("blocking", MODE, "whether requests wait for the log: batch, blocking, blocking-strict")
    audit_log_batch_buffer_size: int = flag(BUFFER_SIZE, count, "events that may wait for the log, in batch mode")
    audit_log_batch_max_size: int = flag(1, count, "events written at a time, in batch mode")
    audit_log_batch_max_wait: float = flag(0.0, seconds, "how long a batch for the log is gathered")
    audit_log_batch_throttle_enable: bool = flag(False, yes_or_no, "limit how often the log is written to")
    audit_log_batch_throttle_qps: float = flag(0.0, rate, "batches a second for the log")
    audit_log_batch_throttle_burst: int = flag(0, count, "batches for the log at once")
    audit_log_truncate_enabled: bool = flag(False, yes_or_no, "leave objects out of events that are too big")
    audit_log_truncate_max_batch_size: int = flag(BATCH_BYTES, count, "bytes of a batch for the log")
    audit_log_truncate_max_event_size: int = flag(EVENT_BYTES, count, "bytes of an event in the log")

    audit_webhook_config_file: Path | None = flag(None, path, "a kubeconfig of the server events are sent to")  # noqa: RUF009
    audit_webhook_version: str = flag("audit.k8s.io/v1", VERSION, "the version of the events that are sent")
    audit_webhook_initial_backoff: float = flag(10.0, seconds, "how long after a failure events are sent again")
    audit_webhook_mode: str = flag(
        "batch", MODE, "whether requests wait for the webhook: batch, blocking, blocking-strict"
    )
    audit_webhook_batch_buffer_size: int = flag(BUFFER_SIZE, count, "events that may wait to be sent, in batch mode")
    audit_webhook_batch_max_size: int = flag(WEBHOOK_BATCH, count, "events sent at a time, in batch mode")
    audit_webhook_batch_max_wait: float = flag(WAIT_SECONDS, seconds, "how long a batch for the webhook is gathered")
    audit_webhook_batch_throttle_enable: bool = flag(True, yes_or_no, "limit how often events are sent")
    audit_webhook_batch_throttle_qps: float = flag(QPS, rate, "batches a second for the webhook")
    audit_webhook_batch_throttle_burst: int = flag(BURST, count, "batches for the webhook at once")
    audit_webhook_truncate_enabled: bool = flag(False, yes_or_no, "leave objects out of events that are too big")
    audit_webhook_truncate_max_batch_size: int = flag(BATCH_BYTES, count, "bytes of a batch for the webhook")
    audit_webhook_truncate_max_event_size: int = flag(EVENT_BYTES, count, "bytes of an event for the webhook")
