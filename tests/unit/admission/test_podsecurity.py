"""PodSecurity as a plugin: who is refused, who is warned, who is exempt."""

from typing import Any

import pytest
from tests.unit.admission.asking import SOMEBODY, Objects, admitted, creates, pod, updates

from steersman.api.apps import Deployment, DeploymentSpec
from steersman.api.batch import CronJob, CronJobSpec, JobSpec, JobTemplateSpec
from steersman.api.core import (
    Container,
    EphemeralContainer,
    Namespace,
    Pod,
    PodTemplateSpec,
    ReplicationController,
    Service,
)
from steersman.api.meta import Kind, ObjectMeta, OwnerReference
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Forbidden, InternalError, Invalid
from steersman.apiserver.admission.errors import ConfigurationError
from steersman.apiserver.admission.podsecurity.plugin import PodSecurity
from steersman.apiserver.admission.podsecurity.settings import Settings, read_settings
from steersman.apiserver.attributes import AdmissionAttributes
from steersman.component.clock import FakeClock

PREFIX = "pod-security.kubernetes.io/"
HOST = pod(hostNetwork=True)
VIOLATION = "host namespaces (hostNetwork=true)"


def namespace(name: str = "default", **labels: str) -> Namespace:
    return Namespace(metadata=ObjectMeta(name=name, labels={f"{PREFIX}{key}": value for key, value in labels.items()}))


def plugin(*objects: Kind, settings: Settings | None = None) -> PodSecurity:
    return PodSecurity(Objects(*objects), FakeClock(), settings or Settings())


async def told(judge: PodSecurity, attributes: AdmissionAttributes) -> tuple[list[str], dict[str, str]]:
    """Warnings and audit annotations of what is allowed."""
    await admitted(judge, attributes)
    notes = {key.removeprefix(PREFIX): value for key, value in attributes.annotations.items()}
    return attributes.warnings, notes


async def test_a_pod_that_breaks_what_is_enforced_is_refused_without_a_warning() -> None:
    attributes = creates(HOST)
    with pytest.raises(Forbidden) as caught:
        await admitted(plugin(namespace(enforce="baseline", audit="baseline")), attributes)
    assert caught.value.message == f'pods "p" is forbidden: violates PodSecurity "baseline:latest": {VIOLATION}'
    assert attributes.warnings == []
    assert attributes.annotations[f"{PREFIX}enforce-policy"] == "baseline:latest"
    noted = f'would violate PodSecurity "baseline:latest": {VIOLATION}'
    assert attributes.annotations[f"{PREFIX}audit-violations"] == noted


async def test_warnings_and_notes_do_not_refuse() -> None:
    warned, noted = await told(plugin(namespace(warn="baseline", audit="restricted")), creates(HOST))
    assert warned == [f'would violate PodSecurity "baseline:latest": {VIOLATION}']
    assert noted["audit-violations"].startswith('would violate PodSecurity "restricted:latest": host namespaces')
    assert noted["enforce-policy"] == "privileged:latest"


async def test_everything_is_allowed_where_nothing_is_asked() -> None:
    assert await told(plugin(namespace()), creates(HOST)) == ([], {"enforce-policy": "privileged:latest"})
    with pytest.raises(InternalError, match='failed to lookup namespace "default"'):
        await admitted(plugin(), creates(HOST))
    late = PodSecurity(Objects(late=[namespace(enforce="baseline")]), FakeClock(), Settings())
    with pytest.raises(Forbidden):
        await admitted(late, creates(HOST))


TEMPLATE = PodTemplateSpec(spec=HOST.spec)
META = ObjectMeta(name="w", namespace="default")


@pytest.mark.parametrize(
    "workload",
    [
        Deployment(metadata=META, spec=DeploymentSpec(template=TEMPLATE)),
        CronJob(metadata=META, spec=CronJobSpec(jobTemplate=JobTemplateSpec(spec=JobSpec(template=TEMPLATE)))),
    ],
)
async def test_workloads_are_warned_of_the_pods_they_will_not_get(workload: Kind) -> None:
    warned, noted = await told(plugin(namespace(enforce="baseline", audit="baseline")), creates(workload))
    assert warned == [f'would violate PodSecurity "baseline:latest": {VIOLATION}']
    assert noted == {"audit-violations": warned[0]}


async def test_what_makes_no_pods_is_not_judged() -> None:
    judge = plugin(namespace(enforce="restricted"))
    for other in (Service(metadata=META), ReplicationController(metadata=META)):
        assert await told(judge, creates(other)) == ([], {})
    assert await told(judge, creates(HOST, subresource="binding")) == ([], {})
    workload = Deployment(metadata=META, spec=DeploymentSpec(template=TEMPLATE))
    assert await told(judge, creates(workload, subresource="status")) == ([], {})


@pytest.mark.parametrize(
    ("change", "is_judged"),
    [
        ({"activeDeadlineSeconds": 5}, False),
        ({"containers": (Container(name="c", image="other"),)}, True),
        ({"initContainers": (Container(name="n", image="i"),)}, True),
        ({"ephemeralContainers": (EphemeralContainer(name="e", image="i"),)}, True),
    ],
)
async def test_a_stored_pod_is_judged_again_only_when_it_changes_in_what_counts(change: Any, is_judged: bool) -> None:
    changed = updates(HOST, replace(HOST, spec=replace(HOST.spec, **change)))
    if not is_judged:
        await admitted(plugin(namespace(enforce="baseline")), changed)
        return
    with pytest.raises(Forbidden):
        await admitted(plugin(namespace(enforce="baseline")), changed)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (Settings(namespaces=frozenset({"default"})), "namespace"),
        (Settings(usernames=frozenset({SOMEBODY.name})), "user"),
        (Settings(runtime_classes=frozenset({"sandbox"})), "runtimeClass"),
    ],
)
async def test_the_exempt_are_let_through(settings: Settings, why: str) -> None:
    wanted = pod(hostNetwork=True, runtimeClassName="sandbox")
    assert await told(plugin(namespace(enforce="baseline"), settings=settings), creates(wanted)) == (
        [],
        {"exempt": why},
    )


async def test_a_namespace_must_have_labels_that_can_be_read() -> None:
    wrong = namespace("n", enforce="strict")
    said = (
        f'Namespace "n" is invalid: metadata.labels[{PREFIX}enforce]: Invalid value: "strict": '
        "must be one of privileged, baseline, restricted"
    )
    for attributes in (creates(wrong), updates(namespace("n"), wrong)):
        with pytest.raises(Invalid) as caught:
            await admitted(plugin(), attributes)
        assert caught.value.message == said
    # Who didn't break them may go on.
    await admitted(plugin(), updates(wrong, wrong))


def running(name: str, owner: str = "", **spec: Any) -> Pod:
    made = pod(name=name, **spec)
    owners = (OwnerReference(uid=owner, controller=True),) if owner else ()
    return replace(made, metadata=replace(made.metadata, ownerReferences=owners))


async def test_a_stricter_label_tells_of_the_pods_that_break_it() -> None:
    pods = (
        running("b", hostNetwork=True),
        running("a", hostNetwork=True),
        running("c", hostPID=True, hostNetwork=True),
        running("fine"),
        running("x", hostIPC=True),
    )
    warned, _ = await told(plugin(*pods), updates(namespace(), namespace(enforce="baseline")))
    assert warned == [
        'existing pods in namespace "default" violate the new PodSecurity enforce level "baseline:latest"',
        "a (and 3 other pods): host namespaces",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"enforce": "restricted"}, {"enforce": "baseline"}),
        ({"enforce": "baseline"}, {"enforce": "baseline", "warn": "restricted"}),
        ({"enforce": "baseline"}, {"enforce": "privileged"}),
    ],
)
async def test_a_milder_label_tells_nothing(before: dict[str, str], after: dict[str, str]) -> None:
    judge = plugin(running("b", hostNetwork=True))
    assert await told(judge, updates(namespace(**before), namespace(**after))) == ([], {})


async def test_of_many_pods_one_of_each_controller_is_looked_at_first() -> None:
    pods = [running(f"p{number:04}", owner="rs", hostNetwork=True) for number in range(3100)]
    odd = running("zz", hostPID=True)
    judge = plugin(*pods, odd)
    warned, _ = await told(judge, updates(namespace(), namespace(enforce="baseline")))
    assert warned[0] == "new PodSecurity enforce level only checked against the first 3000 of 3101 existing pods"
    assert "p0000 (and 2999 other pods): host namespaces" in warned


async def test_labels_of_an_exempt_namespace_are_said_to_do_nothing() -> None:
    judge = plugin(settings=Settings(namespaces=frozenset({"default"})))
    labelled = namespace(enforce="baseline", audit="restricted")
    said = (
        'namespace "default" is exempt from Pod Security, and the policy '
        "(enforce=baseline:latest, audit=restricted:latest) will be ignored"
    )
    assert (await told(judge, creates(labelled)))[0] == [said]
    assert (await told(judge, updates(namespace(), labelled)))[0] == [said]
    assert (await told(judge, creates(namespace())))[0] == []


HEAD = {"kind": "PodSecurityConfiguration", "apiVersion": "pod-security.admission.config.k8s.io/v1"}


def test_settings_say_what_counts_without_labels_and_who_is_exempt() -> None:
    made = read_settings({
        **HEAD,
        "defaults": {"enforce": "baseline", "enforce-version": "v1.30", "warn": "restricted"},
        "exemptions": {"namespaces": ["kube-system"], "usernames": ["ci"], "runtimeClasses": ["kata"]},
    })  # fmt: skip
    assert (str(made.defaults.enforce), str(made.defaults.warn)) == ("baseline:v1.30", "restricted:latest")
    assert str(made.defaults.audit) == "privileged:latest"
    assert (made.namespaces, made.usernames, made.runtime_classes) == ({"kube-system"}, {"ci"}, {"kata"})
    assert read_settings(None) == Settings()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "Pod"}, 'couldn\'t init admission plugin "PodSecurity": no kind "Pod" in version "" is known'),
        ({**HEAD, "default": {}}, 'unknown field "default"'),
        ({**HEAD, "defaults": {"enforceVersion": "v1.1"}}, 'unknown field "defaults.enforceVersion"'),
        ({**HEAD, "defaults": {"enforce": "x"}}, 'defaults.enforce: Invalid value: "x": must be one of privileged'),
        ({**HEAD, "defaults": {"warn-version": "1"}}, 'defaults.warn-version: Invalid value: "1": must be "latest"'),
        ({**HEAD, "exemptions": {"namespaces": ["A"]}}, r'exemptions.namespaces\[0\]: Invalid value: "A": a lowercase'),
        ({**HEAD, "exemptions": {"usernames": ["a", "a"]}}, r'exemptions.usernames\[1\]: Duplicate value: "a"'),
        ({**HEAD, "exemptions": {"usernames": [""]}}, "username must not be empty"),
    ],
)
def test_settings_that_cannot_be_used_are_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_settings(given)
