"""What a new pod gets by itself, what reports about it keep, and what its author is warned of."""

from collections.abc import Mapping
from typing import Any

import pytest

from steersman.api.core import Pod, PodTemplate
from steersman.api.core.podcreation import first_status, with_app_armor_fields, with_label_keys
from steersman.api.core.podreports import with_kept_status
from steersman.api.core.podwarnings import pod_warnings, template_warnings
from steersman.apimachinery.codec.json import from_wire, to_wire
from steersman.apimachinery.fieldpath import Path

Fields = Mapping[str, Any]
ARMOR = "container.apparmor.security.beta.kubernetes.io/c"
NO_POD = "a null labelSelector results in matching no pod"


def pod(spec: Fields, container: Fields | None = None, meta: Fields | None = None, status: Fields | None = None) -> Pod:
    containers = [{"name": "c", "image": "i", **(container or {})}]
    wire = {
        "metadata": {"name": "p", **(meta or {})},
        "spec": {"containers": containers, **spec},
        "status": status or {},
    }
    return from_wire(wire, Pod)


def test_a_gated_pod_says_so() -> None:
    gated = first_status(pod({"schedulingGates": [{"name": "a/b"}]}))
    assert [(one.type, one.status, one.reason) for one in gated.conditions] == [
        ("PodScheduled", "False", "SchedulingGated")
    ]
    assert (first_status(pod({})).conditions, gated.phase) == ((), "Pending")


def test_keys_of_labels_become_part_of_the_selectors() -> None:
    selector = {"matchLabels": {"a": "b"}}
    term = {"topologyKey": "t", "labelSelector": selector, "matchLabelKeys": ["v", "none"], "mismatchLabelKeys": ["w"]}
    spread = {"maxSkew": 1, "topologyKey": "t", "whenUnsatisfiable": "DoNotSchedule", "matchLabelKeys": ["v"]}
    made = with_label_keys(
        pod(
            {
                "topologySpreadConstraints": [{**spread, "labelSelector": selector}, spread],
                "affinity": {
                    "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]},
                    "podAntiAffinity": {
                        "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}]
                    },
                },
            },
            meta={"labels": {"v": "1", "w": "2"}},
        )
    )
    wire = to_wire(made)["spec"]
    both = [
        {"key": "v", "operator": "In", "values": ["1"]},
        {"key": "w", "operator": "NotIn", "values": ["2"]},
    ]
    near = wire["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0]
    far = wire["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"][0]["podAffinityTerm"]
    assert near["labelSelector"]["matchExpressions"] == both
    assert far["labelSelector"]["matchExpressions"] == both
    assert wire["topologySpreadConstraints"][0]["labelSelector"]["matchExpressions"] == both[:1]
    assert "labelSelector" not in wire["topologySpreadConstraints"][1]
    plain = pod({})
    assert with_label_keys(plain) is plain


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("runtime/default", {"type": "RuntimeDefault"}),
        ("unconfined", {"type": "Unconfined"}),
        ("localhost/mine", {"type": "Localhost", "localhostProfile": "mine"}),
        ("localhost/", None),
        ("what", None),
    ],
)
def test_a_profile_in_an_annotation_becomes_a_field(text: str, field: Fields | None) -> None:
    made = with_app_armor_fields(pod({}, meta={"annotations": {ARMOR: text}}))
    assert to_wire(made)["spec"]["containers"][0].get("securityContext", {}).get("appArmorProfile") == field


def test_a_containers_own_profile_or_the_pods_same_one_stays() -> None:
    own = {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}}
    noted = {"annotations": {ARMOR: "runtime/default"}}
    assert with_app_armor_fields(pod({}, own, noted)) == pod({}, own, noted)
    same = {"securityContext": {"appArmorProfile": {"type": "RuntimeDefault"}}}
    assert with_app_armor_fields(pod(same, meta=noted)) == pod(same, meta=noted)


def test_a_report_keeps_what_it_leaves_out() -> None:
    ready = {"type": "Ready", "status": "True"}
    before = pod({}, status={"qosClass": "Burstable", "observedGeneration": 2, "conditions": [ready | _seen(2)]})
    owned = {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "o", "uid": "u"}]}
    report = pod({}, meta=owned, status={"conditions": [ready, ready, {"type": "Other", "status": "True"} | _seen(3)]})
    kept = with_kept_status(report, before)
    assert (kept.status.qosClass, kept.status.observedGeneration) == ("Burstable", 2)
    assert [one.observedGeneration for one in kept.status.conditions] == [2, 0, 3]
    assert kept.metadata.ownerReferences == ()


def _seen(generation: int) -> Fields:
    return {"observedGeneration": generation}


@pytest.mark.parametrize(
    ("spec", "container", "meta", "says"),
    [
        ({}, {}, {}, []),
        ({}, {}, {"name": "a.b"}, ["metadata.name: this is used in the Pod's hostname"]),
        ({"nodeSelector": {"beta.kubernetes.io/os": "x"}}, {}, {}, ["spec.nodeSelector[beta.kubernetes.io/os]: "]),
        (
            {"volumes": [{"name": "v", "gitRepo": {"repository": "r"}}]},
            {},
            {},
            ["spec.volumes[0].gitRepo: deprecated in v1.11"],
        ),
        (
            {"hostAliases": [{"ip": "1.1.1.1"}, {"ip": "1.1.1.1"}]},
            {},
            {},
            ['spec.hostAliases[1].ip: duplicate ip "1.1.1.1"'],
        ),
        (
            {"imagePullSecrets": [{"name": ""}]},
            {},
            {},
            ['spec.imagePullSecrets[0].name: invalid empty name ""'],
        ),
        (
            {},
            {"resources": {"requests": {"memory": "1500m"}}},
            {},
            ['spec.containers[0].resources.requests[memory]: fractional byte value "1500m"'],
        ),
        (
            {},
            {"env": [{"name": "a", "value": "1"}, {"name": "a", "value": "$(a)2"}, {"name": "a", "value": "3"}]},
            {},
            ['spec.containers[0].env[2]: hides previous definition of "a", which may be dropped when using apply'],
        ),
        (
            {},
            {"ports": [{"containerPort": 80}, {"containerPort": 80, "hostPort": 81}, {"containerPort": 80}]},
            {},
            [
                "spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]",
                "spec.containers[0].ports[2]: duplicate port definition with spec.containers[0].ports[0]",
                "spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[1]",
            ],
        ),
        ({"terminationGracePeriodSeconds": -1}, {}, {}, ["spec.terminationGracePeriodSeconds: must be >= 0"]),
        (
            {"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "t", "whenUnsatisfiable": "DoNotSchedule"}]},
            {},
            {},
            [f"spec.topologySpreadConstraints[0].labelSelector: {NO_POD}"],
        ),
        (
            {"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "t"}]}}},
            {},
            {},
            [f"spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: {NO_POD}"],
        ),
        (
            {},
            {},
            {"annotations": {"seccomp.security.alpha.kubernetes.io/pod": "x"}},
            ["metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+"],
        ),
        (
            {
                "volumes": [
                    {
                        "name": "v",
                        "projected": {
                            "sources": [
                                {"serviceAccountToken": {"path": "t"}},
                                {"secret": {"name": "s", "items": [{"key": "k", "path": "t"}]}},
                            ]
                        },
                    }
                ]
            },
            {},
            {},
            ["spec.volumes[0].projected.sources.secrets[0]: has duplicated path with ServiceAccountToken"],
        ),
    ],
)
def test_authors_are_warned(spec: Fields, container: Fields, meta: Fields, says: list[str]) -> None:
    found = pod_warnings(pod(spec, container, meta))
    assert len(found) == len(says), found
    for text, beginning in zip(found, says, strict=True):
        assert text.startswith(beginning)


def test_a_template_is_warned_of_where_it_stands() -> None:
    wire = {
        "template": {
            "metadata": {"annotations": {ARMOR: "unconfined"}},
            "spec": {"containers": [{"name": "c", "image": "i"}], "terminationGracePeriodSeconds": -1},
        }
    }
    said = template_warnings(from_wire(wire, PodTemplate).template, Path("spec.template"))
    assert [text.partition(": ")[0] for text in said] == [
        f"spec.template.metadata.annotations[{ARMOR}]",
        "spec.template.spec.terminationGracePeriodSeconds",
    ]
