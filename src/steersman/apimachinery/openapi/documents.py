"""Whole OpenAPI documents: version 2 for everything, version 3 one for each group and version.

They are large and seldom asked for: whoever serves them makes them at the first request and keeps the bytes.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.codec.json import encode, parse
from steersman.apimachinery.openapi import gnostic
from steersman.apimachinery.openapi.operations import MetaTypes, ResourceLine, base_path, build_paths
from steersman.apimachinery.openapi.schemas import V2, V3, Definitions

TITLE = "Kubernetes"
SCHEME = {"description": "Bearer Token authentication", "in": "header", "name": "authorization", "type": "apiKey"}


def document_v2(resources: Iterable[ResourceLine], meta: MetaTypes, version: str) -> dict[str, Any]:
    """The document of `/openapi/v2`."""
    definitions = Definitions(V2)
    paths = build_paths(resources, definitions, meta)
    return {
        "swagger": "2.0",
        "info": {"title": TITLE, "version": version},
        "paths": dict(sorted(paths.items())),
        "definitions": dict(sorted(definitions.made.items())),
        "securityDefinitions": {"BearerToken": SCHEME},
        "security": [{"BearerToken": []}],
    }


def document_v3(resources: Iterable[ResourceLine], meta: MetaTypes, version: str) -> dict[str, Any]:
    """The document of `/openapi/v3/apis/<group>/<version>`, of that group's resources."""
    definitions = Definitions(V3)
    paths = build_paths(resources, definitions, meta)
    return {
        "openapi": "3.0.0",
        "info": {"title": TITLE, "version": version},
        "paths": {path: _path_to_v3(item) for path, item in sorted(paths.items())},
        "components": {
            "schemas": dict(sorted(definitions.made.items())),
            "securitySchemes": {"BearerToken": SCHEME},
        },
    }


def group_versions(resources: Sequence[ResourceLine]) -> dict[str, list[ResourceLine]]:
    """The resources by the path of their version 3 document: `api/v1`, `apis/apps/v1`."""
    found: dict[str, list[ResourceLine]] = {}
    for resource in resources:
        found.setdefault(base_path(resource.gvk).removeprefix("/"), []).append(resource)
    return found


def index_v3(hashes: dict[str, str]) -> dict[str, Any]:
    """The document of `/openapi/v3`; hashes are those of the documents, by path."""
    return {
        "paths": {
            path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"} for path, digest in sorted(hashes.items())
        }
    }


def document_hash(data: bytes) -> str:
    """The digest upstream uses as ETag and in the index."""
    return hashlib.sha512(data).hexdigest().upper()


def _path_to_v3(item: dict[str, Any]) -> dict[str, Any]:
    return {
        key: [_parameter_to_v3(one) for one in value] if key == "parameters" else _operation_to_v3(value)
        for key, value in item.items()
    }


def _operation_to_v3(operation: dict[str, Any]) -> dict[str, Any]:
    produces, consumes = operation["produces"], operation["consumes"]
    left_out = ("consumes", "produces", "schemes", "parameters", "responses")
    made = {key: value for key, value in operation.items() if key not in left_out}
    if parameters := [_parameter_to_v3(one) for one in operation["parameters"] if one["in"] != "body"]:
        made["parameters"] = parameters
    for body in (one for one in operation["parameters"] if one["in"] == "body"):
        content = {media_type: {"schema": body["schema"]} for media_type in consumes}
        made["requestBody"] = {"content": content} | ({"required": True} if body.get("required") else {})
    made["responses"] = {code: _response_to_v3(response, produces) for code, response in operation["responses"].items()}
    return made


def _parameter_to_v3(parameter: dict[str, Any]) -> dict[str, Any]:
    made = {key: parameter[key] for key in ("description", "in", "name", "required") if key in parameter}
    return made | {"schema": {"type": parameter["type"], "uniqueItems": True}}


def _response_to_v3(response: dict[str, Any], produces: Sequence[str]) -> dict[str, Any]:
    made = {"description": response["description"]}
    if "schema" not in response:
        return made
    return made | {"content": {media_type: {"schema": response["schema"]} for media_type in produces}}


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it is sent; etag is the digest of its JSON."""

    data: bytes
    media_type: str
    etag: str


def as_json(document: Mapping[str, Any]) -> Document:
    """As it is sent."""
    data = encode(document)
    return Document(data, "application/json", document_hash(data))


def as_protobuf(document: Document) -> Document:
    """A version 2 document in its other form, which has the same etag."""
    return Document(gnostic.encode_document(parse(document.data)), gnostic.MEDIA_TYPE, document.etag)


class Documents:
    """All documents of a resource table, each made when first asked for."""

    def __init__(
        self, resources: Sequence[ResourceLine], meta: MetaTypes, version: str, known: "Documents | None" = None
    ) -> None:
        self._resources = resources
        self._meta = meta
        self._version = version
        self._groups = group_versions(resources)
        self._made: dict[str, Document] = known.unchanged(self._groups) if known is not None else {}

    def unchanged(self, groups: Mapping[str, Sequence[ResourceLine]]) -> dict[str, Document]:
        """The version 3 documents that are right for these resources too."""
        return {
            path: one for path, one in self._made.items() if path in groups and groups[path] == self._groups.get(path)
        }

    def v2(self) -> Document:
        """`/openapi/v2` as JSON."""
        return self._json("v2", lambda: document_v2(self._resources, self._meta, self._version))

    def v2_protobuf(self) -> Document:
        """`/openapi/v2` as protobuf."""
        found = self._made.get("v2 protobuf")
        if found is None:
            found = self._made["v2 protobuf"] = as_protobuf(self.v2())
        return found

    def v3_index(self) -> Document:
        """`/openapi/v3`, which has to make every document to know its digest."""
        return self._json("v3", lambda: index_v3({path: self._v3(path).etag for path in self._groups}))

    def v3(self, path: str) -> Document | None:
        """`/openapi/v3/<path>`, such as `apis/apps/v1`; None for a path that isn't served."""
        return self._v3(path) if path in self._groups else None

    def _v3(self, path: str) -> Document:
        return self._json(path, lambda: document_v3(self._groups[path], self._meta, self._version))

    def _json(self, name: str, make: Callable[[], dict[str, Any]]) -> Document:
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = as_json(make())
        return found
