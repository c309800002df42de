"""The OpenAPI endpoints: documents are made at the first request and kept, and a client that has one gets 304."""

from steersman.api import meta
from steersman.apimachinery.codec.negotiate import negotiate
from steersman.apimachinery.openapi.documents import Document, Documents
from steersman.apimachinery.openapi.gnostic import ASKED_BY
from steersman.apimachinery.openapi.operations import MetaTypes
from steersman.apiserver.resourcetable import ResourceTable
from steersman.component.http.message import Request, Response

META_TYPES = MetaTypes(meta.DeleteOptions, meta.Status, meta.ListMeta)
JSON_FORM = "application/json"
# A document asked for by its digest, as the index names it, never changes.
KEPT_FOREVER, REVALIDATED = "public, immutable, max-age=31536000", "no-cache, private"


class OpenAPI:
    """Answers below `/openapi`."""

    def __init__(self, table: ResourceTable, version: str) -> None:
        self._table = table
        self._version = version
        self._generation = -1
        self._made = Documents((), META_TYPES, version)

    @property
    def _documents(self) -> Documents:
        """The documents of what is served now; those of groups that haven't changed are kept."""
        if self._generation != self._table.generation:
            self._generation = self._table.generation
            self._made = Documents(self._table.all, META_TYPES, self._version, self._made)
        return self._made

    def answer(self, path: str, request: Request) -> Response | None:
        """The document at a path; None when there is nothing."""
        if not path.startswith("/openapi/"):
            return None
        found = self._find(path.removeprefix("/openapi/").strip("/"), request.headers.get("accept", ""))
        if found is None:
            return None
        is_named = f"hash={found.etag}" in request.query
        return _answer(found, request.headers.get("if-none-match", ""), KEPT_FOREVER if is_named else REVALIDATED)

    def _find(self, name: str, accept: str) -> Document | None:
        match name.partition("/"):
            case ("v2", _, ""):
                form = negotiate(accept, (JSON_FORM, *ASKED_BY)).media_type
                return self._documents.v2() if form == JSON_FORM else self._documents.v2_protobuf()
            case ("v3", _, ""):
                return self._documents.v3_index()
            case ("v3", _, path):
                return self._documents.v3(path)
            case _:
                return None


def _answer(document: Document, known: str, caching: str) -> Response:
    headers = (
        ("Cache-Control", caching),
        ("Content-Type", document.media_type),
        ("Etag", f'"{document.etag}"'),
        ("Vary", "Accept"),
    )
    is_known = document.etag in known
    return Response(304 if is_known else 200, headers, b"" if is_known else document.data)
