from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.api.apps import ReplicaSet, ReplicaSetSpec
from steersman.api.core import (
    Container,
    ContainerStatus,
    Pod,
    PodCondition,
    PodSpec,
    PodStatus,
    PodTemplateSpec,
    ReplicationController,
    ReplicationControllerSpec,
)
from steersman.api.meta import LabelSelector, ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Forbidden
from steersman.controllers.replicaset.controller import ReplicaSetController
from steersman.controllers.replicaset.victims import DELETION_COST, choose_victims
from steersman.reconcile.owners import controller_ref
from steersman.reconcile.plan import Create, Delete, Patch, Update

from .world import BEGIN, World, at_once, key

LABELS = {"app": "web"}
TEMPLATE = PodTemplateSpec(metadata=ObjectMeta(labels=LABELS), spec=PodSpec(containers=(Container(name="c"),)))


def replica_set(replicas: int, **spec: object) -> ReplicaSet:
    return ReplicaSet(
        metadata=ObjectMeta(name="web", namespace="default"),
        spec=ReplicaSetSpec(replicas=replicas, selector=LabelSelector(matchLabels=LABELS), template=TEMPLATE, **spec),
    )


def pod(name: str, *, node: str = "n", phase: str = "Running", ready: float | None = 0, **meta: object) -> Pod:
    conditions = ()
    if ready is not None:
        conditions = (PodCondition(type="Ready", status="True", lastTransitionTime=BEGIN - timedelta(seconds=ready)),)
    return Pod(
        metadata=ObjectMeta(name=name, namespace="default", labels=LABELS, uid=name, **meta),
        spec=PodSpec(nodeName=node),
        status=PodStatus(phase=phase, conditions=conditions),
    )


def test_missing_pods_are_created_with_the_template_and_a_controller_reference() -> None:
    world = World(replica_set(3))
    world.settle(ReplicaSetController(), key("web"))
    rs = world.all(ReplicaSet)[0]
    assert len(world.all(Pod)) == 3
    for made in world.all(Pod):
        assert made.metadata.name.startswith("web-")
        assert made.metadata.ownerReferences == (controller_ref(rs),)
        assert made.metadata.labels == LABELS
    assert rs.status.replicas == rs.status.fullyLabeledReplicas == 3
    assert rs.status.observedGeneration == rs.metadata.generation
    assert [reason for _, reason, _ in world.events.seen] == ["SuccessfulCreate"] * 3


def test_a_replication_controller_is_kept_by_the_same_planner() -> None:
    spec = ReplicationControllerSpec(replicas=2, selector=LABELS, template=TEMPLATE)
    rc = ReplicationController(metadata=ObjectMeta(name="web", namespace="default"), spec=spec)
    world = World(rc)
    world.settle(ReplicaSetController(ReplicationController), key("web"))
    assert len(world.all(Pod)) == 2
    assert world.all(ReplicationController)[0].status.replicas == 2


def test_orphans_that_match_are_adopted_and_strays_released() -> None:
    world = World(replica_set(1), pod("orphan"))
    controller = ReplicaSetController()
    world.settle(controller, key("web"))
    adopted = world.get(Pod, "orphan")
    assert adopted is not None
    assert adopted.metadata.ownerReferences[0].name == "web"
    world.update(replace(adopted, metadata=replace(adopted.metadata, labels={"app": "other"})))
    world.settle(controller, key("web"))
    released = world.get(Pod, "orphan")
    assert released is not None
    assert released.metadata.ownerReferences == ()
    assert len(world.all(Pod)) == 2


def test_nothing_is_adopted_when_the_live_owner_is_already_being_deleted() -> None:
    world = World(replica_set(1), pod("orphan"))
    controller = ReplicaSetController()
    world.reader(controller)
    rs = world.all(ReplicaSet)[0]
    world.update(replace(rs, metadata=replace(rs.metadata, finalizers=("x",))))
    stale = world.reader(controller)
    world.delete(world.all(ReplicaSet)[0])

    view = at_once(controller.observe(stale, key("web")))
    assert view is not None
    assert view.claims.adopt == ()


def test_a_refused_create_shows_as_replica_failure_and_goes_when_it_succeeds() -> None:
    world = World(replica_set(1))
    controller = ReplicaSetController()
    world.client.fail_next("create", Pod, Forbidden('pods "web-" is forbidden: exceeded quota'))
    world.step(controller, key("web"))
    assert world.failure is not None
    plan = world.plan(controller, key("web"))
    assert plan is not None
    assert isinstance(plan.actions[0], Update)
    failed = plan.actions[0].object.status.conditions[0]  # type: ignore[attr-defined]
    assert (failed.type, failed.status, failed.reason) == ("ReplicaFailure", "True", "FailedCreate")
    assert "exceeded quota" in failed.message
    world.step(controller, key("web"))
    world.failure = None
    world.settle(controller, key("web"))
    assert world.all(ReplicaSet)[0].status.conditions == ()


def test_a_ready_pod_counts_as_available_only_after_min_ready_seconds() -> None:
    world = World(replica_set(1, minReadySeconds=10))
    controller = ReplicaSetController()
    world.settle(controller, key("web"))
    world.run_pod(world.all(Pod)[0])
    plan = world.step(controller, key("web"))
    assert plan is not None
    assert plan.requeue_after == timedelta(seconds=11)
    assert (world.all(ReplicaSet)[0].status.readyReplicas, world.all(ReplicaSet)[0].status.availableReplicas) == (1, 0)
    world.pass_time(10)
    world.settle(controller, key("web"))
    assert world.all(ReplicaSet)[0].status.availableReplicas == 1


def test_victims_are_ranked_as_upstream_ranks_them() -> None:
    ranked = [
        pod("unassigned", node="", phase="Pending", ready=None),
        pod("pending", phase="Pending", ready=None),
        pod("unready", ready=None),
        pod("cheap", ready=1000, annotations={DELETION_COST: "-5"}),
        pod("doubled", node="crowded", ready=1000),
        pod("young", node="a", ready=10),
        replace(
            pod("restarted", node="a", ready=1000),
            status=replace(
                pod("restarted", ready=1000).status,
                containerStatuses=(ContainerStatus(name="c", image="", imageID="", restartCount=3),),
            ),
        ),
        pod("newer", node="a", ready=1000, creationTimestamp=BEGIN - timedelta(hours=1)),
        pod("older", node="a", ready=1000, creationTimestamp=BEGIN - timedelta(hours=20)),
    ]
    related = (*ranked, *(pod(f"other{i}", node="crowded") for i in range(9)))
    found = choose_victims(tuple(reversed(ranked)), related, len(ranked) - 1, BEGIN)
    assert [victim.metadata.name for victim in found] == [victim.metadata.name for victim in ranked[:-1]]


pods_of_any_kind = st.lists(
    st.tuples(
        st.sampled_from(["Pending", "Running", "Succeeded", "Failed"]),
        st.booleans(),
        st.booleans(),
        st.sampled_from(["", "a", "b"]),
    ),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(replicas=st.integers(0, 6), pods=pods_of_any_kind, stops=st.lists(st.integers(0, 4), max_size=6))
def test_from_any_state_stopped_anywhere_it_converges_and_then_plans_nothing(
    replicas: int, pods: list[tuple[str, bool, bool, str]], stops: list[int]
) -> None:
    given_pods = [
        pod(f"p{i}", phase=phase, ready=0 if ready else None, node=node)
        for i, (phase, ready, _, node) in enumerate(pods)
    ]
    for i, (_, _, matches, _) in enumerate(pods):
        if not matches:
            given_pods[i] = replace(given_pods[i], metadata=replace(given_pods[i].metadata, labels={}))
    world = World(replica_set(replicas), *given_pods)
    controller = ReplicaSetController()
    for stop in stops:
        world.step(controller, key("web"), stop)
    world.settle(controller, key("web"))
    rs = world.all(ReplicaSet)[0]
    active = [p for p in world.all(Pod) if p.metadata.ownerReferences and p.status.phase not in ("Succeeded", "Failed")]
    assert len(active) == replicas == rs.status.replicas
    plan = world.plan(controller, key("web"))
    assert plan is not None
    assert plan.actions == ()


def test_a_plan_never_both_creates_and_deletes() -> None:
    world = World(replica_set(1), pod("a"), pod("b"))
    plan = world.plan(ReplicaSetController(), key("web"))
    assert plan is not None
    assert not any(isinstance(action, Create) for action in plan.actions)
    assert [type(action) for action in plan.actions if isinstance(action, Delete | Patch)] == [Patch, Patch, Delete]
