"""OpenAPI documents of the real resource table."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from steersman.api import meta
from steersman.api.resources import RESOURCES
from steersman.apimachinery.openapi.documents import Documents
from steersman.apimachinery.openapi.operations import MetaTypes

POD_ITEM = "/api/v1/namespaces/{namespace}/pods/{name}"
DEPLOYMENT = "io.k8s.api.apps.v1.Deployment"


@pytest.fixture(scope="module")
def documents() -> Documents:
    return Documents(RESOURCES, MetaTypes(meta.DeleteOptions, meta.Status, meta.ListMeta), "v1.37.0")


@pytest.fixture(scope="module")
def v2(documents: Documents) -> Any:
    return json.loads(documents.v2().data)


@pytest.fixture(scope="module")
def apps_v3(documents: Documents) -> Any:
    found = documents.v3("apis/apps/v1")
    assert found is not None
    return json.loads(found.data)


def test_every_reference_leads_somewhere(v2: Any, apps_v3: Any) -> None:
    assert set(re.findall(r'"#/definitions/([^"]+)"', json.dumps(v2))) <= v2["definitions"].keys()
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(apps_v3)))
    assert named
    assert named <= apps_v3["components"]["schemas"].keys()


def test_a_patch_says_that_it_can_be_dry_run_and_validated(v2: Any) -> None:
    patch = v2["paths"][POD_ITEM]["patch"]
    assert {"dryRun", "fieldManager", "fieldValidation", "force"} <= {one["name"] for one in patch["parameters"]}
    assert patch["operationId"] == "patchCoreV1NamespacedPod"
    assert patch["x-kubernetes-action"] == "patch"
    assert patch["x-kubernetes-group-version-kind"] == {"group": "", "kind": "Pod", "version": "v1"}


def test_operation_ids_are_upstreams_and_unique(v2: Any) -> None:
    found = [
        operation["operationId"]
        for item in v2["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    ]
    assert len(found) == len(set(found))
    assert {
        "listCoreV1NamespacedPod", "listCoreV1PodForAllNamespaces", "deleteCoreV1CollectionNamespacedPod",
        "connectCoreV1GetNamespacedPodExec", "readCoreV1NamespacedPodLog", "replaceAppsV1NamespacedDeploymentScale",
        "createRbacAuthorizationV1ClusterRole", "readCoreV1NodeStatus",
    } <= set(found)  # fmt: skip


def test_lists_say_how_they_merge(v2: Any) -> None:
    containers = v2["definitions"]["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    assert containers["x-kubernetes-patch-merge-key"] == "name"
    assert containers["x-kubernetes-patch-strategy"] == "merge"
    assert (containers["x-kubernetes-list-type"], containers["x-kubernetes-list-map-keys"]) == ("map", ["name"])
    strategy = v2["definitions"]["io.k8s.api.apps.v1.DeploymentSpec"]["properties"]["strategy"]
    assert strategy["x-kubernetes-patch-strategy"] == "retainKeys"


def test_version_3_wraps_references_that_say_more(apps_v3: Any) -> None:
    spec = apps_v3["components"]["schemas"][DEPLOYMENT]["properties"]["spec"]
    assert spec["allOf"] == [{"$ref": "#/components/schemas/io.k8s.api.apps.v1.DeploymentSpec"}]
    body = apps_v3["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments"]["post"]["requestBody"]
    assert body["content"]["*/*"]["schema"]["$ref"].endswith(DEPLOYMENT)


def test_the_index_names_every_group_with_its_digest(documents: Documents) -> None:
    index = json.loads(documents.v3_index().data)
    found = documents.v3("apis/apps/v1")
    assert found is not None
    url = f"/openapi/v3/apis/apps/v1?hash={found.etag}"
    assert index["paths"]["apis/apps/v1"]["serverRelativeURL"] == url
    assert documents.v3("apis/nothing/v1") is None


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a protobuf message, values as bytes or numbers."""
    position = 0

    def varint() -> int:
        nonlocal position
        value = shift = 0
        while True:
            byte = data[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while position < len(data):
        tag = varint()
        if tag & 7 == 0:
            yield tag >> 3, varint()
            continue
        assert tag & 7 == 2
        length = varint()
        yield tag >> 3, data[position : position + length]
        position += length
    assert position == len(data)


def named(data: bytes) -> dict[str, bytes]:
    """A repeated message of name and value as a dictionary."""
    pairs = [dict(fields(value)) for number, value in fields(data)]
    return {pair[1].decode(): pair.get(2, b"") for pair in pairs}


def test_the_protobuf_form_says_the_same(documents: Documents, v2: Any) -> None:
    document = dict(fields(documents.v2_protobuf().data))
    definitions = named(document[9])
    assert definitions.keys() == v2["definitions"].keys()
    spec = dict(fields(definitions["io.k8s.api.core.v1.PodSpec"]))
    properties = named(spec[25])
    assert properties.keys() == v2["definitions"]["io.k8s.api.core.v1.PodSpec"]["properties"].keys()
    extensions = [dict(fields(value)) for number, value in fields(properties["containers"]) if number == 31]
    said = {one[1].decode(): json.loads(dict(fields(one[2]))[2]) for one in extensions}
    assert said["x-kubernetes-patch-merge-key"] == "name"
    paths = [dict(fields(value)) for number, value in fields(document[8]) if number == 2]
    assert {one[1].decode() for one in paths} == v2["paths"].keys()
