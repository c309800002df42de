"""Which form of an answer a client accepts, by its Accept header.

Source: apiserver/pkg/endpoints/handlers/negotiation.
"""

from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from steersman.apimachinery.status import NotAcceptable

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
ACCEPTED = (JSON, YAML)


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

_FORMS = {"Table": Form.TABLE, "PartialObjectMetadata": Form.METADATA, "PartialObjectMetadataList": Form.METADATA}


@lru_cache(maxsize=256)
def negotiate(accept: str) -> Output:
    """The first form in the header that we can produce; NotAcceptable when there is none."""
    if not accept:
        return PLAIN
    for clause in sorted(accept.split(","), key=_quality, reverse=True):
        found = _read_clause(clause)
        if found is not None:
            return found
    raise NotAcceptable(f"only the following media types are accepted: {', '.join((JSON, YAML, PROTOBUF))}")


def _parameters(clause: str) -> tuple[str, dict[str, str]]:
    media_type, *rest = (part.strip() for part in clause.split(";"))
    return media_type, dict(part.partition("=")[::2] for part in rest)


def _quality(clause: str) -> float:
    try:
        return float(_parameters(clause)[1].get("q", 1))
    except ValueError:
        return 0.0


def _read_clause(clause: str) -> Output | None:
    media_type, parameters = _parameters(clause)
    if media_type in ("*/*", "application/*"):
        media_type = JSON
    if media_type not in ACCEPTED:
        return None
    wanted = parameters.get("as", "")
    if not wanted:
        return PLAIN if media_type == JSON else Output(media_type=media_type)
    form, version = _FORMS.get(wanted), parameters.get("v", "")
    if form is None or parameters.get("g") != "meta.k8s.io" or version not in ("v1", "v1beta1"):
        return None
    return Output(form, media_type, version)
