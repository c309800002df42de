"""The messages of etcd's v3 API that the store sends and reads, in etcd's own words.

Each field carries its protobuf number. Answers are read as parsed (`Codec.viewer`): an absent message is an empty one.
Source: etcd: api/etcdserverpb/rpc.proto, api/mvccpb/kv.proto.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Annotated, Generic, TypeVar

from steersman.component.protobuf import Codec

Request = TypeVar("Request")
Response = TypeVar("Response")

DELETE = 1
"""The type of an event that took a key away; a put is 0."""


class CompareTarget(IntEnum):
    """What of a key is compared; always for equality."""

    VERSION = 0
    MOD = 2


@dataclass(frozen=True, slots=True)
class Header:
    """How far the answering member was."""

    revision: Annotated[int, 3] = 0


@dataclass(frozen=True, slots=True)
class KeyValue:
    """A key at one revision; version counts its writes since it was made."""

    key: Annotated[bytes, 1] = b""
    create_revision: Annotated[int, 2] = 0
    mod_revision: Annotated[int, 3] = 0
    version: Annotated[int, 4] = 0
    value: Annotated[bytes, 5] = b""
    lease: Annotated[int, 6] = 0


@dataclass(frozen=True, slots=True)
class RangeRequest:
    """Keys from `key` up to `range_end`, or the one key. Linearizable: it shows every write acknowledged before."""

    key: Annotated[bytes, 1]
    range_end: Annotated[bytes, 2] = b""
    limit: Annotated[int, 3] = 0
    revision: Annotated[int, 4] = 0
    count_only: Annotated[bool, 9] = False


@dataclass(frozen=True, slots=True)
class RangeResponse:
    """count is of the whole range, whatever the limit."""

    header: Annotated[Header, 1] = field(default_factory=Header)
    kvs: Annotated[tuple[KeyValue, ...], 2] = ()
    count: Annotated[int, 4] = 0


@dataclass(frozen=True, slots=True)
class PutRequest:
    """Write a value; it ends with its lease."""

    key: Annotated[bytes, 1]
    value: Annotated[bytes, 2] = b""
    lease: Annotated[int, 3] = 0


@dataclass(frozen=True, slots=True)
class DeleteRangeRequest:
    """Take a key away."""

    key: Annotated[bytes, 1]


@dataclass(frozen=True, slots=True)
class RequestOp:
    """One of these."""

    request_range: Annotated[RangeRequest | None, 1] = None
    request_put: Annotated[PutRequest | None, 2] = None
    request_delete_range: Annotated[DeleteRangeRequest | None, 3] = None


@dataclass(frozen=True, slots=True)
class ResponseOp:
    """What a range within a transaction found."""

    response_range: Annotated[RangeResponse, 1] = field(default_factory=RangeResponse)


@dataclass(frozen=True, slots=True)
class Compare:
    """The key's version or revision is this; 0 where there is no such key."""

    target: Annotated[CompareTarget, 2]
    key: Annotated[bytes, 3]
    version: Annotated[int, 4] = 0
    mod_revision: Annotated[int, 6] = 0


@dataclass(frozen=True, slots=True)
class TxnRequest:
    """If all comparisons hold, do `success`, else `failure`."""

    compare: Annotated[tuple[Compare, ...], 1] = ()
    success: Annotated[tuple[RequestOp, ...], 2] = ()
    failure: Annotated[tuple[RequestOp, ...], 3] = ()


@dataclass(frozen=True, slots=True)
class TxnResponse:
    """Which of the two was done, and what came of it."""

    header: Annotated[Header, 1] = field(default_factory=Header)
    succeeded: Annotated[bool, 2] = False
    responses: Annotated[tuple[ResponseOp, ...], 3] = ()


@dataclass(frozen=True, slots=True)
class CompactionRequest:
    """Forget what was before a revision."""

    revision: Annotated[int, 1]


@dataclass(frozen=True, slots=True)
class CompactionResponse:
    """Done."""

    header: Annotated[Header, 1] = field(default_factory=Header)


@dataclass(frozen=True, slots=True)
class WatchCreateRequest:
    """Events of a range from a revision on, with what each replaced."""

    key: Annotated[bytes, 1]
    range_end: Annotated[bytes, 2] = b""
    start_revision: Annotated[int, 3] = 0
    progress_notify: Annotated[bool, 4] = False
    prev_kv: Annotated[bool, 6] = False


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """Begin a watch."""

    create_request: Annotated[WatchCreateRequest | None, 1] = None


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one key. A deletion's kv has only key and mod_revision."""

    type: Annotated[int, 1] = 0
    kv: Annotated[KeyValue, 2] = field(default_factory=KeyValue)
    prev_kv: Annotated[KeyValue, 3] = field(default_factory=KeyValue)


@dataclass(frozen=True, slots=True)
class WatchResponse:
    """Events; or, without any, that the watch was created or canceled, or how far it is."""

    header: Annotated[Header, 1] = field(default_factory=Header)
    created: Annotated[bool, 3] = False
    canceled: Annotated[bool, 4] = False
    compact_revision: Annotated[int, 5] = 0
    cancel_reason: Annotated[str, 6] = ""
    events: Annotated[tuple[Event, ...], 11] = ()


@dataclass(frozen=True, slots=True)
class LeaseGrantRequest:
    """A lease of so many seconds, under a number that etcd chooses."""

    ttl: Annotated[int, 1]


@dataclass(frozen=True, slots=True)
class LeaseGrantResponse:
    """The lease; ttl may be longer than was asked for."""

    id: Annotated[int, 2] = 0
    ttl: Annotated[int, 3] = 0


@dataclass(frozen=True, slots=True)
class LeaseTimeToLiveRequest:
    """How long has this lease left?"""

    id: Annotated[int, 1]


@dataclass(frozen=True, slots=True)
class LeaseTimeToLiveResponse:
    """Seconds left; -1 when it has ended."""

    id: Annotated[int, 2] = 0
    ttl: Annotated[int, 3] = 0


@dataclass(frozen=True, slots=True)
class Call(Generic[Request, Response]):
    """A method; one that only reads may be asked twice."""

    path: str
    request: type[Request]
    response: type[Response]
    is_read: bool = False


RANGE = Call("/etcdserverpb.KV/Range", RangeRequest, RangeResponse, is_read=True)
TXN = Call("/etcdserverpb.KV/Txn", TxnRequest, TxnResponse)
COMPACT = Call("/etcdserverpb.KV/Compact", CompactionRequest, CompactionResponse)
WATCH = Call("/etcdserverpb.Watch/Watch", WatchRequest, WatchResponse)
LEASE_GRANT = Call("/etcdserverpb.Lease/LeaseGrant", LeaseGrantRequest, LeaseGrantResponse)
LEASE_TIME_TO_LIVE = Call(
    "/etcdserverpb.Lease/LeaseTimeToLive", LeaseTimeToLiveRequest, LeaseTimeToLiveResponse, is_read=True
)


def new_codec() -> Codec:
    """For every message of these calls."""
    calls = (RANGE, TXN, COMPACT, WATCH, LEASE_GRANT, LEASE_TIME_TO_LIVE)
    return Codec("etcdserverpb", [message for call in calls for message in (call.request, call.response)])
