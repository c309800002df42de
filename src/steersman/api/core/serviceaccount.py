"""ServiceAccount: an identity for pods."""

from typing import Annotated

from steersman.api.core.reference import LocalObjectReference, ObjectReference
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Atomic, ListMap, MergeBy, Wire


class ServiceAccount(Kind, api="v1", package="k8s.io.api.core.v1"):
    """An identity for what runs in pods, with the secrets it may use."""

    secrets: Annotated[tuple[ObjectReference, ...], Wire(2), MergeBy("name"), ListMap("name")] = ()
    imagePullSecrets: Annotated[tuple[LocalObjectReference, ...], Wire(3), Atomic()] = ()
    automountServiceAccountToken: Annotated[bool | None, Wire(4)] = None
