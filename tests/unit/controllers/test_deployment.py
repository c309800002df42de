from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.api.apps import (
    Deployment,
    DeploymentSpec,
    DeploymentStatus,
    DeploymentStrategy,
    ReplicaSet,
    ReplicaSetSpec,
    ReplicaSetStatus,
    RollingUpdateDeployment,
)
from steersman.api.core import Container, Pod, PodSpec, PodTemplateSpec
from steersman.api.meta import LabelSelector, ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Forbidden
from steersman.controllers.deployment.controller import DeploymentController
from steersman.controllers.deployment.progress import find
from steersman.controllers.deployment.replicasets import DESIRED_REPLICAS, REVISION, REVISION_HISTORY, template_hash
from steersman.controllers.deployment.rollout import Rollout, rollout_of, size
from steersman.controllers.pods import is_active, is_ready
from steersman.controllers.replicaset.controller import ReplicaSetController
from steersman.reconcile.plan import Create, Update

from .world import BEGIN, World, key

LABELS = {"app": "web"}
NAME = key("web")


def template(image: str) -> PodTemplateSpec:
    containers = (Container(name="c", image=image),)
    return PodTemplateSpec(metadata=ObjectMeta(labels=LABELS), spec=PodSpec(containers=containers))


def deployment(replicas: int = 3, image: str = "v1", surge: int | str = 1, unavailable: int | str = 1) -> Deployment:
    rolling = RollingUpdateDeployment(maxSurge=surge, maxUnavailable=unavailable)
    return Deployment(
        metadata=ObjectMeta(name="web", namespace="default"),
        spec=DeploymentSpec(
            replicas=replicas,
            selector=LabelSelector(matchLabels=LABELS),
            template=template(image),
            strategy=DeploymentStrategy(type="RollingUpdate", rollingUpdate=rolling),
            revisionHistoryLimit=2,
            progressDeadlineSeconds=600,
        ),
    )


@dataclass
class Cluster:
    """A Deployment, its controllers, and pods that get ready when the test says so."""

    world: World

    def __init__(self, wanted: Deployment, *others: ReplicaSet) -> None:
        self.world = World(wanted, *others)
        self.deployments, self.replica_sets = DeploymentController(), ReplicaSetController()

    @property
    def deployment(self) -> Deployment:
        return self.world.all(Deployment)[0]

    @property
    def rollout(self) -> Rollout:
        return rollout_of(self.deployment, self.world.all(ReplicaSet))

    @property
    def sizes(self) -> list[int]:
        return [size(rs) for rs in self.rollout.all]

    def change(self, **spec: object) -> None:
        self.world.update(replace(self.deployment, spec=replace(self.deployment.spec, **spec)))

    def round(self, *, ready: int = 100, stop: int | None = None) -> None:
        self.world.step(self.deployments, NAME, stop)
        for rs in self.world.all(ReplicaSet):
            self.world.step(self.replica_sets, key(rs.metadata.name), stop)
        for pod in [pod for pod in self.world.all(Pod) if is_active(pod) and not is_ready(pod)][:ready]:
            self.world.run_pod(pod)

    def settle(self, rounds: int = 60) -> None:
        for _ in range(rounds):
            before = self.world.client._revision
            self.world.failure = None
            self.round()
            if self.world.client._revision == before:
                return
        raise AssertionError(f"not at rest: {self.sizes} {self.deployment.status}")


def test_a_new_deployment_gets_a_replica_set_revision_and_conditions() -> None:
    cluster = Cluster(deployment())
    cluster.settle()
    (rs,) = cluster.world.all(ReplicaSet)
    digest = template_hash(template("v1"), None)
    assert rs.metadata.name == f"web-{digest}"
    assert rs.spec.template.metadata.labels == {**LABELS, "pod-template-hash": digest}
    assert rs.spec.selector is not None
    assert rs.spec.selector.matchLabels == rs.metadata.labels
    assert cluster.deployment.metadata.annotations[REVISION] == rs.metadata.annotations[REVISION] == "1"
    status = cluster.deployment.status
    assert (status.replicas, status.updatedReplicas, status.readyReplicas, status.availableReplicas) == (3, 3, 3, 3)
    available, progressing = find(status, "Available"), find(status, "Progressing")
    assert available is not None
    assert available.reason == "MinimumReplicasAvailable"
    assert progressing is not None
    assert progressing.reason == "NewReplicaSetAvailable"
    assert progressing.message == f'ReplicaSet "{rs.metadata.name}" has successfully progressed.'
    message = f"Scaled up replica set {rs.metadata.name} from 0 to 3"
    assert ("Normal", "ScalingReplicaSet", message) in cluster.world.events.seen


def test_the_hash_uses_only_letters_and_digits_that_spell_no_words() -> None:
    first, second = template_hash(template("v1"), None), template_hash(template("v1"), 1)
    assert first != second
    assert set(first + second) <= set("bcdfghjklmnpqrstvwxz2456789")


def test_a_rollback_takes_the_old_replica_set_up_again_under_a_new_revision() -> None:
    cluster = Cluster(deployment())
    cluster.settle()
    cluster.change(template=template("v2"))
    cluster.settle()
    assert cluster.deployment.metadata.annotations[REVISION] == "2"
    cluster.change(template=template("v1"))
    cluster.settle()
    new = cluster.rollout.new
    assert new is not None
    assert size(new) == 3
    assert len(cluster.world.all(ReplicaSet)) == 2
    assert (new.metadata.annotations[REVISION], new.metadata.annotations[REVISION_HISTORY]) == ("3", "1")
    assert cluster.deployment.metadata.annotations[REVISION] == "3"


def test_old_replica_sets_beyond_the_history_limit_are_removed_oldest_first() -> None:
    cluster = Cluster(deployment())
    for version in range(1, 6):
        cluster.change(template=template(f"v{version}"))
        cluster.settle()
        cluster.world.pass_time(60)
    images = {rs.spec.template.spec.containers[0].image for rs in cluster.world.all(ReplicaSet)}
    assert images == {"v3", "v4", "v5"}


def test_recreate_starts_new_pods_only_when_the_old_are_gone() -> None:
    cluster = Cluster(deployment())
    cluster.settle()
    cluster.change(strategy=DeploymentStrategy(type="Recreate"), template=template("v2"))
    for _ in range(20):
        cluster.round()
        images = {pod.spec.containers[0].image for pod in cluster.world.all(Pod)}
        assert len(images) <= 1
    cluster.settle()
    assert cluster.sizes == [0, 3]


def test_a_paused_deployment_scales_but_does_not_roll_out() -> None:
    cluster = Cluster(deployment())
    cluster.settle()
    cluster.change(paused=True, template=template("v2"))
    cluster.settle()
    cluster.change(replicas=5)
    cluster.settle()
    assert [size(rs) for rs in cluster.world.all(ReplicaSet)] == [5]
    progressing = find(cluster.deployment.status, "Progressing")
    assert progressing is not None
    assert (progressing.status, progressing.reason) == ("Unknown", "DeploymentPaused")
    cluster.change(paused=False)
    cluster.settle()
    assert cluster.sizes == [0, 5]


def test_scaling_in_the_middle_of_a_rollout_is_proportional() -> None:
    cluster = Cluster(deployment(10, surge=3, unavailable=2))
    cluster.settle()
    cluster.change(template=template("v2"))
    for _ in range(3):
        cluster.round(ready=0)
    assert cluster.sizes == [8, 5]
    cluster.change(replicas=15)
    cluster.round(ready=0)
    assert cluster.sizes == [11, 7]
    assert {rs.metadata.annotations[DESIRED_REPLICAS] for rs in cluster.world.all(ReplicaSet)} == {"15"}


def test_a_stuck_rollout_is_reported_after_the_deadline() -> None:
    cluster = Cluster(deployment())
    cluster.settle()
    cluster.change(template=template("v2"))
    for _ in range(6):
        cluster.round(ready=0)
    plan = cluster.world.plan(cluster.deployments, NAME)
    assert plan is not None
    assert plan.requeue_after == timedelta(seconds=601)
    cluster.world.pass_time(601)
    cluster.round(ready=0)
    progressing = find(cluster.deployment.status, "Progressing")
    assert progressing is not None
    assert (progressing.status, progressing.reason) == ("False", "ProgressDeadlineExceeded")
    assert progressing.message.endswith("has timed out progressing.")


def test_a_replica_set_that_cannot_be_created_shows_in_progressing() -> None:
    cluster = Cluster(deployment())
    cluster.world.client.fail_next("create", ReplicaSet, Forbidden("quota"))
    cluster.round()
    plan = cluster.world.plan(cluster.deployments, NAME)
    assert plan is not None
    assert isinstance(plan.actions[0], Update)
    assert isinstance(plan.actions[1], Create)
    cluster.world.do(plan.actions[0])
    progressing = find(cluster.deployment.status, "Progressing")
    assert progressing is not None
    assert progressing.reason == "ReplicaSetCreateError"
    cluster.world.failure = None
    cluster.settle()
    assert cluster.deployment.status.availableReplicas == 3


def test_a_taken_name_counts_as_a_collision_and_another_hash_is_used() -> None:
    stranger = ReplicaSet(metadata=ObjectMeta(name=f"web-{template_hash(template('v1'), None)}", namespace="default"))
    cluster = Cluster(deployment(), stranger)
    cluster.settle()
    assert cluster.deployment.status.collisionCount == 1
    assert cluster.world.get(ReplicaSet, f"web-{template_hash(template('v1'), 1)}") is not None


def test_a_selector_that_selects_everything_is_refused() -> None:
    wanted = deployment()
    world = World(replace(wanted, spec=replace(wanted.spec, selector=LabelSelector())))
    world.settle(DeploymentController(), NAME)
    assert world.all(ReplicaSet) == ()
    assert world.all(Deployment)[0].status.observedGeneration == 1


bounds = st.one_of(st.integers(0, 3), st.sampled_from(["0%", "25%", "50%", "100%"]))


@settings(max_examples=120, deadline=None)
@given(
    replicas=st.integers(0, 6),
    surge=bounds,
    unavailable=bounds,
    rounds=st.lists(st.tuples(st.integers(0, 3), st.one_of(st.none(), st.integers(0, 3)), st.booleans()), max_size=12),
)
def test_surge_and_availability_bounds_hold_however_a_rollout_is_interrupted(
    replicas: int, surge: int | str, unavailable: int | str, rounds: list[tuple[int, int | None, bool]]
) -> None:
    cluster = Cluster(deployment(replicas, surge=surge, unavailable=unavailable))
    cluster.settle()
    version = 1
    for ready, stop, changes in [(0, None, True), *rounds]:
        if changes:
            version += 1
            cluster.change(template=template(f"v{version}"))
        cluster.round(ready=ready, stop=stop)
        rollout = cluster.rollout
        active = [pod for pod in cluster.world.all(Pod) if is_active(pod)]
        assert sum(map(size, rollout.all)) <= replicas + rollout.max_surge
        assert len(active) <= replicas + rollout.max_surge
        assert sum(map(is_ready, active)) >= rollout.min_available
    cluster.settle()
    assert [size(rs) for rs in cluster.rollout.old if size(rs)] == []
    assert len(cluster.world.all(Pod)) == replicas
    plan = cluster.world.plan(cluster.deployments, NAME)
    assert plan is not None
    assert plan.actions == ()


@st.composite
def histories(draw: st.DrawFn) -> list[ReplicaSet]:
    made = []
    for version in range(draw(st.integers(0, 4))):
        wanted = draw(st.integers(0, 5))
        current = draw(st.integers(0, 5))
        annotations = {}
        if draw(st.booleans()):
            annotations[REVISION] = str(draw(st.integers(0, 9)))
        if draw(st.booleans()):
            annotations[DESIRED_REPLICAS] = str(draw(st.integers(0, 6)))
        labels = {**LABELS, "pod-template-hash": f"h{version}"}
        pods = template(f"v{version}")
        made.append(
            ReplicaSet(
                metadata=ObjectMeta(
                    name=f"web-h{version}", namespace="default", labels=labels, annotations=annotations,
                    creationTimestamp=BEGIN - timedelta(hours=draw(st.integers(0, 3))),
                ),
                spec=ReplicaSetSpec(
                    replicas=wanted,
                    selector=LabelSelector(matchLabels=labels),
                    template=replace(pods, metadata=replace(pods.metadata, labels=labels)),
                ),
                status=ReplicaSetStatus(
                    replicas=current, availableReplicas=draw(st.integers(0, current)), observedGeneration=1
                ),
            )
        )  # fmt: skip
    return made


@settings(max_examples=120, deadline=None)
@given(
    history=histories(),
    replicas=st.integers(0, 6),
    version=st.integers(0, 5),
    strategy=st.sampled_from(["RollingUpdate", "Recreate"]),
    paused=st.booleans(),
    stops=st.lists(st.integers(0, 3), max_size=5),
)
def test_from_any_state_stopped_anywhere_it_converges_and_then_plans_nothing(
    history: list[ReplicaSet], replicas: int, version: int, strategy: str, paused: bool, stops: list[int]
) -> None:
    wanted = deployment(replicas, image=f"v{version}")
    if strategy == "Recreate":
        wanted = replace(wanted, spec=replace(wanted.spec, strategy=DeploymentStrategy(type="Recreate")))
    wanted = replace(wanted, spec=replace(wanted.spec, paused=paused), status=DeploymentStatus(replicas=3))
    cluster = Cluster(wanted, *history)
    for stop in stops:
        cluster.round(ready=1, stop=stop)
    cluster.settle()
    if paused:
        cluster.change(paused=False)
        cluster.settle()
    new = cluster.rollout.new
    assert new is not None
    assert size(new) == replicas == new.status.availableReplicas
    assert [size(rs) for rs in cluster.rollout.old if size(rs)] == []
    plan = cluster.world.plan(cluster.deployments, NAME)
    assert plan is not None
    assert plan.actions == ()
