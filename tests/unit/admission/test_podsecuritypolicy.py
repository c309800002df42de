"""PodSecurityPolicies: booleans, allowed sets and strategies, and who may use which."""

from typing import Any

import pytest
from tests.unit.admission.asking import Allows, Objects, admitted, creates, pod, updates

from steersman.api.core import Container, Pod
from steersman.api.policy.podsecuritypolicy import PodSecurityPolicy
from steersman.api.policy.podsecurityrules import default_policy, validate_policy
from steersman.apimachinery.codec.json import from_wire
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Forbidden
from steersman.apiserver.admission.podsecuritypolicy.judgement import is_usable, violations, with_defaults
from steersman.apiserver.admission.podsecuritypolicy.plugin import PodSecurityPolicyAdmission
from steersman.apiserver.attributes import Decision
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import UserInfo

ANY = {"rule": "RunAsAny"}
MUST = {"rule": "MustRunAs", "ranges": [{"min": 10, "max": 19}]}
SECCOMP, APPARMOR = "seccomp.security.alpha.kubernetes.io/", "apparmor.security.beta.kubernetes.io/"


def policy(name: str = "p", annotations: dict[str, str] | None = None, **spec: Any) -> PodSecurityPolicy:
    open_ = {"seLinux": ANY, "runAsUser": ANY, "supplementalGroups": ANY, "fsGroup": ANY, "volumes": ["*"]}
    tree = {"metadata": {"name": name, "annotations": annotations or {}}, "spec": {**open_, **spec}}
    return default_policy(from_wire(tree, PodSecurityPolicy))


def wanted(container: dict[str, Any] | None = None, **spec: Any) -> Pod:
    return from_wire(
        {
            "metadata": {"name": "p", "namespace": "default"},
            "spec": {"containers": [{"name": "c", "image": "i", **(container or {})}], **spec},
        },
        Pod,
    )


def secured(**fields: Any) -> Pod:
    return wanted({"securityContext": fields})


def faults(rules: PodSecurityPolicy, given: Pod) -> list[str]:
    return [f"{one.field}: {one.message}" for one in violations(rules, given)]


HOST = {"name": "h", "hostPath": {"path": "/var/log/app/"}}
TOKEN = {
    "name": "t",
    "projected": {
        "sources": [
            {"serviceAccountToken": {"path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt"}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {
                "apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
        ]
    },
}  # fmt: skip
SC = "spec.containers[0].securityContext"


@pytest.mark.parametrize(
    ("rules", "given", "said"),
    [
        (policy(), secured(privileged=True), f"{SC}.privileged: Invalid value: true: Privileged containers are not"),
        (policy(privileged=True), secured(privileged=True), ""),
        (policy(), wanted(hostNetwork=True), "spec.securityContext.hostNetwork: Invalid value: true: Host network is"),
        (policy(), wanted(hostPID=True), "spec.securityContext.hostPID: Invalid value: true: Host PID is not allowed"),
        (policy(hostIPC=True), wanted(hostIPC=True), ""),
        (
            policy(hostPorts=[{"min": 80, "max": 80}, {"min": 90, "max": 99}]),
            wanted({"ports": [{"hostPort": 85}]}),
            (
                "spec.containers[0].hostPort: Invalid value: 85: Host port 85 is not allowed to be used. "
                "Allowed ports: [80,90-99]"
            ),
        ),
        (policy(hostPorts=[{"min": 90, "max": 99}]), wanted({"ports": [{"hostPort": 99}]}), ""),
        (
            policy(readOnlyRootFilesystem=True),
            secured(readOnlyRootFilesystem=False),
            f"{SC}.readOnlyRootFilesystem: Invalid value: false: ReadOnlyRootFilesystem must be set to true",
        ),
        (
            policy(allowPrivilegeEscalation=False),
            wanted(),
            f"{SC}.allowPrivilegeEscalation: Invalid value: null: Allowing privilege escalation for containers is not",
        ),
        (policy(), secured(procMount="Unmasked"), f'{SC}.procMount: Invalid value: "Unmasked": ProcMountType is not'),
        (policy(allowedProcMountTypes=["Unmasked"]), secured(procMount="Unmasked"), ""),
        (policy(), secured(capabilities={"add": ["X"]}), f'{SC}.capabilities.add: Invalid value: "X": capability may'),
        (policy(allowedCapabilities=["*"]), secured(capabilities={"add": ["X"]}), ""),
        (
            policy(requiredDropCapabilities=["X"]),
            secured(capabilities={"drop": ["Y"]}),
            f'{SC}.capabilities.drop: Invalid value: ["Y"]: X is required to be dropped but was not found',
        ),
        (policy(requiredDropCapabilities=["X"]), wanted(), "required capabilities are not set on the securityContext"),
        (policy(runAsUser=MUST), wanted(), f"{SC}.runAsUser: Required value"),
        (policy(runAsUser=MUST), secured(runAsUser=9), "Invalid value: 9: must be in the ranges: [{10 19}]"),
        (policy(runAsUser=MUST), wanted(securityContext={"runAsUser": 12}), ""),
        (policy(runAsUser={"rule": "MustRunAsNonRoot"}), wanted(), f"{SC}.runAsNonRoot: Required value: must be true"),
        (
            policy(runAsUser={"rule": "MustRunAsNonRoot"}),
            secured(runAsUser=0),
            "running with the root UID is forbidden",
        ),
        (policy(runAsUser={"rule": "MustRunAsNonRoot"}), secured(runAsNonRoot=False), "Invalid value: false: must be"),
        (policy(runAsUser={"rule": "MustRunAsNonRoot"}), secured(runAsUser=5), ""),
        (policy(runAsGroup=MUST), secured(runAsGroup=1), "group 1 must be in the ranges: [{10 19}]"),
        (policy(fsGroup=MUST), wanted(), "spec.securityContext.fsGroup: Invalid value: []: unable to validate empty"),
        (policy(fsGroup={**MUST, "rule": "MayRunAs"}), wanted(), ""),
        (
            policy(supplementalGroups={**MUST, "rule": "MayRunAs"}),
            wanted(securityContext={"supplementalGroups": [12, 20]}),
            "spec.securityContext.supplementalGroups: Invalid value: [12,20]: group 20 must be in the ranges",
        ),
        (
            policy(seLinux={"rule": "MustRunAs", "seLinuxOptions": {"level": "s0:c1,c2", "user": "u"}}),
            wanted(securityContext={"seLinuxOptions": {"level": "s0:c2,c3", "user": "u"}}),
            'spec.securityContext.seLinuxOptions.level: Invalid value: "s0:c2,c3": must be s0:c1,c2',
        ),
        (
            policy(seLinux={"rule": "MustRunAs", "seLinuxOptions": {"level": "s0:c1,c2"}}),
            wanted(securityContext={"seLinuxOptions": {"level": "s0:c2,c1"}}),
            "",
        ),
        (policy(volumes=["secret"]), wanted(volumes=[HOST]), "hostPath volumes are not allowed to be used"),
        (policy(volumes=["secret"]), wanted(volumes=[TOKEN]), ""),
        (policy(volumes=["emptyDir"]), wanted(volumes=[TOKEN]), "projected volumes are not allowed to be used"),
        (
            policy(allowedHostPaths=[{"pathPrefix": "/var/lo"}]),
            wanted(volumes=[HOST]),
            'spec.volumes[0].hostPath.pathPrefix: Invalid value: "/var/log/app/": is not allowed to be used',
        ),
        (
            policy(allowedHostPaths=[{"pathPrefix": "/var/log", "readOnly": True}]),
            wanted({"volumeMounts": [{"name": "h", "mountPath": "/h"}]}, volumes=[HOST]),
            "spec.containers[0].volumeMounts[0].readOnly: Invalid value: false: must be read-only",
        ),
        (policy(allowedHostPaths=[{"pathPrefix": "/var/log/"}]), wanted(volumes=[HOST]), ""),
        (
            policy(allowedCSIDrivers=[{"name": "a"}]),
            wanted(volumes=[{"name": "v", "csi": {"driver": "b"}}]),
            'spec.volumes[0].csi.driver: Invalid value: "b": Inline CSI driver is not allowed to be used',
        ),
        (
            policy(allowedFlexVolumes=[{"driver": "a"}]),
            wanted(volumes=[{"name": "v", "flexVolume": {"driver": "b"}}]),
            "Flexvolume driver is not allowed to be used",
        ),
        (
            policy(),
            wanted(securityContext={"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}),
            'pod.spec.securityContext.sysctls[0]: Forbidden: unsafe sysctl "kernel.msgmax" is not allowed',
        ),
        (
            policy(allowedUnsafeSysctls=["kernel.*"]),
            wanted(securityContext={"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}),
            "",
        ),
        (
            policy(forbiddenSysctls=["net.*"]),
            wanted(securityContext={"sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}]}),
            'Forbidden: sysctl "net.ipv4.tcp_syncookies" is not allowed',
        ),
        (
            policy(runtimeClass={"allowedRuntimeClassNames": ["a"]}),
            wanted(runtimeClassName="b"),
            'spec.runtimeClassName: Invalid value: "b"',
        ),
        (policy(), secured(seccompProfile={"type": "RuntimeDefault"}), "Forbidden: seccomp may not be set"),
        (
            policy(annotations={f"{SECCOMP}allowedProfileNames": "docker/default,localhost/x"}),
            secured(seccompProfile={"type": "Unconfined"}),
            "unconfined is not an allowed seccomp profile. Valid values are docker/default,localhost/x",
        ),
        (
            policy(annotations={f"{SECCOMP}allowedProfileNames": "docker/default"}),
            wanted(securityContext={"seccompProfile": {"type": "RuntimeDefault"}}),
            "",
        ),
        (
            policy(annotations={f"{APPARMOR}allowedProfileNames": "localhost/x"}),
            secured(appArmorProfile={"type": "RuntimeDefault"}),
            'runtime/default is not an allowed profile. Allowed values: "localhost/x"',
        ),
        (policy(annotations={f"{APPARMOR}allowedProfileNames": "localhost/x"}), wanted(), "AppArmor profile must be"),
    ],
)
def test_a_policy_finds_what_a_pod_may_not_ask_for(rules: PodSecurityPolicy, given: Pod, said: str) -> None:
    found = faults(rules, given)
    assert any(said in one for one in found) if said else not found, found


def test_a_pod_that_says_nothing_gets_what_the_policy_asks_for() -> None:
    rules = policy(
        annotations={f"{SECCOMP}defaultProfileName": "runtime/default", f"{SECCOMP}allowedProfileNames": "*",
                     f"{APPARMOR}defaultProfileName": "localhost/x"},
        runAsUser=MUST, runAsGroup=MUST, fsGroup=MUST, supplementalGroups=MUST,
        seLinux={"rule": "MustRunAs", "seLinuxOptions": {"level": "s0"}},
        requiredDropCapabilities=["B", "A"], defaultAddCapabilities=["C"], readOnlyRootFilesystem=True,
        allowPrivilegeEscalation=False,
        runtimeClass={"allowedRuntimeClassNames": ["k"], "defaultRuntimeClassName": "k"},
    )  # fmt: skip
    made = with_defaults(rules, wanted())
    assert faults(rules, made) == []
    security, container = made.spec.securityContext, made.spec.containers[0].securityContext
    assert security is not None
    assert container is not None
    assert (security.fsGroup, security.supplementalGroups) == (10, (10,))
    assert security.seccompProfile is not None
    assert security.seccompProfile.type == "RuntimeDefault"
    assert (container.runAsUser, container.runAsGroup, container.readOnlyRootFilesystem) == (10, 10, True)
    assert container.capabilities is not None
    assert (container.capabilities.add, container.capabilities.drop) == (("C",), ("A", "B"))
    assert container.allowPrivilegeEscalation is False
    assert container.appArmorProfile is not None
    assert container.appArmorProfile.localhostProfile == "x"
    assert made.spec.runtimeClassName == "k"
    assert with_defaults(rules, made) is made


def test_what_a_pod_says_stays() -> None:
    said = wanted(
        {"securityContext": {"runAsUser": 15, "capabilities": {"drop": ["C"]}, "readOnlyRootFilesystem": False}}
    )
    made = with_defaults(policy(runAsUser=MUST, defaultAddCapabilities=["C"], readOnlyRootFilesystem=True), said)
    assert made is said
    not_root = with_defaults(policy(runAsUser={"rule": "MustRunAsNonRoot"}), wanted())
    assert not_root.spec.containers[0].securityContext is not None
    assert not_root.spec.containers[0].securityContext.runAsNonRoot is True


class InGroup(Allows):
    """Allows in one API group only."""

    group = "policy"

    def authorize(self, user: UserInfo, request: RequestInfo) -> Decision:
        decision = super().authorize(user, request)
        return decision if request.group == self.group else Decision(False)


def may_use(*names: str, group: str = "policy") -> InGroup:
    made = InGroup({("use", "podsecuritypolicies", name) for name in names})
    made.group = group
    return made


CHANGES, STAYS = policy("a-changes", runAsUser=MUST), policy("b-stays")


@pytest.mark.parametrize(
    ("policies", "usable", "given", "name"),
    [
        ((CHANGES, STAYS), ("a-changes", "b-stays"), wanted(), "b-stays"),
        ((CHANGES, STAYS), ("a-changes",), wanted(), "a-changes"),
        ((CHANGES, STAYS), ("a-changes", "b-stays"), secured(runAsUser=10), "a-changes"),
        ((policy("bad", runAsUser={"rule": "None"}), STAYS), ("bad", "b-stays"), wanted(), "b-stays"),
    ],
)
async def test_the_first_policy_that_changes_nothing_is_taken(
    policies: tuple[PodSecurityPolicy, ...], usable: tuple[str, ...], given: Pod, name: str
) -> None:
    plugin, attributes = PodSecurityPolicyAdmission(Objects(*policies), may_use(*usable)), creates(given)
    made = await admitted(plugin, attributes)
    assert made.metadata.annotations == {"kubernetes.io/psp": name}
    assert attributes.annotations["podsecuritypolicy.policy.k8s.io/admit-policy"] == name
    assert attributes.annotations["podsecuritypolicy.policy.k8s.io/validate-policy"] == name


async def test_who_may_use_no_policy_makes_no_pods_and_is_told_of_none() -> None:
    for policies, usable, said in (
        ((), (), "PodSecurityPolicy: no providers available to validate pod request"),
        ((STAYS,), (), "PodSecurityPolicy: unable to admit pod: []"),
        (
            (STAYS, policy("c")),
            ("c",),
            (
                "PodSecurityPolicy: unable to admit pod: [spec.securityContext.hostPID: Invalid value: true: "
                "Host PID is not allowed to be used]"
            ),
        ),
    ):
        plugin = PodSecurityPolicyAdmission(Objects(*policies), may_use(*usable))
        with pytest.raises(Forbidden) as caught:
            await admitted(plugin, creates(wanted(hostPID=True)))
        assert caught.value.message == f'pods "p" is forbidden: {said}'


async def test_the_account_of_a_pod_may_use_policies_too() -> None:
    authorizer = may_use("b-stays", group="extensions")
    await admitted(PodSecurityPolicyAdmission(Objects(STAYS), authorizer), creates(wanted(serviceAccountName="robot")))
    assert {one.namespace for one in authorizer.asked} == {"default"}


async def test_a_stored_pod_is_judged_as_it_is() -> None:
    plugin = PodSecurityPolicyAdmission(Objects(CHANGES), may_use("a-changes"))
    old = pod()
    new = replace(old, spec=replace(old.spec, containers=(Container(name="c", image="other"),)))
    with pytest.raises(Forbidden, match="unable to validate pod"):
        await admitted(plugin, updates(old, new))
    released = replace(old, metadata=replace(old.metadata, finalizers=("x",)))
    assert await admitted(plugin, updates(old, released)) is released
    assert await admitted(plugin, creates(old, subresource="binding")) is old


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (policy(runAsUser={"rule": "X"}), 'spec.runAsUser.rule: Unsupported value: "X"'),
        (policy(fsGroup={"rule": "MayRunAs", "ranges": [{"min": 2, "max": 1}]}), "min cannot be greater than max"),
        (policy(runAsUser={"rule": "MustRunAs", "ranges": [{"min": -1, "max": 1}]}), "min cannot be negative"),
        (policy(runAsGroup={**MUST, "rule": "RunAsAny"}), "spec.runAsGroup.ranges: Invalid value: "),
        (policy(runAsGroup={"rule": "MustRunAs"}), "must provide at least one range"),
        (policy(seLinux={"rule": "X"}), 'spec.seLinux.rule: Unsupported value: "X"'),
        (policy(volumes=["floppy"]), 'spec.volumes: Unsupported value: "floppy"'),
        (policy(requiredDropCapabilities=["A"], allowedCapabilities=["*"]), "must be empty when all capabilities are"),
        (policy(requiredDropCapabilities=["A"], allowedCapabilities=["A"]), "capability is listed in allowedCapab"),
        (
            policy(defaultAllowPrivilegeEscalation=True, allowPrivilegeEscalation=False),
            "Cannot set DefaultAllowPrivilegeEscalation to true",
        ),
        (policy(allowedProcMountTypes=["X"]), 'spec.allowedProcMountTypes[0]: Unsupported value: "X"'),
        (policy(allowedHostPaths=[{}]), "spec.allowedHostPaths[0]: Required value: is required"),
        (policy(allowedHostPaths=[{"pathPrefix": "/a/../b"}]), "must not contain '..'"),
        (policy(allowedFlexVolumes=[{}]), "Required value: must specify a driver"),
        (policy(allowedCSIDrivers=[{}]), "Required value"),
        (policy(forbiddenSysctls=[""]), 'spec.forbiddenSysctls[0]: Invalid value: "": empty sysctl not allowed'),
        (policy(forbiddenSysctls=["A"]), "must have at most 253 characters and match regex"),
        (policy(forbiddenSysctls=["*", "a"]), "if '*' is present, must not specify other sysctls"),
        (policy(forbiddenSysctls=["net.*"], allowedUnsafeSysctls=["net.a"]), "sysctl overlaps with net.*"),
        (policy(runtimeClass={"allowedRuntimeClassNames": ["a", "a"]}), 'Duplicate value: "a"'),
        (policy(runtimeClass={"defaultRuntimeClassName": "a"}), 'default "a" must be allowed'),
        (policy(runtimeClass={"allowedRuntimeClassNames": ["*", "a"]}), "must not specify other RuntimeClass names"),
        (policy(), ""),
    ],
)
def test_what_is_wrong_with_a_policy_is_told(rules: PodSecurityPolicy, said: str) -> None:
    found = [f"{one.field}: {one.message}" for one in validate_policy(rules)]
    assert any(said in one for one in found) if said else not found, found


def test_a_policy_whose_strategies_lack_something_is_not_used() -> None:
    assert is_usable(policy())
    for spec in (
        {"runAsUser": {"rule": "MustRunAs"}}, {"fsGroup": {"rule": "MayRunAs"}}, {"seLinux": {"rule": "MustRunAs"}},
        {"runAsGroup": {"rule": "MustRunAsNonRoot"}},
    ):  # fmt: skip
        assert not is_usable(policy(**spec))
