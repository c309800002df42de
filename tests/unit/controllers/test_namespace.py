from datetime import timedelta

from steersman.api.core import ConfigMap, Namespace, NamespaceSpec, Pod, PodSpec, ServiceAccount
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Forbidden
from steersman.controllers.namespace.controller import NamespaceController
from steersman.controllers.serviceaccount.controller import RootCAPublisher, ServiceAccountController
from steersman.reconcile.plan import DeleteCollection

from .world import World, key

KEY = key("doomed", "")


def world_with(*objects: ConfigMap | Pod) -> World:
    namespace = Namespace(metadata=ObjectMeta(name="doomed"), spec=NamespaceSpec(finalizers=("kubernetes",)))
    world = World(namespace, *objects)
    world.delete(world.all(Namespace)[0])
    return world


def config(name: str, *finalizers: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, namespace="doomed", finalizers=finalizers))


def conditions(world: World) -> dict[str, tuple[str, str, str]]:
    found = world.all(Namespace)[0].status.conditions
    return {each.type: (each.status, each.reason, each.message) for each in found}


def test_an_empty_namespace_gives_up_its_finalizer_and_is_gone() -> None:
    world = world_with()
    world.step(NamespaceController(), KEY)
    assert world.all(Namespace) == ()


def test_pods_go_before_everything_else() -> None:
    pod = Pod(metadata=ObjectMeta(name="p", namespace="doomed", finalizers=("example.com/slow",)), spec=PodSpec())
    world = world_with(config("c"), pod)
    controller = NamespaceController()
    plan = world.step(controller, KEY)
    assert plan is not None
    assert [action.kind for action in plan.actions if isinstance(action, DeleteCollection)] == [Pod]
    world.step(controller, KEY)
    assert len(world.all(ConfigMap)) == 1
    left = world.all(Pod)[0]
    world.update(replace(left, metadata=replace(left.metadata, finalizers=())))
    world.step(controller, KEY)
    world.step(controller, KEY)
    assert world.all(ConfigMap) == ()
    assert world.all(Namespace) == ()


def test_what_is_left_and_which_finalizers_hold_it_shows_in_the_conditions() -> None:
    world = world_with(config("held", "example.com/a"), config("free"))
    plan = world.step(NamespaceController(), KEY)
    assert plan is not None
    assert plan.requeue_after == timedelta(seconds=1)
    assert conditions(world)["NamespaceContentRemaining"] == (
        "True",
        "SomeResourcesRemain",
        "Some resources are remaining: configmaps. has 2 resource instances",
    )
    assert conditions(world)["NamespaceFinalizersRemaining"] == (
        "True",
        "SomeFinalizersRemain",
        "Some content in the namespace has finalizers remaining: example.com/a in 1 resource instances",
    )
    assert conditions(world)["NamespaceDeletionDiscoveryFailure"][:2] == ("False", "ResourcesDiscovered")


def test_a_failed_deletion_shows_in_the_conditions() -> None:
    world = world_with(config("c"))
    world.client.fail_next("delete", ConfigMap, Forbidden("no"))
    controller = NamespaceController()
    world.step(controller, KEY)
    world.step(controller, KEY)
    assert conditions(world)["NamespaceDeletionContentFailure"][:2] == ("True", "ContentDeletionFailed")


def test_every_active_namespace_gets_a_default_account_and_the_root_certificate() -> None:
    world = World(Namespace(metadata=ObjectMeta(name="a")))
    accounts, publisher = ServiceAccountController(), RootCAPublisher("PEM")
    world.settle(accounts, key("a", ""))
    world.settle(publisher, key("a", ""))
    assert [account.metadata.name for account in world.all(ServiceAccount)] == ["default"]
    (published,) = world.all(ConfigMap)
    assert (published.metadata.name, published.data) == ("kube-root-ca.crt", {"ca.crt": "PEM"})
    world.update(replace(published, data={"ca.crt": "forged"}))
    world.settle(publisher, key("a", ""))
    assert world.all(ConfigMap)[0].data == {"ca.crt": "PEM"}


def test_a_terminating_namespace_gets_nothing_new() -> None:
    world = world_with()
    assert world.plan(ServiceAccountController(), KEY) is None
