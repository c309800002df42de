"""How often each health check passed and failed, for those who promise how healthy a process is.

Source: component-base/metrics/prometheus/slis.
"""

from steersman.component.metrics import Registry


class HealthSLIs:
    """Counts into a registry of its own, which is served apart from the other metrics."""

    def __init__(self) -> None:
        self.registry = Registry()
        self._current = self.registry.gauge(
            "kubernetes_healthcheck",
            "[STABLE] This metric records the result of a single healthcheck.",
            ("name", "type"),
        )
        self._total = self.registry.counter(
            "kubernetes_healthchecks_total",
            "[STABLE] This metric records the results of all healthcheck.",
            ("name", "type", "status"),
        )

    def note(self, name: str, endpoint: str, is_well: bool) -> None:
        """A check was made for healthz, livez or readyz."""
        self._current.set(float(is_well), name, endpoint)
        self._total.inc(name, endpoint, "success" if is_well else "error")
