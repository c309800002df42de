"""Custom resources from one version to another, and from what was once stored to what the definition says today.

Source: apiextensions-apiserver/pkg/apiserver/conversion: the strategy `None` changes apiVersion alone.
"""

from collections.abc import Callable
from typing import Any

from steersman.api.meta import Kind
from steersman.apimachinery.codec.json import decode, encode, from_wire, to_wire
from steersman.apiserver.collection import Conversion
from steersman.apiserver.crd.resources import ServedVersion
from steersman.apiserver.crd.strategy import CustomStrategy


def fitted_to(kind: type[Kind], strategy: CustomStrategy) -> Callable[[bytes], bytes]:
    """Stored bytes pruned and defaulted by the schema of today, in the version of today."""
    own = _own(kind)

    def fit(stored: bytes) -> bytes:
        obj = decode(stored, kind)
        if obj.apiVersion != own["apiVersion"] or obj.kind != own["kind"]:
            obj = from_wire({**to_wire(obj), **own}, kind)
        return encode(strategy.default(obj))

    return fit


def between(served: ServedVersion, stored: ServedVersion) -> Conversion:
    """The conversion of a served version that isn't the stored one."""
    return Conversion(stored.resource.object_type, _into(stored), _into(served))


def _into(wanted: ServedVersion) -> Callable[[Any], Kind]:
    kind, strategy = wanted.resource.object_type, wanted.strategy
    own = _own(kind)

    def converted(obj: Any) -> Kind:
        made: Kind = strategy.default(from_wire({**to_wire(obj), **own}, kind))
        return made

    return converted


def _own(kind: type[Kind]) -> dict[str, str]:
    gvk = kind.__facts__.gvk
    assert gvk is not None, f"{kind.__name__} declares no api"
    return {"kind": gvk.kind, "apiVersion": gvk.api_version}
