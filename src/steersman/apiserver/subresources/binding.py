"""`pods/binding`: the scheduler's decision, which only the first one can make.

Source: pkg/registry/core/pod/storage/storage.go: assignPod, setPodHostAndAnnotations.
"""

from dataclasses import replace as with_changes
from typing import Any

from steersman.api import core
from steersman.api.meta import Status
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.status import Cause, conflict, invalid
from steersman.apimachinery.times import to_time
from steersman.apiserver.collections import Collections
from steersman.apiserver.context import RequestContext
from steersman.apiserver.subresources.interface import Unsupported
from steersman.apiserver.verbs.write import Change, Writer

SUCCESS = Status(status="Success")


class BindingHandler(Unsupported):
    """Gives a pod its node."""

    def __init__(self, collections: Collections, writer: Writer) -> None:
        self._collections = collections
        self._writer = writer

    async def create(self, context: RequestContext, obj: Any) -> Object:
        """Bind the pod of the URL; of the body's name when the URL names none (`POST bindings`)."""
        binding: core.Binding = obj
        name = context.info.name or binding.metadata.name
        _check(binding, name)
        info = with_changes(context.info, name=name)
        change: Change[core.Pod] = Change(
            lambda pod: bound(context, binding, pod),
            retries=True,
            prepare=lambda new, _: new,
            validate=lambda *_: (),
        )
        await self._writer.update(with_changes(context, info=info), self._collections.of(core.Pod), change)
        return SUCCESS


def bound(context: RequestContext, binding: core.Binding, pod: core.Pod) -> core.Pod:
    """The pod on its node; Conflict when it has one, is gone or waits at a gate."""
    meta, given = pod.metadata, binding.metadata
    why = ""
    if given.uid and given.uid != meta.uid:
        why = f"Precondition failed: UID in precondition: {given.uid}, UID in object meta: {meta.uid}"
    elif meta.deletionTimestamp is not None:
        why = f"pod {meta.name} is being deleted, cannot be assigned to a host"
    elif pod.spec.nodeName:
        why = f'pod {meta.name} is already assigned to node "{pod.spec.nodeName}"'
    elif pod.spec.schedulingGates:
        why = f"pod {meta.name} has non-empty .spec.schedulingGates"
    if why:
        raise conflict("pods/binding", meta.name, why)
    scheduled = core.PodCondition(type="PodScheduled", status="True", lastTransitionTime=to_time(context.now))
    conditions = (*(one for one in pod.status.conditions if one.type != "PodScheduled"), scheduled)
    return replace(
        pod,
        metadata=replace(
            meta,
            annotations={**meta.annotations, **given.annotations},
            labels={**meta.labels, **given.labels},
        ),
        spec=replace(pod.spec, nodeName=binding.target.name),
        status=replace(pod.status, conditions=conditions),
    )


def _check(binding: core.Binding, name: str) -> None:
    causes = []
    if binding.target.kind not in ("", "Node"):
        detail = f'Unsupported value: "{binding.target.kind}": supported values: "Node", "<empty>"'
        causes.append(Cause("FieldValueNotSupported", detail, "target.kind"))
    if not binding.target.name:
        causes.append(Cause("FieldValueRequired", "Required value", "target.name"))
    if causes:
        raise invalid("Binding", name, causes)
