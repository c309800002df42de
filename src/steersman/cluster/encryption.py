"""The encryption that the flags ask for, around the store of a cluster."""

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from steersman.apiserver.collection import ROOT
from steersman.cluster.errors import ClusterError
from steersman.cluster.serverflags import ServerFlags
from steersman.component.clock import Clock
from steersman.component.metrics import Registry
from steersman.component.threads import Threads
from steersman.storage.encryption.configuration import EncryptionError, configuration_of
from steersman.storage.encryption.keeper import Keeper, load
from steersman.storage.encryption.keyservice import KeyService
from steersman.storage.encryption.providers import Maker
from steersman.storage.encryption.store import EncryptedStore
from steersman.storage.interface import Store


@dataclass(frozen=True, slots=True)
class Encryption:
    """A store whose values are encrypted, and what keeps its keys."""

    store: EncryptedStore
    keeper: Keeper


async def open_encryption(
    flags: ServerFlags, store: Store, clock: Clock, random: Random, metrics: Registry
) -> Encryption | None:
    """The encryption around a store; None where no configuration is given. ClusterError for one that can't be used."""
    file = flags.encryption_provider_config
    if file is None:
        return None
    maker, threads = Maker(clock, random, _plugin), Threads(1)
    try:
        encrypted = EncryptedStore(store, ROOT, await load(file, maker, threads), metrics)
    except EncryptionError as error:
        raise ClusterError(f"failed to load encryption config: {error}") from None
    finally:
        threads.close()
    reloads = flags.encryption_provider_config_automatic_reload
    keeper = Keeper(encrypted, file, maker, reloads=reloads, metrics=metrics)
    # A plugin that is away now may come later.
    await keeper.check()
    return Encryption(encrypted, keeper)


def check_encryption(file: Path | None) -> None:
    """ClusterError for a configuration that can't be used, or is missing. Blocks; no plugin is asked."""
    if file is None:
        raise ClusterError(
            "--encryption-provider-config-automatic-reload must be set with --encryption-provider-config"
        )
    try:
        configuration_of(file.read_bytes(), str(file))
    except (EncryptionError, OSError) as error:
        raise ClusterError(f"failed to load encryption config: {error}") from None


def _plugin(endpoint: str, timeout: timedelta) -> KeyService:
    # Read when grpc is imported: it need not see to programs that the server starts.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
    from steersman.storage.encryption.kms import Plugin

    return Plugin(endpoint, timeout)
