"""containerd's own event service, for versions whose CRI has no GetContainerEvents (before 1.7).

Only what tells that a container or sandbox started or ended is asked for and understood.
"""

from dataclasses import dataclass, field
from typing import Annotated

from steersman.component.protobuf import Codec
from steersman.cri.records import ContainerEvent, ContainerEventType

SUBSCRIBE = "/containerd.services.events.v1.Events/Subscribe"
TASK_START = "/tasks/start"
TASK_DELETE = "/tasks/delete"


@dataclass(frozen=True, slots=True)
class SubscribeRequest:
    """Asks for events; one that passes any of the filters comes."""

    filters: Annotated[tuple[str, ...], 1] = ()


@dataclass(frozen=True, slots=True)
class Payload:
    """protobuf's Any."""

    type_url: Annotated[str, 1] = ""
    value: Annotated[bytes, 2] = b""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event."""

    namespace: Annotated[str, 2] = ""
    topic: Annotated[str, 3] = ""
    event: Annotated[Payload, 4] = field(default_factory=Payload)


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """The one field that the start and delete events of a task share."""

    container_id: Annotated[str, 1] = ""


# /tasks/delete and not /tasks/exit: exits of exec'd processes don't come this way, and the CRI
# plugin deletes the task just before it records the end, so there is less time to look too early.
SUBSCRIPTION = SubscribeRequest(tuple(f'namespace=="k8s.io",topic=="{topic}"' for topic in (TASK_START, TASK_DELETE)))


def codec() -> Codec:
    """The codec of the messages above."""
    return Codec("containerd.events", (SubscribeRequest, Envelope, TaskEvent))


def container_event(codec: Codec, envelope: Envelope) -> ContainerEvent | None:
    """What an event means in CRI's terms."""
    task = codec.decode(envelope.event.value, TaskEvent)
    match envelope.topic:
        case "/tasks/start":
            return ContainerEvent(task.container_id, ContainerEventType.STARTED)
        case "/tasks/delete":
            return ContainerEvent(task.container_id, ContainerEventType.STOPPED)
        case _:
            return None
