"""Older versions that say things otherwise than the stored ones: each in both."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.api.server import WAIT_SECONDS, Served
from tests.api.test_older import APPLY, owners, said, serving_older

from steersman.api.authorization import ResourceAttributes
from steersman.api.older import access
from steersman.cluster.serverflags import read_flags
from steersman.testing.cluster import Cluster

INGRESSES = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
OLD_INGRESSES = INGRESSES.replace("v1", "v1beta1")
EXTENSIONS = "/apis/extensions/v1beta1/namespaces/default/ingresses"
BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
OLD_BUDGETS = BUDGETS.replace("v1", "v1beta1")
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
OLD_SLICES = SLICES.replace("v1", "v1beta1")
REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
OLD_REQUESTS = REQUESTS.replace("v1", "v1beta1")
HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
OLD_HOOKS = HOOKS.replace("v1", "v1beta1")


@pytest.fixture
async def older() -> AsyncIterator[Served]:
    async with serving_older({"api/beta": True}) as served:
        yield served


def old_ingress(name: str, **spec: Any) -> dict[str, Any]:
    backend = {"serviceName": "web", "servicePort": 80}
    path = {"path": "/", "backend": {"serviceName": "api", "servicePort": "http"}}
    rules = [{"host": "a.example", "http": {"paths": [path]}}]
    return {"metadata": {"name": name}, "spec": {"backend": backend, "rules": rules, **spec}}


async def test_an_ingress_has_flat_backends_in_its_older_groups(older: Served) -> None:
    made = await older.post(EXTENSIONS, old_ingress("a"))
    assert (made.status, said(made.json)) == (201, ("Ingress", "extensions/v1beta1"))
    assert made.headers["warning"] == (
        '299 - "extensions/v1beta1 Ingress is deprecated in v1.14+, unavailable in v1.22+; '
        'use networking.k8s.io/v1 Ingress"'
    )
    spec = (await older.get(f"{INGRESSES}/a")).json["spec"]
    assert spec["defaultBackend"] == {"service": {"name": "web", "port": {"number": 80}}}
    (path,) = spec["rules"][0]["http"]["paths"]
    assert path == {
        "path": "/",
        "pathType": "ImplementationSpecific",
        "backend": {"service": {"name": "api", "port": {"name": "http"}}},
    }
    other = (await older.get(f"{OLD_INGRESSES}/a")).json
    assert said(other) == ("Ingress", "networking.k8s.io/v1beta1")
    assert other["spec"]["backend"] == {"serviceName": "web", "servicePort": 80}
    assert other["spec"]["rules"][0]["http"]["paths"][0]["backend"] == {"serviceName": "api", "servicePort": "http"}
    patched = await older.patch(f"{OLD_INGRESSES}/a", {"spec": {"backend": {"servicePort": 81}}})
    assert patched.status == 200, patched.json
    spec = (await older.get(f"{INGRESSES}/a")).json["spec"]
    assert spec["defaultBackend"]["service"] == {"name": "web", "port": {"number": 81}}
    moved = await older.patch(
        f"{EXTENSIONS}/a/status", {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}
    )
    assert moved.status == 200
    assert (await older.get(f"{INGRESSES}/a")).json["status"]["loadBalancer"]["ingress"] == [{"ip": "192.0.2.1"}]


async def test_fields_of_another_name_are_owned_in_either_version(older: Served) -> None:
    body = {"apiVersion": "networking.k8s.io/v1beta1", "kind": "Ingress", **old_ingress("a")}
    made = await older.ask("PATCH", f"{OLD_INGRESSES}/a?fieldManager=old", body, content_type=APPLY)
    assert made.status == 201, made.json
    wanted = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "a"},
        "spec": {"defaultBackend": {"service": {"name": "web", "port": {"number": 8080}}}},
    }
    refused = await older.ask("PATCH", f"{INGRESSES}/a?fieldManager=new", wanted, content_type=APPLY)
    assert refused.status == 409
    assert 'conflict with "old": .spec.backend.servicePort' in refused.json["message"]
    forced = await older.ask("PATCH", f"{INGRESSES}/a?fieldManager=new&force=true", wanted, content_type=APPLY)
    assert owners(forced.json) == [("new", "Apply", "v1"), ("old", "Apply", "v1beta1")]
    # What the older manager drops now goes, but not what the newer one says too.
    del body["spec"]["rules"]
    body["spec"]["backend"] = {"serviceName": "web", "servicePort": 8080}
    left = await older.ask("PATCH", f"{OLD_INGRESSES}/a?fieldManager=old", body, content_type=APPLY)
    assert left.status == 200, left.json
    assert left.json["spec"] == {"backend": {"serviceName": "web", "servicePort": 8080}}


async def test_an_empty_selector_means_nothing_in_the_older_version(older: Served) -> None:
    await older.post(OLD_BUDGETS, {"metadata": {"name": "none"}, "spec": {"minAvailable": 1, "selector": {}}})
    await older.post(BUDGETS, {"metadata": {"name": "all"}, "spec": {"minAvailable": 1, "selector": {}}})
    key = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match"
    none = (await older.get(f"{BUDGETS}/none")).json["spec"]["selector"]
    assert none == {"matchExpressions": [{"key": key, "operator": "Exists"}]}
    assert (await older.get(f"{OLD_BUDGETS}/none")).json["spec"]["selector"] == {}
    every = (await older.get(f"{OLD_BUDGETS}/all")).json["spec"]["selector"]
    assert every == {"matchExpressions": [{"key": key, "operator": "DoesNotExist"}]}
    mine = {"key": "mine", "operator": "Exists"}
    mixed = {"selector": {"matchExpressions": [{"key": key, "operator": "Exists"}, mine]}}
    for name, path in (("a", BUDGETS), ("b", OLD_BUDGETS)):
        made = await older.post(path, {"metadata": {"name": name}, "spec": mixed})
        assert made.json["spec"]["selector"] == {"matchExpressions": [mine]}


async def test_the_place_of_an_endpoint_stands_in_a_map(older: Served) -> None:
    topology = {"topology.kubernetes.io/zone": "z", "kubernetes.io/hostname": "n", "x": "y"}
    body = {
        "metadata": {"name": "a"},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["192.0.2.1"], "topology": topology}],
        "ports": [{"port": 80}],
    }
    made = await older.post(OLD_SLICES, body)
    assert made.status == 201, made.json
    (endpoint,) = (await older.get(f"{SLICES}/a")).json["endpoints"]
    assert (endpoint["zone"], endpoint["nodeName"], endpoint["deprecatedTopology"]) == ("z", "n", {"x": "y"})
    (shown,) = (await older.get(f"{OLD_SLICES}/a")).json["endpoints"]
    assert (shown["topology"], shown["nodeName"], "zone" in shown) == (topology, "n", False)


def signed(name: str, group: str, *hosts: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    if hosts:
        names = [x509.DNSName(one) for one in hosts]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    request = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return b64encode(request).decode()


@pytest.mark.parametrize(
    ("request_", "usages", "signer"),
    [
        (signed("system:node:a", "system:nodes"), ["client auth"], "kubernetes.io/kube-apiserver-client-kubelet"),
        (signed("system:node:a", "system:nodes", "a"), ["server auth"], "kubernetes.io/kubelet-serving"),
        (signed("system:node:a", "system:nodes", "a"), ["client auth"], "kubernetes.io/legacy-unknown"),
        (signed("somebody", "people"), ["client auth"], "kubernetes.io/legacy-unknown"),
    ],
)
async def test_who_signs_is_found_by_the_request(older: Served, request_: str, usages: list[str], signer: str) -> None:
    spec = {"request": request_, "usages": ["digital signature", "key encipherment", *usages]}
    made = await older.post(OLD_REQUESTS, {"metadata": {"name": "a"}, "spec": spec})
    assert made.status == 201, made.json
    assert (await older.get(f"{REQUESTS}/a")).json["spec"]["signerName"] == signer


async def test_a_request_is_approved_in_the_older_version(older: Served) -> None:
    spec = {"request": signed("somebody", "people")}
    made = await older.post(OLD_REQUESTS, {"metadata": {"name": "a"}, "spec": spec})
    assert made.json["spec"]["usages"] == ["digital signature", "key encipherment"]
    approval = {**made.json, "status": {"conditions": [{"type": "Approved", "reason": "Fine"}]}}
    approved = await older.put(f"{OLD_REQUESTS}/a/approval", approval)
    assert approved.status == 200, approved.json
    (condition,) = (await older.get(f"{REQUESTS}/a")).json["status"]["conditions"]
    assert (condition["type"], condition["status"]) == ("Approved", "True")
    newer = {"metadata": {"name": "b"}, "spec": {**made.json["spec"], "signerName": "kubernetes.io/legacy-unknown"}}
    refused = await older.post(REQUESTS, newer)
    assert (refused.status, "not allowed via this API version" in refused.json["message"]) == (422, True)


async def test_webhooks_of_the_older_version_are_milder(older: Served) -> None:
    rule = {"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}
    hook = {"name": "a.example.com", "clientConfig": {"url": "https://a.example"}, "rules": [rule]}
    made = await older.post(OLD_HOOKS, {"metadata": {"name": "a"}, "webhooks": [hook]})
    assert made.status == 201, made.json
    (stored,) = (await older.get(f"{HOOKS}/a")).json["webhooks"]
    assert {name: stored[name] for name in ("failurePolicy", "matchPolicy", "sideEffects", "timeoutSeconds")} == {
        "failurePolicy": "Ignore",
        "matchPolicy": "Exact",
        "sideEffects": "Unknown",
        "timeoutSeconds": 30,
    }
    assert (stored["admissionReviewVersions"], stored["rules"][0]["scope"]) == (["v1beta1"], "*")
    touched = await older.patch(f"{HOOKS}/a", {"metadata": {"labels": {"a": "b"}}})
    assert (touched.status, touched.json["metadata"]["generation"]) == (200, 1)
    again = await older.post(HOOKS, {"metadata": {"name": "b"}, "webhooks": [stored]})
    assert (again.status, "sideEffects" in again.json["message"]) == (422, True)


async def test_events_are_the_same_in_all_their_versions(older: Served) -> None:
    path = "/apis/events.k8s.io/v1beta1/namespaces/default/events"
    body = {
        "metadata": {"name": "a"},
        "note": "so it is",
        "reason": "Because",
        "type": "Normal",
        "eventTime": "2024-01-01T00:00:00.000000Z",
        "regarding": {"kind": "Pod", "name": "p", "namespace": "default"},
        "reportingController": "example.com/c",
        "reportingInstance": "c-1",
        "action": "Test",
    }
    made = await older.post(path, body)
    assert (made.status, said(made.json)) == (201, ("Event", "events.k8s.io/v1beta1"))
    core = (await older.get("/api/v1/namespaces/default/events/a")).json
    assert (core["message"], core["involvedObject"]["name"], core["reportingComponent"]) == (
        "so it is",
        "p",
        "example.com/c",
    )
    newer = (await older.get(path.replace("v1beta1", "v1") + "/a")).json
    assert newer["note"] == "so it is"
    assert (await older.get(f"{path}?fieldSelector=regarding.name%3Dp")).json["items"][0]["note"] == "so it is"


async def test_reviews_are_answered_in_the_version_they_are_asked_in() -> None:
    flags = read_flags({"runtime-config": "authorization.k8s.io/v1beta1=true"})
    async with Cluster(with_node=False, flags=flags) as cluster:
        question = access.SubjectAccessReview(
            spec=access.SubjectAccessReviewSpec(
                user="somebody",
                group=("system:masters",),
                resourceAttributes=ResourceAttributes(verb="get", resource="pods"),
            )
        )
        answer = await cluster.client.create(question)
        assert isinstance(answer, access.SubjectAccessReview)
        assert (answer.status.allowed, answer.spec.group) == (True, ("system:masters",))
        await asyncio.sleep(0)  # so that everything of the cluster has begun before it ends


DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
OLD_DEFINITIONS = DEFINITIONS.replace("v1", "v1beta1")
TABS = "/apis/stable.example.com/v1/namespaces/default/crontabs"


def old_definition(**spec: Any) -> dict[str, Any]:
    names = {"plural": "crontabs", "kind": "CronTab"}
    body = {"group": "stable.example.com", "version": "v1", "names": names, **spec}
    return {"metadata": {"name": "crontabs.stable.example.com"}, "spec": body}


async def established(server: Served) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while (await server.get(TABS)).status != 200:
            await asyncio.sleep(0.005)


async def test_a_definition_without_a_schema_keeps_everything(older: Served) -> None:
    made = await older.post(OLD_DEFINITIONS, old_definition())
    assert made.status == 201, made.json
    assert made.json["spec"]["scope"] == "Namespaced"
    assert made.json["spec"]["preserveUnknownFields"] is True
    stored = (await older.get(f"{DEFINITIONS}/crontabs.stable.example.com")).json
    assert stored["spec"]["versions"] == [{"name": "v1", "served": True, "storage": True}]
    await established(older)
    body = {"kind": "CronTab", "apiVersion": "stable.example.com/v1", "metadata": {"name": "a"}, "any": {"x": [1]}}
    tab = await older.post(TABS, body)
    assert (tab.status, tab.json["any"]) == (201, {"x": [1]})
    # A change by way of v1 isn't held to what v1 would ask of a new one.
    changed = await older.patch(f"{DEFINITIONS}/crontabs.stable.example.com", {"metadata": {"labels": {"a": "b"}}})
    assert changed.status == 200, changed.json
    refused = await older.post(DEFINITIONS, {"metadata": {"name": "a.b.example"}, "spec": stored["spec"]})
    assert "spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required" in refused.json["message"]
    assert "spec.preserveUnknownFields: Invalid value: true: cannot set to true" in refused.json["message"]


async def test_what_all_versions_have_in_common_stands_beside_them(older: Served) -> None:
    loose = {"properties": {"spec": {"type": "object", "properties": {"cron": {"type": "string"}}}}}
    columns = [{"name": "Cron", "type": "string", "JSONPath": ".spec.cron"}]
    spec = {
        "validation": {"openAPIV3Schema": loose},
        "subresources": {"status": {}},
        "additionalPrinterColumns": columns,
        "versions": [
            {"name": "v1", "served": True, "storage": True},
            {"name": "v2", "served": True, "storage": False},
        ],
    }
    made = await older.post(OLD_DEFINITIONS, old_definition(**spec))
    assert made.status == 201, made.json
    stored = (await older.get(f"{DEFINITIONS}/crontabs.stable.example.com")).json["spec"]
    for version in stored["versions"]:
        assert version["schema"]["openAPIV3Schema"] == loose
        assert version["subresources"] == {"status": {}}
        assert version["additionalPrinterColumns"] == [{"name": "Cron", "type": "string", "jsonPath": ".spec.cron"}]
    shown = (await older.get(f"{OLD_DEFINITIONS}/crontabs.stable.example.com")).json["spec"]
    assert shown["validation"]["openAPIV3Schema"] == loose
    assert (shown["version"], shown["additionalPrinterColumns"]) == ("v1", columns)
    assert [sorted(one) for one in shown["versions"]] == [["name", "served", "storage"]] * 2
    await established(older)
    body = {"metadata": {"name": "a"}, "spec": {"cron": "*", "more": 1}}
    tab = await older.post(TABS, {"kind": "CronTab", "apiVersion": "stable.example.com/v1", **body})
    assert (tab.status, tab.json["spec"]) == (201, {"cron": "*", "more": 1})
    wrong = await older.post(
        TABS, {"kind": "CronTab", "apiVersion": "stable.example.com/v1", **body, "spec": {"cron": 1}}
    )
    assert wrong.status == 422


async def test_pruning_takes_a_structural_schema_in_the_older_version_too(older: Served) -> None:
    loose = {"properties": {"spec": {"type": "object"}}}
    spec = {"validation": {"openAPIV3Schema": loose}, "preserveUnknownFields": False}
    refused = await older.post(OLD_DEFINITIONS, old_definition(**spec))
    assert "type: Required value: must not be empty at the root" in refused.json["message"]
    bare = await older.post(OLD_DEFINITIONS, old_definition(preserveUnknownFields=False))
    assert "Required value: because otherwise all fields are pruned" in bare.json["message"]
    default = {"type": "object", "properties": {"spec": {"type": "string", "default": "x"}}}
    kept = await older.post(OLD_DEFINITIONS, old_definition(validation={"openAPIV3Schema": default}))
    assert "must be false in order to use defaults in the schema" in kept.json["message"]
    config = {"url": "https://hook.example/convert"}
    hooked = old_definition(
        conversion={"strategy": "Webhook", "webhookClientConfig": config},
        preserveUnknownFields=False,
        validation={"openAPIV3Schema": {"type": "object"}},
    )
    made = await older.post(OLD_DEFINITIONS, hooked)
    assert made.status == 201, made.json
    stored = (await older.get(f"{DEFINITIONS}/crontabs.stable.example.com")).json["spec"]["conversion"]
    assert stored == {
        "strategy": "Webhook",
        "webhook": {"clientConfig": config, "conversionReviewVersions": ["v1beta1"]},
    }


async def test_an_attachment_s_status_is_written_with_the_rest_of_it(older: Served) -> None:
    attachments = "/apis/storage.k8s.io/v1/volumeattachments"
    old = attachments.replace("v1", "v1beta1")
    spec = {"attacher": "csi.example.com", "nodeName": "n", "source": {"persistentVolumeName": "pv"}}
    await older.post(attachments, {"metadata": {"name": "a"}, "spec": spec})
    patched = await older.patch(f"{old}/a", {"status": {"attached": True}})
    assert patched.status == 200, patched.json
    stored = (await older.get(f"{attachments}/a")).json
    assert stored["status"]["attached"] is True
    assert [one.get("subresource", "") for one in stored["metadata"]["managedFields"]] == ["", ""]
    await older.patch(f"{attachments}/a", {"status": {"attached": False}})
    assert (await older.get(f"{attachments}/a")).json["status"]["attached"] is True
    assert (await older.get(f"{old}/a/status")).status == 404
