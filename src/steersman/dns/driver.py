"""The DNS server as a component: the zone follows the API, the servers to ask follow resolv.conf."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from random import SystemRandom

from steersman.api.core import Namespace, Service
from steersman.api.discovery import EndpointSlice
from steersman.client.informer import Informers
from steersman.client.interface import Client
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.component.resolvconf import parse_resolv_conf
from steersman.component.threads import Threads
from steersman.dns.forward import Forwarder, Upstream
from steersman.dns.responder import Responder
from steersman.dns.server import DNSServer
from steersman.dns.zone import ServiceKey, Zone

_log = get_logger(__name__)

# A roll-out changes many objects within milliseconds.
GATHER_SECONDS = 0.02
RESOLV_CONF_PERIOD = timedelta(seconds=5)
SERVICE_NAME = "kubernetes.io/service-name"
BY_SERVICE = "service"


@dataclass(frozen=True, slots=True)
class DNSSettings:
    """own_addresses are those under which this server is known besides: asking there would go in a circle."""

    domain: str
    address: str
    port: int
    resolv_conf: Path
    own_addresses: tuple[str, ...] = ()


class DNS:
    """The cluster's DNS server."""

    def __init__(self, client: Client, settings: DNSSettings, clock: Clock, threads: Threads) -> None:
        self._settings, self._clock, self._threads = settings, clock, threads
        self._informers = Informers(client, clock)
        self._services = self._informers.of(Service)
        self._slices = self._informers.of(EndpointSlice)
        self._namespaces = self._informers.of(Namespace)
        self._slices.cache.add_index(BY_SERVICE, _by_service)
        self._stale: set[ServiceKey] = set()
        self._changed = asyncio.Event()
        self._services.add_handler(self._note_service)
        self._slices.add_handler(self._note_slice)
        self._namespaces.add_handler(lambda old, new: self._changed.set())
        # A server that restarts must not go back behind what it said before.
        self.zone = Zone(settings.domain, int(clock.now().timestamp()))
        self._forwarder = Forwarder(clock, SystemRandom())
        self.upstreams: tuple[Upstream, ...] = ()
        self._resolv_conf_seen: float | None = None
        self.server = DNSServer(Responder(self.zone, self._forwarder), settings.address, settings.port)

    async def run(self) -> None:
        """Serve until cancelled, from when everything is known."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._informers.run())
            await self._read_resolv_conf()
            group.create_task(self._follow_resolv_conf())
            await self._informers.wait_synced()
            self._apply()
            group.create_task(self.server.run())
            while True:
                await self._changed.wait()
                await self._clock.sleep(GATHER_SECONDS)
                self._apply()

    def _apply(self) -> None:
        """Bring the zone to what the caches hold."""
        self._changed.clear()
        self.zone.set_namespaces(namespace.metadata.name for namespace in self._namespaces.cache)
        stale, self._stale = self._stale, set()
        for key in stale:
            namespace, name = key
            service = self._services.cache.get(namespace, name)
            if service is None:
                self.zone.remove_service(key)
            else:
                self.zone.put_service(service, self._slices.cache.by_index(BY_SERVICE, f"{namespace}/{name}"))

    def _note_service(self, old: Service | None, new: Service | None) -> None:
        for service in filter(None, (old, new)):
            self._stale.add((service.metadata.namespace, service.metadata.name))
        self._changed.set()

    def _note_slice(self, old: EndpointSlice | None, new: EndpointSlice | None) -> None:
        for each in filter(None, (old, new)):
            name = each.metadata.labels.get(SERVICE_NAME)
            if name:
                self._stale.add((each.metadata.namespace, name))
        self._changed.set()

    async def _follow_resolv_conf(self) -> None:
        while True:
            await self._clock.sleep(RESOLV_CONF_PERIOD.total_seconds())
            await self._read_resolv_conf()

    async def _read_resolv_conf(self) -> None:
        changed = await self._threads.run(read_if_changed, self._settings.resolv_conf, self._resolv_conf_seen)
        if changed is None:
            return
        self._resolv_conf_seen, text = changed
        self.upstreams = upstreams(text, {self._settings.address, *self._settings.own_addresses})
        self._forwarder.set_servers(self.upstreams)
        _log.info("names outside the cluster are asked for at", servers=[each.address for each in self.upstreams])


def upstreams(resolv_conf: str, own: Collection[str]) -> tuple[Upstream, ...]:
    """The servers to ask: those of a resolv.conf without ourselves."""
    servers = parse_resolv_conf(resolv_conf).servers
    return tuple(Upstream(server) for server in servers if server not in own and _is_address(server))


def read_if_changed(path: Path, seen: float | None) -> tuple[float, str] | None:
    """A file's time of change and content, unless it is as old as what was seen. Blocks on a file."""
    try:
        changed = path.stat().st_mtime
        return None if changed == seen else (changed, path.read_text(errors="replace"))
    except OSError:
        return None  # it is being replaced, or there is none: what was known still holds


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))  # with a zone, as in fe80::1%eth0, too
    except ValueError:
        return False


def _by_service(each: EndpointSlice) -> tuple[str, ...]:
    name = each.metadata.labels.get(SERVICE_NAME)
    return (f"{each.metadata.namespace}/{name}",) if name else ()
