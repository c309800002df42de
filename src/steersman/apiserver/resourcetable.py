"""The resources a server serves now: the built-in ones, and those that come and go with their definitions."""

import asyncio
import re
from collections.abc import Sequence

from steersman.api.resources import Resource

_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")
_STAGES = {None: 2, "beta": 1, "alpha": 0}


class ResourceTable:
    """generation grows with every change, for those who keep what they made of the table."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._fixed = tuple(resources)
        self._added: dict[str, tuple[Resource, ...]] = {}
        self.generation = 0
        self._changed = asyncio.Event()
        self._index()

    @property
    def all(self) -> tuple[Resource, ...]:
        """Every resource in every version; versions of a custom one from the most to the least stable."""
        return self._all

    def named(self, group: str, version: str, plural: str) -> Resource | None:
        """The resource of a name in a URL."""
        return self._by_name.get((group, version, plural))

    def has_group_version(self, group: str, version: str) -> bool:
        """Anything is served there."""
        return (group, version) in self._group_versions

    def put(self, owner: str, resources: Sequence[Resource]) -> None:
        """Serve these on behalf of an owner, in place of what it had; none takes it away."""
        self._added.pop(owner, None)
        if resources:
            self._added[owner] = tuple(sorted(resources, key=lambda one: version_rank(one.version), reverse=True))
        self.generation += 1
        self._index()
        self._changed.set()

    async def changed(self) -> None:
        """Wait until it has changed since the last time it was waited for; for one who waits."""
        await self._changed.wait()
        self._changed.clear()

    def _index(self) -> None:
        self._all = (*self._fixed, *(one for owned in self._added.values() for one in owned))
        # A built-in resource can't be replaced.
        self._by_name = {(one.group, one.version, one.plural): one for one in reversed(self._all)}
        self._group_versions = {(one.group, one.version) for one in self._all}


def version_rank(version: str) -> tuple[int, int, int, str]:
    """Sorts versions by stability and number. Source: apimachinery/pkg/version: CompareKubeAwareVersionStrings."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return (-1, 0, 0, version)
    return (_STAGES[found[2]], int(found[1]), int(found[3] or 0), "")
