"""The Pod Security Standards: what each check finds, in which releases, and in which words."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.admission.asking import pod

from steersman.api.core import (
    AppArmorProfile,
    Capabilities,
    Container,
    ContainerPort,
    EmptyDirVolumeSource,
    EphemeralContainer,
    HostPathVolumeSource,
    HTTPGetAction,
    Lifecycle,
    LifecycleHandler,
    NFSVolumeSource,
    Pod,
    PodOS,
    PodSecurityContext,
    Probe,
    SeccompProfile,
    SecurityContext,
    SELinuxOptions,
    Sysctl,
    TCPSocketAction,
    Volume,
    WindowsSecurityContextOptions,
)
from steersman.apimachinery.object import replace
from steersman.apiserver.admission.podsecurity.levels import (
    Level,
    LevelVersion,
    Policy,
    Version,
    policy_of,
    read_version,
)
from steersman.apiserver.admission.podsecurity.standards import BASELINE, RESTRICTED, evaluate, in_full, in_short

GOOD = SecurityContext(
    allowPrivilegeEscalation=False,
    capabilities=Capabilities(drop=("ALL",)),
    runAsNonRoot=True,
    seccompProfile=SeccompProfile(type="RuntimeDefault"),
)
LOW, HIGH = Level.BASELINE, Level.RESTRICTED


def good(name: str = "c", **more: Any) -> Container:
    return Container(name=name, image="i", securityContext=GOOD, **more)


def secured(**security: Any) -> Pod:
    """A pod that is fine but for these fields of its container."""
    return pod(replace(good(), securityContext=replace(GOOD, **security)))


def of_pod(**security: Any) -> Pod:
    return pod(good(), securityContext=PodSecurityContext(**security))


def found(wanted: Pod, level: Level = Level.RESTRICTED, minor: int | None = None) -> str:
    return in_full(evaluate(LevelVersion(level, Version(minor)), wanted.metadata, wanted.spec))


def annotated(key: str, value: str) -> Pod:
    return pod(good(), annotations={key: value})


APPARMOR, SECCOMP = "container.apparmor.security.beta.kubernetes.io/c", "seccomp.security.alpha.kubernetes.io/pod"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (of_pod(appArmorProfile=AppArmorProfile(type="Unconfined")),
         'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")'),
        (annotated(APPARMOR, "unconfined"),
         f'forbidden AppArmor profile (annotation must not set AppArmor profile type to "{APPARMOR}="unconfined"")'),
        (secured(capabilities=Capabilities(add=("NET_RAW", "CHOWN", "BPF"))),
         ('non-default capabilities (container "c" must not include "BPF", "NET_RAW" in '
         "securityContext.capabilities.add)")),
        (pod(good(), hostNetwork=True, hostPID=True, hostIPC=True),
         "host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)"),
        (pod(good(), volumes=(Volume(name="a", hostPath=HostPathVolumeSource(path="/")),)),
         'hostPath volumes (volume "a")'),
        (pod(good("a", ports=(ContainerPort(hostPort=9090), ContainerPort(hostPort=80)))),
         'hostPort (container "a" uses hostPorts 80, 9090)'),
        (pod(good("b", livenessProbe=Probe(httpGet=HTTPGetAction(host="1.1.1.1"))),
             good("a", lifecycle=Lifecycle(preStop=LifecycleHandler(tcpSocket=TCPSocketAction(host="x"))))),
         'probe or lifecycle host (containers "a", "b" use probe or lifecycle hosts "1.1.1.1", "x")'),
        (secured(privileged=True), 'privileged (container "c" must not set securityContext.privileged=true)'),
        (secured(procMount="Unmasked"),
         'procMount (container "c" must not set securityContext.procMount to "Unmasked")'),
        (of_pod(seLinuxOptions=SELinuxOptions(type="spc_t", user="u", role="r")),
         ('seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set; '
         "role may not be set)")),
        (secured(seccompProfile=SeccompProfile(type="Unconfined")),
         'seccompProfile (container "c" must not set securityContext.seccompProfile.type to "Unconfined")'),
        (of_pod(sysctls=(Sysctl(name="kernel.msgmax", value="1"), Sysctl(name="net.ipv4.tcp_rmem", value="1"))),
         "forbidden sysctls (kernel.msgmax)"),
        (secured(windowsOptions=WindowsSecurityContextOptions(hostProcess=True)),
         'hostProcess (container "c" must not set securityContext.windowsOptions.hostProcess=true)'),
    ],
)  # fmt: skip
def test_baseline_finds_what_gives_a_pod_its_node(wanted: Pod, said: str) -> None:
    assert found(wanted, LOW) == said
    assert found(wanted), "what is wrong for baseline is wrong for restricted"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (secured(allowPrivilegeEscalation=None),
         'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)'),
        (secured(capabilities=None),
         'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"])'),
        (secured(capabilities=Capabilities(drop=("CHOWN",), add=("CHOWN", "NET_BIND_SERVICE"))),
         ('unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]; container "c" '
         'must not include "CHOWN" in securityContext.capabilities.add)')),
        (pod(good(), volumes=(Volume(name="a", nfs=NFSVolumeSource()), Volume(name="b"),
                              Volume(name="d", emptyDir=EmptyDirVolumeSource()))),
         'restricted volume types (volumes "a", "b" use restricted volume types "nfs", "unknown")'),
        (secured(runAsNonRoot=None),
         'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)'),
        (pod(replace(good(), securityContext=replace(GOOD, runAsNonRoot=False)),
             securityContext=PodSecurityContext(runAsNonRoot=False)),
         'runAsNonRoot != true (pod and container "c" must not set securityContext.runAsNonRoot=false)'),
        (of_pod(runAsUser=0), "runAsUser=0 (pod must not set runAsUser=0)"),
        (secured(seccompProfile=None),
         ('seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or '
         '"Localhost")')),
    ],
)  # fmt: skip
def test_restricted_asks_for_best_practice(wanted: Pod, said: str) -> None:
    assert found(wanted) == said
    assert found(wanted, LOW) == ""


def test_a_pod_that_does_as_is_asked_is_allowed() -> None:
    assert found(pod(good())) == ""
    bare = Container(name="c", image="i", securityContext=SecurityContext(
        allowPrivilegeEscalation=False, capabilities=Capabilities(drop=("ALL",), add=("NET_BIND_SERVICE",))
    ))  # fmt: skip
    own = PodSecurityContext(runAsNonRoot=True, runAsUser=1, seccompProfile=SeccompProfile(type="Localhost"))
    assert found(pod(bare, securityContext=own)) == ""
    everything = pod(hostNetwork=True)
    assert evaluate(LevelVersion(Level.PRIVILEGED), everything.metadata, everything.spec) == ()


def test_every_container_is_looked_at_and_all_that_is_wrong_is_told() -> None:
    escalating = SecurityContext(privileged=True)
    debug = EphemeralContainer(name="debug", image="i", securityContext=escalating)
    wanted = pod(
        replace(good("run"), securityContext=escalating),
        initContainers=(replace(good("init"), securityContext=escalating),),
        ephemeralContainers=(debug,),
        hostNetwork=True,
    )
    told = 'containers "init", "run", "debug" must not set securityContext.privileged=true'
    assert found(wanted, LOW) == f"host namespaces (hostNetwork=true), privileged ({told})"
    findings = evaluate(LevelVersion(HIGH), wanted.metadata, wanted.spec)
    assert in_short(findings) == (
        "host namespaces, privileged, allowPrivilegeEscalation != false, unrestricted capabilities, "
        "runAsNonRoot != true, seccompProfile"
    )


IN_USER_NAMESPACE: Callable[[Pod], Pod] = lambda given: replace(given, spec=replace(given.spec, hostUsers=False))  # noqa: E731
ON_WINDOWS: Callable[[Pod], Pod] = lambda given: replace(given, spec=replace(given.spec, os=PodOS(name="windows")))  # noqa: E731


@pytest.mark.parametrize(
    ("wanted", "level", "refused", "allowed"),
    [
        (secured(allowPrivilegeEscalation=None), HIGH, 8, 7),
        (ON_WINDOWS(secured(allowPrivilegeEscalation=None)), HIGH, 24, 25),
        (secured(capabilities=None), HIGH, 22, 21),
        (ON_WINDOWS(secured(capabilities=None)), HIGH, 24, 25),
        (ON_WINDOWS(secured(seccompProfile=None)), HIGH, 24, 25),
        (secured(seccompProfile=None), HIGH, 19, 18),
        (annotated(SECCOMP, "unconfined"), LOW, 18, 19),
        (of_pod(runAsUser=0), HIGH, 23, 22),
        (IN_USER_NAMESPACE(of_pod(runAsUser=0)), HIGH, 34, 35),
        (IN_USER_NAMESPACE(secured(runAsNonRoot=None)), HIGH, 34, 35),
        (IN_USER_NAMESPACE(secured(procMount="Unmasked")), LOW, 34, 35),
        (of_pod(seLinuxOptions=SELinuxOptions(type="container_engine_t")), LOW, 30, 31),
        (pod(good(livenessProbe=Probe(httpGet=HTTPGetAction(host="x")))), LOW, 34, 33),
        (of_pod(sysctls=(Sysctl(name="net.ipv4.ip_local_reserved_ports"),)), LOW, 26, 27),
        (of_pod(sysctls=(Sysctl(name="net.ipv4.tcp_fin_timeout"),)), LOW, 28, 29),
        (of_pod(sysctls=(Sysctl(name="net.ipv4.tcp_wmem"),)), LOW, 31, 32),
        (of_pod(sysctls=(Sysctl(name="net.ipv4.tcp_notsent_lowat"),)), LOW, 36, 37),
    ],
)
def test_standards_change_with_the_releases(wanted: Pod, level: Level, refused: int, allowed: int) -> None:
    assert found(wanted, level, refused)
    assert not found(wanted, level, allowed)


def test_restricted_keeps_proc_masked_in_a_user_namespace_too() -> None:
    assert found(IN_USER_NAMESPACE(secured(procMount="Unmasked")), HIGH, 35).startswith("procMount")


def test_releases_to_come_are_like_the_latest() -> None:
    wanted = of_pod(sysctls=(Sysctl(name="net.ipv4.tcp_notsent_lowat"),))
    assert found(wanted, LOW, 99) == found(wanted, LOW) == ""


def test_checks_stand_in_the_order_they_are_told_in() -> None:
    for checks in (BASELINE, RESTRICTED):
        ids = [check.id for check in checks]
        assert ids == sorted(ids)
    assert {check.overrides for check in RESTRICTED} - {""} <= {check.id for check in BASELINE}


def labels(**given: str) -> dict[str, str]:
    return {f"pod-security.kubernetes.io/{name.replace('_', '-')}": value for name, value in given.items()}


BASE = LevelVersion(Level.BASELINE)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, Policy()),
        (labels(enforce="baseline"), Policy(BASE, LevelVersion(), BASE)),
        (labels(enforce="baseline", enforce_version="v1.20"),
         Policy(LevelVersion(LOW, Version(20)), LevelVersion(), LevelVersion(LOW, Version(20)))),
        (labels(enforce="restricted", warn="privileged"),
         Policy(LevelVersion(HIGH), LevelVersion(), LevelVersion())),
        (labels(enforce="restricted", warn_version="v1.1"),
         Policy(LevelVersion(HIGH), LevelVersion(), LevelVersion(HIGH, Version(1)))),
        (labels(audit="baseline", audit_version="latest"), Policy(LevelVersion(), BASE, LevelVersion())),
    ],
)  # fmt: skip
def test_labels_name_the_policy(given: dict[str, str], wanted: Policy) -> None:
    assert policy_of(given, Policy()) == (wanted, [])


def test_labels_that_cannot_be_read_enforce_most_and_tell_nobody() -> None:
    policy, faults = policy_of(
        labels(enforce="x", enforce_version="1.2", audit="x", warn="x"), Policy(BASE, BASE, BASE)
    )
    assert policy == Policy(LevelVersion(HIGH), LevelVersion(), LevelVersion())
    assert [(cause.field.rpartition("/")[2], cause.message) for cause in faults] == [
        ("enforce]", 'Invalid value: "x": must be one of privileged, baseline, restricted'),
        ("enforce-version]", 'Invalid value: "1.2": must be "latest" or "v1.x"'),
        ("audit]", 'Invalid value: "x": must be one of privileged, baseline, restricted'),
        ("warn]", 'Invalid value: "x": must be one of privileged, baseline, restricted'),
    ]


@pytest.mark.parametrize("text", ["", "v2.1", "v1", "v1.01", "1.1", "v1.x", "newest"])
def test_versions_are_written_as_releases_are(text: str) -> None:
    with pytest.raises(ValueError, match=r'must be "latest" or "v1\.x"'):
        read_version(text)
