"""Objects, lists and watch events in JSON and YAML. Plain JSON is the cached bytes themselves.

Source: apiserver/pkg/endpoints/handlers/response.go, pkg/printers/tableconvertor.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, cast

import msgspec

from steersman.api.resources import Resource
from steersman.apimachinery.codec import yaml
from steersman.apimachinery.codec.json import encode, parse
from steersman.apimachinery.status import BadRequest, StatusError
from steersman.apiserver.collection import Collection
from steersman.apiserver.http.negotiate import JSON, YAML, Form, Output
from steersman.apiserver.verbs.listing import Listed
from steersman.storage.cached import CachedObject
from steersman.storage.cacher import CacheEvent, Change, encode_frame

META = "meta.k8s.io"


class Renderer(Protocol):
    """Shows the objects of one collection in one form and media type."""

    @property
    def stream_type(self) -> str:
        """The media type of watches."""

    def object(self, data: bytes) -> bytes:
        """One object; data is as the collection serves it."""

    async def page(self, listed: Listed) -> bytes | Sequence[bytes]:
        """A page of objects."""

    def gone(self, revision: int, found: Sequence[bytes]) -> bytes | Sequence[bytes]:
        """A list of objects that are no more, as the collection served them."""

    def frame(self, change: Change, event: CacheEvent, is_first: bool) -> bytes:
        """A watch event; columns are told only in the first of a stream."""

    def bookmark(self, revision: int, annotations: Mapping[str, str]) -> bytes:
        """How far the watch has come."""

    def failure(self, error: StatusError) -> bytes:
        """An error inside a stream that has begun."""


class _Bare(msgspec.Struct):
    """An object of which only the metadata is looked at."""

    metadata: msgspec.Raw


def metadata_of(data: bytes) -> bytes:
    """The metadata in an object's JSON, as it stands there."""
    return bytes(msgspec.json.decode(data, type=_Bare).metadata)


@dataclass(frozen=True, slots=True)
class JSONRenderer:
    """JSON, and YAML made of it. include: what a table row carries of its object."""

    collection: Collection[Any]
    output: Output
    now: datetime
    include: str = ""

    def __post_init__(self) -> None:
        if self.output.form is Form.TABLE and self.include not in ("", "None", "Metadata", "Object"):
            raise BadRequest(f"unrecognized includeObject value: {self.include!r}")

    @property
    def is_plain(self) -> bool:
        """The form is that of the cached bytes."""
        return self.output.form is Form.OBJECT

    @property
    def stream_type(self) -> str:
        """JSON needs no parameter."""
        return JSON

    def object(self, data: bytes) -> bytes:
        """One object."""
        match self.output.form:
            case Form.TABLE:
                return self._written(self._table((data,), {"resourceVersion": _resource_version(data)}))
            case Form.METADATA:
                return self._written(self._metadata(data))
            case _:
                return self._written(data)

    async def page(self, listed: Listed) -> bytes | Sequence[bytes]:
        """A page of objects."""
        meta: dict[str, Any] = {"resourceVersion": str(listed.revision)}
        if listed.continue_:
            meta["continue"] = listed.continue_
        if listed.remaining:
            meta["remainingItemCount"] = listed.remaining
        if self.output.form is Form.METADATA and not self.collection.is_converted:
            return self._sent(self._metadata_list(meta, [self._kept_metadata(one) for one in listed.items]))
        served = self.collection.served
        return self._listed(meta, [served(one.data) for one in listed.items])

    def _kept_metadata(self, one: CachedObject) -> bytes:
        """Made once: it is small, and who asks for it asks again."""
        name = ("metadata in JSON", self.output.version)
        return one.form(name) or one.keep(name, self._metadata(one.data))

    def gone(self, revision: int, found: Sequence[bytes]) -> bytes | Sequence[bytes]:
        """A list of what was deleted."""
        return self._listed({"resourceVersion": str(revision)}, found)

    def _listed(self, meta: dict[str, Any], found: Sequence[bytes]) -> bytes | Sequence[bytes]:
        if self.output.form is Form.TABLE:
            return self._written(self._table(found, meta))
        if self.output.form is Form.METADATA:
            return self._sent(self._metadata_list(meta, list(map(self._metadata, found))))
        return self._sent(_list_parts(self.collection.resource, meta, found))

    def _metadata_list(self, meta: dict[str, Any], found: Sequence[bytes]) -> list[bytes]:
        head = _head("PartialObjectMetadataList", f"{META}/{self.output.version}", meta)
        return [head + b'"items":[', *_separated(found), b"]}"]

    def frame(self, change: Change, event: CacheEvent, is_first: bool) -> bytes:
        """A watch event; columns are told only in the first of a stream."""
        if self.is_plain and not self.collection.is_converted:
            return event.frame(change)
        if self.output.form is Form.METADATA:
            name = ("metadata in JSON", self.output.version, self.collection.kind, change)
            return event.framed(name, change, self._metadata_frame)
        data = self.collection.served(event.subject(change))
        match self.output.form:
            case Form.TABLE:
                meta = {"resourceVersion": _resource_version(data)}
                return encode_frame(change, self._table((data,), meta, with_columns=is_first))
            case _:
                return encode_frame(change, data)

    def _metadata_frame(self, event: CacheEvent, change: Change) -> bytes:
        return encode_frame(change, self._metadata(self.collection.served(event.subject(change))))

    def bookmark(self, revision: int, annotations: Mapping[str, str]) -> bytes:
        """How far the watch has come."""
        resource = self.collection.resource
        kind, version = resource.kind, resource.gvk.api_version
        if self.output.form is Form.METADATA:
            kind, version = "PartialObjectMetadata", f"{META}/{self.output.version}"
        meta: dict[str, Any] = {"resourceVersion": str(revision)}
        if annotations:
            meta["annotations"] = dict(annotations)
        data = encode({"kind": kind, "apiVersion": version, "metadata": {**meta, "creationTimestamp": None}})
        if self.output.form is Form.TABLE:
            # Source: handlers.response: a bookmark's table has a row for the object that isn't there.
            rows = [{"cells": [], "object": parse(data)}]
            table = {"kind": "Table", "apiVersion": f"{META}/{self.output.version}", "metadata": meta}
            data = encode({**table, "columnDefinitions": None, "rows": rows})
        return encode_frame("BOOKMARK", data)

    def failure(self, error: StatusError) -> bytes:
        """An error's Status."""
        return encode_frame("ERROR", encode(error.to_status()))

    def _sent(self, parts: list[bytes]) -> bytes | Sequence[bytes]:
        """A list, which isn't joined here: it may be big."""
        return self._written(b"".join(parts)) if self.output.media_type == YAML else [*parts, b"\n"]

    def _written(self, data: bytes) -> bytes:
        if self.output.media_type == YAML:
            return yaml.dump(data)
        return data + b"\n"

    def _metadata(self, data: bytes) -> bytes:
        version = self.output.version.encode()
        return b'{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/%b","metadata":%b}' % (
            version, metadata_of(data),
        )  # fmt: skip

    def _table(self, found: Sequence[bytes], meta: dict[str, Any], with_columns: bool = True) -> bytes:
        rows = [
            {"cells": self.collection.row(data, self.now), "object": msgspec.Raw(self._row_object(data))}
            for data in found
        ]
        if by := self.collection.strategy.sorted_by:
            rows.sort(key=lambda row: tuple(row["cells"][column] for column in by))
        columns = [
            {
                "name": column.name, "type": column.type, "format": column.format,
                "description": column.description, "priority": column.priority,
            }
            for column in self.collection.strategy.columns
        ]  # fmt: skip
        head = _head("Table", f"{META}/{self.output.version}", meta)
        body = encode({"columnDefinitions": columns if with_columns else None, "rows": rows})
        return head + body[1:]

    def _row_object(self, data: bytes) -> bytes:
        match self.include:
            case "None":
                return b"null"
            case "Object":
                return data
            case _:
                return self._metadata(data)


def _head(kind: str, api_version: str, meta: dict[str, Any]) -> bytes:
    """An open object: kind, apiVersion and metadata."""
    return encode({"kind": kind, "apiVersion": api_version, "metadata": meta})[:-1] + b","


def _separated(found: Sequence[bytes]) -> Iterator[bytes]:
    for position, data in enumerate(found):
        if position:
            yield b","
        yield data


def _list_parts(resource: Resource, meta: dict[str, Any], items: Sequence[bytes]) -> list[bytes]:
    """A list around its objects' bytes. Source: in lists of built-in kinds the items don't say what they are."""
    parts = [_head(resource.list_name, resource.gvk.api_version, meta) + b'"items":[']
    if resource.custom:
        return [*parts, b",".join(items), b"]}"]
    prefix = len(encode({"kind": resource.kind, "apiVersion": resource.gvk.api_version}))
    for data in items:
        parts.append(b"{")
        parts.append(cast("bytes", memoryview(data)[prefix:]))
        parts.append(b",")
    if items:
        parts.pop()
    parts.append(b"]}")
    return parts


def _resource_version(data: bytes) -> str:
    """Source: cached.with_resource_version puts it first into metadata."""
    mark = b'"resourceVersion":"'
    start = data.find(mark)
    if start < 0:
        return ""
    start += len(mark)
    return data[start : data.index(b'"', start)].decode()
