"""Answers the CNI executable in the node process: gives pods their address and interface.

One attachment changes at a time (the list of addresses is one value); the netlink work of several
pods runs side by side.
"""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from steersman.cni import attachment as addresses
from steersman.cni import bridge, conflist, store
from steersman.cni.attachment import AddressesExhausted, Attachment, Attachments
from steersman.cni.nft import NftFailed
from steersman.cni.protocol import (
    CNIError,
    ErrorCode,
    Request,
    error_answer,
    loopback_result,
    parse,
    result,
)
from steersman.cni.routes import Peer
from steersman.component.log import get_logger
from steersman.component.nodecontext import NodeContext
from steersman.component.threads import Threads

REQUEST_SECONDS = 10.0
"""How long the executable may take to send what it was given."""

_log = get_logger("cni")


class PodNetwork:
    """The pod network of one node."""

    def __init__(self, context: NodeContext, threads: Threads) -> None:
        """Nothing happens before start."""
        self._context = context
        self._network = context.network
        self._threads = threads
        self._attachments = Attachments()
        self._changing = asyncio.Lock()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Make bridge and rules, write the configuration, listen."""
        state_dir = self._context.cni.state_dir
        state_dir.mkdir(parents=True, exist_ok=True)
        self._attachments = await self._threads.run(store.load, state_dir)
        await self._threads.run(bridge.set_up, self._network, self._attachments)
        self._context.cni.socket.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self._context.cni.socket)
        # Last, as it makes the runtime say that the network is ready.
        await self._threads.run(conflist.install, self._context.cni)

    async def stop(self) -> None:
        """Stop answering; pods keep their network."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._context.cni.socket.unlink(missing_ok=True)

    async def reclaim(self, living: Iterable[str]) -> int:
        """Take back what belongs to no living sandbox; call it with the runtime's full list."""
        existing = await self._threads.run(_existing_namespaces, self._attachments)
        gone = addresses.leaked(self._attachments, living, existing)
        for item in gone:
            await self._detach(item.container_id, item.interface)
        return len(gone)

    async def route_to_peers(self, peers: Iterable[Peer]) -> None:
        """Let pods of other nodes be reached by way of those nodes."""
        plan = await self._threads.run(bridge.route_to_peers, self._network, self._context.name, tuple(peers))
        if plan.put or plan.delete:
            _log.info("routes to other nodes changed", put=len(plan.put), deleted=len(plan.delete))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            data = await asyncio.wait_for(reader.read(-1), REQUEST_SECONDS)
            code, answer = await self._answer(data)
            writer.write(str(code).encode() + msgspec.json.encode(answer))
            await writer.drain()
        except (ConnectionError, TimeoutError):
            # The executable went away; the runtime deletes what a failed ADD left.
            _log.warning("a CNI request was cut short")
        finally:
            writer.close()

    async def _answer(self, data: bytes) -> tuple[int, dict[str, Any]]:
        try:
            request = parse(data)
            return 0, await self._handle(request)
        except CNIError as error:
            failure = error
        except AddressesExhausted as error:
            failure = CNIError(ErrorCode.TRY_AGAIN_LATER, str(error))
        except (OSError, NftFailed) as error:
            failure = CNIError(ErrorCode.IO_FAILURE, str(error))
        _log.warning("CNI request failed", code=int(failure.code), error=failure.message)
        return 1, error_answer(failure)

    async def _handle(self, request: Request) -> dict[str, Any]:
        if request.config.type == conflist.LOOPBACK:
            if request.command == "ADD":
                await self._threads.run(bridge.set_loopback_up, Path(request.namespace))
            return loopback_result(request) if request.command == "ADD" else {}
        match request.command:
            case "ADD":
                return await self._add(request)
            case "DEL":
                await self._detach(request.container_id, request.interface)
                return {}
            case "CHECK":
                await self._check(request)
                return {}
            case _:
                raise CNIError(ErrorCode.INVALID_ENVIRONMENT, f"unknown command {request.command}")

    async def _add(self, request: Request) -> dict[str, Any]:
        item = await self._allocate(request)
        try:
            attached = await self._threads.run(bridge.connect, self._network, item, Path(request.namespace))
        except OSError:
            await self._detach(item.container_id, item.interface)
            raise
        return result(request, attached)

    async def _allocate(self, request: Request) -> Attachment:
        wanted = Attachment(
            request.container_id,
            request.interface,
            address="",
            host_ports=request.host_ports(),
            namespace=request.namespace,
        )
        async with self._changing:
            changed = addresses.detach(self._attachments, request.container_id, request.interface)
            changed = addresses.attach(changed, wanted, self._network.pod_cidr)
            await self._keep(changed, has_ports=bool(wanted.host_ports))
        return changed.items[-1]

    async def _detach(self, container_id: str, interface: str) -> None:
        await self._threads.run(bridge.disconnect, self._network, container_id, interface)
        async with self._changing:
            item = self._attachments.find(container_id, interface)
            if item is not None:
                changed = addresses.detach(self._attachments, container_id, interface)
                await self._keep(changed, has_ports=bool(item.host_ports))

    async def _keep(self, changed: Attachments, *, has_ports: bool) -> None:
        """Make a change of the attachments last."""
        if has_ports:
            await self._threads.run(bridge.write_rules, self._network, changed)
        await self._threads.run(store.save, self._context.cni.state_dir, changed)
        self._attachments = changed

    async def _check(self, request: Request) -> None:
        item = self._attachments.find(request.container_id, request.interface)
        if item is None:
            raise CNIError(ErrorCode.UNKNOWN_CONTAINER, "the container has no address")
        is_connected = await self._threads.run(bridge.is_connected, self._network, item, Path(request.namespace))
        if not is_connected:
            raise CNIError(ErrorCode.IO_FAILURE, "the container's interface is gone or down")


def _existing_namespaces(attachments: Attachments) -> tuple[str, ...]:
    return tuple(item.namespace for item in attachments.items if Path(item.namespace).exists())
