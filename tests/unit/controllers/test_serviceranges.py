"""The ranges that addresses of Services come from, and what is noted of the addresses."""

from datetime import timedelta

import pytest

from steersman.api.core import Service, ServiceSpec
from steersman.api.meta import Condition, ObjectMeta
from steersman.api.networking import (
    IPAddress,
    IPAddressSpec,
    ParentReference,
    ServiceCIDR,
    ServiceCIDRSpec,
    ServiceCIDRStatus,
)
from steersman.api.networking.serviceranges import service_address
from steersman.apimachinery.cidrs import address_of
from steersman.apimachinery.object import replace
from steersman.apimachinery.times import to_time
from steersman.controllers.serviceaddresses.plan import AddressView, ServiceView
from steersman.controllers.serviceaddresses.plan import plan as plan_addresses
from steersman.controllers.servicecidrs.plan import FINALIZER, IN_USE, View, containing, overlapping, plan
from steersman.reconcile.plan import Create, Delete, Emit, Patch, Plan

from .world import BEGIN

LATER = BEGIN + timedelta(seconds=11)


def ranges(
    name: str, *cidrs: str, finalizers: tuple[str, ...] = (FINALIZER,), deleted: bool = False, ready: str = ""
) -> ServiceCIDR:
    meta = ObjectMeta(name=name, finalizers=finalizers, deletionTimestamp=to_time(BEGIN) if deleted else None)
    conditions = (Condition(type="Ready", status=ready),) if ready else ()
    return ServiceCIDR(
        metadata=meta, spec=ServiceCIDRSpec(cidrs=cidrs), status=ServiceCIDRStatus(conditions=conditions)
    )


def address(text: str, name: str = "x") -> IPAddress:
    parsed = address_of(text)
    assert parsed is not None
    made = service_address(parsed, "shop", name)
    return replace(made, metadata=replace(made.metadata, creationTimestamp=to_time(BEGIN)))


def patches(made: Plan) -> list[dict[str, object]]:
    assert all(isinstance(action, Patch) for action in made.actions)
    return [dict(action.patch) for action in made.actions if isinstance(action, Patch)]


def test_new_ranges_are_held_and_ready() -> None:
    mine = ranges("a", "10.0.0.0/24", finalizers=("other",))
    first, second = patches(plan(View(mine, (mine,), ()), BEGIN))
    assert first == {"metadata": {"finalizers": ["other", FINALIZER]}}
    (condition,) = second["status"]["conditions"]  # type: ignore[index]  # a patch is a tree
    assert (condition["type"], condition["status"]) == ("Ready", "True")
    done = ranges("a", "10.0.0.0/24", ready="True")
    assert plan(View(done, (done,), ()), BEGIN) == Plan()


def test_deleted_ranges_stay_while_addresses_would_be_left_in_none() -> None:
    mine = ranges("a", "10.0.0.0/24", deleted=True, ready="True")
    used = (address("10.0.0.9"),)
    (said,) = patches(plan(View(mine, (mine,), used), LATER))
    (condition,) = said["status"]["conditions"]  # type: ignore[index]  # a patch is a tree
    assert (condition["status"], condition["reason"], condition["message"]) == ("False", "Terminating", IN_USE)
    told = ranges("a", "10.0.0.0/24", deleted=True, ready="False")
    assert plan(View(told, (told,), used), LATER) == Plan()


@pytest.mark.parametrize(
    ("others", "addresses"),
    [
        ((), ()),
        ((), (address("10.9.0.1"),)),
        # Addresses that somebody else gives out don't count.
        ((), (IPAddress(metadata=ObjectMeta(name="10.0.0.9")),)),
        ((ranges("wide", "10.0.0.0/16"),), (address("10.0.0.9"),)),
        ((ranges("part", "10.0.0.0/28"),), (address("10.0.0.9"),)),
    ],
)
def test_deleted_ranges_go_after_a_while_when_nobody_needs_them(
    others: tuple[ServiceCIDR, ...], addresses: tuple[IPAddress, ...]
) -> None:
    mine = ranges("a", "10.0.0.0/24", deleted=True, finalizers=("other", FINALIZER))
    view = View(mine, (mine, *others), addresses)
    # Another server may not know of the deletion yet.
    assert plan(view, BEGIN + timedelta(seconds=4)) == Plan(requeue_after=timedelta(seconds=6))
    assert patches(plan(view, LATER)) == [{"metadata": {"finalizers": ["other"]}}]
    assert plan(View(ranges("a", "10.0.0.0/24", deleted=True, finalizers=()), (), ()), LATER) == Plan()


def test_which_ranges_a_change_concerns() -> None:
    wide, part, six = (
        ranges("wide", "10.0.0.0/16"),
        ranges("part", "10.0.1.0/24", "fd00::/112"),
        ranges("six", "fd00::/64"),
    )
    every = (wide, part, six)
    assert overlapping(every, part) == ("wide", "part", "six")
    assert overlapping(every, six) == ("part", "six")
    inside, outside = address_of("10.0.1.4"), address_of("10.1.0.1")
    assert inside is not None
    assert outside is not None
    assert containing(every, inside) == ("wide", "part")
    assert containing(every, outside) == ()


def service(name: str, *texts: str) -> Service:
    return Service(
        metadata=ObjectMeta(name=name, namespace="shop"),
        spec=ServiceSpec(type="ClusterIP", clusterIP=texts[0] if texts else "", clusterIPs=texts),
    )


X = service("x", "10.0.0.9")
FOREIGN = replace(
    address("10.0.0.9"), spec=IPAddressSpec(parentRef=ParentReference(group="g.example", resource="gateways", name="x"))
)
UNLABELLED = replace(address("10.0.0.9"), metadata=ObjectMeta(name="10.0.0.9"))


@pytest.mark.parametrize(
    ("noted", "owner", "reason", "kinds"),
    [
        (address("10.0.0.9"), None, "", ()),
        (None, None, "ClusterIPNotAllocated", (Emit, Create)),
        (FOREIGN, None, "ClusterIPNotAllocated", (Emit, Delete, Create)),
        (address("10.0.0.9", "gone"), None, "ClusterIPNotAllocated", (Emit, Delete, Create)),
        (address("10.0.0.9", "y"), service("y", "10.0.0.9"), "ClusterIPAlreadyAllocated", (Emit,)),
        (UNLABELLED, None, "", (Delete, Create)),
    ],
)
def test_what_is_noted_of_a_services_address_is_put_right(
    noted: IPAddress | None, owner: Service | None, reason: str, kinds: tuple[type, ...]
) -> None:
    known = {} if noted is None else {"10.0.0.9": noted}
    owners = {} if owner is None else {"10.0.0.9": owner}
    made = plan_addresses(ServiceView(X, (ranges("a", "10.0.0.0/24"),), known, owners), BEGIN)
    assert tuple(map(type, made.actions)) == kinds
    assert [action.note.reason for action in made.actions if isinstance(action, Emit)] == ([reason] if reason else [])
    for action in made.actions:
        if isinstance(action, Create):
            assert action.object == replace(address("10.0.0.9"), metadata=replace(action.object.metadata))


def test_an_address_in_no_range_is_told_and_left() -> None:
    (action,) = plan_addresses(ServiceView(X, (ranges("a", "10.9.0.0/24"),), {}, {}), BEGIN).actions
    assert isinstance(action, Emit)
    assert action.note.reason == "ClusterIPOutOfRange"
    assert action.note.message == (
        "Cluster IP [IPv4]: 10.0.0.9 is not within any configured Service CIDR; please recreate service"
    )


@pytest.mark.parametrize(
    ("noted", "owner", "reason"),
    [
        (address("10.0.0.9"), X, ""),
        (address("10.0.0.9"), None, "IPAddressNotAllocated"),
        (address("10.0.0.9"), service("x", "10.0.0.8"), "IPAddressWrongReference"),
        (replace(FOREIGN, metadata=address("10.0.0.9").metadata), None, "IPAddressNotAllocated"),
        # Others may note addresses of their own.
        (UNLABELLED, None, ""),
    ],
)
def test_addresses_that_nobody_has_go(noted: IPAddress, owner: Service | None, reason: str) -> None:
    made = plan_addresses(AddressView(noted, owner), BEGIN + timedelta(seconds=61))
    assert [action.note.reason for action in made.actions if isinstance(action, Emit)] == ([reason] if reason else [])
    assert any(isinstance(action, Delete) for action in made.actions) == bool(reason)


def test_an_address_whose_service_is_not_there_yet_is_left_for_a_minute() -> None:
    made = plan_addresses(AddressView(address("10.0.0.9"), None), BEGIN + timedelta(seconds=20))
    assert made == Plan(requeue_after=timedelta(seconds=40))
