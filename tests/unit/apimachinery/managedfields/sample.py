"""A kind with one field of each topology, for the tests of server-side apply."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from steersman.apimachinery.managedfields.fieldmanager import FieldManager
from steersman.apimachinery.managedfields.fieldset import FieldSet, Path
from steersman.apimachinery.managedfields.merge import Versions
from steersman.apimachinery.managedfields.topology import topology_of
from steersman.apimachinery.markers import Atomic, Default, ListMap, ListSet, always
from steersman.apimachinery.object import GroupVersionKind, Object
from steersman.apimachinery.schema import schema_of

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 1, 1, 13, tzinfo=UTC)
GVK = GroupVersionKind("example.com", "v1", "Sample")


class Meta(Object):
    """The metadata that matters here."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resourceVersion: str = ""
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    managedFields: Annotated[tuple[Any, ...], Atomic()] = ()


class Port(Object):
    """Told apart by two keys, one with a default."""

    port: int = 0
    protocol: Annotated[str, Default("TCP")] = ""
    name: str = ""
    options: Mapping[str, str] = {}


class Colour(Object, atomic=True):
    """Replaced as a whole."""

    red: int | None = None
    green: int | None = None


class Inner(Object):
    """A plain struct."""

    text: str = ""
    number: int | None = None


class Spec(Object):
    """One field of each topology."""

    replicas: int | None = None
    text: str = ""
    tags: Annotated[tuple[str, ...], ListSet()] = ()
    arguments: tuple[str, ...] = ()
    ports: Annotated[tuple[Port, ...], ListMap("port", "protocol")] = ()
    options: Mapping[str, str] = {}
    selector: Annotated[Mapping[str, str], Atomic()] = {}
    colour: Colour | None = None
    inner: Inner | None = None
    value: Inner = always(Inner)
    raw: Any = None


class Status(Object):
    """What a status subresource writes."""

    ready: int | None = None


class Sample(Object, api="example.com/v1"):
    """The kind."""

    metadata: Meta = always(Meta)
    spec: Spec = always(Spec)
    status: Status = always(Status)


SAMPLE = topology_of(schema_of(Sample))
SPEC = topology_of(schema_of(Spec))


def manager(subresource: str = "", *ignored: Path) -> FieldManager:
    """A field manager of the kind."""
    versions = Versions("example.com/v1", {"example.com/v1": SAMPLE}, ignored={"example.com/v1": FieldSet.of(*ignored)})
    return FieldManager(versions, GVK, subresource)


def sample(spec: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    """An object or configuration."""
    made: dict[str, Any] = {"apiVersion": "example.com/v1", "kind": "Sample", "metadata": {"name": "a"} | metadata}
    return made if spec is None else made | {"spec": spec}


def paths(*texts: str) -> FieldSet:
    """A set of paths written with `/` between their elements, `f:` left out."""
    return FieldSet.of(
        *(tuple(one if one[1:2] == ":" else f"f:{one}" for one in text.split("/")) for text in texts if text)
    )
