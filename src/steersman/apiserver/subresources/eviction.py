"""`pods/eviction`: a deletion that asks the disruption budgets first.

Source: pkg/registry/core/pod/storage/eviction.go.
"""

import dataclasses
from typing import Any

from steersman.api import core, policy
from steersman.api.meta import DeleteOptions, Preconditions, Status
from steersman.api.resources import resource_for
from steersman.apimachinery.object import Object, replace
from steersman.apimachinery.selectors import from_label_selector
from steersman.apimachinery.status import (
    BadRequest,
    Cause,
    Details,
    Forbidden,
    StatusError,
    TooManyRequests,
)
from steersman.apimachinery.times import to_time
from steersman.apiserver.collections import Collections
from steersman.apiserver.context import RequestContext
from steersman.apiserver.subresources.interface import Unsupported
from steersman.apiserver.verbs.delete import Deleter
from steersman.apiserver.verbs.write import Change, Writer

# Source: eviction.go: more than this and the budget's controller is lost.
MAX_DISRUPTED_PODS = 2000
SUCCESS = Status(status="Success", code=201)


class EvictionHandler(Unsupported):
    """Deletes a pod if its budget has room, which it takes."""

    def __init__(self, collections: Collections, writer: Writer, deleter: Deleter) -> None:
        self._collections = collections
        self._writer = writer
        self._deleter = deleter

    async def create(self, context: RequestContext, obj: Any) -> Object:
        """Evict the pod of the URL."""
        eviction: policy.Eviction = obj
        if eviction.metadata.name not in ("", context.info.name):
            raise BadRequest("name in URL does not match name in Eviction object")
        await context.catch_up()
        pods = self._collections.of(core.Pod)
        pod = pods.decoded(pods.find(context.namespace, context.info.name))
        options = eviction.deleteOptions or DeleteOptions()
        is_dry = context.dry_run or bool(options.dryRun)
        if not _goes_freely(pod):
            budgets = self._budgets_of(pod)
            if len(budgets) > 1:
                raise StatusError(
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
                    code=500,
                )
            for budget in budgets:
                if _is_unready_and_spare(pod, budget):
                    # Ready meanwhile, it would count: the deletion is of the pod as it was seen.
                    options = _pinned(options, pod)
                else:
                    await self._take_room(context, budget, pod, is_dry)
        await self._deleter.delete(context, pods, options)
        return SUCCESS

    def _budgets_of(self, pod: core.Pod) -> list[policy.PodDisruptionBudget]:
        budgets = self._collections.of(policy.PodDisruptionBudget)
        found = [budgets.decoded(one) for one in budgets.cacher.under(budgets.under(pod.metadata.namespace))]
        return [one for one in found if from_label_selector(one.spec.selector).matches(pod.metadata.labels)]

    async def _take_room(
        self, context: RequestContext, budget: policy.PodDisruptionBudget, pod: core.Pod, is_dry: bool
    ) -> None:
        """Count the pod as disrupted; TooManyRequests when the budget has no room."""
        if is_dry:
            _taken(context, budget, pod)
            return
        info = dataclasses.replace(context.info, name=budget.metadata.name, subresource="status")
        change: Change[policy.PodDisruptionBudget] = Change(
            lambda current: _taken(context, current, pod),
            retries=True,
            prepare=lambda new, _: new,
            validate=lambda *_: (),
        )
        aimed = dataclasses.replace(context, info=info, resource=resource_for(policy.PodDisruptionBudget))
        await self._writer.update(aimed, self._collections.of(policy.PodDisruptionBudget), change)


def _goes_freely(pod: core.Pod) -> bool:
    """Budgets count running pods; one that has ended, waits for a node or is leaving anyway costs nothing."""
    return pod.status.phase in ("Succeeded", "Failed", "Pending") or pod.metadata.deletionTimestamp is not None


def _is_unready_and_spare(pod: core.Pod, budget: policy.PodDisruptionBudget) -> bool:
    ready = any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions)
    if ready:
        return False
    if budget.spec.unhealthyPodEvictionPolicy == policy.UnhealthyPodEvictionPolicyType.ALWAYS_ALLOW:
        return True
    status = budget.status
    return status.currentHealthy >= status.desiredHealthy and status.desiredHealthy > 0


def _pinned(options: DeleteOptions, pod: core.Pod) -> DeleteOptions:
    guard = options.preconditions or Preconditions()
    if guard.resourceVersion is not None:
        return options
    return replace(options, preconditions=replace(guard, resourceVersion=pod.metadata.resourceVersion))


def _taken(context: RequestContext, budget: policy.PodDisruptionBudget, pod: core.Pod) -> policy.PodDisruptionBudget:
    status, name = budget.status, budget.metadata.name
    if status.observedGeneration < budget.metadata.generation:
        raise _refused(f"The disruption budget {name} is still being processed by the server.", 10)
    if status.disruptionsAllowed < 0:
        raise Forbidden(f'poddisruptionbudgets.policy "{name}" is forbidden: pdb disruptions allowed is negative')
    if len(status.disruptedPods) > MAX_DISRUPTED_PODS:
        raise Forbidden(f'poddisruptionbudgets.policy "{name}" is forbidden: DisruptedPods map too big')
    if status.disruptionsAllowed == 0:
        detail = (
            f"The disruption budget {name} needs {status.desiredHealthy} healthy pods "
            f"and has {status.currentHealthy} currently"
        )
        raise _refused(detail, 0)
    disrupted = {**status.disruptedPods, pod.metadata.name: to_time(context.now)}
    taken = replace(status, disruptionsAllowed=status.disruptionsAllowed - 1, disruptedPods=disrupted)
    return replace(budget, status=taken)


def _refused(detail: str, retry_after_seconds: int) -> TooManyRequests:
    return TooManyRequests(
        "Cannot evict pod as it would violate the pod's disruption budget.",
        Details(causes=(Cause("DisruptionBudget", detail),), retry_after_seconds=retry_after_seconds),
    )
