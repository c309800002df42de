"""Which media type a request's body is in, and which the answer will be in.

Source: apiserver/pkg/endpoints/handlers/negotiation: order of clauses, parameters, restrictions.
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
# Protobuf is not among what we offer yet: `Accept: application/vnd.kubernetes.protobuf, application/json` gets JSON.
OFFERED = (JSON, YAML)
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
        return self.type in ("*", type_) and self.subtype in ("*", subtype)

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


def no_transform(_: GroupVersionKind) -> bool:
    """For endpoints that answer in one form only."""
    return False


def meta_transforms(gvk: GroupVersionKind) -> bool:
    """For endpoints that can answer with a Table or with metadata alone."""
    return gvk.group == "meta.k8s.io" and gvk.version in ("v1", "v1beta1") and gvk.kind in (
        "Table", "PartialObjectMetadata", "PartialObjectMetadataList",
    )  # fmt: skip


def negotiate(
    accept: str,
    offered: Sequence[str] = OFFERED,
    allows: Callable[[GroupVersionKind], bool] = no_transform,
    streaming: bool = False,
) -> Negotiated:
    """The best of what the client accepts and we offer; NotAcceptable if there is none."""
    if not accept:
        return Negotiated(offered[0])
    for clause in parse_accept(accept):
        transform = clause.transform
        if (transform is not None and not allows(transform)) or not _allows_stream(clause, streaming):
            continue
        for media_type in offered:
            if clause.covers(media_type):
                return Negotiated(media_type, transform, clause.parameters.get("pretty") == "1")
    raise not_acceptable([f"{one};stream=watch" for one in offered if one != YAML] if streaming else offered)


def _allows_stream(clause: Clause, streaming: bool) -> bool:
    asked = clause.parameters.get("stream", "")
    return asked in ("", "watch") if streaming else not asked


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
