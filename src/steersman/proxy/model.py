"""What the service network should do, as values: which address leads to which endpoints."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Frontend:
    """An address that is served. ip is empty for a node port: any address of the node."""

    ip: str
    protocol: str
    port: int


@dataclass(frozen=True, slots=True, order=True)
class Backend:
    """Where a connection goes."""

    ip: str
    port: int


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Every frontend with its backends, in order; one without any is refused."""

    routes: tuple[tuple[Frontend, tuple[Backend, ...]], ...] = ()
