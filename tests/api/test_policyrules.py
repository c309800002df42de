"""Admission policies: what their expressions see, their parameters, their limits, and whom they concern."""

import asyncio
import json
from typing import Any

import pytest
from tests.api.policies import EVERYTHING, GROUP, RULE, Ruled, applied, patched, ruled

VALIDATING, BINDINGS = f"{GROUP}/validatingadmissionpolicies", f"{GROUP}/validatingadmissionpolicybindings"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ANY = {"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}
KEPT = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def rule(group: str, version: str, resource: str) -> dict[str, Any]:
    return {"operations": ["*"], "apiGroups": [group], "apiVersions": [version], "resources": [resource]}


def about(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**EVERYTHING, "resourceRules": list(rules), **more}


async def define(rules: Ruled, plural: str, kind: str, scope: str, *versions: str) -> str:
    """A custom resource; the path of its group."""
    served = [
        {"name": one, "served": True, "storage": one == versions[0], "schema": {"openAPIV3Schema": KEPT}}
        for one in versions
    ]
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    spec = {"group": "example.com", "scope": scope, "names": names, "versions": served}
    made = await rules.server.post(CRDS, {"metadata": {"name": f"{plural}.example.com"}, "spec": spec})
    assert made.status == 201, made.json
    async with asyncio.timeout(10):
        while (await rules.server.get(f"/apis/example.com/{versions[0]}/{plural}")).status != 200:
            await asyncio.sleep(0.005)
    return "/apis/example.com"


async def test_what_expressions_are_made_for_decides_what_they_see() -> None:
    async with ruled() as rules:
        conditions = [{"name": "no-namespace-yet", "expression": "namespaceObject == null && authorizer != null"}]
        untold = "variables.may ? 'may' : 'may not'"
        await rules.forbid(
            "see",
            {"expression": "namespaceObject == null", "messageExpression": untold, "message": "there is a namespace"},
            matchConditions=conditions,
            variables=[{"name": "may", "expression": "authorizer.requestResource.check('get').allowed()"}],
        )
        refused = await rules.create("a")
        assert refused.json["message"].endswith("denied request: there is a namespace"), "nobody is asked for a message"
        await rules.forbid("note", "true", auditAnnotations=[{"key": "k", "valueExpression": "string(variables.may)"}],
                           variables=[{"name": "may", "expression": "authorizer.path('/x').check('get').allowed()"}],
                           matchConstraints=about(rule("", "v1", "secrets")))  # fmt: skip
        refused = await rules.server.post("/api/v1/namespaces/default/secrets", {"metadata": {"name": "a"}})
        assert refused.json["message"].endswith(
            "ValidatingAdmissionPolicy 'note' with binding 'note-b' denied request: expression "
            "'string(variables.may)' resulted in error: composited variable \"may\" fails to evaluate: "
            "no such attribute(s): authorizer"
        )


@pytest.mark.parametrize("words", ["string(object.data.long)", "'a\\nb'", "'  '", "string(object.data.no)"])
async def test_messages_that_cant_be_told_are_replaced(words: str) -> None:
    async with ruled() as rules:
        await rules.forbid("m", {"expression": "false", "message": "instead", "messageExpression": words})
        refused = await rules.create("a", long="x" * (5 * 1024 + 1))
        assert refused.json["message"].endswith("denied request: instead")


async def test_bindings_note_together_and_in_the_words_of_go() -> None:
    async with ruled() as rules:
        notes = [{"key": "n", "valueExpression": "string(params.data.x)"}, {"key": "blank", "valueExpression": "' '"}]
        for name in ("one", "two", "again"):
            value = "one" if name == "again" else name
            made = await rules.create(name, namespace="other", x=value)
            assert made.status == 201
        kind = {"apiVersion": "v1", "kind": "ConfigMap"}
        await rules.forbid("p", "1 < 0 && params != null", actions=(), auditAnnotations=notes, paramKind=kind)
        for name in ("again", "one", "two"):
            ref = {"name": name, "namespace": "other", "parameterNotFoundAction": "Deny"}
            await rules.bind("p", f"b-{name}", validationActions=["Audit"], paramRef=ref)
        assert (await rules.create("a")).status == 201
        assert rules.noted["p/n"] == "one, two"
        assert "p/blank" not in rules.noted
        failures = rules.noted["validation.policy.admission.k8s.io/validation_failure"]
        assert "failed expression: 1 \\u003c 0 \\u0026\\u0026 params != null" in failures
        assert [one["binding"] for one in json.loads(failures)] == ["b-again", "b-one", "b-two"]


async def test_params_are_whole_objects_of_any_kind() -> None:
    async with ruled() as rules:
        path = await define(rules, "limits", "Limit", "Cluster", "v1")
        for name, most in (("small", 1), ("large", 3)):
            body = {"apiVersion": "example.com/v1", "kind": "Limit", "metadata": {"name": name}, "most": most}
            assert (await rules.server.post(f"{path}/v1/limits", body)).status == 201
        await rules.server.get(f"{path}/v1/limits")
        await rules.forbid(
            "limited",
            "size(object.data) <= params.most && params.kind == 'Limit' && params.apiVersion == 'example.com/v1'",
            actions=(),
            paramKind={"apiVersion": "example.com/v1", "kind": "Limit"},
        )
        ref = {"selector": {}, "parameterNotFoundAction": "Deny"}
        await rules.bind("limited", validationActions=["Deny"], paramRef=ref)
        assert (await rules.create("a", x="1")).status == 201
        assert (await rules.create("b", x="1", y="2")).status == 422, "each of the parameters counts"
        body = {"spec": {"paramRef": {"selector": None, "name": "large"}}}
        assert (await rules.server.patch(f"{BINDINGS}/limited-b", body)).status == 200
        await rules.server.get(BINDINGS)
        assert (await rules.create("b", x="1", y="2")).status == 201
        body = {"spec": {"paramRef": {"namespace": "default"}}}
        assert (await rules.server.patch(f"{BINDINGS}/limited-b", body)).status == 200
        await rules.server.get(BINDINGS)
        why = "failed to configure binding: paramRef.namespace must not be provided for a cluster-scoped `paramKind`"
        assert (await rules.create("c")).json["message"].endswith(why)


async def test_params_that_arent_there() -> None:
    async with ruled() as rules:
        kind = {"apiVersion": "v1", "kind": "ConfigMap"}
        await rules.forbid("none", "params == null", paramKind=kind)
        assert (await rules.create("a")).status == 201, "a binding needn't name any"
        spaces = about(rule("", "v1", "namespaces"))
        await rules.forbid("spaces", "true", actions=(), paramKind=kind, matchConstraints=spaces)
        ref = {"name": "x", "parameterNotFoundAction": "Allow"}
        await rules.bind("spaces", validationActions=["Deny"], paramRef=ref)
        # A namespace is within itself, as upstream has it.
        assert (await rules.server.post("/api/v1/namespaces", {"metadata": {"name": "n"}})).status == 201
        nodes = about(rule("", "v1", "nodes"))
        await rules.forbid("nodes", "true", actions=(), paramKind=kind, matchConstraints=nodes)
        await rules.bind("nodes", validationActions=["Deny"], paramRef=ref)
        refused = await rules.server.post("/api/v1/nodes", {"metadata": {"name": "n"}})
        assert refused.json["message"].endswith(
            "failed to configure binding: cannot use namespaced paramRef in policy binding that matches cluster-scoped "
            "resources"
        )


async def test_policies_see_requests_in_the_version_they_are_about() -> None:
    async with ruled() as rules:
        path = await define(rules, "things", "Thing", "Namespaced", "v1", "v1beta1")
        beta = about(rule("example.com", "v1beta1", "things"), matchPolicy="Equivalent")
        await rules.forbid(
            "beta",
            "object.apiVersion == 'example.com/v1beta1' && request.kind.version == 'v1beta1'",
            "request.requestKind.version == 'v1' && request.requestResource.version == 'v1'",
            "object.metadata.name == 'right'",
            matchConstraints=beta,
        )
        thing = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "wrong"}}
        things = f"{path}/v1/namespaces/default/things"
        refused = await rules.server.post(things, thing)
        assert refused.json["message"].endswith("failed expression: object.metadata.name == 'right'")
        assert (await rules.server.post(things, {**thing, "metadata": {"name": "right"}})).status == 201
        body = {"spec": {"matchConstraints": {"matchPolicy": "Exact"}}}
        assert (await rules.server.patch(f"{VALIDATING}/beta", body)).status == 200
        await rules.server.get(VALIDATING)
        assert (await rules.server.post(things, thing)).status == 201


async def test_policies_have_no_say_in_themselves() -> None:
    async with ruled() as rules:
        await rules.forbid("nothing", "false", matchConstraints=about(ANY))
        assert (await rules.create("a")).status == 422
        await rules.forbid("another", "true")
        assert (await rules.server.delete(f"{VALIDATING}/another")).status == 200
        hook = await rules.server.post(f"{GROUP}/validatingwebhookconfigurations", {"metadata": {"name": "w"}})
        assert hook.status == 422, "webhooks are no policies"


async def test_rules_are_about_subresources_only_when_they_name_them() -> None:
    async with ruled() as rules:
        await rules.forbid("status", "false", matchConstraints=about(rule("", "v1", "pods/status")))
        pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
        pods = "/api/v1/namespaces/default/pods"
        assert (await rules.server.post(pods, pod)).status == 201
        refused = await rules.server.patch(f"{pods}/p/status", {"status": {"phase": "Running"}})
        assert refused.status == 422
        assert (await rules.server.patch(f"{pods}/p", {"metadata": {"labels": {"a": "b"}}})).status == 200


async def test_an_expression_that_costs_too_much_is_a_failure() -> None:
    async with ruled() as rules:
        many = "object.data.x.split('').all(a, object.data.x.split('').all(b, a == b))"
        await rules.forbid("dear", many)
        refused = await rules.create("a", x="a" * 1000)
        assert refused.json["message"].endswith(
            f"denied request: expression '{many}' resulted in error: operation cancelled: actual cost limit exceeded"
        )
        assert (await rules.create("a", x="a" * 10)).status == 201


async def test_the_first_of_several_denials_is_told() -> None:
    async with ruled() as rules:
        await rules.forbid("b", {"expression": "false", "message": "by b"})
        await rules.forbid("a", "true", {"expression": "false", "message": "by a"}, actions=())
        await rules.bind("a", "z", validationActions=["Deny"])
        await rules.bind("a", "y", validationActions=["Warn"])
        refused = await rules.create("x")
        assert refused.json["message"].endswith("'a' with binding 'z' denied request: by a")
        assert "ValidatingAdmissionPolicy 'a' with binding 'y': by a" in refused.headers["warning"]


async def test_policies_are_counted() -> None:
    async with ruled() as rules:
        await rules.forbid("n", "false", actions=("Deny", "Audit"))
        await rules.forbid("i", "object.data.nowhere == ''", failurePolicy="Ignore")
        await rules.change("m", applied("Object{}"))
        assert (await rules.create("x")).status == 422
        told = rules.metrics.render().decode()
        checks = "apiserver_validating_admission_policy_check_total"
        for labels in (
            'policy="n",policy_binding="n-b",error_type="invalid_error",enforcement_action="deny"',
            'policy="n",policy_binding="n-b",error_type="invalid_error",enforcement_action="audit"',
            'policy="i",policy_binding="i-b",error_type="invalid_error",enforcement_action="allow"',
        ):
            assert f"{checks}{{{labels}}} 1" in told
        mutations = 'apiserver_mutating_admission_policy_check_total{policy="m",policy_binding="m-b",error_type='
        assert f'{mutations}"no_error"}} 1' in told


async def test_what_is_deleted_is_changed_by_nobody() -> None:
    async with ruled() as rules:
        assert (await rules.create("a")).status == 201
        await rules.change("m", applied("Object{}"), paramKind={"apiVersion": "nowhere.io/v1", "kind": "None"})
        refused = await rules.create("b")
        assert refused.status == 403
        assert refused.json["message"].startswith('policy "m" denied request: failed to configure policy: ')
        assert (await rules.server.delete("/api/v1/namespaces/default/configmaps/a")).status == 200


async def test_changes_of_custom_resources_with_params_and_conditions() -> None:
    async with ruled() as rules:
        path = await define(rules, "things", "Thing", "Namespaced", "v1")
        assert (await rules.create("suffix", word="x")).status == 201
        ref = {"name": "suffix", "parameterNotFoundAction": "Deny"}
        patch = patched("[JSONPatch{op: 'add', path: '/note', value: variables.note}]")
        constraints = about(rule("example.com", "v1", "things"))
        spec = {
            "matchConstraints": constraints, "mutations": [patch], "reinvocationPolicy": "Never",
            "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
            "variables": [{"name": "note", "expression": "object.word + params.data.word"}],
            "matchConditions": [{"name": "c", "expression": "has(object.word)"}],
        }  # fmt: skip
        await rules.make("mutatingadmissionpolicies", "m", spec)
        await rules.bind("m", kind="mutating", paramRef=ref)
        thing = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}, "word": "w"}
        things = f"{path}/v1/namespaces/default/things"
        assert (await rules.server.post(things, thing)).json["note"] == "wx"
        plain = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "b"}}
        assert "note" not in (await rules.server.post(things, plain)).json
        changed = await rules.server.patch(f"{things}/b", {"word": "v"})
        assert changed.json["note"] == "vx"


async def test_configurations_may_not_replace_what_is_atomic() -> None:
    async with ruled() as rules:
        inner = "Object.spec{tolerations: [Object.spec.tolerations{key: 'a'}]}"
        await rules.change(
            "m", applied(f"Object{{spec: {inner}}}"), matchConstraints=about({**RULE, "resources": ["pods"]})
        )
        pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
        refused = await rules.server.post("/api/v1/namespaces/default/pods", pod)
        assert refused.json["message"] == (
            "policy 'm' with binding 'm-b' denied request: error applying patch: invalid ApplyConfiguration: may not "
            "mutate atomic arrays, maps or structs: .spec.tolerations"
        )
