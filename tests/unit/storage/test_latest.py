"""The current revision is asked for once for all who want it, and never answered from before they asked."""

import asyncio

import pytest

from steersman.storage.etcd.latest import Latest
from steersman.storage.interface import StoreClosed, StoreUnavailable


class Asked:
    """Answers when told to."""

    def __init__(self) -> None:
        self.questions: list[asyncio.Future[int]] = []

    async def __call__(self) -> int:
        self.questions.append(asyncio.get_running_loop().create_future())
        return await self.questions[-1]


async def passes() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_together_shares_an_answer_and_who_comes_later_waits_for_the_next() -> None:
    asked = Asked()
    latest = Latest(asked)
    early = [asyncio.create_task(latest.get()) for _ in range(3)]
    await passes()
    late = [asyncio.create_task(latest.get()) for _ in range(3)]
    await passes()
    assert len(asked.questions) == 1
    asked.questions[0].set_result(7)
    assert await asyncio.gather(*early) == [7, 7, 7]
    await passes()
    assert not any(one.done() for one in late)
    asked.questions[1].set_result(9)
    assert await asyncio.gather(*late) == [9, 9, 9]
    assert len(asked.questions) == 2


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others() -> None:
    asked = Asked()
    latest = Latest(asked)
    one, other = asyncio.create_task(latest.get()), asyncio.create_task(latest.get())
    await passes()
    one.cancel()
    asked.questions[0].set_result(3)
    assert await other == 3


async def test_a_failure_is_told_to_all_who_wait_and_not_to_those_who_ask_again() -> None:
    asked = Asked()
    latest = Latest(asked)
    waiting = [asyncio.create_task(latest.get()) for _ in range(2)]
    await passes()
    asked.questions[0].set_exception(StoreUnavailable("away"))
    assert all(isinstance(each, StoreUnavailable) for each in await asyncio.gather(*waiting, return_exceptions=True))
    again = asyncio.create_task(latest.get())
    await passes()
    asked.questions[1].set_result(4)
    assert await again == 4


async def test_who_waits_when_it_is_closed_is_told_so() -> None:
    asked = Asked()
    latest = Latest(asked)
    early = asyncio.create_task(latest.get())
    await passes()
    late = asyncio.create_task(latest.get())
    await passes()
    await latest.close()
    for each in (early, late):
        with pytest.raises(StoreClosed):
            await each
