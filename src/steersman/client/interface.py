# ruff: noqa: PLR0913  # the parameters are those of the API's requests
"""`Client`: the one way components speak to the API server.

Two implementations stand behind it: `LocalClient` calls the request pipeline in this process, `HTTPClient` goes over
the wire. Same admission, same errors (`apimachinery.status`), same objects; a caller doesn't know which it holds.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from steersman.api.meta import Kind
from steersman.apimachinery.object import Object

K = TypeVar("K", bound=Kind)
Body = TypeVar("Body", bound=Object)

PatchBody = bytes | Mapping[str, Any] | Sequence[Mapping[str, Any]]


class EventType(StrEnum):
    """What happened to a watched object."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    BOOKMARK = "BOOKMARK"


class PatchType(StrEnum):
    """The media types of a patch body."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


class Propagation(StrEnum):
    """What becomes of an object's dependents when it is deleted."""

    BACKGROUND = "Background"
    FOREGROUND = "Foreground"
    ORPHAN = "Orphan"


@dataclass(frozen=True, slots=True)
class ListResult(Generic[K]):
    """A page of a collection as of one revision; `continue_` is empty on the last page."""

    items: tuple[K, ...]
    resource_version: str
    continue_: str = ""
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class WatchEvent(Generic[K]):
    """One change. A BOOKMARK carries an otherwise empty object whose resourceVersion is how far the watch has come."""

    type: EventType
    object: K


class Client(Protocol):
    """Typed access to the API.

    Every call raises `apimachinery.status.StatusError`; objects say their own namespace and name.
    """

    async def get(self, kind: type[K], name: str, namespace: str | None = None) -> K:
        """One object, as of now."""
        ...

    async def list(
        self,
        kind: type[K],
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        resource_version: str = "",
        limit: int = 0,
        continue_: str = "",
    ) -> ListResult[K]:
        """A collection, in all namespaces when none is given.

        An empty resource_version reads the newest, "0" any cached one.
        """
        ...

    async def create(self, obj: K, *, dry_run: bool = False) -> K:
        """The object as stored, with name, uid and defaults filled in."""
        ...

    async def update(self, obj: K, subresource: str = "") -> K:
        """Replace the object; its resourceVersion, when set, must be the stored one (Conflict otherwise)."""
        ...

    async def patch(
        self,
        kind: type[K],
        name: str,
        namespace: str | None,
        patch: PatchBody,
        patch_type: PatchType = PatchType.MERGE,
        subresource: str = "",
        *,
        field_manager: str = "",
        force: bool = False,
    ) -> K:
        """Apply a patch; field_manager and force are for APPLY."""
        ...

    async def delete(
        self,
        kind: type[K],
        name: str,
        namespace: str | None = None,
        *,
        grace_period_seconds: int | None = None,
        propagation: Propagation | None = None,
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> None:
        """Delete or begin to delete; uid and resource_version are preconditions (Conflict when they don't hold)."""
        ...

    async def delete_collection(
        self,
        kind: type[K],
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        grace_period_seconds: int | None = None,
        propagation: Propagation | None = None,
    ) -> None:
        """Delete every object that matches."""
        ...

    def watch(
        self,
        kind: type[K],
        namespace: str | None = None,
        *,
        resource_version: str = "",
        label_selector: str = "",
        field_selector: str = "",
        bookmarks: bool = True,
    ) -> AsyncGenerator[WatchEvent[K], None]:
        """Changes after resource_version ("" begins with ADDED for what is there).

        Ends when the server closes the stream: begin again from the last resourceVersion seen. Raises `Expired` when
        the server no longer has that history: list again. Close the generator (`aclosing`) to stop watching.
        """
        ...

    async def create_subresource(
        self, kind: type[Kind], name: str, namespace: str | None, subresource: str, body: Body
    ) -> Body:
        """POST to a subresource that answers with the kind it is given: binding, eviction, token."""
        ...

    async def close(self) -> None:
        """Give up connections; running calls fail."""
        ...
