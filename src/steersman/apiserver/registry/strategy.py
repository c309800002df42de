"""What differs from kind to kind on the way into the store: one Strategy each, with defaults that fit most kinds.

Source: apiserver/pkg/registry/rest: RESTCreateStrategy, RESTUpdateStrategy, RESTDeleteStrategy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from steersman.api.autoscaling import Scale
from steersman.api.meta import DeleteOptions, Kind
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause
from steersman.apiserver.user import UserInfo
from steersman.storage.valueindex import ValueIndex, by_field

K = TypeVar("K", bound=Kind)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `kubectl get`. priority above zero shows only with `-o wide`."""

    name: str
    type: str = "string"
    format: str = ""
    description: str = ""
    priority: int = 0


NAME_COLUMN = Column("Name", format="name", description="Name must be unique within a namespace.")
AGE_COLUMN = Column("Age", description="Time since the object was made.")


class Asked(Protocol):
    """Who writes, and when."""

    @property
    def user(self) -> UserInfo:
        """The user."""
        ...

    @property
    def now(self) -> datetime:
        """The time of the request."""
        ...


class Scaling(Protocol):
    """Where a kind has the numbers that `scale` shows."""

    @property
    def replicas(self) -> tuple[str, ...]:
        """The path of the wanted number as managedFields say it: `f:spec`, `f:replicas`."""
        ...

    def scale_of(self, parent: Any) -> Scale:
        """The Scale of an object."""
        ...

    def with_replicas(self, parent: Any, replicas: int) -> Any:
        """The object with another number."""
        ...


class Strategy(Generic[K]):
    """Everything here is pure: objects in, objects or causes out."""

    # Of kinds that say themselves where their replicas are; None: as built-in ones have them.
    scaling: Scaling | None = None

    columns: tuple[Column, ...] = (NAME_COLUMN, Column("Created At"))
    # The columns that rows are sorted by; without any they stand as the objects do.
    sorted_by: tuple[int, ...] = ()
    # A selectable field that many ask for by its value.
    found_by = ""
    # A PUT without resourceVersion overwrites.
    allows_unconditional_update = True
    # A PUT to a name that doesn't exist creates it.
    allows_create_on_update = False
    # A change of spec counts in metadata.generation.
    has_generation = True
    # Who deletes without a word about dependents leaves them behind.
    orphans_dependents = False
    # Through `status` nothing of metadata changes. Source: metav1.ResetObjectMetaForStatus.
    status_keeps_metadata = False

    def in_version(self, api_version: str) -> "Strategy[K]":
        """The strategy of writes in an older version, where other rules are for them."""
        return self

    def default(self, obj: K) -> K:
        """Fill in what the client left out; static `Default` markers have been applied."""
        return obj

    def prepare_for_create(self, obj: K) -> K:
        """Take away what a client may not set: its status."""
        if self.has_generation and has_spec(obj):
            obj = replace(obj, metadata=replace(obj.metadata, generation=1))
        return reset_status(obj)

    def prepare_for_update(self, obj: K, old: K) -> K:
        """Keep what a client may not change through the main resource, and count the change."""
        kept = keep_status(obj, old)
        if not self.has_generation or not has_spec(obj):
            return kept
        changed = any(getattr(kept, name) != getattr(old, name) for name in spec_fields(obj))
        generation = old.metadata.generation + 1 if changed else old.metadata.generation
        return replace(kept, metadata=replace(kept.metadata, generation=generation))

    def prepare_for_status_update(self, obj: K, old: K) -> K:
        """Through `status` only the status and metadata's labels and such may change; upstream keeps all but status."""
        fields = {name: getattr(old, name) for name in spec_fields(obj)}
        before = old.metadata
        if self.status_keeps_metadata:
            # Who owns the new status has been noted there.
            meta = replace(before, managedFields=obj.metadata.managedFields)
        else:
            meta = replace(obj.metadata, generation=before.generation, deletionTimestamp=before.deletionTimestamp)
        return replace(obj, metadata=meta, **fields)

    def prepare_for_subresource(self, subresource: str, obj: K, old: K) -> K:
        """What a write through a subresource with the kind's own body changes: by default `status` its status."""
        if subresource == "status":
            return self.prepare_for_status_update(obj, old)
        if subresource == "finalize":
            return replace_fields(old, spec=getattr(obj, "spec"))  # noqa: B009  # only kinds with a spec have it
        return self.prepare_for_update(obj, old)

    def complete(self, obj: K, old: K | None, asked: Asked) -> K:
        """What depends on who asks and when; after `prepare_...`. old is None for a new object."""
        return obj

    def reset_fields(self, kind: type[K], subresource: str) -> Sequence[str]:
        """What `prepare_...` takes back from a write, whatever was sent: who sends it doesn't own it."""
        if "status" not in kind.__struct_fields__ or subresource not in ("", "status", "finalize"):
            return ()
        if subresource != "status":
            return ("status",)
        return (*spec_fields(kind), "metadata") if self.status_keeps_metadata else spec_fields(kind)

    def index(self) -> ValueIndex | None:
        """A new index of the objects by what many ask for them by."""
        return by_field(self.found_by) if self.found_by else None

    def validate(self, obj: K) -> Sequence[Cause]:
        """What is wrong with a new object."""
        return ()

    def validate_update(self, obj: K, old: K) -> Sequence[Cause]:
        """What is wrong with a change; by default what is wrong with the result."""
        return self.validate(obj)

    def validate_subresource(self, subresource: str, obj: K, old: K) -> Sequence[Cause]:
        """What is wrong with a change through a subresource."""
        return ()

    def warnings(self, obj: K) -> Sequence[str]:
        """Texts for the client's Warning header."""
        return ()

    def warnings_of_change(self, obj: K, old: K) -> Sequence[str]:
        """The same for a change; by default what a new object like this would be warned of."""
        return self.warnings(obj)

    def selectable(self, obj: K) -> Mapping[str, str]:
        """Values of the fields a field selector may ask for, besides metadata's; every one of them, also when empty."""
        return {}

    def row(self, obj: K, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        created = obj.metadata.creationTimestamp
        return (obj.metadata.name, created.strftime("%Y-%m-%dT%H:%M:%SZ") if created else "<unknown>")

    def prepare_for_delete(self, obj: K, now: datetime) -> K:
        """The object as its deletion finds it: a kind that has more to clean up holds it by a finalizer."""
        return obj

    def grace_period_seconds(self, obj: K, options: DeleteOptions) -> int | None:
        """How long a deleted object lives on; None for kinds that go at once."""
        return None


IDENTITY = frozenset({"kind", "apiVersion", "metadata", "status"})


def spec_fields(obj: Kind | type[Kind]) -> tuple[str, ...]:
    """All fields that are neither identity nor status."""
    return tuple(name for name in obj.__struct_fields__ if name not in IDENTITY)


def has_spec(obj: Kind) -> bool:
    """The kind separates what is wanted from what is."""
    return "spec" in obj.__struct_fields__


def replace_fields(obj: K, **changes: Any) -> K:
    """As replace, for fields of the kind that its base doesn't declare."""
    return replace(obj, **changes)


def reset_status(obj: K) -> K:
    """The object with an empty status, if its kind has one."""
    if "status" not in obj.__struct_fields__:
        return obj
    changes: dict[str, Any] = {"status": type(obj)().status}  # type: ignore[attr-defined]  # it has the field
    return replace(obj, **changes)


def keep_status(obj: K, old: K) -> K:
    """The object with the stored one's status."""
    if "status" not in obj.__struct_fields__:
        return obj
    changes: dict[str, Any] = {"status": old.status}  # type: ignore[attr-defined]  # it has the field
    return replace(obj, **changes)
