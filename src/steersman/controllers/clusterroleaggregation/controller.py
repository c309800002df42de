"""The controller that adds up ClusterRoles: what comes with new resources finds its way to admin, edit and view."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from steersman.api.rbac import ClusterRole
from steersman.client.cache import ObjectKey, key_of
from steersman.controllers.clusterroleaggregation.plan import View, plan
from steersman.reconcile.controller import Reader, Watch
from steersman.reconcile.plan import Plan


class ClusterRoleAggregationController:
    """Looks at all roles that add up others, whichever changes: labels may have come or gone."""

    name = "clusterrole-aggregation-controller"

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Cluster roles."""
        return (Watch(ClusterRole, _aggregated),)

    async def observe(self, reader: Reader, key: ObjectKey) -> View | None:
        """The role and all others, if it adds up any."""
        role = reader.get(ClusterRole, key)
        if role is None or role.aggregationRule is None:
            return None
        others = sorted(reader.cache(ClusterRole), key=lambda one: one.metadata.name)
        return View(role, others)

    def plan(self, view: View, _: datetime) -> Plan:
        """See `plan`."""
        return plan(view)


def _aggregated(reader: Reader, old: ClusterRole | None, new: ClusterRole | None) -> Iterable[ObjectKey]:
    return [key_of(one) for one in reader.cache(ClusterRole) if one.aggregationRule is not None]
