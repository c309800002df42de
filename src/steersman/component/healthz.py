"""Health endpoints: named checks, and the answers of upstream's /healthz, /livez and /readyz.

Knows no HTTP: a server asks for an Answer and sends it. Source: apiserver/pkg/server/healthz
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from http import HTTPStatus

from steersman.component.log import get_logger

_log = get_logger(__name__)

# Why the check fails; empty when all is well. A check that asks another process bounds its own wait.
Check = Callable[[], Awaitable[str]]

# Told of a check, the endpoint it belongs to, and whether all was well.
Note = Callable[[str, str, bool], None]

CONTENT_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the endpoint says."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class _Named:
    name: str
    check: Check
    group: str


async def ping() -> str:
    """The check that always passes: the process answers."""
    return ""


def when(condition: Callable[[], bool], reason: str) -> Check:
    """A check that fails for this reason while the condition doesn't hold."""

    async def check() -> str:
        return "" if condition() else reason

    return check


class HealthEndpoint:
    """One of healthz, livez, readyz: its checks, in the order they were added."""

    def __init__(self, name: str, note: Note | None = None) -> None:
        self.name = name
        self._note = note
        self._checks: dict[str, _Named] = {"ping": _Named("ping", ping, "")}

    def add(self, name: str, check: Check, group: str = "") -> None:
        """Add a check; `group` lets it be excluded together with others."""
        if name in self._checks and name != "ping":
            raise ValueError(f"check {name!r} stands already")
        self._checks[name] = _Named(name, check, group)

    @property
    def names(self) -> tuple[str, ...]:
        """The checks' names; each is a path below the endpoint's own."""
        return tuple(self._checks)

    async def answer(self, is_verbose: bool = False, excluded: Collection[str] = ()) -> Answer:
        """The answer of all checks: `?verbose` names each one, `?exclude=name` leaves one out."""
        unmatched = set(excluded)
        lines: list[str] = []
        failed: dict[str, str] = {}
        for named in self._checks.values():
            if named.name in excluded:
                unmatched.discard(named.name)
                lines.append(f"[+]{named.name} excluded: ok")
            elif named.group and named.group in excluded:
                unmatched.discard(named.group)
                lines.append(f"[+]{named.name} excluded with {named.group}: ok")
            elif reason := await self._asked(named):
                failed[named.name] = reason
                # Anybody may read this page; the reason is for the log, and for who may read the check's own.
                lines.append(f"[-]{named.name} failed: reason withheld")
            else:
                lines.append(f"[+]{named.name} ok")
        if unmatched:
            quoted = ",".join(f'"{name}"' for name in sorted(unmatched))
            lines.append(f"warn: some health checks cannot be excluded: no matches for {quoted}")
        return self._conclusion(lines, failed, is_verbose)

    async def answer_one(self, name: str) -> Answer | None:
        """The answer of a single check, with its reason; None when there is no such check."""
        named = self._checks.get(name)
        if named is None:
            return None
        reason = await self._asked(named)
        if reason:
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, f"internal server error: {reason}\n")
        return Answer(HTTPStatus.OK, "ok")

    async def _asked(self, named: _Named) -> str:
        reason = await named.check()
        if self._note is not None:
            self._note(named.name, self.name, not reason)
        return reason

    def _conclusion(self, lines: list[str], failed: dict[str, str], is_verbose: bool) -> Answer:
        if failed:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
            _log.info("health check failed", endpoint=self.name, reasons=reasons)
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, "\n".join([*lines, f"{self.name} check failed", ""]))
        if not is_verbose:
            return Answer(HTTPStatus.OK, "ok")
        return Answer(HTTPStatus.OK, "\n".join([*lines, f"{self.name} check passed", ""]))
