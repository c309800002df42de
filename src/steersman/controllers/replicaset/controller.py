"""The ReplicaSet and ReplicationController controllers: one planner, two kinds."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from steersman.api.apps import ReplicaSet
from steersman.api.core import Pod, ReplicationController
from steersman.api.meta import LabelSelector
from steersman.apimachinery.selectors import from_label_selector
from steersman.client.cache import CONTROLLER, ObjectKey
from steersman.controllers.pods import is_active, is_finished
from steersman.controllers.replicaset.plan import Owner, View, plan
from steersman.reconcile.adoption import ORPHANS_INDEX, candidates, confirmed, owners_concerned
from steersman.reconcile.controller import Reader, Watch, own_key
from steersman.reconcile.owners import Matches, claim, controller_of, is_controlled_by
from steersman.reconcile.plan import Plan


class ReplicaSetController:
    """Keeps the number of pods of ReplicaSets, or of ReplicationControllers."""

    def __init__(self, kind: type[ReplicaSet] | type[ReplicationController] = ReplicaSet) -> None:
        self.kind: Any = kind
        self.name = f"{kind.__name__.lower()}-controller".replace("replicationcontroller-", "replication-")

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Owners and pods."""
        return (Watch(self.kind, own_key), Watch(Pod, self._owners_of_pod, indexes=ORPHANS_INDEX))

    async def observe(self, reader: Reader, key: ObjectKey) -> View | None:
        """The owner and its pods; before an adoption the owner is read live."""
        owner: Owner | None = reader.get(self.kind, key)
        if owner is None or not (matches := pod_selector(owner)):
            return None
        pods = candidates(reader, Pod, owner)
        claims = claim(owner, matches, (pod for pod in pods if is_active(pod)))
        claims = await confirmed(reader, owner, claims)
        terminating = sum(
            pod.metadata.deletionTimestamp is not None and not is_finished(pod)
            for pod in pods if is_controlled_by(pod, owner)
        )  # fmt: skip
        return View(owner, claims, terminating, self._related(reader, owner), reader.failure)

    def plan(self, view: View, now: datetime) -> Plan:
        """See `plan`."""
        return plan(view, now)

    def _owners_of_pod(self, reader: Reader, old: Pod | None, new: Pod | None) -> Iterable[ObjectKey]:
        return owners_concerned(reader, self.kind, pod_selector, old, new)

    def _related(self, reader: Reader, owner: Owner) -> tuple[Pod, ...]:
        ref = controller_of(owner)
        owners = (owner,) if ref is None else reader.cache(self.kind).by_index(CONTROLLER, ref.uid)
        pods = reader.cache(Pod)
        return tuple(pod for sibling in owners for pod in pods.by_index(CONTROLLER, sibling.metadata.uid))


def pod_selector(owner: Owner) -> Matches | None:
    """Whether labels are selected; None for an owner that selects nothing."""
    if isinstance(owner, ReplicationController):
        wanted = owner.spec.selector or (owner.spec.template.metadata.labels if owner.spec.template else {})
        selector = LabelSelector(matchLabels=wanted)
    else:
        selector = owner.spec.selector or LabelSelector()
    if selector == LabelSelector():
        return None
    return from_label_selector(selector).matches
