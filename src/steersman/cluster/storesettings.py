"""Which store a cluster's API server uses: SQLite in the data directory, unless an etcd is noted beside it."""

from pathlib import Path

import msgspec

from steersman.cluster.errors import ClusterError
from steersman.cluster.layout import Layout
from steersman.component import config
from steersman.component.config import Configuration
from steersman.component.files import write_atomic

ETCD_PREFIX = "/registry"


class EtcdSettings(Configuration, frozen=True):
    """Where etcd is, as URLs of its members; files of its authority, and of our certificate and key.

    prefix: what the keys of all objects begin with, without a slash at its end.
    """

    servers: tuple[str, ...]
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    prefix: str = ETCD_PREFIX


def noted_etcd(layout: Layout) -> EtcdSettings | None:
    """The etcd this cluster's objects are in; None when they are in its own database."""
    note = _note(layout)
    return config.load(EtcdSettings, note) if note.exists() else None


def note_etcd(layout: Layout, etcd: EtcdSettings | None) -> None:
    """From its next start on the API server uses this etcd, or its own database."""
    if etcd is None:
        _note(layout).unlink(missing_ok=True)
    else:
        write_atomic(_note(layout), msgspec.json.format(msgspec.json.encode(etcd)), mode=0o600)


def is_new_etcd(layout: Layout, given: EtcdSettings | None) -> bool:
    """Whether what `up` was given is to be noted: nothing was, or the etcd is reached otherwise now.

    ClusterError if the cluster's objects are elsewhere.
    """
    noted = noted_etcd(layout)
    if given is None or given == noted:
        return False
    if noted is None:
        if layout.database.exists():
            raise _elsewhere("the cluster's own database")
    elif not set(noted.servers) & set(given.servers):
        raise _elsewhere(f"etcd at {', '.join(noted.servers)}")
    elif noted.prefix != given.prefix:
        raise _elsewhere(f"etcd below {noted.prefix}")
    return True


def _elsewhere(place: str) -> ClusterError:
    return ClusterError(f"the objects of this cluster are in {place}; move them with: steersman migrate")


def _note(layout: Layout) -> Path:
    return layout.data_dir / "etcd.json"
