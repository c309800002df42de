"""`Object`: the base of every API type, a frozen msgspec Struct whose fields carry their facts as markers.

Attributes keep their wire names; a name that is a Python keyword gets a trailing underscore (`from_`). Lists are tuples
and maps are read-only mappings, so that one object can be shared by store, cache, controllers and tests without copies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar, dataclass_transform

import msgspec

from steersman.apimachinery.markers import Doc, always

T = TypeVar("T", bound="Object")

KIND = Doc("Kind names what the object is, in CamelCase. It can't be changed.")
API_VERSION = Doc("APIVersion defines the group and version of the schema that the object is written in.")


@dataclass(frozen=True, slots=True)
class GroupVersionKind:
    """The three names that say which type an object is of."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """`group/version`, or the bare version in the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @classmethod
    def parse(cls, api_version: str, kind: str) -> "GroupVersionKind":
        """From the two strings an object carries."""
        group, _, version = api_version.rpartition("/")
        return cls(group, version, kind)


def wire_name(attribute: str) -> str:
    """The JSON name of a Python attribute: `from_` is `from`, and JSON schema has `x-kubernetes-...` and `$ref`."""
    if attribute.startswith("x_kubernetes_"):
        return attribute.replace("_", "-")
    if attribute.startswith("dollar_"):
        return f"${attribute.removeprefix('dollar_')}"
    return attribute[:-1] if attribute.endswith("_") else attribute


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What is declared of a type as a whole.

    inline: the base whose fields stand flat in JSON but in a message of their own in protobuf, under this number.
    atomic: server-side apply replaces the struct as a whole.
    gvk: set for kinds, the types that travel on their own.
    package: upstream's Go package of the type (`k8s.io.api.core.v1`), the stem of its OpenAPI and protobuf names.
    Of custom resources only: structural, the TypeSchema; published, the schema its users wrote, for OpenAPI; resource,
    its line of the resource table.
    """

    gvk: GroupVersionKind | None = None
    inline: int | None = None
    atomic: bool = False
    package: str = ""
    structural: Any = None
    published: Mapping[str, Any] | None = None
    resource: Any = None


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field, always))
class ObjectType(msgspec.StructMeta):
    """Metaclass of `Object`: fixes the Struct options and notes what is declared of the type as a whole."""

    def __new__(  # noqa: PLR0913  # the parameters are the keywords of a class statement
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        api: str | None = None,
        kind: str | None = None,
        inline: int | None = None,
        atomic: bool = False,
        package: str = "",
        **options: Any,
    ) -> Any:
        """Read the class keywords; msgspec makes the class."""
        gvk = GroupVersionKind.parse(api, kind or name) if api is not None else None
        if gvk is not None:
            # Every object says what it is: the two strings are written even by an otherwise empty instance.
            own = {"kind": Annotated[str, KIND], "apiVersion": Annotated[str, API_VERSION]}
            namespace["__annotations__"] = own | namespace.get("__annotations__", {})
            namespace["kind"], namespace["apiVersion"] = always(gvk.kind), always(gvk.api_version)
        settings: dict[str, Any] = {
            "frozen": True, "kw_only": True, "omit_defaults": True, "gc": False,
            "forbid_unknown_fields": True, "rename": wire_name,
        }  # fmt: skip
        made = super().__new__(mcs, name, bases, namespace, **(settings | options))
        facts = ObjectFacts(gvk, inline, atomic, package or namespace.get("__module__", ""))
        setattr(made, "__facts__", facts)  # noqa: B010  # declared on Object, which the metaclass cannot name
        return made


class Object(msgspec.Struct, metaclass=ObjectType):
    """Base of every API type. Decode with `codec.json.decode`, change with `replace`."""

    __facts__: ClassVar[ObjectFacts]


def replace(target: T, /, **changes: Any) -> T:
    """A copy of `target` with some fields changed, by attribute name."""
    return msgspec.structs.replace(target, **changes)
