"""Keeps our rules in foreign firewalls, also when those are reloaded: the kernel tells of every change."""

import asyncio
import json
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

from steersman.cni.firewall import (
    FIREWALLD,
    OWN_PREFIX,
    Chain,
    Opening,
    base_chains,
    iptables_missing,
    iptables_ours,
    is_closed,
    nft_missing,
    nft_ours,
)
from steersman.cni.netlink import attributes, messages
from steersman.component.clock import Clock
from steersman.component.log import get_logger
from steersman.component.threads import Threads

_log = get_logger(__name__)

COMMAND_SECONDS = 10.0
# A firewall that is reloaded writes for a while.
GATHER_SECONDS = 1.0
LEGACY_TABLES = Path("/proc/net/ip_tables_names")
_NETLINK_NETFILTER, _NFNLGRP_NFTABLES = 12, 7
_RECEIVE_BYTES = 1 << 16
_NFGENMSG_BYTES, _NEWGEN, _TABLE = 4, 15, 1


class FirewallKeeper:
    """For a node in the machine's own network namespace."""

    def __init__(self, opening: Opening, clock: Clock, threads: Threads) -> None:
        self._opening, self._clock, self._threads = opening, clock, threads

    async def run(self) -> None:
        """Follow until cancelled; the rules stay."""
        changed = asyncio.Event()
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, _NETLINK_NETFILTER) as news:
            news.bind((0, 1 << (_NFNLGRP_NFTABLES - 1)))
            loop.add_reader(news, _read, news, changed)
            try:
                while True:
                    await self._open()
                    await changed.wait()
                    await self._clock.sleep(GATHER_SECONDS)
                    changed.clear()
            finally:
                loop.remove_reader(news)

    async def _open(self) -> None:
        try:
            added = await self._threads.run(open_up, self._opening)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", "")
            _log.warning("a foreign firewall may keep pods from each other", error=str(error), said=said)
            return
        if added:
            _log.info("foreign firewalls let pods through", rules=added)


def open_up(opening: Opening) -> int:
    """Insert what is missing in each foreign firewall; how many rules that were. Blocks."""
    added = 0
    for iptables in _iptables():
        for rule in iptables_missing(_run(f"{iptables}-save", "-t", "filter"), opening):
            _run(iptables, "--wait", *rule)
            added += 1
    for chain in _base_chains():
        listed = _list_chain(chain)
        commands = nft_missing(chain, listed, opening) if is_closed(chain, listed) else ""
        if commands and not (chain.table == FIREWALLD and _trust(opening)):
            _run("nft", "-f", "-", text=commands)
            added += commands.count("\n")
    return added


def close_up(opening: Opening) -> None:
    """Take every rule of ours away, as far as it goes. Blocks."""
    for close in (_close_iptables, _close_nft, _distrust):
        try:
            close(opening)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            _log.warning("rules of ours were left in a foreign firewall", error=str(error))


def _close_iptables(opening: Opening) -> None:
    for iptables in _iptables():
        for rule in iptables_ours(_run(f"{iptables}-save", "-t", "filter"), opening):
            _run(iptables, "--wait", *rule)


def _close_nft(opening: Opening) -> None:
    for chain in _base_chains():
        commands = nft_ours(chain, _list_chain(chain), opening)
        if commands:
            _run("nft", "-f", "-", text=commands)


def _distrust(opening: Opening) -> None:
    program = shutil.which("firewall-cmd")
    if program is not None and any(chain.table == FIREWALLD for chain in _base_chains()):
        for name in opening.interfaces:
            _run(program, "--zone=trusted", f"--remove-interface={name}")


def is_foreign(news: bytes) -> bool:
    """Whether one of these messages is about a table that isn't ours (linux/netfilter/nf_tables.h)."""
    for message in messages(news):
        # Each transaction ends by telling its number. In all others the first attribute names the table.
        if message.type & 0xFF != _NEWGEN:
            table = attributes(message.body[_NFGENMSG_BYTES:]).get(_TABLE, b"")
            if not table.startswith(OWN_PREFIX.encode()):
                return True
    return False


def _read(news: socket.socket, changed: asyncio.Event) -> None:
    try:
        if is_foreign(news.recv(_RECEIVE_BYTES)):
            changed.set()
    except BlockingIOError:
        return
    except OSError:
        changed.set()  # more news than fit: some are lost


def _trust(opening: Opening) -> bool:
    """Have firewalld itself trust our interfaces, where it can be asked; it may not let others change its table."""
    program = shutil.which("firewall-cmd")
    if program is None:
        return False
    for name in opening.interfaces:
        _run(program, "--zone=trusted", f"--change-interface={name}")
    return True


def _iptables() -> tuple[str, ...]:
    """The programs to use: what the machine calls iptables, and the older kind where its tables are in use."""
    names = ["iptables"]
    if LEGACY_TABLES.exists() and "filter" in LEGACY_TABLES.read_text().split():
        names.append("iptables-legacy")
    return tuple(path for name in names if (path := shutil.which(name)) is not None)


def _base_chains() -> tuple[Chain, ...]:
    has_iptables = shutil.which("iptables") is not None
    return base_chains(json.loads(_run("nft", "-j", "list", "chains")), has_iptables=has_iptables)


def _list_chain(chain: Chain) -> Any:
    return json.loads(_run("nft", "-j", "list", "chain", chain.family, chain.table, chain.name))


def _run(*command: str, text: str = "") -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True, timeout=COMMAND_SECONDS)
    return done.stdout
