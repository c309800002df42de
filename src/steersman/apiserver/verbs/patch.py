"""Patches: what a body of each type makes of a stored object.

Source: apiserver/pkg/endpoints/handlers/patch.go.
"""

import copy
from dataclasses import dataclass
from typing import Any, TypeVar

from steersman.apimachinery.codec.json import DecodeError, encode, parse, to_wire
from steersman.apimachinery.codec.negotiate import JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH
from steersman.apimachinery.codec.strict import ANYTHING, FieldValidation, parse_pairs, problems, validate_tree
from steersman.apimachinery.gotext import plain, quote
from steersman.apimachinery.object import Object
from steersman.apimachinery.patch import json as json_patch
from steersman.apimachinery.patch import merge, strategic
from steersman.apimachinery.schema import schema_of
from steersman.apimachinery.status import BadRequest, Cause, invalid
from steersman.apiserver.context import RequestContext
from steersman.apiserver.http.body import with_owners_forgotten

K = TypeVar("K", bound=Object)

PATCH_TYPES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH)
# A strategic patch needs merge keys, which definitions can't declare.
CUSTOM_PATCH_TYPES = (JSON_PATCH, MERGE_PATCH)


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch that has been read: a tree, or for JSON patch a list of operations; data is its text."""

    media_type: str
    body: Any
    data: bytes

    @property
    def is_unconditional(self) -> bool:
        """It names no resourceVersion, so it may be applied anew when another write came first."""
        if self.media_type == JSON_PATCH:
            return not any(one.get("path") == "/metadata/resourceVersion" for one in self.body)
        meta = self.body.get("metadata")
        # Whatever else stands there makes no object, which is found out when it is applied.
        return not (isinstance(meta, dict) and meta.get("resourceVersion"))

    def applied(self, old: K, context: RequestContext) -> K:
        """The object the patch makes; Invalid, of a field `patch`, when it makes none."""
        tree, kind = self._patched(to_wire(old), old), type(old)
        try:
            self._check_kind(tree, kind)
            decoded = validate_tree(tree, kind, FieldValidation(context.field_validation.replace("Strict", "Warn")))
            found = [*self._repeated(context.field_validation), *decoded.warnings]
            if found and context.field_validation == "Strict":
                raise DecodeError(f"strict decoding error: {', '.join(found)}")
        except DecodeError as error:
            is_strategic = self.media_type == STRATEGIC_MERGE_PATCH
            shown = plain(self.body) if is_strategic else encode(tree).decode()
            cause = Cause("FieldValueInvalid", f"Invalid value: {quote(shown)}: {error}", "patch")
            raise invalid("", "", [cause]) from error
        context.warnings.extend(found)
        is_reset = isinstance(tree.get("metadata"), dict) and tree["metadata"].get("managedFields") == []
        return with_owners_forgotten(decoded.object) if is_reset else decoded.object

    def _check_kind(self, tree: Any, kind: type[Object]) -> None:
        """A strategic patch can't change what the object is; the others may not."""
        gvk = kind.__facts__.gvk
        if gvk is None or not isinstance(tree, dict):
            return
        own = {"apiVersion": gvk.api_version, "kind": gvk.kind}
        if self.media_type == STRATEGIC_MERGE_PATCH:
            tree.update(own)
        given = {name: tree.get(name) for name in own}
        if given != own:
            raise DecodeError(f"unable to decode {given['apiVersion']}, Kind={given['kind']} into {gvk.kind}")

    def _repeated(self, validation: str) -> list[str]:
        """What stands twice in the patch's text, unless nobody wants to know."""
        if validation == "Ignore":
            return []
        found = problems(parse_pairs(self.data), ANYTHING)
        return [f"json patch {one}" for one in found] if self.media_type == JSON_PATCH else found

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
    return Patch(media_type, body, data)
