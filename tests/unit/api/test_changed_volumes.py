"""What may change of claims and volumes, and what their authors are warned of."""

from collections.abc import Mapping
from typing import Any

import pytest

from steersman.api.core import PersistentVolume, PersistentVolumeClaim
from steersman.api.core.validation import validate_claim_update, validate_persistent_volume_update
from steersman.api.core.volumedefaults import default_claim, default_persistent_volume
from steersman.api.core.volumewarnings import claim_warnings, persistent_volume_warnings
from steersman.apimachinery.codec.json import from_wire

Fields = Mapping[str, Any]
IMMUTABLE = (
    "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName "
    "for bound claims"
)
SIZE = "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"


def claim(spec: Fields, **status: object) -> PersistentVolumeClaim:
    """A claim of a gibibyte."""
    plain = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    wire = {"metadata": {"name": "c", "namespace": "d"}, "spec": {**plain, **spec}, "status": status}
    return default_claim(from_wire(wire, PersistentVolumeClaim))


def volume(spec: Fields) -> PersistentVolume:
    """A volume of a driver's."""
    csi = {"driver": "d", "volumeHandle": "h"}
    plain = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "csi": csi}
    return default_persistent_volume(
        from_wire({"metadata": {"name": "v"}, "spec": {**plain, **spec}}, PersistentVolume)
    )


def sized(amount: str) -> Fields:
    return {"resources": {"requests": {"storage": amount}}}


BOUND = {"phase": "Bound", "capacity": {"storage": "1Gi"}}


@pytest.mark.parametrize(
    ("old", "new", "status", "says"),
    [
        ({}, {"volumeName": "v"}, {}, []),
        ({"volumeName": "v"}, {"volumeName": "w"}, {}, [IMMUTABLE]),
        ({}, {"storageClassName": "a"}, {}, []),
        ({"storageClassName": "a"}, {"storageClassName": "b"}, {}, [IMMUTABLE]),
        ({}, sized("2Gi"), {}, [IMMUTABLE]),
        ({}, sized("2Gi"), BOUND, []),
        (sized("3Gi"), sized("2Gi"), BOUND, []),
        (sized("3Gi"), sized("1Gi"), BOUND, [SIZE]),
        ({}, {"accessModes": ["ReadWriteMany"]}, BOUND, [IMMUTABLE]),
        ({}, {"volumeMode": "Block"}, {}, [IMMUTABLE, 'volumeMode: Invalid value: "Block": field is immutable']),
        ({"volumeAttributesClassName": "a"}, {"volumeAttributesClassName": "b"}, {}, []),
        (
            {"volumeAttributesClassName": "a"},
            {},
            {},
            ["spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden"],
        ),
    ],
)
def test_a_claim_gets_its_volume_once_and_grows_when_bound(
    old: Fields, new: Fields, status: Fields, says: list[str]
) -> None:
    found = validate_claim_update(claim(new, **status), claim(old, **status))
    assert [f"{cause.field}: {cause.message}" for cause in found] == says


SECRET = {"name": "s", "namespace": "n"}


def affinity(key: str) -> Fields:
    terms = [{"matchExpressions": [{"key": key, "operator": "In", "values": ["a"]}]}]
    return {"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}}


@pytest.mark.parametrize(
    ("old", "new", "fields"),
    [
        ({}, {"persistentVolumeReclaimPolicy": "Delete", "mountOptions": ["ro"]}, []),
        ({}, {"csi": {"driver": "d", "volumeHandle": "other"}}, ["spec.persistentvolumesource"]),
        ({}, {"csi": {"driver": "d", "volumeHandle": "h", "controllerExpandSecretRef": SECRET}}, []),
        (
            {"csi": {"driver": "d", "volumeHandle": "h", "controllerExpandSecretRef": SECRET}},
            {},
            ["spec.persistentvolumesource"],
        ),
        ({}, {"volumeMode": "Block"}, ["volumeMode"]),
        ({}, affinity("kubernetes.io/arch"), []),
        (affinity("kubernetes.io/arch"), {}, ["nodeAffinity"]),
        (affinity("beta.kubernetes.io/arch"), affinity("kubernetes.io/arch"), []),
        (affinity("kubernetes.io/arch"), affinity("beta.kubernetes.io/arch"), ["nodeAffinity"]),
        ({"volumeAttributesClassName": "a"}, {}, ["spec.volumeAttributesClassName"]),
    ],
)
def test_the_source_of_a_volume_stays(old: Fields, new: Fields, fields: list[str]) -> None:
    assert [cause.field for cause in validate_persistent_volume_update(volume(new), volume(old))] == fields


def test_old_ways_are_warned_of() -> None:
    said = persistent_volume_warnings(
        volume({"persistentVolumeReclaimPolicy": "Recycle", **affinity("beta.kubernetes.io/os")})
    )
    assert [text.partition(": ")[0] for text in said] == [
        "spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key",
        "spec.persistentVolumeReclaimPolicy",
    ]
    assert claim_warnings(claim(sized("1500m"))) == [
        'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer'
    ]
    assert claim_warnings(claim({})) == []
