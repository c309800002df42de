"""The Deployment controller."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from steersman.api.apps import Deployment, ReplicaSet
from steersman.api.core import Pod
from steersman.api.meta import LabelSelector
from steersman.apimachinery.selectors import from_label_selector
from steersman.client.cache import CONTROLLER, ObjectKey
from steersman.controllers.deployment.plan import View, plan
from steersman.reconcile.adoption import ORPHANS_INDEX, candidates, confirmed, owners_concerned
from steersman.reconcile.controller import Reader, Watch, controllers_of_kind, own_key
from steersman.reconcile.owners import Matches, claim, controller_of
from steersman.reconcile.plan import Plan


class DeploymentController:
    """Rolls Deployments out over ReplicaSets."""

    name = "deployment-controller"

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Deployments, their ReplicaSets, and pods whose end a Recreate waits for."""
        return (
            Watch(Deployment, own_key),
            Watch(ReplicaSet, _deployments_of_replica_set, indexes=ORPHANS_INDEX),
            Watch(Pod, _deployments_of_gone_pod),
        )

    async def observe(self, reader: Reader, key: ObjectKey) -> View | None:
        """The Deployment with its ReplicaSets and pods; before an adoption it is read live."""
        deployment = reader.get(Deployment, key)
        if deployment is None:
            return None
        selector = from_label_selector(deployment.spec.selector or LabelSelector())
        claims = claim(deployment, selector.matches, candidates(reader, ReplicaSet, deployment))
        claims = await confirmed(reader, deployment, claims)
        pods = reader.cache(Pod)
        return View(
            deployment,
            claims,
            tuple(pod for rs in claims.owned for pod in pods.by_index(CONTROLLER, rs.metadata.uid)),
            frozenset(rs.metadata.name for rs in reader.cache(ReplicaSet).list(key.namespace)),
            reader.failure,
        )

    def plan(self, view: View, now: datetime) -> Plan:
        """See `plan`."""
        return plan(view, now)


def _deployments_of_replica_set(reader: Reader, old: ReplicaSet | None, new: ReplicaSet | None) -> Iterable[ObjectKey]:
    return owners_concerned(reader, Deployment, _selector, old, new)


def _selector(deployment: Deployment) -> Matches | None:
    selector = deployment.spec.selector
    return None if selector in (None, LabelSelector()) else from_label_selector(selector).matches


def _deployments_of_gone_pod(reader: Reader, old: Pod | None, new: Pod | None) -> Iterable[ObjectKey]:
    """A Recreate goes on once the last old pod is gone or finished."""
    pod = new if new is not None else old
    ref = controller_of(pod) if pod is not None else None
    if pod is None or ref is None or ref.kind != "ReplicaSet":
        return ()
    rs = reader.cache(ReplicaSet).get(pod.metadata.namespace, ref.name)
    deployments = controllers_of_kind(Deployment, None, rs)
    return [key for key in deployments if _recreates(reader.get(Deployment, key))]


def _recreates(deployment: Deployment | None) -> bool:
    return deployment is not None and deployment.spec.strategy.type == "Recreate"
