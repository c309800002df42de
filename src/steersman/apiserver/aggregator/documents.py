"""What other servers say about their group versions: resources for discovery, schemas for OpenAPI.

Source: kube-aggregator/pkg/apiserver/handler_discovery.go; pkg/controllers/openapiv3/aggregator.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from steersman.apimachinery.codec.json import DecodeError, parse
from steersman.apimachinery.openapi.gnostic import encode_document
from steersman.apimachinery.openapi.merging import below, is_sound
from steersman.apimachinery.status import StatusError
from steersman.apiserver.aggregator.backends import ITSELF, Backends
from steersman.apiserver.aggregator.services import Remote, Services
from steersman.component.clock import Clock
from steersman.component.http.client import HTTPClientError

ASK_SECONDS = 5.0
# Clients ask for discovery in bursts; what was said a moment ago is still so.
KEPT_SECONDS = 10.0
# More than any server has to say; what says more isn't listened to.
MOST_BYTES = 32 << 20
INDEX = "/openapi/v3"
# What a document has that isn't about paths: this server's counts.
ENVELOPE: Mapping[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "", "version": ""},
    "security": (),
    "securityDefinitions": {},
}
SWAGGER = "/openapi/v2"


class Documents:
    """Asks when somebody wants to know, and remembers the answers for a moment."""

    def __init__(self, services: Services, backends: Backends, clock: Clock) -> None:
        self._services = services
        self._backends = backends
        self._clock = clock
        self._known: dict[tuple[str, str, str], tuple[float, Any]] = {}
        # As it came, and the part of it that counts.
        self._swaggers: dict[tuple[str, str], tuple[Any, Mapping[str, Any]]] = {}

    @property
    def groups(self) -> Mapping[str, tuple[int, list[tuple[int, str]]]]:
        """The groups of other servers: their priority, and their versions with theirs."""
        found: dict[str, tuple[int, list[tuple[int, str]]]] = {}
        for (group, version), remote in self._services.remotes.items():
            spec = remote.service.spec
            priority, versions = found.get(group, (0, []))
            found[group] = (max(priority, spec.groupPriorityMinimum), [*versions, (spec.versionPriority, version)])
        return found

    async def resources(self) -> Mapping[tuple[str, str], list[dict[str, Any]] | None]:
        """The lines of each group version's APIResourceList; None where the server doesn't answer."""
        return await self._from_all(lambda group, version: f"/apis/{group}/{version}", _resources)

    async def openapi_paths(self) -> Mapping[tuple[str, str], dict[str, Any] | None]:
        """What each server's index of OpenAPI documents says about its group version."""
        found = await self._from_all(lambda group, version: INDEX, lambda document: document.get("paths"))
        return {
            (group, version): (paths or {}).get(f"apis/{group}/{version}") for (group, version), paths in found.items()
        }

    async def swaggers(self) -> Sequence[Mapping[str, Any]]:
        """What each server says in version 2 about its group version, in the order of their priorities.

        A server that doesn't answer now has said what it said last.
        """
        for key, document in (await self._from_all(lambda *_: SWAGGER, lambda document: document)).items():
            known = self._swaggers.get(key)
            if document is not None and (known is None or known[0] is not document):
                self._swaggers[key] = (document, _swagger(document, f"/apis/{key[0]}/{key[1]}/"))
        remotes = self._services.remotes
        self._swaggers = {key: document for key, document in self._swaggers.items() if key in remotes}
        return [self._swaggers[key][1] for key in sorted(self._swaggers, key=self._rank)]

    def _rank(self, group_version: tuple[str, str]) -> tuple[int, str, int, str]:
        """Source: kube-aggregator/pkg/controllers/openapi/aggregator/priority.go."""
        group, version = group_version
        priority, _ = self.groups[group]
        return -priority, group, -self._services.remotes[group_version].service.spec.versionPriority, version

    async def _from_all(self, path: Any, read: Any) -> dict[tuple[str, str], Any]:
        remotes = list(self._services.remotes.items())
        answers = await asyncio.gather(*(self._ask(one, path(*key)) for key, one in remotes))
        return {
            key: read(answer) if isinstance(answer, dict) else None
            for (key, _), answer in zip(remotes, answers, strict=True)
        }

    async def _ask(self, remote: Remote, path: str) -> Any:
        if not remote.is_available:
            return None
        meta = remote.service.metadata
        key = (meta.name, meta.resourceVersion, path)
        now = self._clock.monotonic()
        known = self._known.get(key)
        if known is not None and now - known[0] < KEPT_SECONDS:
            return known[1]
        answer = await self._asked(remote, path)
        self._known = {one: kept for one, kept in self._known.items() if now - kept[0] < KEPT_SECONDS}
        self._known[key] = (now, answer)
        return answer

    async def _asked(self, remote: Remote, path: str) -> Any:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                backend = self._backends.backend(remote.service, path, "", ITSELF)
                headers = {**backend.added, "accept": "application/json"}
                response = await backend.pool.request("GET", path, headers)
                data = await response.read(MOST_BYTES)
            return parse(data) if response.status == HTTPStatus.OK else None
        except (TimeoutError, HTTPClientError, StatusError, DecodeError, ssl.SSLError, OSError):
            return None


def _swagger(document: Any, prefix: str) -> Mapping[str, Any]:
    """The paths below a prefix; none of a document that can't be put into every form."""
    if not is_sound(document):
        return {}
    found = below(document, prefix)
    try:
        encode_document({**ENVELOPE, **found})
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return {}
    return found


def _resources(document: dict[str, Any]) -> list[dict[str, Any]]:
    found = document.get("resources")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
