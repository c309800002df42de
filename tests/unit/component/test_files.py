import os
from pathlib import Path

import pytest

from steersman.component import files


def test_a_write_replaces_the_whole_file_with_its_mode_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "file"
    before = os.umask(0o077)
    try:
        files.write_atomic(path, b"old", 0o644)
        assert path.stat().st_mode & 0o777 == 0o644
        files.write_atomic(path, b"new", files.PRIVATE_FILE)
    finally:
        os.umask(before)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["file"]


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    with pytest.raises(IsADirectoryError):
        files.write_atomic(tmp_path / "directory", b"x")
    assert os.listdir(tmp_path) == ["directory"]


def test_a_private_directory_is_closed_even_if_it_stood_open(tmp_path: Path) -> None:
    path = tmp_path / "a" / "pki"
    path.mkdir(parents=True)
    path.chmod(0o755)
    assert files.make_private_directory(path).stat().st_mode & 0o777 == 0o700


def test_a_missing_file_reads_as_none(tmp_path: Path) -> None:
    assert files.read_if_exists(tmp_path / "absent") is None
