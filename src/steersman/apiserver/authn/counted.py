"""How often, how fast and with what end clients say who they are.

Source: apiserver/pkg/endpoints/filters/metrics.go.
"""

from steersman.apiserver.attributes import Authenticator, Presented
from steersman.apiserver.user import UserInfo
from steersman.component.clock import Clock
from steersman.component.metrics import Registry

BUCKETS = tuple(0.001 * 2**step for step in range(15))
# Other names are counted together, so that the metric doesn't grow with users, nor tells who they are.
SHOWN = frozenset({"admin", "client", "kube_proxy", "kubelet", "system:serviceaccount:kube-system:default"})


class CountedAuthenticator:
    """Around whoever knows clients."""

    def __init__(self, inner: Authenticator, clock: Clock, metrics: Registry) -> None:
        self._inner = inner
        self._clock = clock
        self._users = metrics.counter(
            "authenticated_user_requests", "Counter of authenticated requests broken out by username.", ("username",)
        )
        self._attempts = metrics.counter("authentication_attempts", "Counter of authenticated attempts.", ("result",))
        self._duration = metrics.histogram(
            "authentication_duration_seconds",
            "Authentication duration in seconds broken out by result.",
            ("result",),
            BUCKETS,
        )

    async def authenticate(self, presented: Presented) -> UserInfo | None:
        """Source of Authenticator.authenticate."""
        began, result = self._clock.monotonic(), "error"
        try:
            user = await self._inner.authenticate(presented)
            result = "failure" if user is None else "success"
        finally:
            self._attempts.inc(result)
            self._duration.observe(self._clock.monotonic() - began, result)
        if user is not None:
            self._users.inc(shown(user.name))
        return user


def shown(name: str) -> str:
    """A name as the metric tells it."""
    if name in SHOWN:
        return name
    return "email_id" if "@" in name else "other"
