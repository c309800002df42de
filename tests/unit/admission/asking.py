"""What tests of plugins ask with: objects that can be looked up, and writes as the server makes them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from steersman.api.core import Container, Pod, PodSpec
from steersman.api.meta import Kind, ObjectMeta
from steersman.api.resources import resource_for
from steersman.apiserver.attributes import AdmissionAttributes, AdmissionPlugin, Decision, Operation
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import UserInfo

K = TypeVar("K", bound=Kind)

SOMEBODY = UserInfo("somebody", groups=("system:authenticated",))


class Objects:
    """A lookup of what it is given; `late` is only found after catching up."""

    def __init__(self, *objects: Kind, late: Iterable[Kind] = ()) -> None:
        self.objects = list(objects)
        self.late = list(late)

    async def catch_up(self) -> None:
        self.objects += self.late
        self.late = []

    def find(self, kind: type[K], namespace: str, name: str) -> K | None:
        wanted = (namespace, name)
        return next((one for one in self.all(kind) if (one.metadata.namespace, one.metadata.name) == wanted), None)

    def all(self, kind: type[K], namespace: str = "") -> list[K]:
        return [one for one in self.objects if isinstance(one, kind) and namespace in ("", one.metadata.namespace)]


@dataclass
class Allows:
    """An authorizer that allows what it is told to: (verb, resource/subresource, name)."""

    allowed: set[tuple[str, str, str]] = field(default_factory=set)
    asked: list[RequestInfo] = field(default_factory=list)

    def authorize(self, user: UserInfo, request: RequestInfo) -> Decision:
        self.asked.append(request)
        resource = f"{request.resource}/{request.subresource}" if request.subresource else request.resource
        return Decision((request.verb, resource, request.name) in self.allowed, "no rule")


def creates(obj: Kind, **more: Any) -> AdmissionAttributes:
    attributes = AdmissionAttributes(
        operation=Operation.CREATE, resource=resource_for(type(obj)), user=SOMEBODY,
        namespace=obj.metadata.namespace, name=obj.metadata.name, object=obj,
    )  # fmt: skip
    return replace(attributes, **more)


def updates(old: Kind, new: Kind, **more: Any) -> AdmissionAttributes:
    return creates(new, operation=Operation.UPDATE, old_object=old, **more)


async def admitted(plugin: AdmissionPlugin, attributes: AdmissionAttributes) -> Any:
    """What the plugin leaves of the object, after it had its last word too."""
    assert plugin.handles(attributes.operation)
    made = await plugin.admit(attributes)
    await plugin.validate(replace(attributes, object=made))
    return made


def pod(*containers: Container, name: str = "p", annotations: dict[str, str] | None = None, **spec: Any) -> Pod:
    return Pod(
        metadata=ObjectMeta(name=name, namespace="default", annotations=annotations or {}),
        spec=PodSpec(containers=containers or (Container(name="c", image="i"),), **spec),
    )
