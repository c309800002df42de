"""Lists: which revision is asked for, pages and their continue tokens.

Source: apiserver/pkg/storage/continue.go, apimachinery/pkg/apis/meta/internalversion/validation.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from steersman.apimachinery.selectors import (
    FieldSelector,
    LabelSelector,
    SelectorError,
    parse_field_selector,
    parse_label_selector,
)
from steersman.apimachinery.status import BadRequest, Cause, Expired, invalid
from steersman.apiserver.collection import Collection
from steersman.apiserver.collections import Collections
from steersman.apiserver.context import RequestContext
from steersman.storage.cached import CachedObject, Facts, Matches
from steersman.storage.cacher import Cacher
from steersman.storage.interface import Compacted, Store

TOO_OLD_TOKEN = (
    "The provided continue parameter is too old to display a consistent list result. "
    "You must start a new list without the continue parameter."
)
# How many entries of the past are read at a time when selectors may leave few of them.
STEP = 500
# Each is asked of every object: a line of a megabyte would hold tens of thousands.
MAX_REQUIREMENTS = 1_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A page: bytes are in each object; continue_ is empty on the last page."""

    items: Sequence[CachedObject]
    revision: int
    continue_: str = ""
    remaining: int | None = None


class _Token(msgspec.Struct):
    v: str
    rv: int
    start: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What a list or watch is narrowed to."""

    labels: LabelSelector
    fields: FieldSelector
    namespace: str

    @property
    def is_narrow(self) -> bool:
        """Some objects of the namespace may not match."""
        return not (self.labels.is_empty and self.fields.is_empty)

    def matcher(self) -> Matches:
        """The test of an object's facts."""
        labels, fields, namespace = self.labels, self.fields, self.namespace
        has_labels, has_fields = not labels.is_empty, not fields.is_empty

        def matches(facts: Facts) -> bool:
            if namespace and facts.namespace != namespace:
                return False
            if has_labels and not labels.matches(facts.labels):
                return False
            return not has_fields or fields.matches(facts.fields)

        return matches

    def among(self, found: Sequence[CachedObject]) -> Sequence[CachedObject]:
        """Those of many objects that match: what is asked most is looked for in one sweep each."""
        for key, value in self.labels.equalities:
            found = [one for one in found if one.facts.labels.get(key) == value]
        for path, value in self.fields.equalities:
            found = [one for one in found if one.facts.fields.get(path, "") == value]
        matches = self.matcher()
        return [one for one in found if matches(one.facts)]


def _candidates(cacher: Cacher, prefix: str, chosen: Selection, start_after: str) -> Sequence[CachedObject]:
    """The objects to look at: all, or those with the value that they are found by."""
    wanted = dict(chosen.fields.equalities).get(cacher.found_by.field) if cacher.found_by is not None else None
    if not wanted:
        return cacher.under(prefix, start_after)
    return [one for one in cacher.where(wanted, prefix) if one.key > start_after]


def selection(context: RequestContext, collection: Collection[Any]) -> Selection:
    """The request's selectors; BadRequest for one that can't be read or names a field that can't be selected by."""
    query = context.query
    known = collection.selectable_fields()
    try:
        labels = parse_label_selector(query.get("labelSelector"))
        fields = parse_field_selector(query.get("fieldSelector")).checked(lambda path: path in known)
    except SelectorError as error:
        raise BadRequest(str(error)) from error
    count = len(labels.requirements) + len(fields.terms)
    if count > MAX_REQUIREMENTS:
        raise BadRequest(f"a selector may have at most {MAX_REQUIREMENTS} requirements, not {count}")
    return Selection(labels, fields, context.namespace)


def check_list_options(context: RequestContext) -> None:
    """Refuse combinations that mean nothing."""
    query = context.query
    match, version = query.get("resourceVersionMatch"), query.get("resourceVersion")
    causes = []
    context.integer("timeoutSeconds")  # a list takes it too, and must be able to read it
    if match and not query.is_true("watch"):
        if not version:
            causes.append(_forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided"))
        if query.get("continue"):
            causes.append(_forbidden("resourceVersionMatch is forbidden when continue is provided"))
        if match not in ("Exact", "NotOlderThan"):
            supported = 'supported values: "Exact", "NotOlderThan"'
            detail = f'Unsupported value: "{match}": {supported}'
            causes.append(Cause("FieldValueNotSupported", detail, "resourceVersionMatch"))
        if match == "Exact" and version == "0":
            causes.append(_forbidden('resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    if causes:
        raise invalid("ListOptions.meta.k8s.io", "", causes)


def _forbidden(detail: str) -> Cause:
    return Cause("FieldValueForbidden", f"Forbidden: {detail}", "resourceVersionMatch")


def revision_of(text: str) -> int:
    """A resourceVersion as a number; 0 when empty."""
    if not text:
        return 0
    if not text.isdecimal():
        detail = f'Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise invalid("ListOptions.meta.k8s.io", "", [Cause("FieldValueInvalid", detail, "resourceVersion")])
    return int(text)


class Lister:
    """Reads pages from the caches, and from the store's past when a revision is asked for."""

    def __init__(self, store: Store, collections: Collections) -> None:
        self._store = store
        self._collections = collections

    async def list(self, context: RequestContext, collection: Collection[Any]) -> Listed:
        """The page a request asks for."""
        check_list_options(context)
        chosen = selection(context, collection)
        limit = max(context.integer("limit") or 0, 0)
        if token := context.query.get("continue"):
            given = _read_token(token)
            prefix = collection.under("")
            return await self._past(collection, chosen, (limit, prefix + given.start), given.rv)
        wanted = revision_of(context.query.get("resourceVersion"))
        match = context.query.get("resourceVersionMatch")
        if wanted and (match == "Exact" or (limit and not match)):
            return await self._past(collection, chosen, (limit, ""), wanted)
        if wanted:
            await self._collections.wait_for(wanted)
        elif context.query.get("resourceVersion") != "0":
            await context.catch_up()
        return self.now(collection, chosen, limit)

    def now(self, collection: Collection[Any], chosen: Selection, limit: int = 0) -> Listed:
        """The first page, of what stands in the cache."""
        return self._cached(collection, chosen, (limit, ""), self._collections.revision)

    def _cached(self, collection: Collection[Any], chosen: Selection, page: tuple[int, str], revision: int) -> Listed:
        limit, start_after = page
        found = _candidates(collection.cacher, collection.under(chosen.namespace), chosen, start_after)
        if chosen.is_narrow:
            found = chosen.among(found)
        if not limit or len(found) <= limit:
            return Listed(found, revision)
        shown = found[:limit]
        remaining = None if chosen.is_narrow else len(found) - limit
        return Listed(shown, revision, _token(collection, shown[-1].key, revision), remaining)

    async def _past(
        self, collection: Collection[Any], chosen: Selection, page: tuple[int, str], revision: int
    ) -> Listed:
        limit, start_after = page
        await self._collections.wait_for(revision)
        if collection.cacher.changed_at <= revision:
            return self._cached(collection, chosen, page, revision)  # nothing has changed here since then
        try:
            return await self._read_past(collection, chosen, limit, start_after, revision)
        except Compacted as error:
            if start_after:
                raise Expired(TOO_OLD_TOKEN) from error
            raise Expired(f"The resourceVersion for the provided list is too old. ({revision})") from error

    async def _read_past(  # the page asked for, spelled out
        self, collection: Collection[Any], chosen: Selection, limit: int, start_after: str, revision: int
    ) -> Listed:
        found: list[CachedObject] = []
        prefix, matches = collection.under(chosen.namespace), chosen.matcher()
        while True:
            step = 0 if not limit else max(limit, STEP) if chosen.is_narrow else limit
            page = await self._store.list(prefix, limit=step, start_after=start_after, revision=revision)
            for position, entry in enumerate(page.entries):
                cached = collection.cacher.cached(entry)
                if not matches(cached.facts):
                    continue
                found.append(cached)
                left = len(page.entries) - position - 1 + page.remaining
                if limit and len(found) == limit and left:
                    token = _token(collection, entry.key, revision)
                    return Listed(found, revision, token, None if chosen.is_narrow else left)
            if not page.more:
                return Listed(found, revision)
            start_after = page.entries[-1].key


def _token(collection: Collection[Any], last_key: str, revision: int) -> str:
    start = last_key.removeprefix(collection.under(""))
    data = msgspec.json.encode(_Token("meta.k8s.io/v1", revision, start + "\0"))
    return urlsafe_b64encode(data).decode().rstrip("=")


def _read_token(text: str) -> _Token:
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        token = msgspec.json.decode(data, type=_Token)
    except (ValueError, msgspec.MsgspecError) as error:
        raise BadRequest(f"continue key is not valid: {error}") from error
    if token.v != "meta.k8s.io/v1":
        raise BadRequest(f'continue key is not valid: server does not recognize this encoded version "{token.v}"')
    return _Token(token.v, token.rv, token.start.rstrip("\0"))
