"""Subresources whose body isn't their parent's: each has a handler; all others are writes of the parent."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from steersman.api.meta import Kind
from steersman.apimachinery.object import Object
from steersman.apimachinery.status import MethodNotSupported
from steersman.apiserver.context import RequestContext


class SubresourceHandler(Protocol):
    """Answers for one subresource; `Unsupported` is the base that refuses all of it."""

    async def get(self, context: RequestContext) -> Object:
        """What it shows."""
        ...

    async def list(self, context: RequestContext) -> Sequence[Kind]:
        """All that it shows, where it stands for a whole collection."""
        ...

    async def create(self, context: RequestContext, obj: Any) -> Object:
        """What a POST makes; a Status when there is nothing to show."""
        ...

    async def update(self, context: RequestContext, transform: Callable[[Any], Any], retries: bool) -> Object:
        """Change it; transform makes the new one of what `get` shows."""
        ...


class Unsupported:
    """Refuses every verb."""

    async def get(self, context: RequestContext) -> Object:
        """Refused."""
        raise MethodNotSupported("the server does not allow this method on the requested resource")

    async def list(self, context: RequestContext) -> Sequence[Kind]:
        """Refused."""
        raise MethodNotSupported("the server does not allow this method on the requested resource")

    async def create(self, context: RequestContext, obj: Any) -> Object:
        """Refused."""
        raise MethodNotSupported("the server does not allow this method on the requested resource")

    async def update(self, context: RequestContext, transform: Callable[[Any], Any], retries: bool) -> Object:
        """Refused."""
        raise MethodNotSupported("the server does not allow this method on the requested resource")


class Subresources:
    """The handlers by parent and name; a parent of None stands for every kind that has the subresource."""

    def __init__(self, handlers: Mapping[tuple[type[Kind] | None, str], SubresourceHandler]) -> None:
        self._handlers = handlers

    def of(self, context: RequestContext) -> SubresourceHandler | None:
        """The handler of a request; None when the pipeline handles it itself."""
        name, kind = context.info.subresource, context.resource.object_type
        if not name and context.resource.stored:
            return None
        return self._handlers.get((kind, name)) or self._handlers.get((None, name))
