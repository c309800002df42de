"""events.k8s.io/v1: what happened to an object; core/v1 serves the same events."""

from steersman.api.events.event import Event, EventSeries

__all__ = ["Event", "EventSeries"]
