from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.api.core import (
    Container,
    ContainerPort,
    Endpoints,
    Node,
    Pod,
    PodCondition,
    PodIP,
    PodSpec,
    PodStatus,
    Service,
    ServicePort,
    ServiceSpec,
)
from steersman.api.discovery import EndpointSlice
from steersman.api.meta import ObjectMeta
from steersman.apimachinery.object import replace
from steersman.controllers.endpoints.controller import EndpointsController
from steersman.controllers.endpoints.plan import OVER_CAPACITY
from steersman.controllers.endpointslice.controller import EndpointSliceController
from steersman.controllers.endpointslice.plan import MANAGED_BY, SERVICE_NAME
from steersman.reconcile.plan import Update

from .world import BEGIN, World, key

LABELS = {"app": "web"}


def service(**spec: object) -> Service:
    defaults: dict[str, object] = {
        "selector": LABELS,
        "clusterIP": "10.96.0.10",
        "ports": (ServicePort(name="http", port=80, targetPort="http", protocol="TCP"),),
    }
    meta = ObjectMeta(name="web", namespace="default", labels={"team": "a"})
    return Service(metadata=meta, spec=ServiceSpec(**(defaults | spec)))


def node() -> Node:
    return Node(metadata=ObjectMeta(name="n1", labels={"topology.kubernetes.io/zone": "z1"}))


def pod(number: int, *, ready: bool = True, port: int = 8080, leaving: bool = False, **spec: object) -> Pod:
    ip = f"10.244.{number // 250}.{number % 250 + 1}"
    return Pod(
        metadata=ObjectMeta(
            name=f"web-{number}", namespace="default", labels=LABELS, uid=f"u{number}",
            deletionTimestamp=BEGIN if leaving else None, finalizers=("x",) if leaving else (),
        ),
        spec=PodSpec(
            nodeName="n1",
            containers=(Container(name="c", ports=(ContainerPort(name="http", containerPort=port, protocol="TCP"),)),),
            **spec,
        ),
        status=PodStatus(
            phase="Running", podIP=ip, podIPs=(PodIP(ip=ip),),
            conditions=(PodCondition(type="Ready", status="True" if ready else "False"),),
        ),
    )  # fmt: skip


def test_a_slice_says_which_pods_serve_where_and_how_ready_they_are() -> None:
    world = World(service(), node(), pod(1), pod(2, ready=False), pod(3, leaving=True))
    world.settle(EndpointSliceController(), key("web"))
    (found,) = world.all(EndpointSlice)
    assert found.metadata.labels == {"team": "a", SERVICE_NAME: "web", MANAGED_BY: "endpointslice-controller.k8s.io"}
    assert found.metadata.ownerReferences[0].kind == "Service"
    assert found.addressType == "IPv4"
    assert [(port.name, port.port, port.protocol) for port in found.ports] == [("http", 8080, "TCP")]
    states = {
        endpoint.targetRef.name: (
            endpoint.conditions.ready,
            endpoint.conditions.serving,
            endpoint.conditions.terminating,
        )
        for endpoint in found.endpoints
        if endpoint.targetRef is not None
    }
    assert states == {"web-1": (True, True, False), "web-2": (False, False, False), "web-3": (False, True, True)}
    assert {(endpoint.nodeName, endpoint.zone) for endpoint in found.endpoints} == {("n1", "z1")}


def test_pods_that_name_different_ports_stand_in_different_slices() -> None:
    world = World(service(), node(), pod(1), pod(2, port=9090))
    world.settle(EndpointSliceController(), key("web"))
    assert sorted(found.ports[0].port or 0 for found in world.all(EndpointSlice)) == [8080, 9090]


def test_a_service_without_pods_has_one_empty_slice_and_keeps_it() -> None:
    world = World(service(), node(), pod(1))
    world.settle(EndpointSliceController(), key("web"))
    first = world.all(EndpointSlice)[0].metadata.uid
    world.delete(world.all(Pod)[0])
    world.settle(EndpointSliceController(), key("web"))
    (found,) = world.all(EndpointSlice)
    assert (found.metadata.uid, found.endpoints) == (first, ())


def test_a_headless_service_labels_its_slices_and_names_its_pods() -> None:
    world = World(service(clusterIP="None"), node(), pod(1, hostname="db", subdomain="web"), pod(2, subdomain="other"))
    world.settle(EndpointSliceController(), key("web"))
    (found,) = world.all(EndpointSlice)
    assert found.metadata.labels["service.kubernetes.io/headless"] == ""
    assert [endpoint.hostname for endpoint in found.endpoints] == ["db", None]


def test_slices_hold_a_hundred_endpoints_and_a_change_touches_only_its_own_slice() -> None:
    world = World(service(), node(), *(pod(n) for n in range(250)))
    controller = EndpointSliceController()
    world.settle(controller, key("web"))
    assert sorted(len(found.endpoints) for found in world.all(EndpointSlice)) == [50, 100, 100]
    gone = world.get(Pod, "web-5")
    assert gone is not None
    world.delete(gone)
    plan = world.step(controller, key("web"))
    assert plan is not None
    assert [type(action) for action in plan.actions] == [Update]
    world.create(pod(300))
    plan = world.step(controller, key("web"))
    assert plan is not None
    assert [type(action) for action in plan.actions] == [Update]


def test_services_that_select_nothing_are_left_to_their_owner() -> None:
    world = World(service(selector={}), node(), pod(1))
    assert world.plan(EndpointSliceController(), key("web")) is None
    assert world.plan(EndpointsController(), key("web")) is None


@settings(max_examples=60, deadline=None)
@given(
    before=st.sets(st.integers(0, 140), max_size=140),
    after=st.sets(st.integers(0, 140), max_size=140),
    stop=st.integers(0, 3),
)
def test_every_pod_stands_in_exactly_one_slice_from_any_state(before: set[int], after: set[int], stop: int) -> None:
    world = World(service(), node(), *(pod(n) for n in before))
    controller = EndpointSliceController()
    world.step(controller, key("web"), stop)
    for found in world.all(Pod):
        world.delete(found)
    for number in after:
        world.create(pod(number))
    world.step(controller, key("web"), stop)
    world.settle(controller, key("web"))
    entries = [endpoint.addresses[0] for found in world.all(EndpointSlice) for endpoint in found.endpoints]
    assert sorted(entries) == sorted(pod(number).status.podIP for number in after)
    assert world.all(EndpointSlice)


def test_endpoints_tell_ready_addresses_from_the_others_and_leave_terminating_pods_out() -> None:
    world = World(service(), node(), pod(2), pod(1), pod(3, ready=False), pod(4, leaving=True))
    world.settle(EndpointsController(), key("web"))
    (found,) = world.all(Endpoints)
    (subset,) = found.subsets
    assert [address.ip for address in subset.addresses] == ["10.244.0.2", "10.244.0.3"]
    assert [address.ip for address in subset.notReadyAddresses] == ["10.244.0.4"]
    assert [(port.name, port.port) for port in subset.ports] == [("http", 8080)]


def test_unready_addresses_are_published_when_the_service_asks_for_it() -> None:
    world = World(service(publishNotReadyAddresses=True), node(), pod(1, ready=False))
    world.settle(EndpointsController(), key("web"))
    assert len(world.all(Endpoints)[0].subsets[0].addresses) == 1


def test_more_than_a_thousand_addresses_are_cut_off_and_the_cut_is_annotated() -> None:
    world = World(service(), node(), *(pod(n) for n in range(1001)))
    world.settle(EndpointsController(), key("web"))
    (found,) = world.all(Endpoints)
    assert len(found.subsets[0].addresses) == 1000
    assert found.metadata.annotations[OVER_CAPACITY] == "truncated"


def test_endpoints_go_with_their_service_but_strangers_stay() -> None:
    stranger = Endpoints(metadata=ObjectMeta(name="custom", namespace="default"))
    world = World(service(), stranger)
    controller = EndpointsController()
    world.settle(controller, key("web"))
    world.delete(world.all(Service)[0])
    world.settle(controller, key("web"))
    world.settle(controller, key("custom"))
    assert [found.metadata.name for found in world.all(Endpoints)] == ["custom"]


def test_a_changed_label_reaches_the_services_of_before_and_after() -> None:
    world = World(
        service(), replace(service(selector={"app": "new"}), metadata=ObjectMeta(name="new", namespace="default"))
    )
    controller = EndpointSliceController()
    reader = world.reader(controller)
    old = pod(1)
    new = replace(old, metadata=replace(old.metadata, labels={"app": "new"}))
    keys = controller.watches[1].keys(reader, old, new)
    assert sorted(found.name for found in keys) == ["new", "web"]
    touched = replace(old, metadata=replace(old.metadata, annotations={"a": "b"}))
    assert list(controller.watches[1].keys(reader, old, touched)) == []


def test_a_slice_whose_ports_are_no_longer_served_becomes_the_one_that_is_needed() -> None:
    world = World(service(), node(), pod(1))
    controller = EndpointSliceController()
    world.settle(controller, key("web"))
    world.update(service(ports=(ServicePort(name="http", port=80, targetPort=81, protocol="TCP"),)))
    plan = world.step(controller, key("web"))
    assert plan is not None
    assert [type(action) for action in plan.actions] == [Update]
    assert [found.ports[0].port for found in world.all(EndpointSlice)] == [81]
