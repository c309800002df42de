"""Keeps the kernel's rules as the services are: each change of Services and EndpointSlices in one transaction."""

import asyncio
import subprocess
from datetime import timedelta

from steersman.api.core import Service
from steersman.api.discovery import EndpointSlice
from steersman.api.meta import Kind
from steersman.client.informer import Informers
from steersman.client.interface import Client
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.component.nodecontext import NodeContext
from steersman.component.threads import Threads
from steersman.proxy.build import build
from steersman.proxy.model import Ruleset
from steersman.proxy.render import Names, render

_log = get_logger(__name__)

# A roll-out changes many objects within milliseconds: they make one load.
GATHER_SECONDS = 0.02
RETRY_SECONDS = 1.0
NFT_TIMEOUT = timedelta(seconds=30)


class RulesRefused(Exception):
    """The kernel didn't take the rules."""


class Proxy:
    """One node's service proxy. Its rules stay in force when it stops: connections go on without it."""

    def __init__(  # what a node's part is given
        self, context: NodeContext, service_cidr: str, client: Client, clock: Clock, threads: Threads
    ) -> None:
        self._context = context
        self._names = Names(context.network.proxy_table, context.network.cluster_cidr, service_cidr)
        self._clock = clock
        self._threads = threads
        self._informers = Informers(client, clock)
        self._services = self._informers.of(Service)
        self._slices = self._informers.of(EndpointSlice)
        self._changed = asyncio.Event()
        for informer in (self._services, self._slices):
            informer.add_handler(self._note)
        self._loaded: Ruleset | None = None

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._informers.run())
            await self._informers.wait_synced()
            self._changed.set()
            while True:
                await self._changed.wait()
                await self._clock.sleep(GATHER_SECONDS)
                self._changed.clear()
                await self._load()

    async def _load(self) -> None:
        ruleset = build(self._services.cache.list(), self._slices.cache.list())
        if ruleset == self._loaded:
            return
        try:
            await self._threads.run(load, self._context, render(ruleset, self._names))
        except RulesRefused as error:
            _log.error("the kernel refused the service rules; they stay as they were", error=str(error))
            await self._clock.sleep(RETRY_SECONDS)
            self._changed.set()
            return
        self._loaded = ruleset
        _log.info("service rules loaded", frontends=len(ruleset.routes))

    def _note(self, old: Kind | None, new: Kind | None) -> None:
        self._changed.set()


def load(context: NodeContext, text: str) -> None:
    """Hand rules to the kernel, in the node's network namespace. Blocks."""
    namespace = context.network.namespace
    enter = ("nsenter", f"--net={namespace}", "--") if namespace is not None else ()
    done = subprocess.run(
        (*enter, "nft", "-f", "-"),
        input=text,
        text=True,
        capture_output=True,
        check=False,
        timeout=NFT_TIMEOUT.total_seconds(),
    )
    if done.returncode != 0:
        raise RulesRefused(done.stderr.strip().splitlines()[0] if done.stderr else "nft failed")


def remove(context: NodeContext) -> None:
    """Take the rules away. Blocks."""
    name = context.network.proxy_table
    load(context, f"add table ip {name}\ndelete table ip {name}\n")
