"""Decisions that have to be awaited, for those who ask in the middle of what can't wait, as expressions do.

An authorizer that must ask somebody else raises `Undecided`. Who can wait awaits the answer, and asks all anew: what it
was told meanwhile is remembered for as long as it goes on asking.
"""

from collections.abc import Awaitable, Callable, Hashable
from contextvars import ContextVar
from typing import TypeVar

from steersman.apiserver.attributes import Authorizer, Decision
from steersman.apiserver.request import RequestInfo
from steersman.apiserver.user import UserInfo

T = TypeVar("T")

_told: ContextVar[dict[Hashable, Decision] | None] = ContextVar("told", default=None)


class Undecided(Exception):
    """The answer to a question has to be awaited. key: what tells the question from others."""

    def __init__(self, key: Hashable, answer: Callable[[], Awaitable[Decision]]) -> None:
        super().__init__("the decision has to be awaited")
        self.key, self.answer = key, answer


def told(key: Hashable) -> Decision | None:
    """The answer to a question, if it was awaited just now."""
    answers = _told.get()
    return None if answers is None else answers.get(key)


async def decided(ask: Callable[[], T]) -> T:
    """What is asked for; it may be asked for several times, until every decision it needs is there."""
    answers: dict[Hashable, Decision] = {}
    before = _told.set(answers)
    try:
        while True:
            try:
                return ask()
            except Undecided as question:
                answers[question.key] = await question.answer()
    finally:
        _told.reset(before)


async def decision_on(authorizer: Authorizer, user: UserInfo, request: RequestInfo) -> Decision:
    """Whether the user may."""
    try:
        # Nearly always nobody else has to be asked.
        return authorizer.authorize(user, request)
    except Undecided:
        return await decided(lambda: authorizer.authorize(user, request))
