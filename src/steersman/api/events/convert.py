"""Events are one set of objects under two groups: core's Event is what is stored, this group's shows the same."""

from steersman.api import core
from steersman.api.events.event import Event, EventSeries


def from_core(event: core.Event) -> Event:
    """The stored event as events.k8s.io shows it."""
    series = event.series
    return Event(
        metadata=event.metadata,
        eventTime=event.eventTime,
        series=EventSeries(count=series.count, lastObservedTime=series.lastObservedTime) if series else None,
        reportingController=event.reportingComponent,
        reportingInstance=event.reportingInstance,
        action=event.action,
        reason=event.reason,
        regarding=event.involvedObject,
        related=event.related,
        note=event.message,
        type=event.type,
        deprecatedSource=event.source,
        deprecatedFirstTimestamp=event.firstTimestamp,
        deprecatedLastTimestamp=event.lastTimestamp,
        deprecatedCount=event.count,
    )


def to_core(event: Event) -> core.Event:
    """The event as it is stored."""
    series = event.series
    return core.Event(
        metadata=event.metadata,
        involvedObject=event.regarding,
        reason=event.reason,
        message=event.note,
        source=event.deprecatedSource,
        firstTimestamp=event.deprecatedFirstTimestamp,
        lastTimestamp=event.deprecatedLastTimestamp,
        count=event.deprecatedCount,
        type=event.type,
        eventTime=event.eventTime,
        series=core.EventSeries(count=series.count, lastObservedTime=series.lastObservedTime) if series else None,
        action=event.action,
        related=event.related,
        reportingComponent=event.reportingController,
        reportingInstance=event.reportingInstance,
    )
