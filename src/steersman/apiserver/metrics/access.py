"""What is told of who comes in: authentication and authorization, by what came of them.

Source: apiserver/pkg/endpoints/filters/metrics.go.
"""

from dataclasses import dataclass
from enum import StrEnum

from steersman.apiserver.user import UserInfo
from steersman.component.metrics import Distribution, Registry, Value

BUCKETS = tuple(0.001 * 2**power for power in range(15))
REMEMBERED = 4096
KNOWN_USERS = frozenset({"admin", "client", "kube_proxy", "kubelet", "system:serviceaccount:kube-system:default"})


USERS = (
    "authenticated_user_requests",
    "[ALPHA] Counter of authenticated requests broken out by username.",
    ("username",),
)
ATTEMPTS = ("authentication_attempts", "[ALPHA] Counter of authenticated attempts.", ("result",))
TOOK = (
    "authentication_duration_seconds",
    "[ALPHA] Authentication duration in seconds broken out by result.",
    ("result",),
    BUCKETS,
)
ASKED = (
    "authorization_attempts_total",
    (
        "[ALPHA] Counter of authorization attempts broken down by result. It can be either 'allowed', 'denied', "
        "'no-opinion' or 'error'."
    ),
    ("result",),
)
JUDGED = (
    "authorization_duration_seconds",
    "[ALPHA] Authorization duration in seconds broken out by result.",
    ("result",),
    BUCKETS,
)


class Result(StrEnum):
    """What came of an authentication."""

    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class _Series:
    count: Value
    duration: Distribution

    def note(self, seconds: float) -> None:
        self.count.value += 1
        self.duration.observe(seconds)


class AccessMetrics:
    """Counts for one server."""

    def __init__(self, registry: Registry) -> None:
        self._users = registry.counter(*USERS)
        self._known: dict[str, Value] = {}
        attempts = registry.counter(*ATTEMPTS)
        took = registry.histogram(*TOOK)
        self._attempts = {one: _Series(attempts.labels(one), took.labels(one)) for one in Result}
        self._succeeded = self._attempts[Result.SUCCESS]
        asked = registry.counter(*ASKED)
        judged = registry.histogram(*JUDGED)
        # Nobody who says nothing allows anything.
        self._judgements = {
            True: _Series(asked.labels("allowed"), judged.labels("allowed")),
            False: _Series(asked.labels("no-opinion"), judged.labels("no-opinion")),
        }

    def authenticated(self, user: UserInfo | None, seconds: float) -> None:
        """Somebody is known, or nobody."""
        if user is None:
            self._attempts[Result.FAILURE].note(seconds)
            return
        known = self._known.get(user.name)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[user.name] = self._users.labels(shown_user(user.name))
        known.value += 1
        self._succeeded.note(seconds)

    def misled(self, seconds: float) -> None:
        """What a client shows is wrong."""
        self._attempts[Result.ERROR].note(seconds)

    def authorized(self, is_allowed: bool, seconds: float) -> None:
        """A request was judged."""
        self._judgements[is_allowed].note(seconds)


def shown_user(name: str) -> str:
    """A user's name as metrics show it: few, and nobody's own."""
    if name in KNOWN_USERS:
        return name
    return "email_id" if "@" in name else "other"
