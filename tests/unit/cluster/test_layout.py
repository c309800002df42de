"""A data directory holds a cluster and nothing else."""

from pathlib import Path

import pytest

from steersman.cluster.errors import ClusterError
from steersman.cluster.layout import Layout


def test_a_directory_with_other_things_in_it_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("precious")
    tmp_path.chmod(0o755)
    with pytest.raises(ClusterError, match=r"holds notes\.txt and no cluster"):
        Layout(tmp_path).prepare()
    assert [one.name for one in tmp_path.iterdir()] == ["notes.txt"]
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_what_is_not_a_clusters_is_told_from_what_is(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "new")
    layout.prepare()
    (layout.data_dir / "cluster.json").write_text("{}")
    (layout.data_dir / "state.db-wal").touch()
    (layout.data_dir / "mine").mkdir()
    layout.prepare()
    assert [one.name for one in layout.foreign_entries()] == ["mine"]
    assert {"cluster.json", "state.db-wal", "pki", "logs"} <= {one.name for one in layout.own_entries()}


def test_what_cannot_be_a_directory_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ClusterError, match="can't hold a cluster: Not a directory"):
        Layout(tmp_path / "file").prepare()
    with pytest.raises(ClusterError, match="can't be read: Not a directory"):
        Layout(tmp_path / "file").read_facts()
