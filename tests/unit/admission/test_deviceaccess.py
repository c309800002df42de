"""Access to devices that others use, only where namespaces are marked for it.

Source: pkg/registry/resource/resourceclaim/strategy_test.go.
"""

from typing import Any

import pytest
from tests.unit.admission.asking import Objects, admitted, creates, updates

from steersman.api.core import Namespace
from steersman.api.meta import Kind, ObjectMeta
from steersman.api.resource import ResourceClaim, ResourceClaimTemplate
from steersman.apimachinery.codec.json import from_wire
from steersman.apimachinery.status import Invalid
from steersman.apiserver.admission.deviceaccess import LABEL, NEEDS_LABEL, DeviceAdminAccess

PLAIN = Namespace(metadata=ObjectMeta(name="default"))
MARKED = Namespace(metadata=ObjectMeta(name="default", labels={LABEL: "true"}))
META = {"name": "c", "namespace": "default"}


def spec(admin: bool) -> dict[str, Any]:
    return {"devices": {"requests": [{"name": "r", "exactly": {"deviceClassName": "c", "adminAccess": admin}}]}}


def claim(asked: bool = False, given: bool = False) -> ResourceClaim:
    results = [{"request": "r", "driver": "d", "pool": "p", "device": "g", "adminAccess": given}]
    status = {"allocation": {"devices": {"results": results}}}
    return from_wire({"metadata": META, "spec": spec(asked), "status": status}, ResourceClaim)


def template(asked: bool) -> ResourceClaimTemplate:
    return from_wire({"metadata": META, "spec": {"spec": spec(asked)}}, ResourceClaimTemplate)


@pytest.mark.parametrize("made", [claim(asked=True), template(asked=True)])
async def test_admin_access_needs_a_marked_namespace(made: Kind) -> None:
    with pytest.raises(Invalid) as refused:
        await admitted(DeviceAdminAccess(Objects(PLAIN)), creates(made))
    (cause,) = refused.value.details.causes
    assert (cause.field, cause.message) == ("spec.devices.requests[0].adminAccess", f"Forbidden: {NEEDS_LABEL}")
    assert await admitted(DeviceAdminAccess(Objects(MARKED)), creates(made)) == made
    assert await admitted(DeviceAdminAccess(Objects(late=[MARKED])), creates(made)) == made


async def test_who_asks_for_none_needs_no_mark() -> None:
    plugin = DeviceAdminAccess(Objects(PLAIN))
    for made in (claim(), template(asked=False), PLAIN):
        assert await admitted(plugin, creates(made)) == made
    # A spec that was stored stays, also where the mark is gone.
    assert await admitted(plugin, updates(claim(asked=True), claim(asked=True)))


async def test_admin_access_is_given_where_the_namespace_is_marked() -> None:
    plugin = DeviceAdminAccess(Objects(PLAIN))
    with pytest.raises(Invalid) as refused:
        await admitted(plugin, updates(claim(), claim(given=True), subresource="status"))
    (cause,) = refused.value.details.causes
    assert cause.field == "status.allocation.devices.results[0].adminAccess"
    assert await admitted(plugin, updates(claim(given=True), claim(given=True), subresource="status"))
    assert await admitted(DeviceAdminAccess(Objects(MARKED)), updates(claim(), claim(given=True), subresource="status"))


async def test_a_namespace_that_is_gone_marks_nothing() -> None:
    with pytest.raises(Invalid, match="could not retrieve namespace to verify admin access"):
        await admitted(DeviceAdminAccess(Objects()), creates(claim(asked=True)))
