"""The APIServices as requests ask for them: which group versions are somebody else's, and whether these can be had."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steersman.api.apiregistration import APIService
from steersman.apiserver.collections import Collections

AVAILABLE = "Available"


@dataclass(frozen=True, slots=True)
class Remote:
    """A group version that another server answers for."""

    service: APIService

    @property
    def group_version(self) -> tuple[str, str]:
        """What it answers for."""
        return self.service.spec.group, self.service.spec.version

    @property
    def is_available(self) -> bool:
        """What was found when it was looked at last."""
        return any(one.type == AVAILABLE and one.status == "True" for one in self.service.status.conditions)


class Services:
    """Reads the cache of APIServices; made anew only when one of them has changed."""

    def __init__(self, collections: Collections) -> None:
        self._collections = collections
        self._seen = -1
        self._all: tuple[APIService, ...] = ()
        self._remotes: Mapping[tuple[str, str], Remote] = {}

    @property
    def all(self) -> Sequence[APIService]:
        """Every APIService, the local ones too."""
        self._look()
        return self._all

    @property
    def remotes(self) -> Mapping[tuple[str, str], Remote]:
        """Those of other servers, by group and version."""
        self._look()
        return self._remotes

    def remote_at(self, path: str) -> Remote | None:
        """Who answers for a path such as `/apis/GROUP/VERSION/...`; None if this server does."""
        remotes = self.remotes
        if not remotes:
            return None
        match path.split("/", 4):
            case ["", "apis", group, version, *_]:
                return remotes.get((group, version))
            case _:
                return None

    def _look(self) -> None:
        if not self._collections.has(APIService):
            return
        collection = self._collections.of(APIService)
        cacher = collection.cacher
        if cacher.changed_at == self._seen:
            return
        self._seen = cacher.changed_at
        self._all = tuple(collection.decoded(one) for one in cacher.under(cacher.prefix))
        found = (Remote(one) for one in self._all if one.spec.service is not None)
        self._remotes = {one.group_version: one for one in found}
