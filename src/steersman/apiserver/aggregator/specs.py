"""OpenAPI documents of this server and of others as one; made anew when one of them says something else.

Source: kube-aggregator/pkg/controllers/openapi/aggregator; controllers/openapiv3/aggregator.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from steersman.apimachinery.codec.json import parse
from steersman.apimachinery.openapi.documents import Document, as_json, as_protobuf
from steersman.apimachinery.openapi.merging import merged
from steersman.apiserver.aggregator.documents import Documents


class Specs:
    """Keeps the newest version 2 document in both forms: it is large."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._made_of: tuple[str, Sequence[Mapping[str, Any]]] = ("", ())
        self._v2: Document | None = None
        self._protobuf: Document | None = None

    async def v2(self, own: Document, *, is_protobuf: bool) -> Document:
        """Everything, as JSON or as protobuf; own: what this server has, as JSON."""
        made_of = (own.etag, await self._documents.swaggers())
        if self._v2 is None or made_of != self._made_of:
            self._v2, self._protobuf, self._made_of = as_json(merged(parse(own.data), *made_of[1])), None, made_of
        if not is_protobuf:
            return self._v2
        if self._protobuf is None:
            self._protobuf = as_protobuf(self._v2)
        return self._protobuf

    async def v3(self, own: Document) -> Document:
        """The index, with the other servers' documents."""
        document: dict[str, Any] = parse(own.data)
        found = (await self._documents.openapi_paths()).items()
        others = {f"apis/{group}/{version}": one for (group, version), one in found if isinstance(one, dict)}
        return as_json({**document, "paths": dict(sorted({**document["paths"], **others}.items()))})
