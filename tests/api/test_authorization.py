"""Who may do what: through a whole control plane, with webhooks of the test's own."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.accesswebhook import AccessWebhook, deciding
from tests.api.server import WAIT_SECONDS, Answer
from tests.api.test_authentication import ROOT, Gate, gated

from steersman.cluster.errors import ClusterError
from steersman.cluster.serverflags import check_flags

PODS = "/api/v1/namespaces/default/pods"
MAPS = "/api/v1/namespaces/default/configmaps"
ACCESS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
SELF = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
LOCAL = "/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews"
ADA = {"authorization": "Bearer ada"}


def tokens(folder: Path) -> str:
    file = folder / "tokens.csv"
    file.write_text('ada,ada,7,"dev"\n')
    return str(file)


def flags(webhook: AccessWebhook, folder: Path, **more: str) -> dict[str, str]:
    return {
        "authorization_mode": "Webhook,RBAC",
        "authorization_webhook_config_file": webhook.kubeconfig(folder),
        "token_auth_file": tokens(folder),
        **more,
    }


def configuration(folder: Path, *authorizers: dict[str, Any]) -> Path:
    file = folder / "authorization.yaml"
    head = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthorizationConfiguration"}
    file.write_text(yaml.safe_dump({**head, "authorizers": list(authorizers)}))
    return file


def hook(webhook: AccessWebhook, folder: Path, name: str, **more: Any) -> dict[str, Any]:
    given = {
        "timeout": "3s",
        "subjectAccessReviewVersion": "v1",
        "matchConditionSubjectAccessReviewVersion": "v1",
        "failurePolicy": "Deny",
        "connectionInfo": {"type": "KubeConfigFile", "kubeConfigFile": webhook.kubeconfig(folder)},
    }
    return {"type": "Webhook", "name": name, "webhook": {**given, **more}}


async def ask(gate: Gate, path: str = PODS) -> Answer:
    return await gate.served.get(path, **ADA)


async def test_a_webhook_allows_what_nobody_else_does_and_its_answers_hold(tmp_path: Path) -> None:
    async with deciding(lambda spec: {"allowed": "pods" in str(spec), "reason": "no pods"}) as webhook:
        async with gated(**flags(webhook, tmp_path)) as gate:
            for _ in range(3):
                assert (await ask(gate)).status == 200
            refused = await ask(gate, MAPS)
            assert refused.status == 403
            assert refused.json["message"] == (
                'configmaps is forbidden: User "ada" cannot list resource "configmaps" in API group "" in the '
                'namespace "default": no pods'
            )
            await ask(gate, MAPS)
        # In v1beta1 groups are called group.
        asked = [review for review in webhook.asked if review["spec"]["user"] == "ada"]
        assert asked[0] == {
            "kind": "SubjectAccessReview",
            "apiVersion": "authorization.k8s.io/v1beta1",
            "spec": {
                "resourceAttributes": {
                    "namespace": "default", "verb": "list", "version": "v1", "resource": "pods",
                },
                "user": "ada", "group": ["dev", "system:authenticated"], "uid": "7",
            },
        }  # fmt: skip
        assert len(asked) == 2


async def test_nothing_is_held_when_it_is_not_to_be(tmp_path: Path) -> None:
    zero = {f"authorization_webhook_cache_{one}_ttl": "0s" for one in ("authorized", "unauthorized")}
    async with (
        deciding(lambda spec: {"allowed": True}) as webhook,
        gated(**flags(webhook, tmp_path, **zero)) as gate,
    ):
        for _ in range(3):
            assert (await ask(gate)).status == 200
        assert len([one for one in webhook.asked if one["spec"]["user"] == "ada"]) == 3


async def test_a_webhook_that_denies_has_the_last_word(tmp_path: Path) -> None:
    async with (
        deciding(lambda spec: {"allowed": False, "denied": True, "reason": "never"}) as webhook,
        gated(**flags(webhook, tmp_path, authorization_mode="Webhook,AlwaysAllow")) as gate,
    ):
        refused = await ask(gate)
        assert (refused.status, refused.json["message"].endswith(": never")) == (403, True)
        # Masters aren't asked about.
        assert (await gate.served.get(PODS, **ROOT)).status == 200


async def test_a_webhook_that_cannot_be_asked_is_an_error_unless_others_allow(tmp_path: Path) -> None:
    async with deciding(lambda spec: {"allowed": True}) as webhook:
        webhook.code = 503
        async with gated(**flags(webhook, tmp_path)) as gate:
            failed = await ask(gate)
            assert failed.status == 500
            assert failed.json["message"] == f'Internal Server Error: "{PODS}": the server answered 503'
            # RBAC lets everybody who is somebody ask this.
            assert (await ask(gate, "/apis")).status == 200
            text = (await gate.served.get("/metrics", **ROOT)).data.decode()
            assert 'webhook_evaluations_fail_open_total{name="default",result="error"}' in text


async def test_expressions_of_policies_may_ask_a_webhook(tmp_path: Path) -> None:
    """The question comes up in the middle of an evaluation."""

    def judge(spec: Any) -> dict[str, bool]:
        about = spec.get("resourceAttributes", {})
        return {"allowed": about.get("verb") != "bless" or about.get("name") == "good"}

    policy = {
        "metadata": {"name": "blessed"},
        "spec": {
            "matchConstraints": {"resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["CREATE"]}
            ]},
            "validations": [{
                "expression": "authorizer.group('').resource('configmaps').name(object.metadata.name).check('bless')"
                              ".allowed() && !authorizer.group('').resource('x').name('y').check('bless').allowed()"
            }],
        },
    }  # fmt: skip
    binding = {"metadata": {"name": "b"}, "spec": {"policyName": "blessed", "validationActions": ["Deny"]}}
    registration = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolic"
    zero = {f"authorization_webhook_cache_{one}_ttl": "0s" for one in ("authorized", "unauthorized")}
    async with deciding(judge) as webhook, gated(**flags(webhook, tmp_path, **zero)) as gate:
        await gate.make(f"{registration}ies", policy)
        await gate.make(f"{registration}ybindings", binding)
        assert (await gate.served.post(MAPS, {"metadata": {"name": "good"}}, **ADA)).status == 201
        assert (await gate.served.post(MAPS, {"metadata": {"name": "bad"}}, **ADA)).status == 422


async def test_a_file_names_several_webhooks_with_conditions_and_is_read_again(tmp_path: Path) -> None:
    only_pods = [{"expression": "has(request.resourceAttributes) && request.resourceAttributes.resource == 'pods'"}]
    async with (
        deciding(lambda spec: {"denied": True, "reason": "no pods"}) as strict,
        deciding(lambda spec: {"allowed": True}) as mild,
    ):
        first = hook(strict, tmp_path, "strict", matchConditions=only_pods)
        rest = (hook(mild, tmp_path, "mild"), {"type": "RBAC", "name": "rbac"})
        file = configuration(tmp_path, first, *rest)
        async with gated(authorization_config=str(file), token_auth_file=tokens(tmp_path)) as gate:
            assert (await ask(gate)).status == 403
            assert (await ask(gate, MAPS)).status == 200
            assert all(one["spec"]["resourceAttributes"]["resource"] == "pods" for one in strict.asked)
            file.write_text("kind: Nonsense")
            await asyncio.sleep(0.3)
            assert (await ask(gate)).status == 403
            configuration(tmp_path, *rest)
            async with asyncio.timeout(WAIT_SECONDS):
                while (await ask(gate)).status != 200:
                    await asyncio.sleep(0.02)
            text = (await gate.served.get("/metrics", **ROOT)).data.decode()
            assert 'authorization_config_controller_automatic_reloads_total{status="success"} 1' in text
            assert 'authorization_config_controller_automatic_reloads_total{status="failure"}' in text
            assert 'match_condition_exclusions_total{type="Webhook",name="strict"}' in text
            assert 'decisions_total{type="Webhook",name="strict",decision="denied"}' in text


async def test_a_condition_that_fails_closes_or_is_passed_over(tmp_path: Path) -> None:
    broken = [{"expression": "request.resourceAttributes.namespace == 'default' || request.extra['a'][0] == 'b'"}]
    nobody = {"type": "RBAC", "name": "rbac"}
    async with deciding(lambda spec: {"allowed": True}) as webhook:
        for policy, said in (("Deny", 500), ("NoOpinion", 500)):
            file = configuration(
                tmp_path, hook(webhook, tmp_path, "w", matchConditions=broken, failurePolicy=policy), nobody
            )
            async with gated(authorization_config=str(file), token_auth_file=tokens(tmp_path)) as gate:
                answer = await ask(gate, "/api/v1/nodes")
                assert answer.status == said
                assert "no such key: a" in answer.json["message"]
                # What RBAC allows is allowed where the webhook has no opinion.
                assert (await ask(gate, "/version")).status == (500 if policy == "Deny" else 200)
        assert not webhook.asked


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ({"authorization-mode": "Webhook"}, "authorization-mode Webhook's authorization config file not passed"),
        (
            {"authorization-webhook-config-file": "/dev/null"},
            "cannot specify --authorization-webhook-config-file without mode Webhook",
        ),
        (
            {"authorization-config": "/dev/null", "authorization-mode": "RBAC"},
            "--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags",
        ),
        ({"authorization-config": "/dev/null"}, "authorization configuration /dev/null: empty config data"),
        (
            {"authorization-mode": "Webhook", "authorization-webhook-config-file": "/dev/null"},
            "failed to get webhook authorization configuration: ",
        ),
    ],
)
def test_flags_that_contradict_each_other_are_refused(texts: dict[str, str], why: str) -> None:
    with pytest.raises(ClusterError, match=re.escape(why)):
        check_flags(texts)


async def test_reviews_tell_what_selectors_are_ignored_and_what_is_wrong(tmp_path: Path) -> None:
    async with (
        deciding(lambda spec: {"allowed": "fieldSelector" in spec["resourceAttributes"]}) as webhook,
        gated(**flags(webhook, tmp_path, authorization_webhook_version="v1")) as gate,
    ):
        about = {"verb": "list", "resource": "pods", "namespace": "n"}

        async def status(**more: Any) -> Any:
            spec = {"user": "eve", "resourceAttributes": {**about, **more}}
            answer = await gate.served.post(ACCESS, {"spec": spec}, **ROOT)
            assert answer.status == 201, answer.data
            return answer.json["status"]

        fields = [{"key": "spec.nodeName", "operator": "In", "values": ["a"]}]
        assert await status(fieldSelector={"requirements": fields}) == {"allowed": True}
        assert webhook.asked[-1]["spec"]["resourceAttributes"]["fieldSelector"] == {"requirements": fields}
        assert await status(fieldSelector={"rawSelector": "a=b,c!=d"}) == {"allowed": True}
        assert webhook.asked[-1]["spec"]["resourceAttributes"]["fieldSelector"]["requirements"][1] == {
            "key": "c", "operator": "NotIn", "values": ["d"]
        }  # fmt: skip
        more = [*fields, {"key": "x", "operator": "Exists"}]
        assert await status(fieldSelector={"requirements": more}) == {
            "allowed": True,
            "evaluationError": "spec.resourceAttributes.fieldSelector partially ignored due to parse error",
        }
        assert await status(labelSelector={"rawSelector": "a in (b"}) == {
            "allowed": False,
            "evaluationError": "spec.resourceAttributes.labelSelector ignored due to parse error",
        }
        labels = [{"key": "app", "operator": "NotIn", "values": ["a", "b"]}, {"key": "b", "operator": "Exists"}]
        await status(labelSelector={"requirements": labels})
        assert webhook.asked[-1]["spec"]["resourceAttributes"]["labelSelector"] == {"requirements": labels}

        async def refused(path: str, spec: Any, **metadata: str) -> list[str]:
            answer = await gate.served.post(path, {"metadata": metadata, "spec": spec}, **ROOT)
            assert answer.status == 422, answer.data
            return [f"{one['field']}: {one['message']}" for one in answer.json["details"]["causes"]]

        one_of = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        assert await refused(ACCESS, {}) == [
            f"spec: Invalid value: null: {one_of}",
            'spec.user: Invalid value: "": at least one of user or group must be specified',
        ]
        where = "spec.resourceAttributes.fieldSelector"
        why = f"Required value: when {where} is specified, requirements or rawSelector is required"
        found = await refused(SELF, {"resourceAttributes": {**about, "fieldSelector": {}}})
        assert found == [f"{where}.requirements: {why}"]
        assert (await refused(SELF, {"resourceAttributes": about}, name="x"))[0].endswith(": must be empty")
        assert await refused(LOCAL, {"user": "eve", "resourceAttributes": about}) == [
            'spec.resourceAttributes.namespace: Invalid value: "n": must match metadata.namespace'
        ]
