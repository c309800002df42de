"""managedFields of an object as its `scale` subresource shows them, and back.

A Scale has one field that both share, the replicas, which stands elsewhere in the object.
Source: apimachinery/pkg/util/managedfields/scalehandler.go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.managedfields.fieldset import FieldSet, Path
from steersman.apimachinery.managedfields.managers import APPLY, Manager, Owned, decode, encode

SCALE_VERSION = "autoscaling/v1"
SCALE_REPLICAS: Path = ("f:spec", "f:replicas")

Entries = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ScaleFields:
    """Where each version of a kind has its replicas, None where a version has no scale.

    api_version: the one that is written.
    """

    api_version: str
    replicas: Mapping[str, Path | None]

    def to_scale(self, entries: Entries) -> list[dict[str, Any]]:
        """The owners of the object's replicas, as owners of the Scale's."""
        made = {}
        for manager, owned in decode(entries).items():
            path = self.replicas.get(owned.api_version)
            if path and path in owned.fields:
                fields = FieldSet.of(SCALE_REPLICAS)
                made[_in_version(manager, SCALE_VERSION)] = Owned(fields, SCALE_VERSION, owned.is_applied, owned.time)
        return encode(made)

    def to_object(self, entries: Entries, scale_entries: Entries) -> list[dict[str, Any]]:
        """The object's entries after a write to its Scale, given the Scale's."""
        scale = {manager: owned for manager, owned in decode(scale_entries).items() if SCALE_REPLICAS in owned.fields}
        made = {}
        times = {}
        for manager, owned in decode(entries, is_own=True).items():
            if owned.api_version not in self.replicas:
                continue
            times[manager] = owned.time
            path = self.replicas[owned.api_version]
            shown = _in_version(manager, SCALE_VERSION)
            if path is None or path not in owned.fields:
                made[manager] = owned
            elif shown in scale:
                made[manager] = owned
                del scale[shown]
            elif fields := owned.fields - FieldSet.of(path):
                made[manager] = owned.with_fields(fields)
        own = self.replicas.get(self.api_version)
        for manager, owned in scale.items() if own else ():
            there = _in_version(manager, self.api_version)
            # As upstream, the entry has no time unless the manager had one in the object.
            made[there] = Owned(FieldSet.of(own or ()), self.api_version, owned.is_applied, times.get(there))
        return encode(made)


def _in_version(manager: Manager, version: str) -> Manager:
    return manager if manager.operation == APPLY else manager._replace(api_version=version)
