"""`scale` of custom resources: the definition says where the numbers stand.

Source: apiextensions-apiserver/pkg/registry/customresource/etcd.go: ScaleREST.
"""

from typing import Any

from steersman.api.apiextensions import CustomResourceSubresourceScale
from steersman.api.autoscaling import Scale, ScaleSpec, ScaleStatus
from steersman.apimachinery.codec.json import to_wire
from steersman.apimachinery.fielderrors import required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import invalid
from steersman.apiserver.scaling import identity


class CustomScaling:
    """Paths are simple: `.spec.replicas`."""

    def __init__(self, declared: CustomResourceSubresourceScale) -> None:
        self._wanted = _parts(declared.specReplicasPath)
        self._found = _parts(declared.statusReplicasPath)
        self._selector = _parts(declared.labelSelectorPath or "")
        self.replicas = tuple(f"f:{part}" for part in self._wanted)

    def scale_of(self, parent: Any) -> Scale:
        """The Scale of an object; Invalid when it doesn't say how many it wants."""
        wanted = _at(parent, self._wanted)
        if not isinstance(wanted, int):
            name = f"{parent.kind}.{parent.apiVersion.partition('/')[0]}"
            raise invalid(name, parent.metadata.name, [required(Path(".".join(self._wanted)))])
        selector = _at(parent, self._selector) if self._selector else ""
        status = ScaleStatus(replicas=int(_at(parent, self._found) or 0), selector=selector or "")
        return Scale(metadata=identity(parent), spec=ScaleSpec(replicas=wanted), status=status)

    def with_replicas(self, parent: Any, replicas: int) -> Any:
        """The object with another number."""
        field, *below = self._wanted
        tree = to_wire(getattr(parent, field)) or {}
        here = tree
        for part in below[:-1]:
            here = here.setdefault(part, {})
        here[below[-1]] = replicas
        return replace(parent, **{field: tree})


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split(".") if part)


def _at(parent: Any, parts: tuple[str, ...]) -> Any:
    field, *below = parts
    value = getattr(parent, field, None)
    for part in below:
        value = value.get(part) if isinstance(value, dict) else None
    return value
