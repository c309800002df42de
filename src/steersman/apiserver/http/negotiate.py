"""Which form of an answer a client accepts: objects, tables of them, or their metadata alone, in which media type."""

from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from steersman.apimachinery.codec import negotiate as codec
from steersman.apimachinery.codec.negotiate import JSON, PROTOBUF, YAML, is_metadata, is_table
from steersman.apimachinery.object import GroupVersionKind

__all__ = ["JSON", "PLAIN", "PROTOBUF", "YAML", "Endpoint", "Form", "Output", "negotiate"]


class Form(Enum):
    """What objects are shown as."""

    OBJECT = auto()
    TABLE = auto()
    METADATA = auto()


class Endpoint(Enum):
    """What is asked, which decides on the forms there are. Source: handlers.RequestScope.AllowsMediaTypeTransform."""

    STORED = auto()
    CUSTOM = auto()
    """Objects without protobuf; their metadata has it."""
    REVIEW = auto()
    """There is no table of what isn't stored."""
    DISCOVERY = auto()
    ERROR = auto()

    def allows(self, media_type: str, transform: GroupVersionKind | None) -> bool:
        """Whether this form is made in this media type."""
        if transform is None:
            return self is not Endpoint.CUSTOM or media_type != PROTOBUF
        if self in (Endpoint.DISCOVERY, Endpoint.ERROR):
            return False
        if is_table(transform):
            return self is not Endpoint.REVIEW and media_type != PROTOBUF
        return is_metadata(transform)


@dataclass(frozen=True, slots=True)
class Output:
    """A form in a media type; version is that of Table or PartialObjectMetadata."""

    form: Form = Form.OBJECT
    media_type: str = JSON
    version: str = "v1"


PLAIN = Output()


@lru_cache(maxsize=256)
def negotiate(accept: str, endpoint: Endpoint = Endpoint.STORED, streaming: bool = False) -> Output:
    """The first form in the header that we can produce; NotAcceptable when there is none."""
    if not accept:
        return PLAIN
    found = codec.negotiate(accept, allows=endpoint.allows, streaming=streaming)
    if found.transform is None:
        return PLAIN if found.media_type == JSON else Output(media_type=found.media_type)
    form = Form.TABLE if is_table(found.transform) else Form.METADATA
    return Output(form, found.media_type, found.transform.version)
