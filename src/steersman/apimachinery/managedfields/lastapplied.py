"""Moving objects from client-side to server-side apply: kubectl's `last-applied-configuration` annotation.

What the annotation says and the object still has, `kubectl` may take from whoever updated it, without force.
Source: apimachinery/pkg/util/managedfields/internal: lastappliedmanager.go, lastappliedupdater.go.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from steersman.apimachinery.gotext import html_escaped
from steersman.apimachinery.managedfields.checking import BadConfiguration, check
from steersman.apimachinery.managedfields.conflicts import ApplyConflicts, FieldConflict
from steersman.apimachinery.managedfields.merge import Versions
from steersman.apimachinery.managedfields.typed import BadItem, compare, field_set

ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
KUBECTL = "kubectl"
MAX_ANNOTATIONS_BYTES = 256 * 1024


def remaining_conflicts(versions: Versions, live: Any, conflicts: ApplyConflicts) -> tuple[FieldConflict, ...]:
    """The conflicts that the annotation doesn't allow."""
    text = _annotations(live).get(ANNOTATION)
    if not text:
        return conflicts.conflicts
    try:
        config = msgspec.json.decode(text)
        if not isinstance(config, dict) or config.get("apiVersion") != versions.own:
            return conflicts.conflicts
        check(versions.topology, config)
        difference = compare(versions.topology, config, live)
        allowed = field_set(versions.topology, config)
    except (msgspec.DecodeError, RecursionError, BadConfiguration, BadItem):
        return conflicts.conflicts
    allowed = allowed - difference.modified - difference.added - difference.removed
    return tuple(one for one in conflicts.conflicts if one.path not in allowed)


def refresh(merged: dict[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """The merged object with its annotation, if it has one, saying what was applied now."""
    annotations = _annotations(merged)
    if not annotations.get(ANNOTATION):
        return merged
    kept = {**annotations, ANNOTATION: _configuration_text(config)}
    if sum(len(name.encode()) + len(value.encode()) for name, value in kept.items()) > MAX_ANNOTATIONS_BYTES:
        del kept[ANNOTATION]
    return {**merged, "metadata": {**merged["metadata"], "annotations": kept}}


def _annotations(value: Any) -> Mapping[str, str]:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    found = metadata.get("annotations") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def _configuration_text(config: Mapping[str, Any]) -> str:
    metadata = config.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("annotations"), dict):
        annotations = {name: value for name, value in metadata["annotations"].items() if name != ANNOTATION}
        config = {**config, "metadata": {**metadata, "annotations": annotations}}
    text = msgspec.json.encode(config, order="sorted").decode()
    # Go's encoder escapes what could be HTML and ends with a newline.
    return html_escaped(text) + "\n"
