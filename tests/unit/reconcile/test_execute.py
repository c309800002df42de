import pytest

from steersman.api.core import ConfigMap, Pod
from steersman.api.meta import Kind, ObjectMeta
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Forbidden, NotFound
from steersman.client.memory import MemoryClient
from steersman.component.clock import FakeClock
from steersman.reconcile.execute import Executor, Outcome
from steersman.reconcile.plan import Create, Delete, EventKind, Note, Patch, Plan, Told, Update


class Events:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def event(self, about: Kind, type_: str, reason: str, message: str) -> None:
        self.seen.append(f"{type_} {reason}: {message}")


def config(name: str, **meta: object) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, namespace="default", **meta))


@pytest.fixture
def client() -> MemoryClient:
    return MemoryClient(FakeClock())


async def run(client: MemoryClient, *actions: object) -> Outcome:
    return await Executor(client, Events()).run(Plan(actions))  # type: ignore[arg-type]


async def test_creates_start_slowly_and_stop_at_the_first_refusal(client: MemoryClient) -> None:
    client.fail_next("create", Pod, Forbidden("exceeded quota"))
    outcome = await run(client, *(Create(Pod(metadata=ObjectMeta(generateName="p-"))) for _ in range(100)))
    assert len(client.calls) == 1
    assert outcome.failure is not None
    assert outcome.failure.reason == "Forbidden"


async def test_batches_double_as_long_as_all_goes_well(client: MemoryClient) -> None:
    outcome = await run(client, *(Create(Pod(metadata=ObjectMeta(generateName="p-"))) for _ in range(1100)))
    assert len(outcome.written) == 1100
    assert outcome.failure is None


async def test_the_first_failure_ends_the_plan_and_what_was_written_is_known(client: MemoryClient) -> None:
    stored = await client.create(config("a"))
    stale = replace(stored, metadata=replace(stored.metadata, resourceVersion="999"))
    outcome = await run(client, Create(config("b")), Update(stale), Create(config("c")))
    assert [written.key.name for written in outcome.written] == ["b"]
    assert outcome.failure is not None
    assert outcome.failure.reason == "Conflict"
    assert {found.metadata.name for found in client.all(ConfigMap)} == {"a", "b"}


async def test_deleting_what_is_gone_is_done_but_what_has_another_uid_is_not_touched(client: MemoryClient) -> None:
    stored = await client.create(config("a"))
    assert (await run(client, Delete(config("missing")))).failure is None
    imposter = replace(stored, metadata=replace(stored.metadata, uid="other"))
    assert (await run(client, Delete(imposter))).failure is not None
    assert len(client.all(ConfigMap)) == 1


async def test_a_patch_is_refused_when_somebody_else_wrote_first_unless_any_version_will_do(
    client: MemoryClient,
) -> None:
    stored = await client.create(config("a"))
    await client.patch(ConfigMap, "a", "default", {"data": {"x": "1"}})
    body = {"metadata": {"labels": {"l": "1"}}}
    assert (await run(client, Patch(stored, body))).failure is not None
    assert (await run(client, Patch(stored, body, any_version=True))).failure is None
    assert client.all(ConfigMap)[0].data == {"x": "1"}
    assert client.all(ConfigMap)[0].metadata.labels == {"l": "1"}


async def test_a_write_that_may_or_may_not_have_happened_is_told_apart(client: MemoryClient) -> None:
    client.fail_next("create", ConfigMap, TimeoutError())
    assert (await run(client, Create(config("a")))).unknown == {ConfigMap}
    client.fail_next("create", ConfigMap, NotFound("no such namespace"))
    assert (await run(client, Create(config("a")))).unknown == frozenset()


async def test_events_tell_the_generated_name_or_the_error(client: MemoryClient) -> None:
    events = Events()
    owner = config("owner")
    told = Told(
        Note(owner, EventKind.NORMAL, "Made", "Created: {name}"),
        Note(owner, EventKind.WARNING, "Failed", "Error: {error}"),
    )
    create = Create(Pod(metadata=ObjectMeta(generateName="p-", namespace="default")), told)
    await Executor(client, events).run(Plan((create,)))
    client.fail_next("create", Pod, Forbidden("quota"))
    await Executor(client, events).run(Plan((create,)))
    assert events.seen == [f"Normal Made: Created: {client.all(Pod)[0].metadata.name}", "Warning Failed: Error: quota"]


async def test_one_that_already_exists_counts_only_where_that_is_fine(client: MemoryClient) -> None:
    await client.create(config("a"))
    assert (await run(client, Create(config("a"), exists_is_fine=True))).failure is None
    assert (await run(client, Create(config("a")))).failure is not None
