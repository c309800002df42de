"""Older versions of a resource: read from the newest one's cache, written as the newest one.

Whatever judges a write (admission, strategies, validation) sees the version that is stored, so that no rule knows of
others. Source: apiserver/pkg/endpoints/handlers: HubGroupVersion.
"""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from steersman.api.meta import Kind
from steersman.api.older.version import Older
from steersman.api.resources import Resource
from steersman.apimachinery.codec.json import decode, encode
from steersman.apiserver.collection import Collection
from steersman.apiserver.context import RequestContext
from steersman.apiserver.verbs.delete import Deleted
from steersman.apiserver.verbs.write import Written
from steersman.storage.interface import Store


class OlderCollection(Collection[Kind]):
    """The objects of `hub` in an older version. Only reads come here; writes go to `hub` by way of a `Target`."""

    def __init__(self, resource: Resource, older: Older, store: Store, hub: Collection[Any]) -> None:
        super().__init__(resource, hub.strategy, store, hub.cacher)
        strategy = hub.strategy.in_version(resource.gvk.api_version)
        self._older = older
        self._hub = hub if strategy is hub.strategy else Collection(hub.resource, strategy, store, hub.cacher)
        self._own_head, self._hub_head = _head(resource.object_type), _head(hub.kind)

    @property
    def hub(self) -> Collection[Any]:
        """The collection of the stored version."""
        return self._hub

    @property
    def is_converted(self) -> bool:
        """Clients get other bytes than are stored."""
        return True

    def served(self, data: bytes) -> bytes:
        """Stored bytes in this version."""
        if self._older.is_same and data.startswith(self._hub_head):
            return self._own_head + data[len(self._hub_head) :]
        return encode(self.to_served(decode(data, self._hub.kind)))

    def to_stored(self, obj: Kind) -> Kind:
        """An object of this version as the stored one, with its defaults."""
        return self._older.entered(obj)

    def to_served(self, stored: Kind) -> Kind:
        """A stored object in this version."""
        return self._older.shown(stored, self.kind)

    def defaulted(self, obj: Kind) -> Kind:
        """The object with what its version fills in, and the stored one doesn't."""
        return self._older.defaulted(obj)

    def selectable_fields(self) -> frozenset[str]:
        """Those of the stored version."""
        return self._hub.selectable_fields()

    def row(self, data: bytes, now: datetime) -> tuple[Any, ...]:
        """The cells of an object as it is served."""
        return self.strategy.row(self.to_stored(decode(data, self.kind)), now)


def _head(kind: type[Kind]) -> bytes:
    """How the bytes of every object of a kind begin."""
    gvk = kind.__facts__.gvk
    assert gvk is not None, f"{kind.__name__} declares no api"
    return encode({"kind": gvk.kind, "apiVersion": gvk.api_version})[:-1] + b","


@dataclass(frozen=True, slots=True)
class Target:
    """Where a write goes: the context and the collection of the stored version, and the way there and back."""

    context: RequestContext
    collection: Collection[Any]
    spoken: Collection[Any]

    @property
    def is_converted(self) -> bool:
        """The client speaks an older version."""
        return self.spoken is not self.collection

    def entered(self, obj: Any) -> Any:
        """What a client sent, in the stored version."""
        return self.spoken.to_stored(obj) if self.is_converted else obj

    def shown(self, obj: Any) -> Any:
        """A stored object as the client knows it."""
        return self.spoken.to_served(obj) if self.is_converted else obj

    def written(self, written: Written) -> Written:
        """The answer to a write in the client's version."""
        return dataclasses.replace(written, data=self.spoken.served(written.data)) if self.is_converted else written

    def deleted(self, deleted: Deleted[Any]) -> Deleted[Any]:
        """The answer to a deletion in the client's version."""
        return dataclasses.replace(deleted, data=self.spoken.served(deleted.data)) if self.is_converted else deleted


def target(context: RequestContext, spoken: Collection[Any]) -> Target:
    """Where the writes of a request go."""
    hub = spoken.hub
    if hub is spoken:
        return Target(context, hub, spoken)
    return Target(dataclasses.replace(context, resource=hub.resource, spoken=context.resource), hub, spoken)
