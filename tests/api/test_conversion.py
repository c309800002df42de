"""Custom resources whose versions a webhook converts."""

import asyncio
from typing import Any

from tests.api.server import WAIT_SECONDS
from tests.api.test_custom import CRDS, TABS, definition, established, tab
from tests.api.test_webhooks import Hooks, hooked

V2 = TABS.replace("/v1/", "/v2/")
NAME = "crontabs.stable.example.com"


def two_versions(hooks: Hooks, stored: str = "v1") -> dict[str, Any]:
    """v1 has spec.cron, v2 the same as spec.schedule."""
    crd = definition(selectableFields=[], additionalPrinterColumns=[])
    first = crd["spec"]["versions"][0]
    spec = {"type": "object", "properties": {"schedule": {"type": "string"}}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    crd["spec"]["versions"] = [
        {**first, "storage": stored == "v1"},
        {**first, "name": "v2", "storage": stored == "v2", "schema": schema},
    ]
    config = {"url": f"{hooks.url}/convert", "caBundle": hooks.ca}
    webhook = {"clientConfig": config, "conversionReviewVersions": ["v1"]}
    crd["spec"]["conversion"] = {"strategy": "Webhook", "webhook": webhook}
    return crd


def convert(request: dict[str, Any]) -> dict[str, Any]:
    version = request["desiredAPIVersion"]
    old, new = ("cron", "schedule") if version.endswith("/v2") else ("schedule", "cron")
    made = []
    for obj in request["objects"]:
        spec = {new if name == old else name: value for name, value in obj.get("spec", {}).items()}
        made.append({**obj, "apiVersion": version, "spec": spec})
    return {"result": {"status": "Success"}, "convertedObjects": made}


def tab2(name: str, schedule: str) -> dict[str, Any]:
    return {**tab(name, spec={"schedule": schedule}), "apiVersion": "stable.example.com/v2"}


async def test_each_version_shows_what_is_written_in_the_other() -> None:
    async with hooked() as hooks:
        hooks.replies["/convert"] = convert
        server = hooks.server
        await established(server, two_versions(hooks))
        await server.post(TABS, tab("a", spec={"cron": "one"}))
        assert (await server.get(f"{V2}/a")).json["spec"]["schedule"] == "one"
        made = await server.post(V2, tab2("b", "two"))
        assert (made.status, made.json["apiVersion"], made.json["spec"]) == (
            201,
            "stable.example.com/v2",
            {"schedule": "two"},
        )
        assert (await server.get(f"{TABS}/b")).json["spec"]["cron"] == "two"
        changed = await server.patch(f"{V2}/a", {"spec": {"schedule": "three"}})
        assert changed.json["spec"]["schedule"] == "three"
        listed = (await server.get(TABS)).json["items"]
        assert [(one["apiVersion"], one["spec"]["cron"]) for one in listed] == [
            ("stable.example.com/v1", "three"),
            ("stable.example.com/v1", "two"),
        ]
        assert (await server.delete(f"{V2}/a")).status == 200
        assert (await server.get(f"{TABS}/a")).status == 404


async def test_objects_stored_in_both_versions_are_listed_in_either() -> None:
    async with hooked() as hooks:
        hooks.replies["/convert"] = convert
        server = hooks.server
        await established(server, two_versions(hooks))
        await server.post(TABS, tab("a", spec={"cron": "one"}))
        crd = (await server.get(f"{CRDS}/{NAME}")).json
        for version in crd["spec"]["versions"]:
            version["storage"] = version["name"] == "v2"
        assert (await server.put(f"{CRDS}/{NAME}", crd)).status == 200
        async with asyncio.timeout(WAIT_SECONDS):
            while (await server.post(V2, tab2("b", "two"))).status not in (201, 409):
                await asyncio.sleep(0.005)
        for path, field in ((TABS, "cron"), (V2, "schedule")):
            items = (await server.get(path)).json["items"]
            assert [one["spec"][field] for one in items] == ["one", "two"]


async def test_a_webhook_that_cannot_convert_is_told_of() -> None:
    async with hooked() as hooks:
        hooks.replies["/convert"] = lambda _: {"result": {"status": "Failed", "message": "no way"}}
        server = hooks.server
        await established(server, two_versions(hooks))
        refused = await server.post(V2, tab2("a", "x"))
        assert refused.status == 500
        assert f"conversion webhook for {NAME} failed: no way" in refused.json["message"]
