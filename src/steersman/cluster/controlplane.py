"""The control plane put together: an API server that knows its users, and what fills it at its start.

The only place where server, authentication, authorization and admission are built for each other.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from random import Random, SystemRandom

from steersman.api.rbac import ClusterRole, ClusterRoleBinding, Role, RoleBinding
from steersman.apiserver.admission.configuration import Configurations
from steersman.apiserver.admission.plugins import Parts, admission_chain
from steersman.apiserver.admission.reach import Reach
from steersman.apiserver.admission.resourcequota import QuotaWriter
from steersman.apiserver.admission.served import Served
from steersman.apiserver.app import APIServer, Deps, ServerConfig
from steersman.apiserver.authn.impersonation import Impersonation
from steersman.apiserver.authn.serviceaccount import ServiceAccountIssuer
from steersman.apiserver.authz.escalation import EscalationGuard
from steersman.apiserver.authz.rbac import RBACAuthorizer
from steersman.apiserver.authz.reviews import review_handlers
from steersman.apiserver.bootstrap import publish_authorities
from steersman.apiserver.flowcontrol.limiter import LimitSettings
from steersman.apiserver.flowcontrol.maintain import PRODUCER, keep_flow_control, seed_flow_control
from steersman.apiserver.housekeeping import HOOKS, Housekeeping
from steersman.apiserver.identity import ServerIdentity
from steersman.apiserver.local import LocalClient
from steersman.apiserver.lookup import CollectionLookup
from steersman.apiserver.metrics.admission import AdmissionMetrics
from steersman.apiserver.runtimeconfig import served_resources
from steersman.apiserver.serverendpoints import Advertised, ServerEndpoints, ServerLeases
from steersman.apiserver.webhooks.versions import Versions
from steersman.cluster.auditing import auditor_of
from steersman.cluster.authenticating import (
    Identity,
    Surroundings,
    authentication_of,
    certificate_authorities,
    issuer_of,
)
from steersman.cluster.authorizing import AuthorizationParts, authorization_of
from steersman.cluster.serverflags import ServerFlags
from steersman.component.clock import Clock
from steersman.component.http.client import connect_tcp
from steersman.component.keypair import KeyPair
from steersman.component.metrics import Registry
from steersman.component.starthooks import StartHooks
from steersman.storage.encryption.keeper import Keeper
from steersman.storage.interface import Store


@dataclass(frozen=True, slots=True)
class ControlPlaneConfig:
    """What differs from cluster to cluster."""

    identity: Identity
    server: ServerConfig
    kubelet_tls: ssl.SSLContext | None = None
    front_proxy: KeyPair | None = None
    random: Random = field(default_factory=SystemRandom)
    flags: ServerFlags = field(default_factory=ServerFlags)
    admission: Configurations = field(default_factory=Configurations)
    metrics: Registry = field(default_factory=Registry)
    # What keeps the keys of the store, if that is encrypted.
    keeper: Keeper | None = None
    hostname: str = field(default_factory=socket.gethostname)


FLOW_CONTROL = "priority-and-fairness-config-producer"
TRUST = "start-cluster-authentication-info-controller"


class ControlPlane:
    """An API server over a store, with TLS identities, RBAC and admission on."""

    def __init__(self, config: ControlPlaneConfig, store: Store, clock: Clock) -> None:
        self.config = config
        self._clock = clock
        self._hooks = _expected_hooks(config)
        lookup, quotas, served = CollectionLookup(), QuotaWriter(), Served()
        judged = AdmissionMetrics(config.metrics, clock)
        reach = Reach(lookup, config.random, judged)
        self._authorization = authorization_of(
            config.flags, AuthorizationParts(lookup, clock, config.random, config.metrics)
        )
        authorizer = self._authorization.authorizer
        parts = Parts(lookup, config.random, clock, authorizer, reach, quotas, served, config.admission)
        flags, metrics, keeper = config.flags, config.metrics, config.keeper
        address = f"{config.server.advertise_address}:{config.server.advertise_port}"
        issuer = issuer_of(flags, config.identity, address)
        around = Surroundings(lookup.find, clock, config.random, metrics)
        authentication = self._authentication = authentication_of(flags, config.identity, issuer, around)
        self.auditor = auditor_of(flags, clock, config.random, metrics)
        self.server = APIServer(
            Deps(
                store=store,
                clock=clock,
                authenticator=authentication.authenticator,
                authorizer=authorizer,
                impersonation=Impersonation(authorizer),
                auditor=self.auditor,
                limits=_limits(flags),
                metrics=metrics,
                checks={} if keeper is None else {"kms-providers": keeper.check},
                hooks=self._hooks,
                admission=admission_chain(
                    parts, flags.enable_admission_plugins, flags.disable_admission_plugins, judged
                ),
                guards=dict.fromkeys(
                    (Role, ClusterRole, RoleBinding, ClusterRoleBinding),
                    EscalationGuard(authorizer, RBACAuthorizer(lookup), lookup),
                ),
                reviews=review_handlers(authorizer, authentication.tokens, authentication.audiences),
                token_issuer=ServiceAccountIssuer(issuer, lookup.find, config.random),
                connect=connect_tcp,
                kubelet_tls=config.kubelet_tls,
                front_proxy=config.front_proxy,
                random=config.random,
                config=config.server,
                resources=served_resources(dict(flags.runtime_config)),
            )
        )
        lookup.attach(self.server.collections)
        self.client = LocalClient(self.server.pipeline)
        quotas.attach(partial(self.client.update, subresource="status"))
        served.attach(self.client.create, self.server.table)
        collections = self.server.collections
        reach.attach(self.server.webhooks, Versions(self.server.table, collections), authorizer)
        self._housekeeping = self._keeps_house(store)
        self._has_first_objects = asyncio.Event()

    @property
    def authorities(self) -> bytes:
        """Whose certificates clients may show, PEM. Blocks."""
        return certificate_authorities(self.config.flags, self.config.identity)

    async def run(self) -> None:
        """Serve until cancelled; the first objects are made as soon as the store is read."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.server.run())
            group.create_task(self._authentication.run())
            group.create_task(self._authorization.run())
            if self.config.keeper is not None:
                group.create_task(self.config.keeper.run(self.server.collections.heal))
            await self.server.ready()
            await self._housekeeping.begin(self._hooks)
            await self._begin_flow_control(group)
            await self._publish_authorities()
            self._has_first_objects.set()
            try:
                await self._housekeeping.run(self._clock)
            finally:
                self.server.stop_soon()
                await self._housekeeping.leave()
                await self._authorization.close()

    @asynccontextmanager
    async def auditing(self) -> AsyncIterator[None]:
        """Requests may come inside: what is to be told of them is told by its end."""
        async with self.auditor.running() if self.auditor is not None else nullcontext():
            yield

    async def ready(self) -> None:
        """Return when the first objects are there: who asks earlier is refused for want of a role."""
        await self._has_first_objects.wait()

    async def _begin_flow_control(self, group: asyncio.TaskGroup) -> None:
        if self.server.flow_control is not None:
            producer = LocalClient(self.server.pipeline, user_agent=PRODUCER)
            await self._hooks.do(FLOW_CONTROL, seed_flow_control(producer))
            group.create_task(keep_flow_control(producer, self._clock, self.server.dangling.changed))

    async def _publish_authorities(self) -> None:
        identity = self.config.identity
        if _has_authorities(self.config):
            published = publish_authorities(self.client, identity.client_ca_pem, identity.front_proxy_ca_pem)
            await self._hooks.do(TRUST, published)

    def _keeps_house(self, store: Store) -> Housekeeping:
        server = self.config.server
        advertised = Advertised(server.advertise_address, server.advertise_port, server.service_cidr)
        leases = ServerLeases(store) if server.may_be_several else None
        endpoints = ServerEndpoints(self.client, advertised, leases)
        return Housekeeping(
            self.client, advertised, endpoints, ServerIdentity(self.client, self._clock, self.config.hostname)
        )


def _expected_hooks(config: ControlPlaneConfig) -> StartHooks:
    hooks = StartHooks()
    hooks.expect(*HOOKS)
    if config.flags.enable_priority_and_fairness:
        hooks.expect(FLOW_CONTROL)
    if _has_authorities(config):
        hooks.expect(TRUST)
    return hooks


def _has_authorities(config: ControlPlaneConfig) -> bool:
    return bool(config.identity.client_ca_pem and config.identity.front_proxy_ca_pem)


def _limits(flags: ServerFlags) -> LimitSettings:
    return LimitSettings(
        flags.enable_priority_and_fairness, flags.max_requests_inflight, flags.max_mutating_requests_inflight
    )
