"""Patches: what a body of each type makes of a stored object.

Source: apiserver/pkg/endpoints/handlers/patch.go.
"""

import copy
from dataclasses import dataclass
from typing import Any, TypeVar

from steersman.apimachinery.codec.json import DecodeError, parse, to_wire
from steersman.apimachinery.codec.negotiate import JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH
from steersman.apimachinery.object import Object
from steersman.apimachinery.patch import json as json_patch
from steersman.apimachinery.patch import merge, strategic
from steersman.apimachinery.schema import schema_of
from steersman.apimachinery.status import BadRequest
from steersman.apiserver.context import RequestContext
from steersman.apiserver.http.body import object_of

K = TypeVar("K", bound=Object)

PATCH_TYPES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH)


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch that has been read: a tree, or for JSON patch a list of operations."""

    media_type: str
    body: Any

    @property
    def is_unconditional(self) -> bool:
        """It names no resourceVersion, so it may be applied anew when another write came first."""
        if self.media_type == JSON_PATCH:
            return not any(one.get("path") == "/metadata/resourceVersion" for one in self.body)
        meta = self.body.get("metadata")
        # Whatever else stands there makes no object, which is found out when it is applied.
        return not (isinstance(meta, dict) and meta.get("resourceVersion"))

    def applied(self, old: K, context: RequestContext) -> K:
        """The object the patch makes."""
        tree = self._patched(to_wire(old), old)
        return object_of(tree, type(old), context.field_validation, context.warnings)

    def _patched(self, tree: Any, old: Object) -> Any:
        try:
            if self.media_type == JSON_PATCH:
                return json_patch.apply(tree, self.body)
            if self.media_type == MERGE_PATCH:
                return merge.apply(tree, self.body)
            return strategic.apply(tree, copy.deepcopy(self.body), schema_of(type(old)))
        except ValueError as error:
            raise BadRequest(str(error)) from error


def read_patch(data: bytes, media_type: str) -> Patch:
    """The patch in a body."""
    try:
        body = parse(data)
    except DecodeError as error:
        raise BadRequest(f"error decoding patch: {error}") from error
    if media_type != JSON_PATCH:
        if not isinstance(body, dict):
            raise BadRequest("error decoding patch: the patch must be a JSON object")
    elif not isinstance(body, list) or not all(isinstance(one, dict) for one in body):
        raise BadRequest("error decoding patch: a JSON patch must be a list of operations")
    return Patch(media_type, body)
