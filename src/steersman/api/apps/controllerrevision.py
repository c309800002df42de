"""Snapshots of what a StatefulSet or DaemonSet looked like."""

from typing import Annotated, Any

from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Int64, Required, Wire, always


class ControllerRevision(Kind, api="apps/v1", package="k8s.io.api.apps.v1"):
    """An unchanging snapshot of a controller's template, kept so that a rollout can be undone."""

    data: Annotated[Any, Wire(2), Required()] = None
    revision: Annotated[Int64, Wire(3)] = always(0)
