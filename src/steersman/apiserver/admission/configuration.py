"""What `--admission-control-config-file` says: a configuration for each plugin that wants one.

Source: apiserver/pkg/admission/config.go, apiserver/pkg/apis/apiserver/v1: AdmissionConfiguration.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from steersman.apimachinery.codec.json import DecodeError
from steersman.apimachinery.codec.strict import FieldValidation, validate_tree
from steersman.apimachinery.codec.yaml import parse
from steersman.apimachinery.object import Object
from steersman.apimachinery.status import Cause
from steersman.apiserver.admission.errors import ConfigurationError

API_VERSIONS = frozenset({"apiserver.config.k8s.io/v1", "apiserver.config.k8s.io/v1alpha1"})
KIND = "AdmissionConfiguration"
# Files from before there was a format common to all plugins.
LEGACY = {"podNodeSelectorPluginConfig": "PodNodeSelector", "imagePolicy": "ImagePolicyWebhook"}
_FIELDS = frozenset({"name", "path", "configuration"})

T = TypeVar("T", bound=Object)


@dataclass(frozen=True, slots=True)
class Configurations:
    """The configurations by plugin, as wire trees."""

    by_plugin: Mapping[str, Any] = field(default_factory=dict)

    def of(self, plugin: str) -> Mapping[str, Any] | None:
        """A plugin's configuration; None when it has none."""
        found = self.by_plugin.get(plugin)
        if found is not None and not isinstance(found, dict):
            raise ConfigurationError(f'couldn\'t init admission plugin "{plugin}": its configuration is no object')
        return found


def read_configurations(file: Path | None) -> Configurations:
    """Those of a file and of the files it names. Blocks. ConfigurationError for what can't be read."""
    if file is None:
        return Configurations()
    tree = _read(file)
    legacy = [plugin for key, plugin in LEGACY.items() if key in tree]
    if legacy and "kind" not in tree:
        return Configurations(dict.fromkeys(legacy, tree))
    if tree.get("kind") != KIND or tree.get("apiVersion") not in API_VERSIONS:
        found = f'kind "{tree.get("kind", "")}" in version "{tree.get("apiVersion", "")}"'
        raise ConfigurationError(f"failed to read plugin config: {file}: no {found} is known")
    return Configurations(dict(_entry(entry, file) for entry in tree.get("plugins") or ()))


def _entry(entry: Any, file: Path) -> tuple[str, Any]:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise ConfigurationError(f"failed to read plugin config: {file}: a plugin has no name")
    unknown = sorted(set(entry) - _FIELDS)
    if unknown:
        raise ConfigurationError(f'failed to read plugin config: {file}: unknown field "plugins[].{unknown[0]}"')
    if entry.get("configuration") is not None:
        return entry["name"], entry["configuration"]
    path = entry.get("path")
    return entry["name"], _read(file.parent / path) if path else None


def _read(file: Path) -> dict[str, Any]:
    try:
        tree = parse(file.read_bytes())
    except OSError as error:
        reason = error.strerror
        raise ConfigurationError(f'unable to read admission control configuration from "{file}" [{reason}]') from error
    except DecodeError as error:
        raise ConfigurationError(f"failed to read plugin config: {file}: {error}") from error
    if not isinstance(tree, dict):
        raise ConfigurationError(f"failed to read plugin config: {file}: it is no object")
    return tree


@dataclass(frozen=True, slots=True)
class Expected:
    """Which kinds a plugin's configuration may be of: pairs of apiVersion and kind."""

    plugin: str
    kinds: frozenset[tuple[str, str]]

    def read(self, tree: Mapping[str, Any], as_type: type[T]) -> T:
        """The configuration as an object; unknown fields are errors, as upstream has it."""
        if (tree.get("apiVersion"), tree.get("kind")) not in self.kinds:
            found = f'kind "{tree.get("kind", "")}" in version "{tree.get("apiVersion", "")}"'
            raise self.error(f"no {found} is known")
        try:
            return validate_tree(tree, as_type, FieldValidation.STRICT).object
        except DecodeError as error:
            raise self.error(str(error)) from error

    def error(self, why: str) -> ConfigurationError:
        """What to raise."""
        return ConfigurationError(f'couldn\'t init admission plugin "{self.plugin}": {why}')

    def check(self, causes: list[Cause]) -> None:
        """Raises for faults of fields."""
        texts = [f"{cause.field}: {cause.message}" for cause in causes]
        if texts:
            raise self.error(texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]")
