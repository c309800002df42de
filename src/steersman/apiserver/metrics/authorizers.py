"""What is told of those who decide about requests: how often each decides, and how webhooks fare.

Source: apiserver/pkg/authorization/metrics, apiserver/plugin/pkg/authorizer/webhook/metrics, authorization/cel/metrics.
"""

from steersman.component.metrics import Registry, Value

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MATCH_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.25)
PREFIX = "apiserver_authorization"
DECISIONS = (
    f"{PREFIX}_decisions_total",
    ("[ALPHA] Total number of terminal decisions made by an authorizer split by authorizer type, name, and decision."),
    ("type", "name", "decision"),
)
EVALUATIONS = (
    f"{PREFIX}_webhook_evaluations_total",
    "[BETA] Number of authorization webhook evaluations.",
    ("name", "result"),
)
DURATION = (
    f"{PREFIX}_webhook_duration_seconds",
    "[BETA] Request latency in seconds.",
    ("name", "result"),
    SECONDS,
)
FAILED_OPEN = (
    f"{PREFIX}_webhook_evaluations_fail_open_total",
    "[BETA] NoOpinion results due to webhook timeout or error.",
    ("name", "result"),
)
EXCLUSIONS = (
    f"{PREFIX}_match_condition_exclusions_total",
    (
        "[ALPHA] Total number of exclusions when an authorization webhook is skipped because match conditions exclude "
        "it."
    ),
    ("type", "name"),
)
MATCH_ERRORS = (
    f"{PREFIX}_match_condition_evaluation_errors_total",
    (
        "[ALPHA] Total number of errors when an authorization webhook encounters a match condition error split by "
        "authorizer type and name."
    ),
    ("type", "name"),
)
MATCHED = (
    f"{PREFIX}_match_condition_evaluation_seconds",
    "[ALPHA] Authorization match condition evaluation time in seconds, split by authorizer type and name.",
    ("type", "name"),
    MATCH_SECONDS,
)
WEBHOOK = "Webhook"


class AuthorizerMetrics:
    """Counts for one server."""

    def __init__(self, registry: Registry) -> None:
        self._decisions = registry.counter(*DECISIONS)
        self._evaluations = registry.counter(*EVALUATIONS)
        self._duration = registry.histogram(*DURATION)
        self._failed_open = registry.counter(*FAILED_OPEN)
        self._exclusions = registry.counter(*EXCLUSIONS)
        self._errors = registry.counter(*MATCH_ERRORS)
        self._matched = registry.histogram(*MATCHED)

    def decisions(self, kind: str, name: str, decision: str) -> Value:
        """Where the decisions of one authorizer are counted."""
        return self._decisions.labels(kind, name, decision)

    def evaluated(self, name: str, result: str, seconds: float) -> None:
        """A webhook was asked. result: success, timeout or error."""
        self._evaluations.inc(name, result)
        self._duration.observe(seconds, name, result)

    def failed_open(self, name: str, result: str) -> None:
        """A webhook couldn't be asked, and others decide."""
        self._failed_open.inc(name, result)

    def matched(self, name: str, seconds: float, *, is_excluded: bool = False, has_failed: bool = False) -> None:
        """Conditions were looked at, whether a webhook is to be asked."""
        self._matched.observe(seconds, WEBHOOK, name)
        if is_excluded:
            self._exclusions.inc(WEBHOOK, name)
        if has_failed:
            self._errors.inc(WEBHOOK, name)
