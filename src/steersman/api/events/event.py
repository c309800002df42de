"""Event in its own group: what happened, and who says so."""

from typing import Annotated

from steersman.api.core.event import EventSource
from steersman.api.core.reference import ObjectReference
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Int32, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import MicroTime, Time


class EventSeries(Object, package="k8s.io.api.events.v1"):
    """How often something was told, and when last."""

    count: Annotated[Int32, Wire(1), Required()] = always(0)
    lastObservedTime: Annotated[MicroTime | None, Wire(2), Required()] = None


class Event(Kind, api="events.k8s.io/v1", package="k8s.io.api.events.v1"):
    """Something that happened to an object, told by a component; forgotten after an hour."""

    eventTime: Annotated[MicroTime | None, Wire(2), Required()] = None
    series: Annotated[EventSeries | None, Wire(3)] = None
    reportingController: Annotated[str, Wire(4)] = ""
    reportingInstance: Annotated[str, Wire(5)] = ""
    action: Annotated[str, Wire(6)] = ""
    reason: Annotated[str, Wire(7)] = ""
    regarding: Annotated[ObjectReference, Wire(8)] = always(ObjectReference)
    related: Annotated[ObjectReference | None, Wire(9)] = None
    note: Annotated[str, Wire(10)] = ""
    type: Annotated[str, Wire(11)] = ""
    deprecatedSource: Annotated[EventSource, Wire(12)] = always(EventSource)
    deprecatedFirstTimestamp: Annotated[Time | None, Wire(13)] = None
    deprecatedLastTimestamp: Annotated[Time | None, Wire(14)] = None
    deprecatedCount: Annotated[Int32, Wire(15)] = 0
