"""events.k8s.io/v1."""

from steersman.api.events.event import Event, EventSeries

__all__ = ["Event", "EventSeries"]
