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
        """The answer at a path; None when there is nothing."""
        found = self.document(path, request)
        return None if found is None else document_answer(found, request)

    @property
    def v2(self) -> Document:
        """What is said in version 2, as JSON."""
        return self._documents.v2()

    @property
    def v3_index(self) -> Document:
        """Where the documents of version 3 are."""
        return self._documents.v3_index()

    def document(self, path: str, request: Request) -> Document | None:
        """The document at a path, in a form that the client takes; None when there is nothing."""
        match path.removeprefix("/openapi/").strip("/").partition("/"):
            case _ if not path.startswith("/openapi/"):
                return None
            case ("v2", _, ""):
                return self._documents.v2_protobuf() if wants_protobuf(request) else self._documents.v2()
            case ("v3", _, ""):
                return self._documents.v3_index()
            case ("v3", _, below):
                return self._documents.v3(below)
            case _:
                return None


def wants_protobuf(request: Request) -> bool:
    """Whether version 2 is asked for as protobuf. NotAcceptable when it is asked for as something else."""
    return negotiate(request.headers.get("accept", ""), (JSON_FORM, *ASKED_BY)).media_type != JSON_FORM


def document_answer(document: Document, request: Request) -> Response:
    """The document, or word that the client has it."""
    caching = KEPT_FOREVER if f"hash={document.etag}" in request.query else REVALIDATED
    headers = (
        ("Cache-Control", caching),
        ("Content-Type", document.media_type),
        ("Etag", f'"{document.etag}"'),
        ("Vary", "Accept"),
    )
    is_known = document.etag in request.headers.get("if-none-match", "")
    return Response(304 if is_known else 200, headers, b"" if is_known else document.data)
