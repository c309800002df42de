"""Which control plane works, and what its flags say about that."""

import asyncio
from functools import partial

import pytest

from steersman.api.coordination import Lease
from steersman.cli import electionflags, main
from steersman.client.informer import Informers
from steersman.client.memory import MemoryClient
from steersman.cluster.election import Election, Elections
from steersman.cluster.electionflags import ElectionFlags, read_flags
from steersman.cluster.facts import Wishes, electing, new_cluster
from steersman.cluster.flagtexts import FlagError
from steersman.component.clock import FakeClock


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"leader-elect": "maybe"}, "--leader-elect maybe"),
        ({"leader-elect-lease-duration": "9s"}, "leaseDuration must be greater than renewDeadline"),
        ({"leader-elect-renew-deadline": "2s"}, "renewDeadline must be greater than retryPeriod"),
    ],
)
def test_flags_that_cannot_work_are_refused(texts: dict[str, str], said: str) -> None:
    with pytest.raises(FlagError, match=said):
        read_flags(texts)


def test_flags_are_noted_until_they_are_taken_back() -> None:
    words = ("up", "--leader-elect", "--leader-elect-retry-period", "1s")
    given = electionflags.given(main._parser().parse_args(words))
    facts = electing(new_cluster("192.0.2.7", Wishes()), given)
    assert read_flags(facts.election_flags) == ElectionFlags(leader_elect=True, leader_elect_retry_period=1.0)
    assert electing(facts, {"leader-elect": ""}).election_flags == {"leader-elect-retry-period": "1s"}


@pytest.mark.parametrize(
    ("flags", "several", "elects"),
    [
        (ElectionFlags(), False, False),
        (ElectionFlags(), True, True),
        (ElectionFlags(leader_elect=True), False, True),
        (ElectionFlags(leader_elect=False), True, False),
    ],
)
async def test_a_lease_is_held_where_there_may_be_several(flags: ElectionFlags, several: bool, elects: bool) -> None:
    clock = FakeClock()
    client = MemoryClient(clock)
    began = asyncio.Event()

    async def work() -> None:
        began.set()
        await asyncio.Event().wait()

    elections = Elections(client, clock, Election(flags, several), Informers(client, clock))
    working = asyncio.create_task(elections.lead("x", work))
    await began.wait()  # no time has to pass
    assert [lease.metadata.name for lease in client.all(Lease)] == (["x"] if elects else [])
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert [lease.spec.holderIdentity for lease in client.all(Lease)] == ([""] if elects else [])


class Followed(Informers):
    relists = 0

    async def relist(self) -> None:
        self.relists += 1
        await super().relist()


async def test_who_wins_later_begins_with_what_the_predecessor_wrote_last() -> None:
    clock = FakeClock()
    client = MemoryClient(clock)
    followed = Followed(client, clock)
    followed.of(Lease)
    election = Election(ElectionFlags(), several=True)
    here, there = (Elections(client, clock, election, one) for one in (followed, Informers(client, clock)))
    began: list[tuple[str, int]] = []

    async def work(name: str) -> None:
        began.append((name, followed.relists))
        await asyncio.Event().wait()

    elsewhere = asyncio.create_task(there.lead("second", partial(work, "elsewhere")))
    await clock.drain()
    leads = (here.lead(name, partial(work, name)) for name in ("first", "second"))
    tasks = [asyncio.create_task(one) for one in (here.run(), *leads)]
    await clock.drain()
    assert began == [("elsewhere", 0), ("first", 0)]
    elsewhere.cancel()
    await asyncio.gather(elsewhere, return_exceptions=True)
    await clock.advance(2)
    assert began[2:] == [("second", 1)]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
