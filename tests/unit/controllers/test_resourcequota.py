"""What the resource quota controller writes down."""

from tests.unit.api.test_quota import NOW

from steersman.api.core import ConfigMap, ResourceQuota
from steersman.api.resources import resource_for
from steersman.apimachinery.codec.json import from_wire
from steersman.controllers.resourcequota.plan import SETTLES, View, counted_resources, plan
from steersman.reconcile.allkinds import namespaced_resources
from steersman.reconcile.plan import NOTHING, Plan, Update

MAPS = resource_for(ConfigMap)


def quota(used: str) -> ResourceQuota:
    hard = {"configmaps": "5"}
    tree = {"spec": {"hard": hard}, "status": {"hard": hard, "used": {"configmaps": used}}}
    return from_wire(tree, ResourceQuota)


def used(done: Plan) -> str:
    (update,) = done.actions
    assert isinstance(update, Update)
    assert isinstance(update.object, ResourceQuota)
    return str(update.object.status.used["configmaps"])


def test_what_is_there_is_counted() -> None:
    assert used(plan(View(quota("0"), {MAPS: (ConfigMap(), ConfigMap())}), NOW)) == "2"
    assert plan(View(quota("2"), {MAPS: (ConfigMap(), ConfigMap())}), NOW) == NOTHING


def test_what_was_counted_in_lately_is_not_counted_out_before_it_can_be_seen() -> None:
    early = plan(View(quota("3"), {MAPS: (ConfigMap(),)}, is_settled=False), NOW)
    assert (early.actions, early.requeue_after) == ((), SETTLES)
    assert used(plan(View(quota("3"), {MAPS: (ConfigMap(),)}), NOW)) == "1"


def test_only_what_a_quota_names_is_looked_at() -> None:
    hard = {"services.nodeports": "1", "count/deployments.apps": "1", "requests.storage": "1", "limits.cpu": "1"}
    names = [
        one.plural
        for one in counted_resources(from_wire({"spec": {"hard": hard}}, ResourceQuota), namespaced_resources())
    ]
    assert sorted(names) == ["deployments", "persistentvolumeclaims", "pods", "services"]
