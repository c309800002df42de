"""Objects that break one rule each: what is said of them, in upstream's words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from steersman.api.admissionregistration import (
    MutatingAdmissionPolicy,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidatingWebhookConfiguration,
)
from steersman.api.core import PersistentVolume, PersistentVolumeClaim, Pod, Service
from steersman.api.core.defaults import default_pod, default_service
from steersman.api.core.validation import (
    validate_claim,
    validate_persistent_volume,
    validate_pod,
    validate_service,
)
from steersman.api.core.volumedefaults import default_claim, default_persistent_volume
from steersman.apimachinery.codec.json import from_wire
from steersman.apimachinery.status import Cause
from steersman.apiserver.registry.admissionregistration import (
    MutatingPolicyStrategy,
    ValidatingBindingStrategy,
    ValidatingPolicyStrategy,
    ValidatingWebhooksStrategy,
)

Fields = Mapping[str, Any]
CONTAINER = {"name": "c", "image": "i"}


def pod_faults(wrong: Fields) -> Sequence[Cause]:
    """What is said of a pod with one container."""
    spec = {"containers": [{**CONTAINER, **wrong.get("container", {})}], **wrong.get("spec", {})}
    metadata = {"name": "p", "namespace": "d", **wrong.get("metadata", {})}
    return validate_pod(default_pod(from_wire({"metadata": metadata, "spec": spec}, Pod)))


def service_faults(wrong: Fields) -> Sequence[Cause]:
    """What is said of a service with one port."""
    wire = {"metadata": {"name": "s", "namespace": "d"}, "spec": {"ports": [{"port": 80}], **wrong}}
    return validate_service(default_service(from_wire(wire, Service)))


def claim_faults(wrong: Fields) -> Sequence[Cause]:
    """What is said of a claim of a gibibyte."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **wrong}
    wire = {"metadata": {"name": "c", "namespace": "d"}, "spec": spec}
    return validate_claim(default_claim(from_wire(wire, PersistentVolumeClaim)))


def volume_faults(wrong: Fields) -> Sequence[Cause]:
    """What is said of a volume that is a directory of its node; null takes a field away."""
    plain = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/a"}}
    spec = {field: value for field, value in {**plain, **wrong}.items() if value is not None}
    wire = {"metadata": {"name": "v"}, "spec": spec}
    return validate_persistent_volume(default_persistent_volume(from_wire(wire, PersistentVolume)))


REMOVAL = "[JSONPatch{op: 'remove', path: '/a'}]"
RULE = {"operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}


def webhook_faults(wrong: Fields) -> Sequence[Cause]:
    """What is said of a webhook that is asked about pods."""
    plain = {
        "name": "a.b.c",
        "clientConfig": {"url": "https://a"},
        "rules": [RULE],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    wire = {"metadata": {"name": "a"}, "webhooks": [{**plain, **wrong}]}
    strategy = ValidatingWebhooksStrategy()
    return list(strategy.validate(strategy.default(from_wire(wire, ValidatingWebhookConfiguration))))


def policy_faults(wrong: Fields) -> Sequence[Cause]:
    """What is said of a policy about pods; null takes a field away."""
    plain = {"matchConstraints": {"resourceRules": [RULE]}, "validations": [{"expression": "true"}]}
    spec = {field: value for field, value in {**plain, **wrong}.items() if value is not None}
    strategy = ValidatingPolicyStrategy()
    made = from_wire({"metadata": {"name": "p"}, "spec": spec}, ValidatingAdmissionPolicy)
    return list(strategy.validate(strategy.default(made)))


def mutation_faults(wrong: Fields) -> Sequence[Cause]:
    """What is said of a policy that changes pods."""
    plain = {
        "matchConstraints": {"resourceRules": [RULE]},
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": REMOVAL}}],
    }
    strategy = MutatingPolicyStrategy()
    made = from_wire({"metadata": {"name": "p"}, "spec": {**plain, **wrong}}, MutatingAdmissionPolicy)
    return list(strategy.validate(strategy.default(made)))


def binding_faults(wrong: Fields) -> Sequence[Cause]:
    """What is said of a binding that denies."""
    spec = {"policyName": "p", "validationActions": ["Deny"], **wrong}
    strategy = ValidatingBindingStrategy()
    made = from_wire({"metadata": {"name": "b"}, "spec": spec}, ValidatingAdmissionPolicyBinding)
    return list(strategy.validate(strategy.default(made)))


FILES: Mapping[str, Callable[[Fields], Sequence[Cause]]] = {
    "wrong-pods.yaml": pod_faults,
    "wrong-services.yaml": service_faults,
    "wrong-claims.yaml": claim_faults,
    "wrong-volumes.yaml": volume_faults,
    "wrong-webhooks.yaml": webhook_faults,
    "wrong-policies.yaml": policy_faults,
    "wrong-mutations.yaml": mutation_faults,
    "wrong-bindings.yaml": binding_faults,
}


def cases() -> Iterator[object]:
    """Every case of every file."""
    for name, faults in FILES.items():
        table = yaml.safe_load(Path(__file__).with_name(name).read_text())
        for group, rows in table.items():
            for number, row in enumerate(rows):
                yield pytest.param(faults, row["wrong"], row["says"], id=f"{name}-{group}-{number}")


@pytest.mark.parametrize(("faults", "wrong", "says"), list(cases()))
def test_what_is_wrong_is_said_and_nothing_else(
    faults: Callable[[Fields], Sequence[Cause]], wrong: Fields, says: Sequence[str]
) -> None:
    found = [f"{cause.field}: {cause.message}" for cause in faults(wrong)]
    assert len(found) == len(says), found
    for fault, beginning in zip(found, says, strict=True):
        assert fault.startswith(beginning), fault


@pytest.mark.parametrize("faults", list(FILES.values()))
def test_a_plain_object_is_right(faults: Callable[[Fields], Sequence[Cause]]) -> None:
    assert faults({}) == []
