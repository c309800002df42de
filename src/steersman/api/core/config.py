"""ConfigMap and Secret: configuration apart from images."""

from collections.abc import Mapping
from typing import Annotated

from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Wire


class Secret(Kind, api="v1", package="k8s.io.api.core.v1"):
    """Small confidential data for pods, such as passwords and keys."""

    immutable: Annotated[bool | None, Wire(5)] = None
    data: Annotated[Mapping[str, bytes], Wire(2)] = {}
    stringData: Annotated[Mapping[str, str], Wire(4)] = {}
    type: Annotated[str, Wire(3)] = ""


class ConfigMap(Kind, api="v1", package="k8s.io.api.core.v1"):
    """Configuration for pods, as texts or bytes by name."""

    immutable: Annotated[bool | None, Wire(4)] = None
    data: Annotated[Mapping[str, str], Wire(2)] = {}
    binaryData: Annotated[Mapping[str, bytes], Wire(3)] = {}
