"""The body of a server-side apply: the fields a manager wants, as YAML.

Source: apiserver/pkg/endpoints/handlers/patch.go: applyPatcher.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.codec import yaml
from steersman.apimachinery.codec.json import DecodeError
from steersman.apimachinery.status import BadRequest
from steersman.apiserver.context import RequestContext


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is applied, as a wire tree."""

    tree: Mapping[str, Any]

    @property
    def is_unconditional(self) -> bool:
        """It names no resourceVersion, so it may be applied anew when another write came first."""
        meta = self.tree.get("metadata")
        return not (isinstance(meta, dict) and meta.get("resourceVersion"))


def read_configuration(data: bytes, context: RequestContext) -> Configuration:
    """The configuration in a body; what stands twice in it is a warning or an error, as the client wishes."""
    try:
        tree, repeated = yaml.parse_reporting(data)
    except DecodeError as error:
        raise BadRequest(f"error decoding patch: {error}") from error
    if not isinstance(tree, dict):
        raise BadRequest("error decoding patch: the configuration must be an object")
    if repeated and context.field_validation != "Ignore":
        why = "yaml: unmarshal errors:" + "".join(f"\n  {one}" for one in repeated)
        if context.field_validation == "Strict":
            raise BadRequest(f"error strict decoding patch: {why}")
        context.warnings.append(why)
    return Configuration(tree)
