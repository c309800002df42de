"""Priority and fairness over HTTP: who waits, who is refused, and what they are told."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.api.server import CONFIG, Served, serving

from steersman.apiserver.app import Deps
from steersman.apiserver.attributes import AlwaysAllow, Presented
from steersman.apiserver.flowcontrol.limiter import LimitSettings
from steersman.apiserver.flowcontrol.maintain import PRODUCER, seed_flow_control
from steersman.apiserver.local import LocalClient
from steersman.apiserver.user import UserInfo
from steersman.component.clock import RealClock
from steersman.storage.memory import MemoryStore

GROUP = "/apis/flowcontrol.apiserver.k8s.io/v1"
SCHEMAS, LEVELS = f"{GROUP}/flowschemas", f"{GROUP}/prioritylevelconfigurations"
SCHEMA_UID, LEVEL_UID = "x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid"
MAPS = "/api/v1/namespaces/default/configmaps"


class ByHeader:
    """Clients say themselves who they are."""

    async def authenticate(self, presented: Presented) -> UserInfo | None:
        name = presented.headers.get("x-user", "admin")
        groups = ("system:masters",) if name == "admin" else ("system:authenticated",)
        return UserInfo(name, groups=groups)


@asynccontextmanager
async def limited(settings: LimitSettings) -> AsyncIterator[Served]:
    clock = RealClock()
    deps = Deps(MemoryStore(clock), clock, ByHeader(), AlwaysAllow(), CONFIG, limits=settings)
    async with serving(deps) as served:
        await seed_flow_control(LocalClient(served.server.pipeline, user_agent=PRODUCER))
        yield served


def level(seats_of_all: int, response: Mapping[str, Any], name: str = "l") -> Mapping[str, Any]:
    limited_ = {"nominalConcurrencyShares": seats_of_all, "borrowingLimitPercent": 0, "limitResponse": response}
    return {"metadata": {"name": name}, "spec": {"type": "Limited", "limited": limited_}}


def schema_of(user: str, level_name: str = "l") -> Mapping[str, Any]:
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": True, "namespaces": ["*"]}
    subject = {"kind": "User", "user": {"name": user}}
    spec = {
        "priorityLevelConfiguration": {"name": level_name},
        "matchingPrecedence": 50,
        "distinguisherMethod": {"type": "ByUser"},
        "rules": [{"subjects": [subject], "resourceRules": [everything]}],
    }
    return {"metadata": {"name": f"of-{user}"}, "spec": spec}


class Slow:
    """Holds up requests that read a body: their clients send the rest when told."""

    def __init__(self, served: Served, user: str) -> None:
        self._served, self._user = served, user

    async def __aenter__(self) -> "Slow":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._served.http.port)
        head = f"POST {MAPS} HTTP/1.1\r\nhost: x\r\nx-user: {self._user}\r\n"
        self._writer.write(f"{head}content-type: application/json\r\ncontent-length: 24\r\n\r\n".encode())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def answer(self) -> bytes:
        self._writer.write(b'{"metadata":{"name":"a"}')
        return await self._reader.readuntil(b"\r\n")


async def eventually(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def test_the_first_objects_are_there_and_every_answer_names_those_that_counted() -> None:
    async with limited(LimitSettings()) as served:
        schemas = {one["metadata"]["name"]: one for one in (await served.get(SCHEMAS)).json["items"]}
        levels = {one["metadata"]["name"]: one for one in (await served.get(LEVELS)).json["items"]}
        assert (len(schemas), len(levels)) == (11, 8)
        assert levels["system"]["metadata"]["annotations"] == {"apf.kubernetes.io/autoupdate-spec": "true"}
        answer = await served.get("/api/v1/nodes", x_user="bob")
        named = (schemas["global-default"]["metadata"]["uid"], levels["global-default"]["metadata"]["uid"])
        assert (answer.headers[SCHEMA_UID], answer.headers[LEVEL_UID]) == named
        missing = await served.get("/api/v1/namespaces/none")
        assert missing.status == 404
        assert missing.headers[LEVEL_UID] == levels["exempt"]["metadata"]["uid"]
        await served.delete(f"{SCHEMAS}/global-default")
        assert (await served.get("/api/v1/nodes", x_user="bob")).headers[SCHEMA_UID] == (
            schemas["catch-all"]["metadata"]["uid"]
        )


async def test_a_schema_whose_level_comes_later_dangles_until_then() -> None:
    async with limited(LimitSettings()) as served:

        async def dangling(name: str) -> str:
            status = (await served.get(f"{SCHEMAS}/{name}")).json["status"]
            return next((one["status"] for one in status.get("conditions", ())), "")

        async def until(wanted: str) -> None:
            async with asyncio.timeout(10):
                while await dangling("of-bob") != wanted:
                    await asyncio.sleep(0.01)

        await served.post(SCHEMAS, schema_of("bob"))
        await until("True")
        await served.post(LEVELS, level(10, {"type": "Reject"}))
        await until("False")
        managers = (await served.get(f"{SCHEMAS}/of-bob")).json["metadata"]["managedFields"]
        told = next(one for one in managers if one["manager"] == "api-priority-and-fairness-config-consumer-v1")
        assert (told["operation"], told["subresource"]) == ("Apply", "status")


async def test_whom_a_level_has_no_seat_for_is_told_to_come_again() -> None:
    async with limited(LimitSettings(reads=1, writes=1)) as served:
        await served.post("/api/v1/namespaces", {"metadata": {"name": "default"}})
        made = await served.post(LEVELS, level(1, {"type": "Reject"}))
        await served.post(SCHEMAS, schema_of("bob"))
        async with Slow(served, "bob"):
            await eventually(lambda: served.server.flow_control.levels.by_name["l"].queues.executing)
            refused = await served.get(MAPS, x_user="bob")
            assert (refused.status, refused.headers["retry-after"]) == (429, "1")
            assert refused.data == b"Too many requests, please try again later.\n"
            assert refused.headers["content-type"] == "text/plain; charset=utf-8"
            assert refused.headers[LEVEL_UID] == made.json["metadata"]["uid"]
            assert (await served.get(MAPS)).status == 200
        await eventually(lambda: served.server.flow_control.levels.by_name["l"].queues.is_idle)
        assert (await served.get(MAPS, x_user="bob")).status == 200


async def test_who_waits_has_a_turn_or_is_refused_in_time_or_goes_away() -> None:
    queuing = {"queues": 1, "handSize": 1, "queueLengthLimit": 10}
    async with limited(LimitSettings(reads=1, writes=1)) as served:
        await served.post("/api/v1/namespaces", {"metadata": {"name": "default"}})
        await served.post(LEVELS, level(1, {"type": "Queue", "queuing": queuing}))
        await served.post(SCHEMAS, schema_of("bob"))
        found = served.server.flow_control.levels.by_name
        async with Slow(served, "bob") as slow:
            await eventually(lambda: "l" in found and found["l"].queues.executing)
            queues = found["l"].queues
            waiting = asyncio.create_task(served.get(MAPS, x_user="bob"))
            await eventually(lambda: queues.waiting == 1)
            hurried = await served.get(f"{MAPS}?timeout=400ms", x_user="bob")
            assert (hurried.status, queues.waiting, queues.cancelled) == (429, 1, 1)
            async with Slow(served, "bob"):
                await eventually(lambda: queues.waiting == 2)
            await eventually(lambda: queues.waiting == 1)
            assert b"400" in await slow.answer()
            assert (await waiting).status == 200
        await eventually(lambda: queues.is_idle)
        assert queues.seats_in_use == 0


async def test_a_watch_needs_its_seat_only_to_begin_and_is_counted_to_its_end() -> None:
    async with limited(LimitSettings()) as served:
        await served.post("/api/v1/namespaces", {"metadata": {"name": "default"}})
        control = served.server.flow_control
        queues = control.levels.by_name["global-default"].queues
        async with served.watching(f"{MAPS}?watch=1&resourceVersion=0", **{"x-user": "bob"}):
            await eventually(lambda: queues.is_idle)
            assert queues.dispatched == 1
            assert len(control.estimator.watches._counts) == 1
        await eventually(lambda: not control.estimator.watches._counts)


async def test_without_fairness_reads_and_writes_have_limits_of_their_own() -> None:
    async with limited(LimitSettings(is_fair=False, reads=2, writes=1)) as served:
        await served.post("/api/v1/namespaces", {"metadata": {"name": "default"}})
        async with Slow(served, "bob") as slow:
            await asyncio.sleep(0.05)
            refused = await served.post(MAPS, {"metadata": {"name": "b"}}, x_user="bob")
            assert (refused.status, refused.headers["retry-after"]) == (429, "1")
            assert LEVEL_UID not in refused.headers
            assert (await served.get(MAPS, x_user="bob")).status == 200
            assert (await served.post(MAPS, {"metadata": {"name": "b"}})).status == 201
            await slow.answer()
        async with asyncio.timeout(10):
            while (await served.post(MAPS, {"metadata": {"name": "c"}}, x_user="bob")).status == 429:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("path", ["dump_priority_levels", "dump_queues", "dump_requests"])
async def test_what_is_queued_can_be_looked_at(path: str) -> None:
    async with limited(LimitSettings()) as served:
        answer = await served.get(f"/debug/api_priority_and_fairness/{path}?includeRequestDetails=1")
        lines = [[cell.strip() for cell in line.split(",")] for line in answer.data.decode().splitlines()]
        assert lines[0][0] == "PriorityLevelName"
        assert all(len(line) == len(lines[0]) for line in lines)
        if path == "dump_priority_levels":
            rows = {line[0]: line for line in lines}
            assert rows["exempt"][2:6] == ["false", "false", "0", "1"]
            assert rows["system"][1:6] == ["0", "true", "false", "0", "0"]
        elif path == "dump_queues":
            assert len([line for line in lines if line[0] == "workload-low"]) == 128
        else:
            assert lines[1][:2] == ["exempt", "exempt"]
            assert lines[1][10:12] == ["admin", "get"]
