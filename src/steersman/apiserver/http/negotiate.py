"""Which form of an answer a client accepts: objects, tables of them, or their metadata alone."""

from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from steersman.apimachinery.codec import negotiate as codec
from steersman.apimachinery.codec.negotiate import JSON, YAML

__all__ = ["JSON", "PLAIN", "YAML", "Form", "Output", "negotiate"]


class Form(Enum):
    """What objects are shown as."""

    OBJECT = auto()
    TABLE = auto()
    METADATA = auto()


@dataclass(frozen=True, slots=True)
class Output:
    """A form in a media type; version is that of Table or PartialObjectMetadata."""

    form: Form = Form.OBJECT
    media_type: str = JSON
    version: str = "v1"


PLAIN = Output()


@lru_cache(maxsize=256)
def negotiate(accept: str, streaming: bool = False) -> Output:
    """The first form in the header that we can produce; NotAcceptable when there is none."""
    if not accept:
        return PLAIN
    found = codec.negotiate(accept, allows=codec.meta_transforms, streaming=streaming)
    if found.transform is None:
        return PLAIN if found.media_type == JSON else Output(media_type=found.media_type)
    form = Form.TABLE if found.transform.kind == "Table" else Form.METADATA
    return Output(form, found.media_type, found.transform.version)
