"""Nobody gives away what he doesn't have, through a whole control plane."""

from pathlib import Path
from typing import Any

from tests.api.test_authentication import Gate, gated
from tests.api.test_authorization import ADA, tokens

RBAC = "/apis/rbac.authorization.k8s.io/v1"
ROLES, BINDINGS = f"{RBAC}/namespaces/default/roles", f"{RBAC}/namespaces/default/rolebindings"
CLUSTER_ROLES, CLUSTER_BINDINGS = f"{RBAC}/clusterroles", f"{RBAC}/clusterrolebindings"
GROUP = "rbac.authorization.k8s.io"
WHO = 'user "ada" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n'


def rule(verbs: str, *resources: str, group: str = "", names: tuple[str, ...] = ()) -> dict[str, Any]:
    made: dict[str, Any] = {"apiGroups": [group], "resources": list(resources), "verbs": verbs.split()}
    return made | ({"resourceNames": list(names)} if names else {})


def role(name: str, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "rules": list(rules), **more}


def binding(name: str, kind: str, of: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "roleRef": {"apiGroup": GROUP, "kind": kind, "name": of},
        "subjects": [{"kind": "User", "name": "ada", "apiGroup": GROUP}],
    }


async def writer(gate: Gate, *rules: dict[str, Any]) -> None:
    """Ada may write roles and bindings, and do what the rules say."""
    kinds = ("roles", "rolebindings", "clusterroles", "clusterrolebindings")
    await gate.make(CLUSTER_ROLES, role("writer", rule("create get update patch", *kinds, group=GROUP), *rules))
    await gate.make(CLUSTER_BINDINGS, binding("writer", "ClusterRole", "writer"))


async def refusal(gate: Gate, path: str, body: Any, method: str = "POST") -> str:
    answer = await gate.served.ask(method, path, body, **ADA)
    assert answer.status == 403, answer.data
    message: str = answer.json["message"]
    return message


async def test_a_role_may_hold_no_more_than_its_writer(tmp_path: Path) -> None:
    async with gated(token_auth_file=tokens(tmp_path)) as gate:
        await writer(gate, rule("get list", "pods", "configmaps"))
        for fine in (rule("get", "pods"), rule("list", "pods", "configmaps", names=("x",))):
            name = f"fine{len(fine)}"
            assert (await gate.served.post(ROLES, role(name, fine), **ADA)).status == 201
        message = await refusal(gate, ROLES, role("bad", rule("get watch delete", "pods", "secrets")))
        assert message == (
            f'roles.{GROUP} "bad" is forbidden: {WHO}'
            '{APIGroups:[""], Resources:["pods"], Verbs:["watch" "delete"]}\n'
            '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "watch" "delete"]}'
        )
        grown = role("fine3", rule("get", "pods"), rule("*", "nodes"))
        assert '{APIGroups:[""], Resources:["nodes"], Verbs:["*"]}' in await refusal(
            gate, f"{ROLES}/fine3", grown, "PUT"
        )
        urls = {"nonResourceURLs": ["/metrics"], "verbs": ["get"]}
        assert '{NonResourceURLs:["/metrics"], Verbs:["get"]}' in await refusal(gate, CLUSTER_ROLES, role("u", urls))


async def test_who_may_escalate_or_bind_gives_away_anything(tmp_path: Path) -> None:
    async with gated(token_auth_file=tokens(tmp_path)) as gate:
        await writer(
            gate,
            rule("escalate", "roles", group=GROUP),
            rule("bind", "clusterroles", group=GROUP, names=("view",)),
        )
        assert (await gate.served.post(ROLES, role("any", rule("*", "*", group="*")), **ADA)).status == 201
        assert "not currently held" in await refusal(gate, BINDINGS, binding("b", "Role", "any"))
        assert (await gate.served.post(BINDINGS, binding("v", "ClusterRole", "view"), **ADA)).status == 201
        assert "not currently held" in await refusal(gate, CLUSTER_BINDINGS, binding("e", "ClusterRole", "edit"))


async def test_a_binding_is_of_a_role_that_is_there(tmp_path: Path) -> None:
    async with gated(token_auth_file=tokens(tmp_path)) as gate:
        await writer(gate)
        answer = await gate.served.post(BINDINGS, binding("b", "Role", "nowhere"), **ADA)
        assert (answer.status, answer.json["message"]) == (404, f'roles.{GROUP} "nowhere" not found')


async def test_only_a_master_has_roles_added_up(tmp_path: Path) -> None:
    rule_of = {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}}
    async with gated(token_auth_file=tokens(tmp_path)) as gate:
        await writer(gate)
        message = await refusal(gate, CLUSTER_ROLES, role("sum", **rule_of))
        assert message.endswith("must have cluster-admin privileges to use an aggregationRule")
        await gate.make(CLUSTER_ROLES, role("sum", **rule_of))


async def test_what_only_goes_is_not_looked_at(tmp_path: Path) -> None:
    async with gated(token_auth_file=tokens(tmp_path)) as gate:
        await writer(gate)
        await gate.make(ROLES, role("strong", rule("*", "secrets")))
        path, kind = f"{ROLES}/strong", "application/merge-patch+json"
        change = {"metadata": {"finalizers": ["a.b/c"]}}
        assert (await gate.served.ask("PATCH", path, change, content_type=kind, **ADA)).status == 200
        labelled = {"metadata": {"labels": {"a": "b"}}}
        assert (await gate.served.ask("PATCH", path, labelled, content_type=kind, **ADA)).status == 403


async def test_a_binding_counts_from_its_writing_to_its_end(tmp_path: Path) -> None:
    """Also when its subjects change: they are what it is found by."""
    async with gated(token_auth_file=tokens(tmp_path)) as gate:
        await gate.make(CLUSTER_ROLES, role("reader", rule("list", "secrets")))
        made = await gate.make(CLUSTER_BINDINGS, binding("b", "ClusterRole", "reader"))
        secrets = "/api/v1/secrets"
        assert (await gate.served.get(secrets, **ADA)).status == 200
        made["subjects"] = [{"kind": "Group", "name": "ops", "apiGroup": GROUP}]
        root = {"authorization": "Bearer root"}
        assert (await gate.served.ask("PUT", f"{CLUSTER_BINDINGS}/b", made, **root)).status == 200
        assert (await gate.served.get(secrets, **ADA)).status == 403
        del made["metadata"]["resourceVersion"]
        made["subjects"][0]["name"] = "dev"
        assert (await gate.served.ask("PUT", f"{CLUSTER_BINDINGS}/b", made, **root)).status == 200
        assert (await gate.served.get(secrets, **ADA)).status == 200
        assert (await gate.served.ask("DELETE", f"{CLUSTER_BINDINGS}/b", **root)).status == 200
        assert (await gate.served.get(secrets, **ADA)).status == 403
