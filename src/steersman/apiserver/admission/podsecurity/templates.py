"""The pods that objects stand for: themselves, or those they are going to make.

Source: k8s.io/pod-security-admission/admission: DefaultPodSpecExtractor.
"""

from steersman.api import apps, batch, core
from steersman.api.core import PodSpec
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import Object


def template_of(obj: Object | None) -> tuple[ObjectMeta, PodSpec] | None:
    """Metadata and spec of a workload's pods; None for what makes none."""
    match obj:
        case core.PodTemplate():
            template: core.PodTemplateSpec | None = obj.template
        case core.ReplicationController():
            template = obj.spec.template
        case apps.ReplicaSet() | apps.Deployment() | apps.DaemonSet() | apps.StatefulSet() | batch.Job():
            template = obj.spec.template
        case batch.CronJob():
            template = obj.spec.jobTemplate.spec.template
        case _:
            template = None
    return None if template is None else (template.metadata, template.spec)
