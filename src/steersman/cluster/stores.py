"""Opening the store of a cluster. Each engine is imported only where it is used."""

import os
from pathlib import Path

from steersman.apiserver.collection import ROOT
from steersman.cluster.errors import ClusterError
from steersman.cluster.layout import Layout
from steersman.cluster.storesettings import EtcdSettings, noted_etcd
from steersman.component.clock import Clock
from steersman.component.keypair import KeyPair
from steersman.storage.interface import Store, StoreError
from steersman.storage.rooted import RootedStore


async def open_store(layout: Layout, etcd: EtcdSettings | None, clock: Clock) -> Store:
    """The given etcd, else the noted one, else the database in the data directory. ClusterError says why not."""
    etcd = etcd or noted_etcd(layout)
    try:
        return await open_database(layout.database, clock) if etcd is None else await open_etcd_at(etcd, clock)
    except (StoreError, OSError) as error:
        raise ClusterError(str(error)) from error


async def open_database(path: Path, clock: Clock) -> Store:
    """SQLite."""
    from steersman.storage.sqlite import open_sqlite

    return await open_sqlite(path, clock)


async def open_etcd_at(etcd: EtcdSettings, clock: Clock) -> Store:
    """Etcd. Its files are read now: who renews them restarts the server."""
    # Read when grpc is imported: it need not see to programs that the server starts.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
    from steersman.storage.etcd.connection import EtcdConfig
    from steersman.storage.etcd.store import open_etcd

    ca_pem, cert_pem, key_pem = map(_read, (etcd.ca_file, etcd.cert_file, etcd.key_file))
    pair = KeyPair(cert_pem, key_pem) if cert_pem and key_pem else None
    store = await open_etcd(EtcdConfig(etcd.servers, ca_pem, pair), clock)
    place = f"{etcd.prefix}/"
    return store if place == ROOT else RootedStore(store, ROOT, place)


async def check_etcd(etcd: EtcdSettings, clock: Clock) -> None:
    """ClusterError with the reason if it can't be used."""
    try:
        await (await open_etcd_at(etcd, clock)).close()
    except (StoreError, OSError) as error:
        raise ClusterError(str(error)) from error


def _read(path: str) -> bytes | None:
    return Path(path).read_bytes() if path else None
