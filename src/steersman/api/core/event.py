"""Event in the core group."""

from typing import Annotated

from steersman.api.core.reference import ObjectReference
from steersman.api.meta.kind import Kind
from steersman.api.meta.objectmeta import ObjectMeta
from steersman.apimachinery.markers import Int32, Required, Wire, always
from steersman.apimachinery.object import Object
from steersman.apimachinery.times import MicroTime, Time


class EventSource(Object, package="k8s.io.api.core.v1"):
    """The component that tells, and the node it is on."""

    component: Annotated[str, Wire(1)] = ""
    host: Annotated[str, Wire(2)] = ""


class EventSeries(Object, package="k8s.io.api.core.v1"):
    """How often something was told, and when last."""

    count: Annotated[Int32, Wire(1)] = 0
    lastObservedTime: Annotated[MicroTime | None, Wire(2)] = None


class Event(Kind, api="v1", package="k8s.io.api.core.v1"):
    """Something that happened to an object, told by a component; forgotten after an hour."""

    metadata: Annotated[ObjectMeta, Wire(1), Required()] = always(ObjectMeta)
    involvedObject: Annotated[ObjectReference, Wire(2), Required()] = always(ObjectReference)
    reason: Annotated[str, Wire(3)] = ""
    message: Annotated[str, Wire(4)] = ""
    source: Annotated[EventSource, Wire(5)] = always(EventSource)
    firstTimestamp: Annotated[Time | None, Wire(6)] = None
    lastTimestamp: Annotated[Time | None, Wire(7)] = None
    count: Annotated[Int32, Wire(8)] = 0
    type: Annotated[str, Wire(9)] = ""
    eventTime: Annotated[MicroTime | None, Wire(10)] = None
    series: Annotated[EventSeries | None, Wire(11)] = None
    action: Annotated[str, Wire(12)] = ""
    related: Annotated[ObjectReference | None, Wire(13)] = None
    reportingComponent: Annotated[str, Wire(14)] = always("")
    reportingInstance: Annotated[str, Wire(15)] = always("")
