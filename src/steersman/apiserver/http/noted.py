"""A renderer whose answers are noted for the audit log, which is in JSON whatever the client gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steersman.apimachinery.status import StatusError
from steersman.apiserver.audit.trail import Trail
from steersman.apiserver.http.render import Renderer
from steersman.apiserver.verbs.listing import Listed
from steersman.storage.cacher import CacheEvent, Change


@dataclass(frozen=True, slots=True)
class NotedRenderer:
    """Shows what `shown` shows, and notes what `as_json` makes of it. Watches aren't noted."""

    shown: Renderer
    as_json: Renderer
    trail: Trail

    @property
    def stream_type(self) -> str:
        """The client's."""
        return self.shown.stream_type

    def object(self, data: bytes) -> bytes:
        """One object."""
        self._note(self.as_json.object(data))
        return self.shown.object(data)

    async def page(self, listed: Listed) -> bytes | Sequence[bytes]:
        """A page of objects."""
        self._note(await self.as_json.page(listed))
        return await self.shown.page(listed)

    def gone(self, revision: int, found: Sequence[bytes]) -> bytes | Sequence[bytes]:
        """A list of objects that are no more."""
        self._note(self.as_json.gone(revision, found))
        return self.shown.gone(revision, found)

    def frame(self, change: Change, event: CacheEvent, is_first: bool) -> bytes:
        """A watch event."""
        return self.shown.frame(change, event, is_first)

    def bookmark(self, revision: int, annotations: Mapping[str, str]) -> bytes:
        """How far the watch has come."""
        return self.shown.bookmark(revision, annotations)

    def failure(self, error: StatusError) -> bytes:
        """An error inside a stream that has begun."""
        return self.shown.failure(error)

    def _note(self, body: bytes | Sequence[bytes]) -> None:
        data = body if isinstance(body, bytes) else b"".join(body)
        self.trail.response_object(data.rstrip(b"\n"))
