"""Storage classes, drivers, attachments, capacities and runtime classes: defaults, rules and what changes are allowed.

Source: pkg/apis/storage/validation/validation_test.go, pkg/apis/node/validation/validation_test.go.
"""

from typing import Any

import pytest

from steersman.api.node import RuntimeClass
from steersman.api.node.validation import (
    runtime_class_warnings,
    validate_runtime_class,
    validate_runtime_class_update,
)
from steersman.api.storage import (
    CSIDriver,
    CSINode,
    CSIStorageCapacity,
    StorageClass,
    VolumeAttachment,
    VolumeAttributesClass,
)
from steersman.api.storage.attachmentvalidation import validate_attachment, validate_attachment_update
from steersman.api.storage.classvalidation import (
    storage_class_warnings,
    validate_attributes_class,
    validate_attributes_class_update,
    validate_storage_class,
    validate_storage_class_update,
)
from steersman.api.storage.csivalidation import (
    capacity_warnings,
    validate_capacity,
    validate_capacity_update,
    validate_csi_driver,
    validate_csi_driver_update,
    validate_csi_node,
    validate_csi_node_update,
)
from steersman.api.storage.defaults import default_csi_driver, default_storage_class
from steersman.apimachinery.codec.json import from_wire

ZONE = "topology.kubernetes.io/zone"
OLD_ZONE = "failure-domain.beta.kubernetes.io/zone"
NEWER_ZONE = 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'


def told(causes: Any) -> list[str]:
    return [f"{cause.field}: {cause.message}" for cause in causes]


def storage_class(provisioner: str = "example.com/disks", **fields: Any) -> StorageClass:
    return default_storage_class(from_wire({"provisioner": provisioner, **fields}, StorageClass))


def term(*requirements: tuple[str, list[str]]) -> dict[str, Any]:
    return {"matchLabelExpressions": [{"key": key, "values": values} for key, values in requirements]}


def test_volumes_of_a_class_go_with_their_claims_and_are_made_at_once() -> None:
    made = storage_class()
    assert (made.reclaimPolicy, made.volumeBindingMode) == ("Delete", "Immediate")
    assert validate_storage_class(made) == []
    assert validate_storage_class(storage_class("KUBERNETES.io/Disks")) == []


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (storage_class(""), "provisioner: Required value"),
        (storage_class("a b"), 'provisioner: Invalid value: "a b": name part must consist of'),
        (storage_class(reclaimPolicy="Recycle"), 'reclaimPolicy: Unsupported value: "Recycle": supported values: "Del'),
        (storage_class(volumeBindingMode="Late"), 'volumeBindingMode: Unsupported value: "Late": supported values: "I'),
        (storage_class(parameters={"": "a"}), 'parameters: Invalid value: "": field can not be empty.'),
        (
            storage_class(parameters={str(number): "" for number in range(513)}),
            "parameters: Too long: may not be more than 512 bytes",
        ),
        (storage_class(parameters={"a": 2**18 * "b"}), "parameters: Too long: may not be more than 262144 bytes"),
        (
            storage_class(allowedTopologies=[term((ZONE, []))]),
            "allowedTopologies[0].matchLabelExpressions[0].values: Required value",
        ),
        (
            storage_class(allowedTopologies=[term((ZONE, ["a", "a"]))]),
            'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
        ),
        (
            storage_class(allowedTopologies=[term((ZONE, ["a"]), (ZONE, ["b"]))]),
            f'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "{ZONE}"',
        ),
        (
            storage_class(allowedTopologies=[term((ZONE, ["a", "b"])), term((ZONE, ["b", "a"]))]),
            'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
        ),
    ],
)
def test_what_is_wrong_with_a_storage_class_is_told(made: StorageClass, fault: str) -> None:
    (found,) = told(validate_storage_class(made))
    assert found.startswith(fault)


def test_what_volumes_are_made_by_stays() -> None:
    old = storage_class(parameters={"a": "b"})
    new = storage_class("example.com/other", reclaimPolicy="Retain", volumeBindingMode="WaitForFirstConsumer")
    assert told(validate_storage_class_update(new, old)) == [
        'provisioner: Invalid value: "example.com/other": field is immutable',
        "parameters: Invalid value: {}: field is immutable",
        'reclaimPolicy: Invalid value: "Retain": field is immutable',
        'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
    ]
    grown = storage_class(parameters={"a": "b"}, allowVolumeExpansion=True, mountOptions=["ro"])
    assert validate_storage_class_update(grown, old) == []


def test_old_names_of_nodes_labels_are_warned_of() -> None:
    assert storage_class_warnings(storage_class(allowedTopologies=[term((OLD_ZONE, ["a"]))])) == [
        f"allowedTopologies[0].matchLabelExpressions[0].key: {NEWER_ZONE}"
    ]
    labelled = capacity(nodeTopology={"matchLabels": {OLD_ZONE: "a"}})
    assert capacity_warnings(labelled) == [f"nodeTopology.matchLabels.{OLD_ZONE}: {NEWER_ZONE}"]
    expressed = capacity(nodeTopology={"matchExpressions": [{"key": OLD_ZONE, "operator": "Exists"}]})
    assert capacity_warnings(expressed) == [f"nodeTopology.matchExpressions[0].key: {OLD_ZONE} is {NEWER_ZONE}"]
    selecting = runtime_class(scheduling={"nodeSelector": {OLD_ZONE: "a"}})
    assert runtime_class_warnings(selecting) == [f"scheduling.nodeSelector: {NEWER_ZONE}"]
    assert capacity_warnings(capacity()) == runtime_class_warnings(runtime_class()) == []


def attributes_class(driver: str = "d", **parameters: str) -> VolumeAttributesClass:
    return from_wire({"driverName": driver, "parameters": parameters}, VolumeAttributesClass)


def test_a_class_of_volume_attributes_has_some_and_stays() -> None:
    made = attributes_class(iops="1")
    assert validate_attributes_class(made) == []
    assert told(validate_attributes_class(attributes_class())) == [
        "parameters: Required value: must contain at least one key/value pair"
    ]
    assert told(validate_attributes_class_update(attributes_class("e", iops="2"), made)) == [
        "driverName: Forbidden: updates to driverName are forbidden.",
        "parameters: Forbidden: updates to parameters are forbidden.",
    ]


def driver(**spec: Any) -> CSIDriver:
    return default_csi_driver(from_wire({"spec": spec}, CSIDriver))


def test_a_driver_attaches_volumes_unless_it_says_otherwise() -> None:
    spec = driver().spec
    assert (spec.attachRequired, spec.podInfoOnMount, spec.storageCapacity, spec.seLinuxMount) == (
        True,
        False,
        False,
        False,
    )
    assert (spec.fsGroupPolicy, spec.volumeLifecycleModes) == ("ReadWriteOnceWithFSType", ("Persistent",))
    assert driver(attachRequired=False).spec.attachRequired is False
    assert validate_csi_driver(driver(tokenRequests=[{"audience": "a"}, {}], serviceAccountTokenInSecrets=True)) == []


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (
            driver(fsGroupPolicy="Any"),
            'fsGroupPolicy: Unsupported value: "Any": supported values: "File", "None", "ReadWriteOnceWithFSType"',
        ),
        (
            driver(volumeLifecycleModes=["Forever"]),
            'volumeLifecycleModes: Unsupported value: "Forever": supported values: "Persistent", "Ephemeral"',
        ),
        (driver(tokenRequests=[{}, {}]), 'tokenRequests[1].audience: Duplicate value: ""'),
        (
            driver(tokenRequests=[{"expirationSeconds": 599}]),
            "tokenRequests[0].expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes",
        ),
        (
            driver(tokenRequests=[{"expirationSeconds": 2**32 + 1}]),
            "tokenRequests[0].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger",
        ),
        (
            driver(nodeAllocatableUpdatePeriodSeconds=9),
            "nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds",
        ),
        (
            driver(serviceAccountTokenInSecrets=False),
            "serviceAccountTokenInSecrets: Invalid value: false: serviceAccountTokenInSecrets is set but no tokenReq",
        ),
    ],
)
def test_what_is_wrong_with_a_driver_is_told(made: CSIDriver, fault: str) -> None:
    (found,) = told(validate_csi_driver(made))
    assert found.startswith(f"spec.{fault}")


def test_whether_a_driver_attaches_stays() -> None:
    assert validate_csi_driver_update(driver(podInfoOnMount=True), driver()) == []
    new = driver(attachRequired=False, volumeLifecycleModes=["Ephemeral"])
    assert told(validate_csi_driver_update(new, driver())) == [
        "spec.attachedRequired: Invalid value: false: field is immutable",
        'spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable',
    ]


def node(*drivers: dict[str, Any]) -> CSINode:
    return from_wire({"spec": {"drivers": [{"name": "d.io", "nodeID": "n", **one} for one in drivers]}}, CSINode)


@pytest.mark.parametrize(
    ("one", "fault"),
    [
        ({"name": ""}, ".name: Required value"),
        ({"name": "-d"}, '.name: Invalid value: "-d": an RFC 1123 subdomain must consist of alphanumeric'),
        ({"name": 64 * "d"}, ".name: Too long: may not be more than 63 bytes"),
        ({"nodeID": ""}, ".nodeID: Required value"),
        ({"nodeID": 257 * "n"}, f'.nodeID: Invalid value: "{257 * "n"}": must be 256 characters or less'),
        ({"allocatable": {"count": -1}}, ".allocatable.count: Invalid value: -1: must be greater than or equal to 0"),
        ({"topologyKeys": ["a", "a"]}, ': Duplicate value: "a"'),
        ({"topologyKeys": ["a b"]}, ': Invalid value: "a b": name part must consist of'),
    ],
)
def test_what_is_wrong_with_a_nodes_driver_is_told(one: dict[str, Any], fault: str) -> None:
    (found,) = told(validate_csi_node(node(one)))
    assert found.startswith(f"spec.drivers[0]{fault}")


def test_of_a_nodes_driver_only_the_number_of_volumes_changes() -> None:
    assert validate_csi_node(node({"name": "D.io"}, {})) == []
    assert told(validate_csi_node(node({}, {}))) == ['spec.drivers[1].name: Duplicate value: "d.io"']
    assert validate_csi_node_update(node({"allocatable": {"count": 3}}, {"name": "e.io"}), node({})) == []
    (found,) = told(validate_csi_node_update(node({"nodeID": "m"}), node({})))
    assert found.startswith("spec.drivers: Invalid value: {")
    assert found.endswith("field is immutable")


def capacity(name: str = "c", **fields: Any) -> CSIStorageCapacity:
    return from_wire({"storageClassName": name, **fields}, CSIStorageCapacity)


def test_a_capacity_is_of_a_class_and_a_place_and_both_stay() -> None:
    assert validate_capacity(capacity(capacity="1Gi")) == []
    assert told(validate_capacity(capacity("C", capacity="-1Gi")))[1:] == [
        'capacity: Invalid value: "-1Gi": must be greater than or equal to 0'
    ]
    changed = capacity("d", nodeTopology={"matchLabels": {"a": "b"}})
    assert [fault.split(": ")[0] for fault in told(validate_capacity_update(changed, capacity()))] == [
        "nodeTopology",
        "storageClassName",
    ]
    wrong = capacity(nodeTopology={"matchExpressions": [{"key": "a", "operator": "In", "values": ["-"]}]})
    assert len(validate_capacity(wrong)) == 1
    assert validate_capacity_update(wrong, wrong) == []


def attachment(status: Any = None, /, attacher: str = "d.io", node: str = "n", **source: Any) -> VolumeAttachment:
    spec = {"attacher": attacher, "nodeName": node, "source": source or {"persistentVolumeName": "pv"}}
    return from_wire({"spec": spec, "status": status or {}}, VolumeAttachment)


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (attachment(attacher=""), "spec.attacher: Required value"),
        (attachment(attacher="d_io"), 'spec.attacher: Invalid value: "d_io": an RFC 1123 subdomain must consist of'),
        (attachment(node="N"), 'spec.nodeName: Invalid value: "N": a lowercase RFC 1123 subdomain'),
        (
            attachment(persistentVolumeName=""),
            "spec.source.persistentVolumeName: Required value: must specify non empty persistentVolumeName",
        ),
        (
            attachment(persistentVolumeName="pv", inlineVolumeSpec={}),
            "spec.source: Forbidden: must specify exactly one of inlineVolumeSpec and persistentVolumeName",
        ),
        (
            attachment({"attachError": {"message": 1025 * "m"}}),
            "status.attachError.message: Too long: may not be more than 262144 bytes",
        ),
        (
            attachment({"detachError": {"errorCode": -1}}),
            "status.detachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive",
        ),
        (
            attachment({"attachmentMetadata": {"a": 2**18 * "b"}}),
            "status.attachmentMetadata: Too long: may not be more than 262144 bytes",
        ),
    ],
)
def test_what_is_wrong_with_an_attachment_is_told(made: VolumeAttachment, fault: str) -> None:
    (found,) = told(validate_attachment(made))
    assert found.startswith(fault)


def test_an_attachment_stays_what_it_is() -> None:
    assert validate_attachment_update(attachment(), attachment()) == []
    (found,) = told(validate_attachment_update(attachment(node="m"), attachment()))
    assert found.startswith("spec: Invalid value: {")
    nothing = from_wire({"spec": {"attacher": "d", "nodeName": "n"}}, VolumeAttachment)
    assert told(validate_attachment(nothing)) == [
        "spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName"
    ]


def runtime_class(handler: str = "runc", **fields: Any) -> RuntimeClass:
    return from_wire({"handler": handler, **fields}, RuntimeClass)


def test_a_runtime_class_names_a_handler_which_stays() -> None:
    assert validate_runtime_class(runtime_class(overhead={"podFixed": {"cpu": "1"}})) == []
    assert told(validate_runtime_class(runtime_class(""))) == ["handler: Required value"]
    (bad,) = told(validate_runtime_class(runtime_class("a.b")))
    assert bad.startswith('handler: Invalid value: "a.b": must not contain dots')
    (label,) = told(validate_runtime_class(runtime_class(scheduling={"nodeSelector": {"a": "-"}})))
    assert label.startswith('scheduling.nodeSelector: Invalid value: "-": a valid label')
    assert told(validate_runtime_class_update(runtime_class("kata"), runtime_class())) == [
        'handler: Invalid value: "kata": field is immutable'
    ]
