import pytest

from steersman.api.apps import Deployment, ReplicaSet
from steersman.api.core import ConfigMap, Pod
from steersman.api.meta import Kind, ObjectMeta, OwnerReference
from steersman.apimachinery.object import replace
from steersman.client.interface import Propagation
from steersman.controllers.garbagecollector.controller import GarbageCollector, ItemKey
from steersman.reconcile.owners import controller_ref

from .world import World, at_once


class Collected:
    """A world whose collector follows each change as the informers would tell it."""

    def __init__(self, *objects: Kind) -> None:
        self.world = World(*objects)
        self.collector = GarbageCollector()
        self.known: dict[tuple[type[Kind], str], Kind] = {}

    def settle(self) -> None:
        for _ in range(30):
            keys = self.changes()
            if not keys:
                return
            for key in keys:
                self.world.step(self.collector, key)
        raise AssertionError("the collector does not come to rest")

    def changes(self) -> list[ItemKey]:
        reader = self.world.reader(self.collector)
        now = {(w.kind, obj.metadata.name): obj for w in self.collector.watches for obj in self.world.all(w.kind)}
        keys: dict[ItemKey, None] = {}
        for watch in self.collector.watches:
            for entry in {**self.known, **now}:
                if entry[0] is watch.kind and self.known.get(entry) != now.get(entry):
                    keys |= dict.fromkeys(watch.keys(reader, self.known.get(entry), now.get(entry)))
        self.known = now
        return list(keys)

    @property
    def names(self) -> set[str]:
        return {obj.metadata.name for watch in self.collector.watches for obj in self.world.all(watch.kind)}


def tree() -> tuple[Deployment, ReplicaSet, Pod]:
    deployment = Deployment(metadata=ObjectMeta(name="web", namespace="default", uid="d"))
    rs = ReplicaSet(metadata=owned("web-1", "r", deployment))
    return deployment, rs, Pod(metadata=owned("web-1-a", "p", rs))


def owned(name: str, uid: str, *owners: Kind) -> ObjectMeta:
    return ObjectMeta(name=name, namespace="default", uid=uid, ownerReferences=tuple(map(controller_ref, owners)))


def test_dependents_follow_a_deleted_owner_down_the_tree() -> None:
    cluster = Collected(*tree())
    cluster.settle()
    assert cluster.names == {"web", "web-1", "web-1-a"}
    cluster.world.delete(cluster.world.all(Deployment)[0])
    cluster.settle()
    assert cluster.names == set()


def test_foreground_deletion_takes_the_leaves_first() -> None:
    cluster = Collected(*tree())
    cluster.settle()
    cluster.world.delete(cluster.world.all(Deployment)[0], propagation=Propagation.FOREGROUND)
    gone: list[str] = []
    for _ in range(12):
        before = cluster.names
        for key in cluster.changes():
            cluster.world.step(cluster.collector, key)
        gone += sorted(before - cluster.names)
    assert gone == ["web-1-a", "web-1", "web"]


def test_orphaned_dependents_stay_without_the_reference() -> None:
    cluster = Collected(*tree())
    cluster.settle()
    cluster.world.delete(cluster.world.all(Deployment)[0], propagation=Propagation.ORPHAN)
    cluster.settle()
    assert cluster.names == {"web-1", "web-1-a"}
    assert cluster.world.all(ReplicaSet)[0].metadata.ownerReferences == ()


def test_an_object_with_another_owner_only_loses_the_reference_to_the_one_that_went() -> None:
    first = ConfigMap(metadata=ObjectMeta(name="first", namespace="default", uid="1"))
    second = ConfigMap(metadata=ObjectMeta(name="second", namespace="default", uid="2"))
    shared = ConfigMap(metadata=owned("shared", "s", first, second))
    cluster = Collected(first, second, shared)
    cluster.settle()
    cluster.world.delete(first)
    cluster.settle()
    assert cluster.names == {"second", "shared"}
    kept = cluster.world.get(ConfigMap, "shared")
    assert kept is not None
    assert [ref.uid for ref in kept.metadata.ownerReferences] == ["2"]


def test_an_owner_recreated_under_the_same_name_does_not_keep_the_dependents_of_the_former() -> None:
    deployment, rs, pod = tree()
    cluster = Collected(replace(deployment, metadata=replace(deployment.metadata, uid="another")), rs, pod)
    cluster.settle()
    assert cluster.names == {"web"}


def test_an_owner_of_a_kind_that_is_not_served_is_left_alone() -> None:
    ref = OwnerReference(apiVersion="example.com/v1", kind="Widget", name="w", uid="w")
    cluster = Collected(ConfigMap(metadata=ObjectMeta(name="c", namespace="default", ownerReferences=(ref,))))
    cluster.settle()
    assert cluster.names == {"c"}


def test_an_owner_the_cache_has_not_seen_yet_is_asked_for_before_anything_is_deleted() -> None:
    deployment, rs, _ = tree()
    cluster = Collected(deployment, rs)
    reader = cluster.world.reader(cluster.collector)
    reader.cache(Deployment).replace(())
    cluster.world.client.calls.clear()

    view = at_once(cluster.collector.observe(reader, ItemKey(ReplicaSet, "default", "web-1")))
    assert view is not None
    assert cluster.collector.plan(view, cluster.world.clock.now()).actions == ()
    assert ("get", "Deployment", "web") in cluster.world.client.calls


@pytest.mark.parametrize("policy", [Propagation.FOREGROUND, Propagation.BACKGROUND])
def test_a_circle_of_owners_is_taken_apart(policy: Propagation) -> None:
    first = ConfigMap(metadata=ObjectMeta(name="first", namespace="default", uid="1"))
    second = ConfigMap(metadata=owned("second", "2", first))
    first = replace(first, metadata=replace(first.metadata, ownerReferences=(controller_ref(second),)))
    cluster = Collected(first, second)
    cluster.settle()
    cluster.world.delete(first, propagation=policy)
    cluster.settle()
    assert cluster.names == set()
