"""PriorityClass: how important pods are."""

from typing import Annotated

from steersman.api.core.pod import PreemptionPolicy
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Int32, OneOf, Wire, always


class PriorityClass(Kind, api="scheduling.k8s.io/v1", package="k8s.io.api.scheduling.v1"):
    """A name for a priority; pods of higher ones are scheduled first and may displace others."""

    value: Annotated[Int32, Wire(2)] = always(0)
    globalDefault: Annotated[bool, Wire(3)] = False
    description: Annotated[str, Wire(4)] = ""
    preemptionPolicy: Annotated[str | None, Wire(5), OneOf(PreemptionPolicy)] = None
