"""What a container runtime can answer instead of a result."""


class RuntimeServiceError(Exception):
    """The runtime refused or failed a call, named in `method`; `message` has its words."""

    def __init__(self, method: str, message: str) -> None:
        """Keep the call and the runtime's own words."""
        super().__init__(f"{method}: {message}")
        self.method = method
        self.message = message


class NotFound(RuntimeServiceError):
    """The sandbox, container or image is not there (removing what is gone is no error)."""


class AlreadyExists(RuntimeServiceError):
    """The name (pod, attempt) is taken."""


class Unavailable(RuntimeServiceError):
    """The runtime does not answer: it is starting, restarting or gone. Retry."""


class DeadlineExceeded(RuntimeServiceError):
    """The call took longer than its named timeout; whether it took effect is unknown."""


class Unimplemented(RuntimeServiceError):
    """This runtime is too old for the call."""


class InvalidArgument(RuntimeServiceError):
    """The runtime says that the request makes no sense."""
