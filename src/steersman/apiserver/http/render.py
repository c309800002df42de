"""Objects, lists and watch events in the form a client accepts. Plain JSON is the cached bytes themselves.

Source: apiserver/pkg/endpoints/handlers/response.go, pkg/printers/tableconvertor.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import msgspec
import yaml

from steersman.api.resources import Resource
from steersman.apimachinery.codec.json import decode, encode, parse
from steersman.apimachinery.status import BadRequest
from steersman.apiserver.collection import Collection
from steersman.apiserver.http.negotiate import YAML, Form, Output
from steersman.apiserver.verbs.listing import Listed
from steersman.storage.cacher import CacheEvent, Change, encode_frame

META = "meta.k8s.io"


class _Bare(msgspec.Struct):
    """An object of which only the metadata is looked at."""

    metadata: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Renderer:
    """Shows the objects of one collection in one form. include: what a table row carries of its object."""

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

    def object(self, data: bytes) -> bytes:
        """One object; data is as the collection serves it."""
        match self.output.form:
            case Form.TABLE:
                return self._table((data,), {"resourceVersion": _resource_version(data)})
            case Form.METADATA:
                return self._metadata(data)
            case _:
                return self._written(data)

    def list(self, listed: Listed) -> bytes | Sequence[bytes]:
        """A page of objects."""
        meta: dict[str, Any] = {"resourceVersion": str(listed.revision)}
        if listed.continue_:
            meta["continue"] = listed.continue_
        if listed.remaining:
            meta["remainingItemCount"] = listed.remaining
        served = self.collection.served
        if self.output.form is Form.TABLE:
            return self._table([served(one.data) for one in listed.items], meta)
        if self.output.form is Form.METADATA:
            head = _head("PartialObjectMetadataList", f"{META}/{self.output.version}", meta)
            items = b",".join(self._metadata(served(one.data)) for one in listed.items)
            return head + b'"items":[' + items + b"]}\n"
        parts = _list_parts(self.collection.resource, meta, [served(one.data) for one in listed.items])
        return self._written(b"".join(parts)) if self.output.media_type == YAML else parts

    def frame(self, change: Change, event: CacheEvent, is_first: bool) -> bytes:
        """A watch event; columns are told only in the first of a stream."""
        if self.is_plain and not self.collection.is_converted:
            return event.frame(change)
        data = self.collection.served(event.subject(change))
        match self.output.form:
            case Form.TABLE:
                meta = {"resourceVersion": _resource_version(data)}
                return encode_frame(change, self._table((data,), meta, with_columns=is_first).rstrip())
            case Form.METADATA:
                return encode_frame(change, self._metadata(data))
            case _:
                return encode_frame(change, data)

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

    def _written(self, data: bytes) -> bytes:
        if self.output.media_type == YAML:
            return yaml.safe_dump(parse(data), encoding="utf-8")
        return data + b"\n"

    def _metadata(self, data: bytes) -> bytes:
        raw = bytes(msgspec.json.decode(data, type=_Bare).metadata)
        version = self.output.version.encode()
        return b'{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/%b","metadata":%b}' % (version, raw)

    def _table(self, found: Sequence[bytes], meta: dict[str, Any], with_columns: bool = True) -> bytes:
        strategy, kind = self.collection.strategy, self.collection.kind
        rows = [
            {"cells": strategy.row(decode(data, kind), self.now), "object": msgspec.Raw(self._row_object(data))}
            for data in found
        ]
        columns = [
            {
                "name": column.name, "type": column.type, "format": column.format,
                "description": column.description, "priority": column.priority,
            }
            for column in strategy.columns
        ]  # fmt: skip
        head = _head("Table", f"{META}/{self.output.version}", meta)
        body = encode({"columnDefinitions": columns if with_columns else None, "rows": rows})
        return head + body[1:] + b"\n"

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


def _list_parts(resource: Resource, meta: dict[str, Any], items: Sequence[bytes]) -> list[bytes]:
    """A list around its objects' bytes. Source: in lists of built-in kinds the items don't say what they are."""
    parts = [_head(resource.list_name, resource.gvk.api_version, meta) + b'"items":[']
    if resource.custom:
        return [*parts, b",".join(items), b"]}\n"]
    prefix = len(encode({"kind": resource.kind, "apiVersion": resource.gvk.api_version}))
    for data in items:
        parts.append(b"{")
        parts.append(cast("bytes", memoryview(data)[prefix:]))
        parts.append(b",")
    if items:
        parts.pop()
    parts.append(b"]}\n")
    return parts


def _resource_version(data: bytes) -> str:
    """Source: cached.with_resource_version puts it first into metadata."""
    mark = b'"resourceVersion":"'
    start = data.find(mark)
    if start < 0:
        return ""
    start += len(mark)
    return data[start : data.index(b'"', start)].decode()
