import asyncio

import pytest

from steersman.api.coordination import Lease
from steersman.client.lease import Candidate, LeaderElector, LeadershipLostError
from steersman.client.memory import MemoryClient
from steersman.component.clock import FakeClock


class Setup:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.client = MemoryClient(self.clock)
        self.leading: list[str] = []

    def elect(self, identity: str) -> asyncio.Task[None]:
        elector = LeaderElector(self.client, self.clock, Candidate("kube-system", "controllers", identity))

        async def lead() -> None:
            self.leading.append(identity)
            try:
                await asyncio.Event().wait()
            finally:
                self.leading.remove(identity)

        return asyncio.create_task(elector.run(lead))

    @property
    def holder(self) -> str | None:
        (lease,) = self.client.all(Lease)
        return lease.spec.holderIdentity


@pytest.fixture
def setup() -> Setup:
    return Setup()


async def stop(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_only_one_leads_and_the_next_takes_over_at_once_when_it_stops(setup: Setup) -> None:
    first, second = setup.elect("a"), setup.elect("b")
    await setup.clock.advance(60)
    assert setup.leading == ["a"]
    await stop(first)
    assert setup.holder == ""
    await setup.clock.advance(2)
    assert setup.leading == ["b"]
    (lease,) = setup.client.all(Lease)
    assert lease.spec.leaseTransitions == 1
    await stop(second)


async def test_a_dead_holder_is_succeeded_only_after_the_lease_has_run_out(setup: Setup) -> None:
    first = setup.elect("a")
    await setup.clock.advance(1)
    for _ in range(100):
        setup.client.fail_next("update", Lease, ConnectionResetError())
        setup.client.fail_next("get", Lease, ConnectionResetError())
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    setup.client._failures.clear()
    second = setup.elect("b")
    await setup.clock.advance(14)
    assert setup.leading == []
    await setup.clock.advance(3)
    assert setup.leading == ["b"]
    await stop(second)


async def test_a_holder_that_cannot_renew_stops_before_another_can_begin(setup: Setup) -> None:
    first = setup.elect("a")
    await setup.clock.advance(1)
    for _ in range(100):
        setup.client.fail_next("get", Lease, ConnectionResetError())
    await setup.clock.advance(8)
    assert setup.leading == ["a"]
    await setup.clock.advance(5)
    assert setup.leading == []
    with pytest.raises(LeadershipLostError):
        await first
