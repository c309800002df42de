"""What is told of admission: how long its steps and its plugins take, and what webhooks say.

Source: apiserver/pkg/admission/metrics/metrics.go.
"""

from collections.abc import Mapping

from steersman.apiserver.metrics.policies import PolicyMetrics
from steersman.component.clock import Clock
from steersman.component.metrics import Distribution, Registry

STEP_BUCKETS = (0.005, 0.025, 0.1, 0.5, 1.0, 2.5)
WEBHOOK_BUCKETS = (*STEP_BUCKETS, 10, 25)
REJECTED: Mapping[bool, str] = {True: "true", False: "false"}
WIDEST_CODE = 600
ACT = ("type", "operation", "rejected")


STEPS = (
    "apiserver_admission_step_admission_duration_seconds",
    (
        "[STABLE] Admission sub-step latency histogram in seconds, broken out for each operation and API resource "
        "and step type (validate or admit)."
    ),
    ACT,
    STEP_BUCKETS,
)
PLUGINS = (
    "apiserver_admission_controller_admission_duration_seconds",
    (
        "[STABLE] Admission controller latency histogram in seconds, identified by name and broken out for each "
        "operation and API resource and type (validate or admit)."
    ),
    ("name", *ACT),
    STEP_BUCKETS,
)
WEBHOOKS = (
    "apiserver_admission_webhook_admission_duration_seconds",
    (
        "[STABLE] Admission webhook latency histogram in seconds, identified by name and broken out for each "
        "operation and API resource and type (validate or admit)."
    ),
    ("name", *ACT),
    WEBHOOK_BUCKETS,
)
REQUESTS = (
    "apiserver_admission_webhook_request_total",
    (
        "[ALPHA] Admission webhook request total, identified by name and broken out for each admission type "
        "(validating or admit) and operation. Additional labels specify whether the request was rejected or not "
        "and an HTTP status code. Codes greater than 600 are truncated to 600, to keep the metrics cardinality "
        "bounded."
    ),
    ("name", "type", "operation", "code", "rejected"),
)
REJECTIONS = (
    "apiserver_admission_webhook_rejection_count",
    (
        "[ALPHA] Admission webhook rejection count, identified by name and broken out for each admission type "
        "(validating or admit) and operation. Additional labels specify an error type (calling_webhook_error or "
        "apiserver_internal_error if an error occurred; no_error otherwise) and optionally a non-zero rejection "
        "code if the webhook rejects the request with an HTTP status code (honored by the apiserver when the code "
        "is greater or equal to 400). Codes greater than 600 are truncated to 600, to keep the metrics "
        "cardinality bounded."
    ),
    ("name", "type", "operation", "error_type", "rejection_code"),
)
OPEN = (
    "apiserver_admission_webhook_fail_open_count",
    (
        "[ALPHA] Admission webhook fail open count, identified by name and broken out for each admission type "
        "(validating or admit)."
    ),
    ("name", "type"),
)


class AdmissionMetrics:
    """Counts for one server. type_: admit or validate."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self.now = clock.monotonic
        self.policies = PolicyMetrics(registry, clock)
        self._steps = registry.histogram(*STEPS)
        self._plugins = registry.histogram(*PLUGINS)
        self._webhooks = registry.histogram(*WEBHOOKS)
        self._requests = registry.counter(*REQUESTS)
        self._rejections = registry.counter(*REJECTIONS)
        self._open = registry.counter(*OPEN)
        self._known: dict[tuple[str, str, str, bool], Distribution] = {}

    def step(self, type_: str, operation: str, is_rejected: bool, began: float) -> None:
        """All plugins have had their say."""
        key = ("", type_, operation, is_rejected)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._steps.labels(type_, operation, REJECTED[is_rejected])
        known.observe(self.now() - began)

    def plugin(self, name: str, type_: str, operation: str, is_rejected: bool, began: float) -> None:
        """One has."""
        key = (name, type_, operation, is_rejected)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._plugins.labels(name, type_, operation, REJECTED[is_rejected])
        known.observe(self.now() - began)

    def webhook(self, name: str, type_: str, operation: str, denied_code: int, began: float) -> None:
        """A webhook has answered; denied_code: the code of its denial, 0 if it allowed."""
        code, rejected = str(min(denied_code or 200, WIDEST_CODE)), REJECTED[bool(denied_code)]
        self._webhooks.observe(self.now() - began, name, type_, operation, rejected)
        self._requests.inc(name, type_, operation, code, rejected)
        if denied_code:
            self._rejections.inc(name, type_, operation, "no_error", code)

    def webhook_failed(self, name: str, type_: str, operation: str, is_ignored: bool, began: float) -> None:
        """It gave no answer that could be used; is_ignored: the request goes on nevertheless."""
        rejected = REJECTED[not is_ignored]
        self._webhooks.observe(self.now() - began, name, type_, operation, rejected)
        self._requests.inc(name, type_, operation, "0", rejected)
        if is_ignored:
            self._open.inc(name, type_)
        else:
            self._rejections.inc(name, type_, operation, "calling_webhook_error", "0")
