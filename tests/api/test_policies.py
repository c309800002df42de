"""Admission policies: what expressions forbid, warn of, note and change."""

import json

from tests.api.policies import EVERYTHING, GROUP, MAPS, RULE, applied, patched, ruled


async def test_a_policy_in_force_refuses_what_its_expressions_dont_allow() -> None:
    async with ruled() as rules:
        await rules.forbid("small", "size(object.data) < 2", actions=())
        assert (await rules.create("a", x="1", y="2")).status == 201, "no binding puts it in force"
        await rules.bind("small", validationActions=["Deny"])
        refused = await rules.create("b", x="1", y="2")
        message = "ValidatingAdmissionPolicy 'small' with binding 'small-b' denied request: failed expression: "
        assert refused.json["message"] == f'configmaps "b" is forbidden: {message}size(object.data) < 2'
        assert (refused.status, refused.json["reason"]) == (422, "Invalid")
        assert refused.json["details"] == {
            "name": "b",
            "kind": "configmaps",
            "causes": [{"message": f"{message}size(object.data) < 2"}],
        }
        assert (await rules.create("b", x="1")).status == 201


async def test_messages_reasons_and_variables() -> None:
    async with ruled() as rules:
        await rules.forbid(
            "named",
            {"expression": "variables.ok", "message": "never told", "messageExpression": "'no ' + variables.word"},
            variables=[
                {"name": "word", "expression": "object.data.word"},
                {"name": "ok", "expression": "variables.word != 'bad'"},
            ],
        )
        await rules.forbid(
            "who", {"expression": "!(object.metadata.name in ['x'])", "message": " not x ", "reason": "Forbidden"}
        )
        assert (await rules.create("a", word="bad")).json["message"].endswith("denied request: no bad")
        told = await rules.create("x", word="good")
        assert (told.status, told.json["reason"]) == (403, "Forbidden")
        assert told.json["message"].endswith("denied request: not x")
        assert (await rules.create("a", word="good")).status == 201
        untold = await rules.create("b", other="good")
        assert untold.json["message"].endswith(
            "denied request: expression 'variables.ok' resulted in error: "
            'composited variable "ok" fails to evaluate: '
            'composited variable "word" fails to evaluate: no such key: word'
        )


async def test_violations_can_be_warned_of_and_noted_instead() -> None:
    async with ruled() as rules:
        annotations = [
            {"key": "name", "valueExpression": "'is ' + object.metadata.name"},
            {"key": "none", "valueExpression": "null"},
        ]
        await rules.forbid("w", "false", actions=("Warn", "Audit"), auditAnnotations=annotations)
        made = await rules.create("a")
        assert made.status == 201
        told = "Validation failed for ValidatingAdmissionPolicy 'w' with binding 'w-b': failed expression: false"
        assert told in made.headers["warning"]
        assert {key for key in rules.noted if key.startswith("w/")} == {"w/name"}
        assert rules.noted["w/name"] == "is a"
        assert json.loads(rules.noted["validation.policy.admission.k8s.io/validation_failure"]) == [
            {
                "message": "failed expression: false",
                "policy": "w",
                "binding": "w-b",
                "expressionIndex": 0,
                "validationActions": ["Warn", "Audit"],
            }
        ]


async def test_policies_and_bindings_choose_requests() -> None:
    async with ruled() as rules:
        excluded = {**RULE, "resourceNames": ["free"]}
        constraints = {**EVERYTHING, "excludeResourceRules": [excluded]}
        conditions = [{"name": "c", "expression": "request.operation == 'CREATE' && !has(object.data.skip)"}]
        spec = {"matchConstraints": constraints, "validations": [{"expression": "false"}]}
        await rules.make("validatingadmissionpolicies", "p", {**spec, "matchConditions": conditions})
        chosen = {"namespaceSelector": {"matchLabels": {"env": "other"}}, "objectSelector": {}}
        await rules.bind("p", validationActions=["Deny"], matchResources=chosen)
        assert (await rules.create("a", namespace="default")).status == 201
        assert (await rules.create("a", namespace="other")).status == 422
        assert (await rules.create("free", namespace="other")).status == 201
        assert (await rules.create("b", namespace="other", skip="1")).status == 201
        changed = await rules.server.patch("/api/v1/namespaces/other/configmaps/b", {"data": {"skip": None}})
        assert changed.status == 200, "the condition is about new ones"


async def test_expressions_see_the_request_and_its_namespace() -> None:
    async with ruled() as rules:
        await rules.forbid(
            "see",
            "namespaceObject.metadata.labels.env == 'default'",
            "request.namespace == 'default' && request.resource.resource == 'configmaps'",
            "request.userInfo.username == 'admin' && authorizer.requestResource.check('delete').allowed()",
            "request.operation != 'UPDATE' || oldObject.data.x != object.data.x",
            "request.operation != 'DELETE' || object == null",
        )
        assert (await rules.create("a", x="1")).status == 201
        assert (await rules.server.patch(f"{MAPS}/a", {"data": {"x": "2"}})).status == 200
        assert (await rules.server.patch(f"{MAPS}/a", {"metadata": {"labels": {"l": "1"}}})).status == 422
        assert (await rules.server.delete(f"{MAPS}/a")).status == 200
        assert (await rules.create("a", namespace="other", x="1")).status == 422


async def test_params_are_found_by_name_or_selector_in_the_namespace_of_the_request() -> None:
    async with ruled() as rules:
        limit = {"metadata": {"name": "limit", "labels": {"kind": "limit"}}, "data": {"max": "1"}}
        maps = "/api/v1/namespaces/other/configmaps"
        assert (await rules.server.post(maps, limit)).status == 201
        await rules.forbid(
            "limited",
            "size(object.data) <= int(params.data.max)",
            actions=(),
            paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
        )
        await rules.bind(
            "limited", validationActions=["Deny"], paramRef={"name": "limit", "parameterNotFoundAction": "Deny"}
        )
        assert (await rules.create("a", namespace="other", x="1")).status == 201
        assert (await rules.create("b", namespace="other", x="1", y="2")).status == 422
        missing = await rules.create("a", x="1")
        assert missing.json["message"].endswith(
            "ValidatingAdmissionPolicy 'limited' with binding 'limited-b' denied request: failed to configure binding: "
            "no params found for policy binding with `Deny` parameterNotFoundAction"
        )
        selected = {"selector": {"matchLabels": {"kind": "limit"}}, "parameterNotFoundAction": "Allow"}
        body = {"op": "replace", "path": "/spec/paramRef", "value": {**selected, "namespace": "other"}}
        await rules.server.patch(f"{GROUP}/validatingadmissionpolicybindings/limited-b", [body], "json")
        await rules.server.get(f"{GROUP}/validatingadmissionpolicybindings")
        assert (await rules.create("a", x="1")).status == 201
        assert (await rules.create("b", x="1", y="2")).status == 422


async def test_what_cant_be_told_is_refused_unless_failures_are_ignored() -> None:
    async with ruled() as rules:
        await rules.forbid("strict", "object.data.nowhere == ''")
        assert (await rules.create("a", x="1")).status == 422
        path = f"{GROUP}/validatingadmissionpolicies/strict"
        await rules.server.patch(path, {"spec": {"failurePolicy": "Ignore"}})
        await rules.server.get(f"{GROUP}/validatingadmissionpolicies")
        assert (await rules.create("a", x="1")).status == 201
        unknown = {"apiVersion": "nowhere.io/v1", "kind": "None"}
        await rules.forbid("unknown", "true", paramKind=unknown)
        told = await rules.create("b", x="1")
        assert told.json["message"].endswith(
            "ValidatingAdmissionPolicy 'unknown' denied request: failed to configure policy: "
            "failed to find resource referenced by paramKind: 'nowhere.io/v1, Kind=None'"
        )


async def test_policies_change_objects_by_configurations_and_patches() -> None:
    async with ruled() as rules:
        labels = "Object{metadata: Object.metadata{labels: {'env': object.data.env}}}"
        patch = "[JSONPatch{op: 'test', path: '/data/env', value: 'prod'}, "
        patch += "JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b'), value: 'x'}]"
        await rules.change("m", applied(labels), patched(patch))
        first, second = await rules.create("a", env="prod"), await rules.create("b", env="dev")
        assert first.json["metadata"]["labels"] == {"made": "here", "env": "prod", "a/b": "x"}
        assert second.json["metadata"]["labels"] == {"made": "here", "env": "dev"}, "the test failed"


async def test_configurations_are_merged_as_apply_merges() -> None:
    async with ruled() as rules:
        constraints = {**EVERYTHING, "resourceRules": [{**RULE, "resources": ["pods"]}]}
        inner = "Object.spec.initContainers{name: 'mesh', image: 'mesh:1', restartPolicy: 'Always'}"
        await rules.change(
            "mesh",
            applied(f"Object{{spec: Object.spec{{initContainers: [{inner}]}}}}"),
            matchConstraints=constraints,
        )
        spec = {"containers": [{"name": "c", "image": "c:1"}], "initContainers": [{"name": "i", "image": "i:1"}]}
        made = await rules.server.post("/api/v1/namespaces/default/pods", {"metadata": {"name": "p"}, "spec": spec})
        assert made.status == 201, made.json
        names = [(one["name"], one["image"]) for one in made.json["spec"]["initContainers"]]
        assert sorted(names) == [("i", "i:1"), ("mesh", "mesh:1")]
        mesh = next(one for one in made.json["spec"]["initContainers"] if one["name"] == "mesh")
        assert mesh["terminationMessagePath"] == "/dev/termination-log", "what is added has its defaults"


async def test_a_change_that_cant_be_made_is_refused_unless_failures_are_ignored() -> None:
    async with ruled() as rules:
        wrong = "Object{metadata: Object.spec{labels: {'a': 'b'}}}"
        await rules.change("m", applied(wrong))
        refused = await rules.create("a")
        why = 'type mismatch: unexpected type name "Object.spec", expected "Object.metadata", '
        assert refused.json["message"] == (
            f"policy 'm' with binding 'm-b' denied request: {why}which matches field name path from root Object type"
        )
        assert (refused.status, refused.json["reason"]) == (403, "Invalid")
        path = f"{GROUP}/mutatingadmissionpolicies/m"
        changed = await rules.server.patch(path, {"spec": {"failurePolicy": "Ignore"}})
        assert changed.status == 200, changed.json
        await rules.server.get(f"{GROUP}/mutatingadmissionpolicies")
        assert (await rules.create("a")).status == 201


async def test_a_policy_may_be_asked_again_after_others_changed_the_object() -> None:
    async with ruled() as rules:
        seen = "Object{data: Object.data{seen: string(size(object.metadata.labels))}}"
        label = "Object{metadata: Object.metadata{labels: {'more': '1'}}}"
        await rules.change("a-counts", applied(seen), reinvocationPolicy="IfNeeded")
        await rules.change("b-counts", applied(seen.replace("seen", "first")))
        await rules.change("c-adds", applied(label))
        assert (await rules.create("a")).json["data"] == {"seen": "2", "first": "1"}
