"""The log backend: events as lines of a file, or of standard output.

Source: apiserver/plugin/pkg/audit/log.
"""

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from steersman.apiserver.audit.batching import DeliveryError
from steersman.apiserver.audit.event import Event, legacy_line_of, line_of
from steersman.component.log import get_logger
from steersman.component.threads import SingleThread

_log = get_logger(__name__)


class Format(StrEnum):
    """How an event is written."""

    JSON = "json"
    LEGACY = "legacy"


class Output(Protocol):
    """Takes lines. Everything blocks, and raises OSError."""

    def write(self, lines: Sequence[bytes]) -> bool:
        """Write lines; whether there is something to tidy."""
        ...

    def tidy(self) -> None:
        """See to what was put aside."""
        ...

    def close(self) -> None:
        """End."""
        ...


class StandardOutput:
    """This process's."""

    def write(self, lines: Sequence[bytes]) -> bool:
        """Write lines."""
        sys.stdout.buffer.write(b"".join(lines))
        sys.stdout.buffer.flush()
        return False

    def tidy(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """It isn't ours to close."""


class LogDelivery:
    """Writes in a thread of its own; compressing and removing old files is another's."""

    name = "log"

    def __init__(self, output: Output, form: Format) -> None:
        self._output = output
        self._line = line_of if form is Format.JSON else legacy_line_of
        self._writer = SingleThread("audit-log")
        self._tidier = SingleThread("audit-log-tidy")

    async def deliver(self, events: Sequence[Event]) -> None:
        """Write them."""
        lines = [self._line(event) for event in events]
        try:
            if await self._writer.run(self._output.write, lines):
                self._tidier.start(self._tidy)
        except OSError as error:
            raise DeliveryError(error.strerror or str(error)) from error

    async def close(self) -> None:
        """Close the file."""
        await self._writer.run(self._output.close)
        self._writer.close()
        self._tidier.close()

    def _tidy(self) -> None:
        try:
            self._output.tidy()
        except OSError as error:
            _log.warning("old audit logs can't be seen to", error=str(error))
