"""Requests for certificates: who asks is written down by the server, who decides and who signs have doors of their own.

Source: pkg/registry/certificates/certificates/strategy.go.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from steersman.api.certificates import (
    CertificateSigningRequest,
    CertificateSigningRequestCondition,
    CertificateSigningRequestStatus,
)
from steersman.api.certificates.validation import validate_decision, validate_issue, validate_request
from steersman.apimachinery.fielderrors import invalid_value
from steersman.apimachinery.object import replace
from steersman.apimachinery.status import Cause
from steersman.apimachinery.times import to_time
from steersman.apiserver.registry.age import age, human_duration
from steersman.apiserver.registry.strategy import AGE_COLUMN, NAME_COLUMN, Asked, Column, Strategy

Request = CertificateSigningRequest

# Where v1beta1's requests go that name no signer. In v1 everybody must.
LEGACY_SIGNER = "kubernetes.io/legacy-unknown"
LEGACY_VERSION = "certificates.k8s.io/v1beta1"


class CertificateSigningRequestStrategy(Strategy[Request]):
    """Strategy of certificate signing requests."""

    has_generation = False
    columns = (
        NAME_COLUMN,
        AGE_COLUMN,
        Column("SignerName", description="Whom it is addressed to."),
        Column("Requestor", description="Who has asked."),
        Column("RequestedDuration", description="How long the certificate is to be good."),
        Column("Condition", description="What has become of it."),
    )

    def __init__(self, is_legacy: bool = False) -> None:
        self._is_legacy = is_legacy

    def in_version(self, api_version: str) -> Strategy[Request]:
        """Older requests may be for nobody in particular, and for any use."""
        return CertificateSigningRequestStrategy(is_legacy=True) if api_version == LEGACY_VERSION else self

    def complete(self, obj: Request, old: Request | None, asked: Asked) -> Request:
        """Who asks, for a new one; the times of conditions for what is decided about it."""
        if old is None:
            user = asked.user
            spec = replace(
                obj.spec, username=user.name, uid=user.uid, groups=tuple(user.groups), extra=dict(user.extra)
            )
            return replace(obj, spec=spec)
        conditions = tuple(_stamped(one, old, asked.now) for one in obj.status.conditions)
        return replace(obj, status=replace(obj.status, conditions=conditions))

    def prepare_for_create(self, obj: Request) -> Request:
        """Nobody makes a request that is approved already."""
        return replace(obj, status=CertificateSigningRequestStatus())

    def prepare_for_update(self, obj: Request, old: Request) -> Request:
        """A request is what it is."""
        return replace(obj, spec=old.spec, status=old.status)

    def prepare_for_subresource(self, subresource: str, obj: Request, old: Request) -> Request:
        """`approval` changes the conditions; `status` all of the status."""
        if subresource == "approval":
            return replace(obj, spec=old.spec, status=replace(old.status, conditions=obj.status.conditions))
        return replace(obj, spec=old.spec)

    def validate(self, obj: Request) -> Sequence[Cause]:
        """See `validate_request`."""
        found = validate_request(obj)
        if self._is_legacy:
            # Which usages there are nobody asked then.
            return [one for one in found if not one.field.startswith("spec.usages[")]
        if obj.spec.signerName == LEGACY_SIGNER:
            why = "the legacy signerName is not allowed via this API version"
            found.append(invalid_value("spec.signerName", LEGACY_SIGNER, why))
        return found

    def validate_update(self, obj: Request, old: Request) -> Sequence[Cause]:
        """Nothing but metadata can have changed."""
        return ()

    def validate_subresource(self, subresource: str, obj: Request, old: Request) -> Sequence[Cause]:
        """See `validate_decision` and `validate_issue`."""
        return validate_decision(obj, old) if subresource == "approval" else validate_issue(obj, old)

    def selectable(self, obj: Request) -> dict[str, str]:
        """The fields requests may be selected by."""
        return {"spec.signerName": obj.spec.signerName}

    def row(self, obj: Request, now: datetime) -> tuple[Any, ...]:
        """The cells of `columns`."""
        seconds, signer = obj.spec.expirationSeconds, obj.spec.signerName or "<none>"
        wanted = "<none>" if seconds is None else human_duration(seconds)
        created = obj.metadata.creationTimestamp
        return (obj.metadata.name, age(created, now), signer, obj.spec.username, wanted, _condition(obj))


def _stamped(
    one: CertificateSigningRequestCondition, old: Request, now: datetime
) -> CertificateSigningRequestCondition:
    before = next((was for was in old.status.conditions if (was.type, was.status) == (one.type, one.status)), None)
    since = before.lastTransitionTime if before is not None else None
    return replace(
        one,
        lastUpdateTime=one.lastUpdateTime or to_time(now),
        lastTransitionTime=one.lastTransitionTime or since or to_time(now),
    )


def _condition(csr: Request) -> str:
    kinds = {one.type for one in csr.status.conditions}
    decision = next((kind for kind in ("Denied", "Approved") if kind in kinds), "Pending")
    failed = ",Failed" if "Failed" in kinds else ""
    return f"{decision}{failed}{',Issued' if csr.status.certificate else ''}"
