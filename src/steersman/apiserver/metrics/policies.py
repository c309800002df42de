"""What is told of policies written as expressions: how often they are asked, what comes of it, and how long it takes.

Source: apiserver/pkg/admission/plugin/policy: validating/metrics, mutating/metrics.
"""

from steersman.component.clock import Clock
from steersman.component.metrics import Registry

BUCKETS = (0.0000005, 0.001, 0.01, 0.1, 1.0)
WHICH = ("policy", "policy_binding", "error_type")
VALIDATING, MUTATING = "apiserver_validating_admission_policy", "apiserver_mutating_admission_policy"
VALIDATIONS = (
    f"{VALIDATING}_check_total",
    (
        "[BETA] Validation admission policy check total, labeled by policy and further identified by binding and "
        "enforcement action taken."
    ),
    (*WHICH, "enforcement_action"),
)
VALIDATION_SECONDS = (
    f"{VALIDATING}_check_duration_seconds",
    (
        "[BETA] Validation admission latency for individual validation expressions in seconds, labeled by policy and "
        "further including binding and enforcement action taken."
    ),
    (*WHICH, "enforcement_action"),
    BUCKETS,
)
MUTATIONS = (
    f"{MUTATING}_check_total",
    "[ALPHA] Mutation admission policy check total, labeled by policy and further identified by binding.",
    WHICH,
)
MUTATION_SECONDS = (
    f"{MUTATING}_check_duration_seconds",
    (
        "[ALPHA] Mutation admission latency for individual mutation expressions in seconds, labeled by policy and "
        "binding."
    ),
    WHICH,
    BUCKETS,
)


class PolicyMetrics:
    """Counts for one server. why: what the request was told; began: as `now` said."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self.now = clock.monotonic
        self._validations = registry.counter(*VALIDATIONS)
        self._validation_seconds = registry.histogram(*VALIDATION_SECONDS)
        self._mutations = registry.counter(*MUTATIONS)
        self._mutation_seconds = registry.histogram(*MUTATION_SECONDS)

    def validated(self, which: tuple[str, str], action: str, why: str, began: float) -> None:
        """A policy with a binding had something to say. action: allow, deny, audit or warn."""
        labels = (*which, _error_type(why), action)
        self._validations.inc(*labels)
        self._validation_seconds.observe(self.now() - began, *labels)

    def mutated(self, which: tuple[str, str], why: str, began: float) -> None:
        """A policy with a binding has changed the object, or could not: why is empty if it could."""
        labels = (*which, _error_type(why) if why else "no_error")
        self._mutations.inc(*labels)
        self._mutation_seconds.observe(self.now() - began, *labels)


def _error_type(why: str) -> str:
    """By the words, as upstream does it."""
    if why.startswith("compilation"):
        return "compile_error"
    if why.startswith("validation failed due to running out of cost budget"):
        return "out_of_budget"
    return "invalid_error"
