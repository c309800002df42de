"""While an encrypted store runs: plugins are looked after, and a configuration that has changed is read anew.

Source: apiserver/pkg/server/options/encryptionconfig/controller/controller.go.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from steersman.component.log import get_logger
from steersman.component.metrics import Registry
from steersman.component.threads import Threads
from steersman.storage.encryption.configuration import EncryptionError
from steersman.storage.encryption.providers import Maker, Providers
from steersman.storage.encryption.store import EncryptedStore
from steersman.storage.interface import StoreError

_log = get_logger(__name__)

# Source: EncryptionConfigFileChangePollDuration, minKMSPluginCloseGracePeriod.
POLL_INTERVAL, CLOSE_GRACE = timedelta(minutes=1), timedelta(seconds=10)
# What can't be read is tried again: a plugin may have been away.
HEAL_INTERVAL = timedelta(seconds=10)

Heal = Callable[[], Awaitable[None]]


async def load(file: Path, maker: Maker, threads: Threads) -> Providers:
    """The providers that a file asks for. EncryptionError."""
    return maker.made(await threads.run(_data, file), str(file))


class Keeper:
    """Keeps the providers of a store; reloads: the file is looked at once a minute."""

    def __init__(self, store: EncryptedStore, file: Path, maker: Maker, *, reloads: bool, metrics: Registry) -> None:
        self._store = store
        self._file = file
        self._maker = maker
        self._clock = maker.clock
        self._reloads = reloads
        self._threads = Threads(1, "encryption")
        self._reloaded = metrics.counter(
            "apiserver_encryption_config_controller_automatic_reloads_total",
            "Total number of reload successes and failures of encryption configuration.",
            ("status",),
        )
        self._last = metrics.gauge(
            "apiserver_encryption_config_controller_automatic_reload_last_timestamp_seconds",
            "Timestamp of the last successful or failed automatic reload of encryption configuration.",
            ("status",),
        )

    async def check(self) -> str:
        """What is wrong with the KMS plugins; empty when nothing is."""
        problems = [await envelope.check() for envelope in self._store.providers.envelopes]
        return ", ".join(filter(None, problems))

    async def run(self, heal: Heal) -> None:
        """Work until cancelled. heal reads again what couldn't be read."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._heal(heal))
                plugins = group.create_task(_look_after(self._store.providers))
                while True:
                    await self._clock.sleep(POLL_INTERVAL.total_seconds())
                    made = await self._changed() if self._reloads else None
                    if made is not None:
                        before, self._store.providers = self._store.providers, made
                        plugins.cancel()
                        plugins = group.create_task(_look_after(made))
                        group.create_task(self._close(before))
                        await _tried(heal)
        finally:
            self._threads.close()

    async def _heal(self, heal: Heal) -> None:
        while True:
            await self._clock.sleep(HEAL_INTERVAL.total_seconds())
            await _tried(heal)

    async def _changed(self) -> Providers | None:
        """The providers of a file that has changed and can be used."""
        try:
            data = await self._threads.run(_data, self._file)
            if f"sha256:{hashlib.sha256(data).hexdigest()}" == self._store.providers.hash:
                return None
            made = self._maker.made(data, str(self._file))
            problems = [problem for envelope in made.envelopes if (problem := await envelope.check())]
            if problems:
                await _closed(made)
                raise EncryptionError(", ".join(problems))
        except EncryptionError as error:
            self._note("failure")
            _log.error("error processing encryption config file", file=str(self._file), error=str(error))
            return None
        self._note("success")
        _log.info("loaded new encryption configuration", file=str(self._file), hash=made.hash)
        return made

    async def _close(self, providers: Providers) -> None:
        """What is being read or written by them may end first."""
        await self._clock.sleep(CLOSE_GRACE.total_seconds())
        await _closed(providers)

    def _note(self, status: str) -> None:
        self._reloaded.inc(status)
        self._last.set(self._clock.now().timestamp(), status)


async def _tried(heal: Heal) -> None:
    try:
        await heal()
    except StoreError as error:
        _log.warning("what can't be read isn't tried again yet", error=str(error))


async def _look_after(providers: Providers) -> None:
    async with asyncio.TaskGroup() as group:
        for envelope in providers.envelopes:
            group.create_task(envelope.run())


async def _closed(providers: Providers) -> None:
    for envelope in providers.envelopes:
        await envelope.close()


def _data(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise EncryptionError(
            "error while parsing file: error while loading file: error reading encryption provider configuration "
            f'file "{file}": {error.strerror}'
        ) from error
