"""Which store a cluster's API server uses: SQLite in the data directory, unless an etcd is noted beside it."""

from pathlib import Path

import msgspec

from steersman.cluster.layout import Layout
from steersman.component import config
from steersman.component.config import Configuration
from steersman.component.files import write_atomic


class EtcdSettings(Configuration, frozen=True):
    """Where etcd is, as URLs of its members; files of its authority, and of our certificate and key."""

    servers: tuple[str, ...]
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""


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


def _note(layout: Layout) -> Path:
    return layout.data_dir / "etcd.json"
