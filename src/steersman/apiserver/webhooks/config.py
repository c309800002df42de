"""How webhooks are reached, as each API group that has them declares it; and that they weren't."""

from typing import Protocol


class ServiceReference(Protocol):
    """A Service, as each API group with webhooks declares it."""

    namespace: str
    name: str
    path: str | None
    port: int | None


class ClientConfig(Protocol):
    """How a webhook is reached."""

    @property
    def url(self) -> str | None:
        """Its URL, or else service is set."""
        ...

    @property
    def service(self) -> ServiceReference | None:
        """The Service that answers."""
        ...

    @property
    def caBundle(self) -> bytes:  # noqa: N802  # the wire spelling
        """Whom its certificate must be signed by; empty: by one of the machine's authorities."""
        ...


class WebhookError(Exception):
    """It couldn't be asked; the text says why, as Go's client does."""
