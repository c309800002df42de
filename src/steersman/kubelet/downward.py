"""Values of the downward API: fields of the pod and resources of its containers, as strings. Pure.

Source: pkg/fieldpath, pkg/api/v1/resource/helpers.go.
"""

import re
from collections.abc import Mapping
from decimal import ROUND_UP

from steersman.api.core import Container, Pod, ResourceFieldSelector
from steersman.apimachinery.quantity import Quantity

_SUBSCRIPT = re.compile(r"metadata\.(annotations|labels)\['([^']+)'\]")


class FieldNotSupportedError(Exception):
    """The path names no field that containers may read."""


def field_value(pod: Pod, path: str, ips: tuple[str, ...], host_ips: tuple[str, ...]) -> str:
    """The field's value as environment variables and files show it."""
    subscript = _SUBSCRIPT.fullmatch(path)
    if subscript is not None:
        return str(getattr(pod.metadata, subscript[1]).get(subscript[2], ""))
    match path:
        case "metadata.annotations" | "metadata.labels":
            return _lines(getattr(pod.metadata, path.partition(".")[2]))
        case "metadata.name" | "metadata.namespace" | "metadata.uid":
            return str(getattr(pod.metadata, path.partition(".")[2]))
        case "spec.nodeName":
            return pod.spec.nodeName
        case "spec.serviceAccountName":
            return pod.spec.serviceAccountName
        case "status.podIP":
            return ips[0] if ips else ""
        case "status.podIPs":
            return ",".join(ips)
        case "status.hostIP":
            return host_ips[0] if host_ips else ""
        case "status.hostIPs":
            return ",".join(host_ips)
        case _:
            raise FieldNotSupportedError(f"unsupported fieldPath: {path}")


def resource_value(selector: ResourceFieldSelector, container: Container, allocatable: Mapping[str, Quantity]) -> str:
    """A request or limit divided by the divisor, rounded up; a missing limit is what the node can give."""
    side, _, name = selector.resource.partition(".")
    if side not in ("limits", "requests") or not name:
        raise FieldNotSupportedError(f"unsupported container resource : {selector.resource}")
    amounts = container.resources.limits if side == "limits" else container.resources.requests
    quantity = amounts.get(name)
    if not quantity:
        quantity = allocatable.get(name, Quantity(0)) if side == "limits" else Quantity(0)
    divisor = selector.divisor.value or 1
    return str(int((quantity.value / divisor).to_integral_value(ROUND_UP)))


def _lines(values: Mapping[str, str]) -> str:
    return "\n".join(f"{key}={_quoted(value)}" for key, value in sorted(values.items()))


def _quoted(value: str) -> str:
    """As Go's strconv.Quote: unprintable characters escaped, others kept."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "\b": "\\b", "\f": "\\f",
               "\v": "\\v"}  # fmt: skip
    return '"' + "".join(escapes.get(c) or (c if c.isprintable() else _escaped(c)) for c in value) + '"'


def _escaped(char: str) -> str:
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
