"""Which media type a request's body is in, and which the answer will be in.

Source: apiserver/pkg/endpoints/handlers/negotiation: order of clauses, parameters, restrictions; goautoneg.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from steersman.apimachinery.object import GroupVersionKind
from steersman.apimachinery.status import not_acceptable, unsupported_media_type

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
OFFERED = (JSON, YAML, PROTOBUF)
# YAML has no stream: documents one after the other would be one document.
STREAMED = (JSON, PROTOBUF)
BROWSERS = ("curl", "Wget", "Mozilla/5.0")


@dataclass(frozen=True, slots=True)
class Clause:
    """One alternative of an Accept header."""

    type: str
    subtype: str
    quality: float = 1.0
    parameters: Mapping[str, str] = field(default_factory=dict)

    def covers(self, media_type: str) -> bool:
        """Whether the alternative is this media type, wildcards included."""
        type_, _, subtype = media_type.partition("/")
        return self.subtype in ("*", subtype) if self.type == type_ else self.type == self.subtype == "*"

    def allows_stream(self, media_type: str) -> bool:
        """Whether what is said of streaming can be had in this media type; an answer that is no stream may have it."""
        asked = self.parameters.get("stream", "")
        return not asked or (asked == "watch" and media_type in STREAMED)

    @property
    def transform(self) -> GroupVersionKind | None:
        """The other form in which the client wants the object: a Table, or metadata alone."""
        if not self.parameters.keys() & {"as", "g", "v"}:
            return None
        return GroupVersionKind(*(self.parameters.get(name, "") for name in ("g", "v", "as")))


@dataclass(frozen=True, slots=True)
class Negotiated:
    """The form of the answer."""

    media_type: str = JSON
    transform: GroupVersionKind | None = None
    pretty: bool = False


Allows = Callable[[str, GroupVersionKind | None], bool]


def untransformed(_: str, transform: GroupVersionKind | None) -> bool:
    """For endpoints that answer in one form only."""
    return transform is None


def is_table(transform: GroupVersionKind) -> bool:
    """A Table is wanted."""
    return _is_of_meta(transform) and transform.kind == "Table"


def is_metadata(transform: GroupVersionKind) -> bool:
    """The metadata alone is wanted."""
    return _is_of_meta(transform) and transform.kind in ("PartialObjectMetadata", "PartialObjectMetadataList")


def _is_of_meta(transform: GroupVersionKind) -> bool:
    return transform.group == "meta.k8s.io" and transform.version in ("v1", "v1beta1")


def negotiate(
    accept: str, offered: Sequence[str] = OFFERED, allows: Allows = untransformed, streaming: bool = False
) -> Negotiated:
    """The best of what the client accepts and we offer; NotAcceptable if there is none."""
    if not accept:
        return Negotiated(offered[0])
    for clause in parse_accept(accept):
        for media_type in offered:
            if clause.covers(media_type) and clause.allows_stream(media_type) and allows(media_type, clause.transform):
                if streaming and media_type not in STREAMED:
                    # Source: NegotiateOutputMediaTypeStream: the first match decides, also when it can't be streamed.
                    raise not_acceptable([f"{one};stream=watch" for one in offered if one in STREAMED])
                return Negotiated(media_type, clause.transform, clause.parameters.get("pretty") == "1")
    raise not_acceptable(offered)


def body_type(content_type: str, accepted: Sequence[str] = OFFERED) -> str:
    """The media type of a body, without parameters; JSON when the client doesn't say."""
    if not content_type:
        return accepted[0]
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in accepted:
        raise unsupported_media_type(accepted)
    return media_type


def wants_pretty(query_value: str, user_agent: str) -> bool:
    """Whether a person reads the answer: `?pretty=true`, or else a browser's or curl's user agent."""
    if query_value:
        return query_value in ("1", "t", "T", "true", "TRUE", "True")
    return user_agent.startswith(BROWSERS)


@lru_cache(maxsize=256)
def parse_accept(header: str) -> tuple[Clause, ...]:
    """Alternatives in order of preference: by quality, then the more specific first, else as written."""
    clauses = [clause for part in header.split(",") if (clause := _clause(part)) is not None and clause.quality > 0]
    return tuple(sorted(clauses, key=lambda one: (-one.quality, one.type == "*", one.subtype == "*")))


def _clause(text: str) -> Clause | None:
    media_type, *rest = (piece.strip() for piece in text.split(";"))
    type_, slash, subtype = media_type.partition("/")
    if not slash and type_ != "*":
        return None
    parameters = {name.strip().lower(): value.strip().strip('"') for name, _, value in (p.partition("=") for p in rest)}
    try:
        quality = float(parameters.pop("q", "1"))
    except ValueError:
        quality = 1.0
    return Clause(type_.lower(), (subtype or "*").lower(), quality, parameters)
