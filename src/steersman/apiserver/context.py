"""One request on its way through the pipeline."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from steersman.api.resources import Resource
from steersman.apimachinery.gotext import quote
from steersman.apimachinery.status import BadRequest, Cause, invalid
from steersman.apiserver.audit.trail import Trail
from steersman.apiserver.request import EMPTY_QUERY, Query, RequestInfo
from steersman.apiserver.user import UserInfo

# Source: meta/v1/validation: FieldManagerMaxLength.
MANAGER_BYTES = 128
_INTEGER = re.compile(r"[-+]?[0-9]+")
LARGEST_INTEGER = 2**63 - 1
LONGEST_INTEGER = 40  # signs; Python refuses to read numbers of thousands


async def _at_once() -> None:
    """There is nothing to wait for."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What every step may look at. Steps add to warnings, and to annotations, which the audit log shows."""

    info: RequestInfo
    resource: Resource
    user: UserInfo
    now: datetime
    query: Query = EMPTY_QUERY
    user_agent: str = ""
    warnings: list[str] = field(default_factory=list)
    # The resource in the version that the client speaks, where `resource` is the stored one.
    spoken: Resource | None = None
    # Waits until everything written so far can be read.
    catch_up: Callable[[], Awaitable[None]] = _at_once
    annotations: dict[str, str] = field(default_factory=dict)
    # Where what is sent and answered is noted; None for a request that isn't audited.
    trail: Trail | None = None

    @property
    def requested(self) -> Resource:
        """The resource as the URL names it."""
        return self.spoken or self.resource

    @property
    def namespace(self) -> str:
        """The namespace of the URL; for namespaces themselves there is none."""
        return self.info.namespace if self.resource.namespaced else ""

    @property
    def dry_run(self) -> bool:
        """Nothing may be stored; everything else happens."""
        values = self.query.all("dryRun")
        if any(value != "All" for value in values):
            causes = [
                Cause("FieldValueNotSupported", f'Unsupported value: "{v}": supported values: "All"', "dryRun")
                for v in values
            ]
            raise invalid(self.options_kind, "", causes)
        return bool(values)

    @property
    def options_kind(self) -> str:
        """The kind upstream reports wrong query options under."""
        kinds = {"create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"}
        return f"{kinds.get(self.info.verb, 'DeleteOptions')}.meta.k8s.io"

    @property
    def field_validation(self) -> str:
        """Strict, Warn or Ignore."""
        wanted = self.query.get("fieldValidation") or "Warn"
        if wanted not in ("Strict", "Warn", "Ignore"):
            supported = 'supported values: "", "Ignore", "Strict", "Warn"'
            cause = Cause("FieldValueNotSupported", f'Unsupported value: "{wanted}": {supported}', "fieldValidation")
            raise invalid(self.options_kind, "", [cause])
        return wanted

    @property
    def manager(self) -> str:
        """Who writes, as managedFields name it: who the client says it is, or else its User-Agent up to the slash."""
        given = self.query.get("fieldManager")
        if given:
            return given
        agent = "".join(sign for sign in self.user_agent.partition("/")[0] if sign.isprintable())
        return agent.encode()[:MANAGER_BYTES].decode(errors="ignore")

    def check_write_options(self, *, is_apply: bool = False) -> None:
        """Raises Invalid for fieldManager and force that upstream refuses.

        Source: meta/v1/validation: ValidatePatchOptions, ValidateFieldManager.
        """
        manager, causes = self.query.get("fieldManager"), []
        if "force" in self.query and not is_apply:
            causes.append(Cause("FieldValueForbidden", "Forbidden: may not be specified for non-apply patch", "force"))
        if is_apply and not manager:
            causes.append(Cause("FieldValueRequired", "Required value: is required for apply patch", "fieldManager"))
        if len(manager.encode()) > MANAGER_BYTES:
            detail = f"Too long: may not be more than {MANAGER_BYTES} bytes"
            causes.append(Cause("FieldValueTooLong", detail, "fieldManager"))
        for position, sign in enumerate(manager):
            if not sign.isprintable():
                detail = (
                    f"Invalid value: {quote(manager)}: invalid character U+{ord(sign):04X} (at position {position})"
                )
                causes.append(Cause("FieldValueInvalid", detail, "fieldManager"))
        if causes:
            raise invalid(self.options_kind, "", causes)

    def integer(self, name: str) -> int | None:
        """A numeric query parameter."""
        text = self.query.get(name)
        if not text:
            return None
        if _INTEGER.fullmatch(text) is None:
            raise BadRequest(f"strconv.ParseInt: parsing {quote(text)}: invalid syntax")
        number = int(text) if len(text) < LONGEST_INTEGER else LARGEST_INTEGER + 1
        if abs(number) > LARGEST_INTEGER:
            raise BadRequest(f"strconv.ParseInt: parsing {quote(text)}: value out of range")
        return number
