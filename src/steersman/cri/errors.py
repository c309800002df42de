"""What a container runtime can answer instead of a result."""


class RuntimeServiceError(Exception):
    """The runtime refused or failed a call, named in `method`; `message` has its words."""

    code = "Unknown"
    """The name of the gRPC status code."""

    def __init__(self, method: str, message: str) -> None:
        """Keep the call and the runtime's own words."""
        super().__init__(f"{method}: {message}")
        self.method = method
        self.message = message

    @property
    def rpc_words(self) -> str:
        """The failure as gRPC's Go library words it, which is how users know it from events."""
        return f"rpc error: code = {self.code} desc = {self.message}"


class NotFound(RuntimeServiceError):
    """The sandbox, container or image is not there (removing what is gone is no error)."""

    code = "NotFound"


class AlreadyExists(RuntimeServiceError):
    """The name (pod, attempt) is taken."""

    code = "AlreadyExists"


class Unavailable(RuntimeServiceError):
    """The runtime does not answer: it is starting, restarting or gone. Retry."""

    code = "Unavailable"


class DeadlineExceeded(RuntimeServiceError):
    """The call took longer than its named timeout; whether it took effect is unknown."""

    code = "DeadlineExceeded"


class Unimplemented(RuntimeServiceError):
    """This runtime is too old for the call."""

    code = "Unimplemented"


class InvalidArgument(RuntimeServiceError):
    """The runtime says that the request makes no sense."""

    code = "InvalidArgument"
