"""Objects, lists and watch events in protobuf. An object's message is made once and kept beside its JSON.

Source: apiserver/pkg/endpoints/handlers/response.go, watch.go.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from steersman.api.meta import ListMeta, ObjectMeta, PartialObjectMetadata, Status
from steersman.apimachinery.codec import protobuf
from steersman.apimachinery.codec.json import from_wire, parse
from steersman.apimachinery.status import StatusError
from steersman.apiserver.collection import Collection
from steersman.apiserver.http.negotiate import PROTOBUF, Form, Output
from steersman.apiserver.http.render import META, metadata_of
from steersman.apiserver.verbs.listing import Listed
from steersman.storage.cached import CachedObject
from steersman.storage.cacher import CacheEvent, Change

# So many messages are made of a list before others have their turn.
STEP = 64


class _Identity(msgspec.Struct):
    name: str = ""
    namespace: str = ""


class _Identified(msgspec.Struct):
    """An object of which only its place is looked at."""

    metadata: _Identity


class ProtobufRenderer:
    """Shows the objects of one collection, or their metadata alone."""

    def __init__(self, collection: Collection[Any], output: Output) -> None:
        self._collection = collection
        self._is_metadata = output.form is Form.METADATA
        self._meta_version = f"{META}/{output.version}"
        # One object may be served as several kinds, and has a message for each.
        self._name = ("metadata" if self._is_metadata else "object", collection.kind)
        self._frame_names = {change: (*self._name, output.version, change) for change in Change}

    @property
    def stream_type(self) -> str:
        """Of watches; each event is a frame of its own."""
        return f"{PROTOBUF};stream=watch"

    def object(self, data: bytes) -> bytes:
        """One object, by its kept message when the cache has it as it is here: after a write it nearly always does."""
        meta = msgspec.json.decode(data, type=_Identified).metadata
        cached = self._collection.cacher.get(self._collection.key(meta.namespace, meta.name))
        # What is converted differs from what is cached.
        if cached is None or cached.data != data:
            return self._body(self._made(data))
        return self._body(self._kept(cached))

    async def page(self, listed: Listed) -> Sequence[bytes]:
        """A page of objects; the loop is let go between those that have to be made."""
        items, made, name = [], 0, self._name
        for one in listed.items:
            item = one.form(name)
            if item is None:
                item = self._kept(one)
                made += 1
                if made % STEP == 0:
                    await asyncio.sleep(0)  # noqa: TID251  # only to let the loop take its turn
            items.append(item)
        meta = ListMeta(
            resourceVersion=str(listed.revision),
            continue_=listed.continue_,
            remainingItemCount=listed.remaining or None,
        )
        return self._listed(meta, items)

    def gone(self, revision: int, found: Sequence[bytes]) -> Sequence[bytes]:
        """A list of what was deleted."""
        return self._listed(ListMeta(resourceVersion=str(revision)), [self._made(data) for data in found])

    def frame(self, change: Change, event: CacheEvent, is_first: bool) -> bytes:  # no columns here
        """A watch event."""
        return event.framed(self._frame_names[change], change, self._framed)

    def _framed(self, event: CacheEvent, change: Change) -> bytes:
        if change is Change.DELETED or event.new is None:
            contents = self._made(self._collection.served(event.subject(change)))
        else:
            contents = self._kept(event.new)
        return protobuf.frame(change, self._body(contents))

    def bookmark(self, revision: int, annotations: Mapping[str, str]) -> bytes:
        """How far the watch has come."""
        kind = PartialObjectMetadata if self._is_metadata else self._collection.kind
        meta = ObjectMeta(resourceVersion=str(revision), annotations=annotations)
        return protobuf.frame("BOOKMARK", self._body(protobuf.contents(kind(metadata=meta))))

    def failure(self, error: StatusError) -> bytes:
        """An error's Status."""
        return protobuf.frame("ERROR", protobuf.encode(from_wire(error.to_status(), Status)))

    def _kept(self, cached: CachedObject) -> bytes:
        made = cached.form(self._name)
        return cached.keep(self._name, self._made(self._collection.served(cached.data))) if made is None else made

    def _made(self, data: bytes) -> bytes:
        if self._is_metadata:
            return protobuf.contents_of({"metadata": parse(metadata_of(data))}, PartialObjectMetadata)
        return protobuf.contents_of(parse(data), self._collection.kind)

    def _body(self, contents: bytes) -> bytes:
        if self._is_metadata:
            return protobuf.enveloped(self._meta_version, "PartialObjectMetadata", contents)
        gvk = self._collection.resource.gvk
        return protobuf.enveloped(gvk.api_version, gvk.kind, contents)

    def _listed(self, meta: ListMeta, items: Sequence[bytes]) -> list[bytes]:
        if self._is_metadata:
            return protobuf.listed(self._meta_version, "PartialObjectMetadataList", meta, items)
        resource = self._collection.resource
        return protobuf.listed(resource.gvk.api_version, resource.list_name, meta, items)
