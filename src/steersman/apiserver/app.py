"""The API server: put together here from what it depends on, and run."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from random import Random, SystemRandom

from steersman.api import core, events, networking
from steersman.api.events import convert
from steersman.api.meta import Kind
from steersman.api.older.version import families
from steersman.api.resources import RESOURCES, Resource
from steersman.apiserver.admission.chain import AdmissionChain
from steersman.apiserver.aggregator.aggregator import Aggregator
from steersman.apiserver.allocators.ranges import Ranges
from steersman.apiserver.allocators.records import Records, port_cache
from steersman.apiserver.allocators.repair import COMPONENT, Repair
from steersman.apiserver.allocators.services import Allocation, ServiceReserver
from steersman.apiserver.attributes import Authenticator, Authorizer
from steersman.apiserver.audit.auditor import Auditor
from steersman.apiserver.authn.impersonation import Impersonation
from steersman.apiserver.collection import Conversion
from steersman.apiserver.collections import Collections
from steersman.apiserver.connect import Connections, Connector, NoConnector
from steersman.apiserver.crd.controller import Conversions, CustomResources
from steersman.apiserver.endpoints.discovery import Discovery
from steersman.apiserver.endpoints.openapi import OpenAPI
from steersman.apiserver.endpoints.plain import GIT_VERSION, PlainEndpoints, export_server
from steersman.apiserver.endpoints.storehealth import answering
from steersman.apiserver.flowcontrol.dangling import CONSUMER, DanglingSchemas
from steersman.apiserver.flowcontrol.dump import Dumps
from steersman.apiserver.flowcontrol.gate import FlowControl
from steersman.apiserver.flowcontrol.inflight import InFlight
from steersman.apiserver.flowcontrol.limiter import LimitSettings
from steersman.apiserver.flowcontrol.metrics import FlowMetrics
from steersman.apiserver.http.handler import Gate, Meters, RequestHandler
from steersman.apiserver.kubelet_proxy import KubeletConnector
from steersman.apiserver.local import LocalClient
from steersman.apiserver.locations import Locator
from steersman.apiserver.metrics.access import AccessMetrics
from steersman.apiserver.metrics.requests import RequestMetrics
from steersman.apiserver.metrics.stored import MeteredStore, export_stored
from steersman.apiserver.pipeline import Pipeline, Verbs
from steersman.apiserver.reservations import Reserver
from steersman.apiserver.resourcetable import ResourceTable
from steersman.apiserver.reviews import ReviewHandler, TokenIssuer
from steersman.apiserver.subresources.binding import BindingHandler
from steersman.apiserver.subresources.componentstatus import ComponentStatuses
from steersman.apiserver.subresources.eviction import EvictionHandler
from steersman.apiserver.subresources.interface import SubresourceHandler, Subresources
from steersman.apiserver.subresources.scale import ScaleHandler
from steersman.apiserver.subresources.token import TokenHandler
from steersman.apiserver.verbs.delete import Deleter
from steersman.apiserver.verbs.listing import Lister
from steersman.apiserver.verbs.ownership import Ownership
from steersman.apiserver.verbs.watch import Watcher
from steersman.apiserver.verbs.write import Guard, Writer
from steersman.apiserver.webhooks.caller import WebhookCaller
from steersman.client.recorder import EventRecorder
from steersman.component.clock import Clock
from steersman.component.healthz import Check, HealthEndpoint, when
from steersman.component.http.client import Connect, connect_tcp
from steersman.component.http.message import Request, Response
from steersman.component.keypair import KeyPair
from steersman.component.metrics import Registry
from steersman.component.slis import HealthSLIs
from steersman.component.starthooks import StartHooks
from steersman.storage.interface import Store

ADDRESSES, DEFINITIONS = "start-service-ip-repair-controllers", "crd-informer-synced"

CONVERSIONS: Mapping[type[Kind], Conversion] = {
    events.Event: Conversion(core.Event, convert.to_core, convert.from_core)
}


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """What an administrator decides. advertise is where clients and pods find the server.

    service_cidr: the range of Services' addresses, or one for each family with a comma between.
    """

    advertise_address: str
    advertise_port: int
    service_cidr: str
    node_ports: tuple[int, int] = (30000, 32767)
    # Others may serve from the same store.
    may_be_several: bool = False


@dataclass(frozen=True, slots=True)
class Deps:
    """Everything a server is given; nothing of it is global, so that several run in one process."""

    store: Store
    clock: Clock
    authenticator: Authenticator
    authorizer: Authorizer
    config: ServerConfig
    admission: AdmissionChain = field(default_factory=lambda: AdmissionChain(()))
    # Without it nobody acts as somebody else.
    impersonation: Impersonation | None = None
    # Without it nothing is audited.
    auditor: Auditor | None = None
    reviews: Mapping[type[Kind], ReviewHandler] = field(default_factory=dict)
    # Who else looks at writes of a kind.
    guards: Mapping[type[Kind], Guard] = field(default_factory=dict)
    token_issuer: TokenIssuer | None = None
    # How kubelets and pods are reached; without it exec, logs and proxies are refused.
    connect: Connect | None = None
    kubelet_tls: ssl.SSLContext | None = None
    # As whom other API servers know this one.
    front_proxy: KeyPair | None = None
    random: Random = field(default_factory=SystemRandom)
    metrics: Registry = field(default_factory=Registry)
    # What else the health endpoints look at, by name.
    checks: Mapping[str, Check] = field(default_factory=dict)
    # What is to be done at the start; the server adds its own.
    hooks: StartHooks = field(default_factory=StartHooks)
    resources: Sequence[Resource] = RESOURCES
    limits: LimitSettings = field(default_factory=LimitSettings)


class APIServer:
    """Answers requests while `run` runs; `ready` returns when it can."""

    def __init__(self, deps: Deps) -> None:
        store: Store = MeteredStore(deps.store, deps.metrics, deps.clock)
        self._deps = deps = replace(deps, store=store)
        self._ready = asyncio.Event()
        self._is_stopping = False
        deps.hooks.expect(ADDRESSES, DEFINITIONS)
        self.table = ResourceTable(deps.resources)
        self.collections = Collections(deps.store, deps.resources, CONVERSIONS)
        export_stored(deps.metrics, self.collections)
        export_server(deps.metrics)
        self._repair = _repair(deps, self.collections)
        verbs = _verbs(deps, self.collections, ServiceReserver(self._repair.allocation))
        self.pipeline = Pipeline(
            self.table,
            self.collections,
            verbs,
            deps.authorizer,
            Subresources(_subresources(deps, self.collections, verbs)),
            deps.reviews,
            deps.clock,
        )
        self.webhooks = WebhookCaller(Locator(self.collections, deps.random), deps.connect or connect_tcp)
        conversions = Conversions(self.webhooks, deps.clock, deps.random)
        client = LocalClient(self.pipeline)
        self._custom = CustomResources(self.collections, self.table, client, deps.clock, conversions)
        connections = Connections(_connector(deps, self.collections), deps.admission, self.pipeline.authorize)
        gate = Gate(deps.authenticator, deps.impersonation, deps.auditor)
        self._aggregator = Aggregator(
            self.collections,
            self.table,
            client,
            deps.clock,
            deps.random,
            deps.connect or connect_tcp,
            deps.front_proxy,
        )
        self.flow_control = (
            FlowControl(deps.limits, self.collections, deps.clock, FlowMetrics(deps.metrics))
            if deps.limits.is_fair
            else None
        )
        consumer = LocalClient(self.pipeline, user_agent=CONSUMER)
        self.dangling = DanglingSchemas(self.collections, consumer, deps.clock)
        limiter = self.flow_control or InFlight(deps.limits)
        limiter.load.export(deps.metrics)
        self._handler = RequestHandler(
            gate,
            self.pipeline,
            self._endpoints(),
            connections,
            self._aggregator,
            limiter,
            Meters(RequestMetrics(deps.metrics, deps.clock), AccessMetrics(deps.metrics), deps.clock),
            deps.random,
        )

    async def handle(self, request: Request) -> Response:
        """The response to a request: the handler for component.http's server."""
        return await self._handler.handle(request)

    async def run(self) -> None:
        """Follow the store until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.collections.run())
                group.create_task(self._follow_definitions())
                group.create_task(self._get_ready())
                group.create_task(self._aggregate())
                group.create_task(self._keep_ports())
                if self.flow_control is not None:
                    group.create_task(self.flow_control.run())
                    group.create_task(self._say_what_dangles())
        finally:
            self._ready.clear()
            self.collections.close_watches()

    async def ready(self) -> None:
        """Returns once requests can be answered."""
        await self._ready.wait()

    def stop_soon(self) -> None:
        """From now on the server isn't ready, though it answers: balancers may turn to others."""
        self._is_stopping = True

    async def _get_ready(self) -> None:
        await self.collections.synced()
        await self._deps.hooks.do(DEFINITIONS, self._custom.synced())
        await self._deps.hooks.do(ADDRESSES, self._repair.begin())
        self._ready.set()

    async def _aggregate(self) -> None:
        await self._ready.wait()
        await self._aggregator.run()

    async def _keep_ports(self) -> None:
        await self._ready.wait()
        recorder = EventRecorder(LocalClient(self.pipeline), self._deps.clock, COMPONENT)
        async with asyncio.TaskGroup() as group:
            group.create_task(recorder.run())
            group.create_task(self._repair.run(recorder))

    async def _say_what_dangles(self) -> None:
        await self._ready.wait()
        await self.dangling.run()

    async def _follow_definitions(self) -> None:
        await self.collections.synced()
        await self._custom.run()

    def _endpoints(self) -> PlainEndpoints:
        deps, config = self._deps, self._deps.config
        address = f"{config.advertise_address}:{config.advertise_port}"
        discovery = Discovery(self.table, address, self._aggregator.documents)
        slis = HealthSLIs()
        health = tuple(HealthEndpoint(name, slis.note) for name in ("healthz", "livez", "readyz"))
        for endpoint in health:
            endpoint.add("etcd", answering(deps.store))
            for name, check in deps.checks.items():
                endpoint.add(name, check)
            for name, check in deps.hooks.checks.items():
                endpoint.add(name, check)
        health[2].add("etcd-readiness", answering(deps.store))
        health[2].add("informer-sync", when(self._ready.is_set, "the caches aren't filled yet"))
        health[2].add("shutdown", when(lambda: not self._is_stopping, "process is shutting down"))
        openapi = OpenAPI(self.table, GIT_VERSION)

        async def openapi_answer(path: str, request: Request) -> Response | None:
            return await self._aggregator.openapi(path, request, openapi)

        control = self.flow_control
        dumps = None if control is None else Dumps(lambda: control.levels.by_name, deps.clock)
        return PlainEndpoints(discovery, health, deps.metrics, slis.registry, deps.token_issuer, openapi_answer, dumps)


def _connector(deps: Deps, collections: Collections) -> Connector:
    if deps.connect is None:
        return NoConnector()
    return KubeletConnector(collections, deps.kubelet_tls, deps.connect, deps.random)


def _repair(deps: Deps, collections: Collections) -> Repair:
    """How Services get addresses and ports, and how what is noted of them is put right."""
    ports = collections.keep(port_cache())
    networks = tuple(ip_network(text) for text in deps.config.service_cidr.split(","))
    addresses = collections.ensured(networking.IPAddress)
    records = Records(addresses, ports, deps.clock, deps.random)
    ranges = Ranges(networks, collections.ensured(networking.ServiceCIDR))
    allocation = Allocation(ranges, deps.config.node_ports, records, collections.catch_up, deps.random)
    return Repair(deps.store, collections.ensured(core.Service), ports, allocation, deps.clock)


def _verbs(deps: Deps, collections: Collections, reserver: Reserver) -> Verbs:
    ownership = Ownership(families(deps.resources))
    return Verbs(
        lister=Lister(deps.store, collections),
        watcher=Watcher(collections, deps.clock, deps.random),
        writer=Writer(deps.admission, deps.random, reserver, ownership, deps.guards),
        deleter=Deleter(deps.admission, reserver),
        ownership=ownership,
    )


def _subresources(
    deps: Deps, collections: Collections, verbs: Verbs
) -> Mapping[tuple[type[Kind] | None, str], SubresourceHandler]:
    binding = BindingHandler(collections, verbs.writer)
    handlers: dict[tuple[type[Kind] | None, str], SubresourceHandler] = {
        (None, "scale"): ScaleHandler(collections, verbs.writer),
        (core.Pod, "binding"): binding,
        (core.Binding, ""): binding,
        (core.ComponentStatus, ""): ComponentStatuses({"etcd-0": answering(deps.store)}),
        (core.Pod, "eviction"): EvictionHandler(collections, verbs.writer, verbs.deleter),
    }
    if deps.token_issuer is not None:
        handlers[core.ServiceAccount, "token"] = TokenHandler(collections, deps.token_issuer)
    return handlers
