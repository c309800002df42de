"""Plugins that are on only where they are asked for."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.unit.admission.asking import Allows, Objects, admitted, creates, pod, updates

from steersman.api import events
from steersman.api.core import (
    Affinity,
    ConfigMap,
    Container,
    Event,
    EventSource,
    ImageVolumeSource,
    Namespace,
    ObjectReference,
    Pod,
    PodAffinityTerm,
    PodAntiAffinity,
    ResourceRequirements,
    Service,
    ServiceSpec,
    Toleration,
    Volume,
)
from steersman.api.meta import ObjectMeta, OwnerReference
from steersman.api.resources import RESOURCES, resource_for
from steersman.apimachinery.object import replace
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.status import AlreadyExists, Forbidden, NotFound, StatusError, TooManyRequests
from steersman.apiserver.admission.always import AlwaysAdmit, AlwaysDeny
from steersman.apiserver.admission.errors import ConfigurationError
from steersman.apiserver.admission.eventratelimit import EventRateLimit, read_limits
from steersman.apiserver.admission.externalips import DenyServiceExternalIPs
from steersman.apiserver.admission.namespaces import NamespaceAutoProvision, NamespaceExists
from steersman.apiserver.admission.ownerreferences import OwnerReferencesPermissionEnforcement
from steersman.apiserver.admission.podnodeselector import PodNodeSelector, labels_of, read_selectors
from steersman.apiserver.admission.podrules import (
    AlwaysPullImages,
    ExtendedResourceToleration,
    LimitPodHardAntiAffinityTopology,
)
from steersman.apiserver.admission.podtolerations import PodTolerationRestriction, read_tolerations
from steersman.apiserver.admission.served import Served
from steersman.apiserver.resourcetable import ResourceTable
from steersman.component.clock import FakeClock


def namespace(**annotations: str) -> Namespace:
    prefix = "scheduler.alpha.kubernetes.io/"
    said = {f"{prefix}{key.replace('_', '-')}": text for key, text in annotations.items()}
    return Namespace(metadata=ObjectMeta(name="default", annotations=said))


def served(made: list[str] | None = None, is_taken: bool = False) -> Served:
    async def create(one: Namespace) -> Namespace:
        if is_taken:
            raise AlreadyExists("it is there")
        if made is not None:
            made.append(one.metadata.name)
        return one

    found = Served()
    found.attach(create, ResourceTable(RESOURCES))
    return found


async def refusal(plugin: Any, attributes: Any) -> str:
    with pytest.raises(StatusError) as caught:
        await admitted(plugin, attributes)
    return caught.value.message


async def test_one_plugin_admits_and_one_denies_everything() -> None:
    assert await admitted(AlwaysAdmit(), creates(pod())) == pod()
    said = await refusal(AlwaysDeny(), creates(pod()))
    assert said == 'pods "p" is forbidden: admission control is denying all modifications'


async def test_a_namespace_is_made_for_what_is_to_be_in_it() -> None:
    made: list[str] = []
    await admitted(NamespaceAutoProvision(Objects(late=[namespace()]), served(made)), creates(pod()))
    await admitted(NamespaceAutoProvision(Objects(), served(made)), creates(namespace()))
    await admitted(NamespaceAutoProvision(Objects(), served(made)), creates(pod(), dry_run=True))
    await admitted(NamespaceAutoProvision(Objects(), served(is_taken=True)), creates(pod()))
    assert made == []
    await admitted(NamespaceAutoProvision(Objects(), served(made)), creates(pod()))
    assert made == ["default"]


async def test_nothing_is_written_where_no_namespace_is() -> None:
    await admitted(NamespaceExists(Objects(late=[namespace()])), updates(pod(), pod()))
    with pytest.raises(NotFound, match='namespaces "default" not found'):
        await admitted(NamespaceExists(Objects()), updates(pod(), pod()))


async def test_anti_affinity_reaches_no_further_than_a_node() -> None:
    def apart(key: str) -> Pod:
        term = PodAffinityTerm(topologyKey=key)
        return pod(
            affinity=Affinity(podAntiAffinity=PodAntiAffinity(requiredDuringSchedulingIgnoredDuringExecution=(term,)))
        )

    plugin = LimitPodHardAntiAffinityTopology()
    for fine in (pod(), apart("kubernetes.io/hostname")):
        await admitted(plugin, creates(fine))
    assert await refusal(plugin, creates(apart("zone"))) == (
        'pods "p" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone '
        "but only key kubernetes.io/hostname is allowed"
    )


async def test_every_image_is_pulled() -> None:
    plugin = AlwaysPullImages()
    volume = Volume(name="v", image=ImageVolumeSource(reference="r", pullPolicy="Never"))
    given = pod(initContainers=(Container(name="i", image="i", imagePullPolicy="Never"),), volumes=(volume,))
    made = await admitted(plugin, creates(given))
    policies = [one.imagePullPolicy for one in (*made.spec.containers, *made.spec.initContainers)]
    assert (policies, made.spec.volumes[0].image.pullPolicy) == (["Always", "Always"], "Always")
    # A stored pod may keep what it has.
    assert await admitted(plugin, updates(given, given)) is given
    other = replace(given, spec=replace(given.spec, containers=(Container(name="c", image="new"),)))
    assert (await admitted(plugin, updates(given, other))).spec.containers[0].imagePullPolicy == "Always"
    with pytest.raises(Forbidden) as caught:
        await plugin.validate(creates(given))
    assert 'spec.initContainers[0].imagePullPolicy: Unsupported value: "Never": supported values: "Always"' in str(
        caught.value
    )
    assert 'spec.volumes[0].image.pullPolicy: Unsupported value: "Never"' in str(caught.value)


async def test_who_asks_for_a_device_tolerates_its_taint() -> None:
    def asking(*names: str, **spec: Any) -> Pod:
        requests = dict.fromkeys(names, Quantity(1))
        return pod(Container(name="c", image="i", resources=ResourceRequirements(requests=requests)), **spec)

    plugin = ExtendedResourceToleration()
    wanted = tuple(Toleration(key=name, operator="Exists", effect="NoSchedule") for name in ("a.com/x", "b.com/x"))
    assert (await admitted(plugin, creates(asking("b.com/x", "cpu", "a.com/x")))).spec.tolerations == wanted
    for fine in (asking("cpu", "hugepages-2Mi", "kubernetes.io/x"), asking("a.com/x", tolerations=wanted)):
        assert await admitted(plugin, creates(fine)) is fine


async def test_services_get_no_new_external_addresses() -> None:
    def service(*ips: str) -> Service:
        return Service(metadata=ObjectMeta(name="s", namespace="default"), spec=ServiceSpec(externalIPs=ips))

    plugin = DenyServiceExternalIPs()
    for fine in (creates(service()), updates(service("1.1.1.1", "2.2.2.2"), service("2.2.2.2"))):
        await admitted(plugin, fine)
    for wrong in (creates(service("1.1.1.1")), updates(service("1.1.1.1"), service("1.1.1.1", "2.2.2.2"))):
        said = await refusal(plugin, wrong)
        assert said == 'services "s" is forbidden: Use of external IPs is denied by admission control'


def owned(*owners: OwnerReference) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name="m", namespace="default", ownerReferences=owners))


def owner(kind: str = "Deployment", api: str = "apps/v1", blocks: bool | None = None) -> OwnerReference:
    return OwnerReference(apiVersion=api, kind=kind, name="o", uid="u", blockOwnerDeletion=blocks)


DELETE, FINALIZE = ("delete", "configmaps", "m"), ("update", "deployments/finalizers", "o")


@pytest.mark.parametrize(
    ("before", "after", "rights", "said"),
    [
        (None, owned(owner()), set(), ""),
        (owned(), owned(owner()), {DELETE}, ""),
        (owned(), owned(), set(), ""),
        (owned(owner()), owned(), set(), "cannot set an ownerRef on a resource you can't delete: no rule, <nil>"),
        (None, owned(owner(blocks=True)), {FINALIZE}, ""),
        (owned(owner()), owned(owner(blocks=True)), {DELETE, FINALIZE}, ""),
        (owned(owner(blocks=True)), owned(owner(blocks=True)), set(), ""),
        (
            None,
            owned(owner(blocks=True)),
            set(),
            (
                "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: "
                "no rule, <nil>"
            ),
        ),
        (
            None,
            owned(owner("Thing", "x.io/v1", blocks=True)),
            set(),
            (
                "cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion x.io/v1 "
                'Kind Thing: no matches for kind "Thing" in version "x.io/v1"'
            ),
        ),
    ],
)
async def test_owners_are_named_by_those_who_may(
    before: ConfigMap | None, after: ConfigMap, rights: set[tuple[str, str, str]], said: str
) -> None:
    plugin = OwnerReferencesPermissionEnforcement(Allows(rights), served())
    attributes = creates(after) if before is None else updates(before, after)
    if said:
        assert await refusal(plugin, attributes) == f'configmaps "m" is forbidden: {said}'
    else:
        await admitted(plugin, attributes)


async def test_the_owner_of_a_cluster_is_asked_for_without_a_namespace() -> None:
    authorizer = Allows({("update", "nodes/finalizers", "o")})
    plugin = OwnerReferencesPermissionEnforcement(authorizer, served())
    await admitted(plugin, creates(owned(owner("Node", "v1", blocks=True))))
    assert authorizer.asked[0].namespace == ""
    await admitted(plugin, updates(pod(), replace(pod(), metadata=owned(owner()).metadata), subresource="status"))


SELECTORS = {"clusterDefaultNodeSelector": "env=prod", "default": "env=test,disk=ssd"}


@pytest.mark.parametrize(
    ("space", "selectors", "given", "wanted"),
    [
        (namespace(), {}, {"a": "b"}, {"a": "b"}),
        (namespace(), {"clusterDefaultNodeSelector": "env=prod"}, {}, {"env": "prod"}),
        (namespace(node_selector="env=test"), SELECTORS, {}, {"env": "test"}),
        (namespace(node_selector="env=test"), SELECTORS, {"disk": "ssd"}, {"env": "test", "disk": "ssd"}),
        (namespace(node_selector=""), {"clusterDefaultNodeSelector": "env=prod"}, {}, {}),
    ],
)
async def test_pods_run_on_the_nodes_of_their_namespace(
    space: Namespace, selectors: Mapping[str, str], given: Mapping[str, str], wanted: Mapping[str, str]
) -> None:
    plugin = PodNodeSelector(Objects(late=[space]), selectors)
    assert (await admitted(plugin, creates(pod(nodeSelector=given)))).spec.nodeSelector == wanted


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"env": "prod"}, "pod node label selector conflicts with its namespace node label selector"),
        ({"env": "test", "a": "b"}, "pod node label selector labels conflict with its namespace whitelist"),
    ],
)
async def test_pods_choose_no_other_nodes(given: Mapping[str, str], said: str) -> None:
    plugin = PodNodeSelector(Objects(namespace(node_selector="env=test")), SELECTORS)
    assert await refusal(plugin, creates(pod(nodeSelector=given))) == f'pods "p" is forbidden: {said}'
    assert "invalid selector: [a]" in await refusal(
        PodNodeSelector(Objects(namespace(node_selector="a")), {}), creates(pod())
    )


def test_selectors_are_read_from_the_configuration() -> None:
    assert read_selectors({"podNodeSelectorPluginConfig": {"a": "b=c", "d": None}}) == {"a": "b=c", "d": ""}
    assert read_selectors(None) == {}
    assert labels_of(" a = b ,c=") == {"a": "b", "c": ""}
    with pytest.raises(ConfigurationError, match="must name selectors"):
        read_selectors({"podNodeSelectorPluginConfig": {"a": ["b"]}})
    for wrong in ("-=b", "a=-"):
        with pytest.raises(ValueError, match="invalid label"):
            labels_of(wrong)


EXISTS = Toleration(key="k", operator="Exists")
TAINT = '[{"key":"k","operator":"Exists"}]'
PRESSURE = Toleration(key="node.kubernetes.io/memory-pressure", operator="Exists", effect="NoSchedule")
HEAD = {"kind": "Configuration", "apiVersion": "podtolerationrestriction.admission.k8s.io/v1alpha1"}
DEFAULT_OTHER = {**HEAD, "default": [{"key": "o", "operator": "Exists"}]}


@pytest.mark.parametrize(
    ("space", "configuration", "wanted"),
    [
        (namespace(defaultTolerations=TAINT), DEFAULT_OTHER, (EXISTS,)),
        (namespace(), DEFAULT_OTHER, (Toleration(key="o", operator="Exists"),)),
        (namespace(defaultTolerations=""), DEFAULT_OTHER, ()),
        (namespace(), None, ()),
    ],
)
async def test_pods_tolerate_what_their_namespace_says(space: Namespace, configuration: Any, wanted: Any) -> None:
    plugin = PodTolerationRestriction(Objects(late=[space]), read_tolerations(configuration))
    assert (await admitted(plugin, creates(pod()))).spec.tolerations == wanted
    resources = ResourceRequirements(requests={"cpu": Quantity(1)})
    busy = pod(Container(name="c", image="i", resources=resources))
    assert (await admitted(plugin, creates(busy))).spec.tolerations == (*wanted, PRESSURE)
    # A stored pod gets no defaults.
    assert (await admitted(plugin, updates(pod(), pod()))).spec.tolerations == ()


async def test_pods_tolerate_no_more_than_their_namespace_allows() -> None:
    wide = {**HEAD, "whitelist": [{"key": "k", "operator": "Exists"}]}
    plugin = PodTolerationRestriction(Objects(namespace()), read_tolerations(wide))
    await admitted(plugin, creates(pod(tolerations=(EXISTS,))))
    words = "pod tolerations (possibly merged with namespace default tolerations) conflict with its"
    assert await refusal(plugin, creates(pod(tolerations=(PRESSURE,)))) == f"{words} cluster whitelist"
    own = PodTolerationRestriction(Objects(namespace(tolerationsWhitelist=TAINT)), read_tolerations(None))
    assert await refusal(own, creates(pod(tolerations=(PRESSURE,)))) == f"{words} namespace whitelist"
    for text in ("{", "{}", '["a"]'):
        broken = PodTolerationRestriction(Objects(namespace(defaultTolerations=text)), read_tolerations(None))
        assert await refusal(broken, creates(pod()))
    with pytest.raises(NotFound):
        await admitted(PodTolerationRestriction(Objects(), read_tolerations(None)), creates(pod()))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"operator": "Equal"}, r"default\[0\].operator: Invalid value: .*operator must be Exists when `key` is empty"),
        ({"key": "k", "tolerationSeconds": 1}, "effect must be 'NoExecute' when `tolerationSeconds` is set"),
        ({"key": "k", "operator": "Exists", "value": "v"}, "value must be empty when `operator` is 'Exists'"),
        ({"key": "k", "operator": "In"}, 'Unsupported value: "In"'),
        ({"key": "k", "effect": "x"}, 'Unsupported value: "x"'),
        ({"key": "-"}, "name part must consist of"),
        ({"key": "k", "value": "-"}, "a valid label must be"),
    ],
)
def test_tolerations_of_the_configuration_are_checked(given: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_tolerations({**HEAD, "default": [given]})


LIMITS = {"kind": "Configuration", "apiVersion": "eventratelimit.admission.k8s.io/v1alpha1"}


def event(namespace: str = "default", host: str = "h", name: str = "e") -> Event:
    return Event(
        metadata=ObjectMeta(name=name, namespace=namespace),
        source=EventSource(component="kubelet", host=host),
        involvedObject=ObjectReference(kind="Pod", namespace=namespace, name="p", uid="u", apiVersion="v1"),
    )


def limiting(clock: FakeClock, *limits: Mapping[str, Any]) -> EventRateLimit:
    return EventRateLimit(read_limits({**LIMITS, "limits": list(limits)}), clock)


async def test_events_come_no_faster_than_they_may() -> None:
    clock = FakeClock()
    plugin = limiting(clock, {"type": "Server", "qps": 2, "burst": 3})
    for _ in range(3):
        await admitted(plugin, creates(event()))
    with pytest.raises(TooManyRequests) as caught:
        await admitted(plugin, creates(event()))
    assert caught.value.message == "Too many requests: limit reached on type Server for key "
    # Neither what isn't stored nor anything else is counted.
    await admitted(plugin, creates(event(), dry_run=True))
    await admitted(plugin, creates(pod()))
    await admitted(plugin, creates(events.Event(metadata=ObjectMeta(name="e", namespace="default"))))
    await clock.advance(0.5)
    await admitted(plugin, creates(event()))
    with pytest.raises(TooManyRequests):
        await admitted(plugin, creates(event()))
    await clock.advance(60)
    for _ in range(3):
        await admitted(plugin, creates(event()))
    with pytest.raises(TooManyRequests):
        await admitted(plugin, creates(event()))


@pytest.mark.parametrize(
    ("type_", "other", "key"),
    [
        ("Namespace", event("elsewhere"), "default"),
        ("SourceAndObject", event(host="other"), "kubelethPoddefaultpuv1"),
    ],
)
async def test_each_has_a_rate_of_its_own(type_: str, other: Event, key: str) -> None:
    plugin = limiting(FakeClock(), {"type": type_, "qps": 1, "burst": 1}, {"type": "User", "qps": 1, "burst": 9})
    await admitted(plugin, creates(event()))
    await admitted(plugin, creates(other))
    assert await refusal(plugin, creates(event())) == f"Too many requests: limit reached on type {type_} for key {key}"


async def test_the_longest_unused_rates_are_forgotten() -> None:
    plugin = limiting(FakeClock(), {"type": "Namespace", "qps": 1, "burst": 1, "cacheSize": 2})
    for name in ("a", "b", "c"):
        await admitted(plugin, creates(event(name)))
    with pytest.raises(TooManyRequests):
        await admitted(plugin, creates(event("b")))
    await admitted(plugin, creates(event("a")))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, r"limits: Invalid value: \[\]: must not be empty"),
        ({"limits": [{"type": "Pod", "qps": 1, "burst": 1}]}, r'limits\[0\].type: Unsupported value: "Pod"'),
        ({"limits": [{"type": "User", "burst": 1}]}, r"limits\[0\].qps: Invalid value: 0: must be positive"),
        ({"limits": [{"type": "User", "qps": 1}]}, r"limits\[0\].burst: Invalid value: 0: must be positive"),
        ({"limits": [{"type": "User", "qps": 1, "burst": 1, "cacheSize": -1}]}, "must not be negative"),
        ({"limit": []}, 'unknown field "limit"'),
    ],
)
def test_limits_are_checked(given: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_limits({**LIMITS, **given})
    assert read_limits(None) == ()


def test_what_is_served_is_found_by_its_kind() -> None:
    gvk = resource_for(Pod).gvk
    assert [one.plural for one in served().resources_of(gvk)] == ["pods"]
