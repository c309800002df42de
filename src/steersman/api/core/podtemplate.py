"""PodTemplate: a template that stands alone."""

from typing import Annotated

from steersman.api.core.pod import PodTemplateSpec
from steersman.api.meta.kind import Kind
from steersman.apimachinery.markers import Wire, always


class PodTemplate(Kind, api="v1", package="k8s.io.api.core.v1"):
    """A template for pods, kept as an object of its own."""

    template: Annotated[PodTemplateSpec, Wire(2)] = always(PodTemplateSpec)
