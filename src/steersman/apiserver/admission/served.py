"""What plugins need of the server itself; attached when there is one."""

from collections.abc import Awaitable, Callable

from steersman.api.core import Namespace
from steersman.api.meta import ObjectMeta
from steersman.api.resources import Resource
from steersman.apimachinery.object import GroupVersionKind
from steersman.apimachinery.status import AlreadyExists
from steersman.apiserver.resourcetable import ResourceTable

Create = Callable[[Namespace], Awaitable[Namespace]]


class Served:
    """The server, as plugins see it."""

    def __init__(self) -> None:
        self._create: Create | None = None
        self._table: ResourceTable | None = None

    def attach(self, create: Create, table: ResourceTable) -> None:
        """Create makes a namespace on the server's own behalf; table says what is served."""
        self._create, self._table = create, table

    async def create_namespace(self, name: str) -> None:
        """Make a namespace, unless there is one meanwhile."""
        assert self._create is not None
        try:
            await self._create(Namespace(metadata=ObjectMeta(name=name)))
        except AlreadyExists:
            return

    def resources_of(self, gvk: GroupVersionKind) -> tuple[Resource, ...]:
        """Every resource with objects of this kind."""
        assert self._table is not None
        return tuple(one for one in self._table.all if one.stored and one.gvk == gvk)
