"""Defaults, rules and table cells of the kinds people look at most."""

from datetime import UTC, datetime, timedelta

import pytest

from steersman.api.apps import Deployment, DeploymentSpec, DeploymentStatus
from steersman.api.core import (
    Container,
    ContainerPort,
    ContainerState,
    ContainerStateRunning,
    ContainerStateWaiting,
    ContainerStatus,
    Namespace,
    Pod,
    PodSpec,
    PodStatus,
    PodTemplateSpec,
    ResourceRequirements,
    Secret,
    Service,
    ServicePort,
    ServiceSpec,
)
from steersman.api.core.imagenames import default_image_pull_policy
from steersman.api.meta import DeleteOptions, LabelSelector, ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity
from steersman.apiserver.registry import strategy_for
from steersman.apiserver.registry.age import human_duration

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def pod(*containers: Container, **spec: object) -> Pod:
    made = containers or (Container(name="c", image="busybox"),)
    return Pod(
        metadata=ObjectMeta(name="p", namespace="default", creationTimestamp=NOW - timedelta(minutes=5)),
        spec=PodSpec(containers=made, **spec),  # type: ignore[arg-type]
    )


def texts(obj: Pod | Deployment | Service) -> list[str]:
    strategy = strategy_for(type(obj))
    return [f"{cause.field}: {cause.message}" for cause in strategy.validate(strategy.default(obj))]


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("busybox", "Always"),
        ("busybox:latest", "Always"),
        ("busybox:1", "IfNotPresent"),
        ("registry:5000/busybox", "Always"),
        ("busybox@sha256:0123", "IfNotPresent"),
    ],
)
def test_the_pull_policy_follows_the_tag(image: str, policy: str) -> None:
    assert default_image_pull_policy(image) == policy


def test_a_pod_is_filled_in_as_upstream_does() -> None:
    resources = ResourceRequirements(limits={"cpu": Quantity("1")})
    made = strategy_for(Pod).default(pod(Container(name="c", image="i:1", resources=resources)))
    container = made.spec.containers[0]
    assert (made.spec.restartPolicy, made.spec.dnsPolicy, made.spec.schedulerName) == (
        "Always",
        "ClusterFirst",
        "default-scheduler",
    )
    assert made.spec.terminationGracePeriodSeconds == 30
    assert (container.terminationMessagePath, container.imagePullPolicy) == ("/dev/termination-log", "IfNotPresent")
    assert container.resources.requests == {"cpu": Quantity("1")}
    assert strategy_for(Pod).prepare_for_create(made).status == PodStatus(phase="Pending", qosClass="Burstable")
    assert strategy_for(Pod).default(made) == made


def test_every_fault_of_a_pod_is_named_with_its_path() -> None:
    bad = Container(name="Bad_Name", ports=(ContainerPort(containerPort=70000),))
    found = texts(pod(bad, Container(name="x", image="i"), Container(name="x", image="i"), restartPolicy="Sometimes"))
    assert "spec.containers[0].image: Required value" in found
    assert any(text.startswith('spec.containers[0].name: Invalid value: "Bad_Name"') for text in found)
    assert any(text.startswith("spec.containers[0].ports[0].containerPort: Invalid value: 70000") for text in found)
    assert 'spec.containers[2].name: Duplicate value: "x"' in found
    assert any(text.startswith('spec.restartPolicy: Unsupported value: "Sometimes"') for text in found)


def test_of_a_running_pod_only_the_image_may_change() -> None:
    strategy = strategy_for(Pod)
    old = strategy.default(pod())
    image = replace(old, spec=replace(old.spec, containers=(replace(old.spec.containers[0], image="other"),)))
    assert not strategy.validate_update(image, old)
    named = replace(old, spec=replace(old.spec, hostNetwork=True))
    assert [cause.reason for cause in strategy.validate_update(named, old)] == ["FieldValueForbidden"]


def test_a_pods_row_tells_its_story() -> None:
    strategy = strategy_for(Pod)
    running = ContainerStatus(name="c", ready=True, state=ContainerState(running=ContainerStateRunning()))
    made = replace(pod(nodeName="n"), status=PodStatus(phase="Running", containerStatuses=(running,), podIP="10.0.0.1"))
    assert strategy.row(made, NOW)[:7] == ("p", "1/1", "Running", "0", "5m", "10.0.0.1", "n")
    waiting = ContainerStatus(name="c", state=ContainerState(waiting=ContainerStateWaiting(reason="CrashLoopBackOff")))
    crashing = replace(made, status=replace(made.status, containerStatuses=(waiting,)))
    assert strategy.row(crashing, NOW)[1:3] == ("0/1", "CrashLoopBackOff")
    ending = replace(made, metadata=replace(made.metadata, deletionTimestamp=NOW))
    assert strategy.row(ending, NOW)[2] == "Terminating"


@pytest.mark.parametrize(("asked", "node", "grace"), [(None, "n", 30), (5, "n", 5), (None, "", 0), (0, "n", 0)])
def test_a_pod_no_kubelet_runs_goes_at_once(asked: int | None, node: str, grace: int) -> None:
    strategy = strategy_for(Pod)
    made = strategy.default(pod(nodeName=node))
    assert strategy.grace_period_seconds(made, DeleteOptions(gracePeriodSeconds=asked)) == grace


def deployment(labels: dict[str, str], selector: dict[str, str]) -> Deployment:
    template = PodTemplateSpec(
        metadata=ObjectMeta(labels=labels), spec=PodSpec(containers=(Container(name="c", image="i"),))
    )
    return Deployment(
        metadata=ObjectMeta(name="d", namespace="default", creationTimestamp=NOW),
        spec=DeploymentSpec(selector=LabelSelector(matchLabels=selector), template=template),
    )


def test_a_deployment_rolls_by_quarters_and_must_select_its_template() -> None:
    made = strategy_for(Deployment).default(deployment({"a": "1"}, {"a": "1"}))
    assert made.spec.replicas == 1
    assert made.spec.strategy.rollingUpdate is not None
    assert (made.spec.strategy.rollingUpdate.maxSurge, made.spec.strategy.rollingUpdate.maxUnavailable) == (
        "25%",
        "25%",
    )
    assert not strategy_for(Deployment).validate(made)
    assert any(
        "`selector` does not match template `labels`" in text for text in texts(deployment({"a": "1"}, {"a": "2"}))
    )


def test_a_change_of_spec_counts_and_one_of_status_does_not() -> None:
    strategy = strategy_for(Deployment)
    old = strategy.prepare_for_create(strategy.default(deployment({"a": "1"}, {"a": "1"})))
    assert old.metadata.generation == 1
    scaled = replace(old, spec=replace(old.spec, replicas=3), status=DeploymentStatus(replicas=9))
    updated = strategy.prepare_for_update(scaled, old)
    assert (updated.metadata.generation, updated.status) == (2, old.status)
    status = strategy.prepare_for_status_update(scaled, old)
    assert (status.metadata.generation, status.spec, status.status.replicas) == (1, old.spec, 9)
    labelled = replace(scaled, metadata=replace(old.metadata, labels={"a": "b"}))
    assert strategy.prepare_for_status_update(labelled, old).metadata.labels == old.metadata.labels


def test_a_service_gets_its_target_ports_and_a_namespace_its_label() -> None:
    service = Service(metadata=ObjectMeta(name="s"), spec=ServiceSpec(ports=(ServicePort(port=80),)))
    made = strategy_for(Service).default(service)
    assert (made.spec.type, made.spec.ports[0].targetPort, made.spec.ports[0].protocol) == ("ClusterIP", 80, "TCP")
    namespace = strategy_for(Namespace).default(Namespace(metadata=ObjectMeta(name="n")))
    assert namespace.metadata.labels == {"kubernetes.io/metadata.name": "n"}
    assert strategy_for(Namespace).prepare_for_create(namespace).spec.finalizers == ("kubernetes",)


def test_string_data_is_never_stored() -> None:
    secret = strategy_for(Secret).default(Secret(stringData={"a": "b"}))
    assert (secret.type, secret.data, secret.stringData) == ("Opaque", {"a": b"b"}, {})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (5, "5s"),
        (119, "119s"),
        (200, "3m20s"),
        (600, "10m"),
        (3 * 3600 + 60, "3h1m"),
        (30 * 3600, "30h"),
        (3 * 86400, "3d"),
    ],
)
def test_ages_are_short(seconds: int, text: str) -> None:
    assert human_duration(seconds) == text
