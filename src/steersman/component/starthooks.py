"""What a server does once, as soon as it can: until each of them is done it isn't healthy, and says which is missing.

Source: apiserver/pkg/server/hooks.go
"""

from collections.abc import Awaitable, Mapping
from functools import partial
from typing import TypeVar

from steersman.component.healthz import Check, when

PREFIX = "poststarthook/"
NOT_FINISHED = "not finished"

T = TypeVar("T")


class StartHooks:
    """Hooks by name, with a health check for each."""

    def __init__(self) -> None:
        self._is_done: dict[str, bool] = {}

    def expect(self, *names: str) -> None:
        """These are to be done. ValueError when one is expected already."""
        for name in names:
            if name in self._is_done:
                raise ValueError(f"hook {name!r} is expected already")
            self._is_done[name] = False

    async def do(self, name: str, work: Awaitable[T]) -> T:
        """Do the work of a hook that is expected; it is done unless the work fails."""
        result = await work
        self.finish(name)
        return result

    def finish(self, name: str) -> None:
        """The hook's work is done. KeyError when nobody expected it."""
        if name not in self._is_done:
            raise KeyError(name)
        self._is_done[name] = True

    @property
    def checks(self) -> Mapping[str, Check]:
        """The health checks of the hooks expected until now, by name."""
        return {PREFIX + name: when(partial(self._is_done.__getitem__, name), NOT_FINISHED) for name in self._is_done}
