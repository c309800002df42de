"""What the kubelet does to files: volumes that change at once, parts of volumes, logs, cgroups."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from steersman.api.core import EmptyDirVolumeSource, HostPathVolumeSource, KeyToPath
from steersman.component.threads import Threads
from steersman.cri.records import ContainerStatus
from steersman.kubelet import names
from steersman.kubelet.cgroups import Cgroups, weight_of
from steersman.kubelet.crilog import moment_of, parse_line
from steersman.kubelet.logfiles import Life, LogOptions, read_log
from steersman.kubelet.logrotation import MAX_FILES, put_aside, remove_log
from steersman.kubelet.terminationmessage import read_termination_message
from steersman.kubelet.volumes import emptydir, hostpath
from steersman.kubelet.volumes.atomic import File, write_files
from steersman.kubelet.volumes.containermounts import SubPathError, _open_inside
from steersman.kubelet.volumes.payload import MissingKeyError, files_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def shown(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not str(path.relative_to(directory)).startswith("..")
    }


def test_a_volume_shows_exactly_its_files_and_changes_by_one_link(tmp_path: Path) -> None:
    assert write_files(tmp_path, {"a": File(b"1"), "sub/b": File(b"2", 0o600)}, None, NOW)
    assert (tmp_path / "a").readlink() == Path("..data/a")
    before = (tmp_path / "..data").readlink()
    assert not write_files(tmp_path, {"a": File(b"1"), "sub/b": File(b"2", 0o600)}, None, NOW)
    assert (tmp_path / "..data").readlink() == before
    assert (tmp_path / "sub/b").stat().st_mode & 0o777 == 0o600
    assert write_files(tmp_path, {"a": File(b"3"), "c": File(b"4")}, None, NOW)
    assert shown(tmp_path) == {"a": b"3", "c": b"4"}
    # The old directory is gone, the new one is named by the time.
    assert [name[:22] for name in os.listdir(tmp_path) if name.startswith("..2")] == ["..2026_01_01_00_00_00."]


def test_chosen_items_go_under_their_paths() -> None:
    data = {"a": b"1", "b": b"2"}
    items = (KeyToPath(key="a", path="deep/a.conf", mode=0o400),)
    assert files_of(data, items, None, is_optional=False) == {"deep/a.conf": File(b"1", 0o400)}
    missing = (KeyToPath(key="z", path="z"),)
    assert files_of(data, missing, None, is_optional=True) == {}
    with pytest.raises(MissingKeyError, match="references non-existent config key: z"):
        files_of(data, missing, None, is_optional=False)


def test_an_empty_dir_is_open_to_all_and_keeps_its_content(tmp_path: Path) -> None:
    path = tmp_path / "scratch"
    emptydir.set_up(path, EmptyDirVolumeSource(), None, None)
    assert path.stat().st_mode & 0o7777 == 0o777
    (path / "kept").write_text("x")
    emptydir.set_up(path, EmptyDirVolumeSource(), None, None)
    assert (path / "kept").exists()


def test_a_host_path_must_be_of_its_type(tmp_path: Path) -> None:
    made = hostpath.path_of(HostPathVolumeSource(path=str(tmp_path / "new"), type="DirectoryOrCreate"))
    assert made.is_dir()
    with pytest.raises(hostpath.WrongTypeError, match="is not a file"):
        hostpath.path_of(HostPathVolumeSource(path=str(made), type="File"))
    with pytest.raises(hostpath.WrongTypeError, match="is not a directory"):
        hostpath.path_of(HostPathVolumeSource(path=str(tmp_path / "absent"), type="Directory"))


def test_a_part_of_a_volume_never_leads_out_of_it(tmp_path: Path) -> None:
    volume, secret = tmp_path / "volume", tmp_path / "secret"
    volume.mkdir()
    secret.write_text("the node's own")
    write_files(volume, {"inside": File(b"fine")}, None, NOW)
    (volume / "way-out").symlink_to(secret)
    with pytest.raises(SubPathError):
        _open_inside(volume, "way-out")
    descriptor = _open_inside(volume, "inside")
    assert Path(f"/proc/self/fd/{descriptor}").read_bytes() == b"fine"
    os.close(descriptor)
    os.close(_open_inside(volume, "made/on/demand"))
    assert (volume / "made/on/demand").is_dir()


def test_log_entries_are_parsed_and_partial_ones_joined() -> None:
    line = parse_line(b"2026-01-01T00:00:00.123456789Z stdout F hello world\n")
    assert line is not None
    assert line.content == b"hello world\n"
    assert moment_of(line) == NOW + timedelta(microseconds=123456)
    partial = parse_line(b"2026-01-01T00:00:00.1Z stderr P half\n")
    assert partial is not None
    assert (partial.stream, partial.content) == (b"stderr", b"half")
    assert parse_line(b"torn off in the mid") is None


def entry(text: str, stream: str = "stdout", second: int = 0) -> str:
    return f"2026-01-01T00:00:{second:02d}.000000000Z {stream} F {text}\n"


async def whole(stream: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in stream])


def over(is_over: bool = True) -> Life:
    async def wait_over() -> None:
        await asyncio.get_running_loop().create_future()

    return Life(lambda: is_over, wait_over)


async def test_the_wanted_part_of_a_log_is_read(tmp_path: Path) -> None:
    log, threads = tmp_path / "0.log", Threads()
    log.write_text("".join(entry(f"line {n}", "stderr" if n == 3 else "stdout", n) for n in range(5)))
    for options, expected in (
        (LogOptions(), b"line 0\nline 1\nline 2\nline 3\nline 4\n"),
        (LogOptions(tail_lines=2), b"line 3\nline 4\n"),
        (LogOptions(tail_lines=0), b""),
        (LogOptions(tail_lines=99, limit_bytes=9), b"line 0\nli"),
        (LogOptions(since=NOW + timedelta(seconds=4)), b"line 4\n"),
        (LogOptions(stream="stderr"), b"line 3\n"),
        (LogOptions(tail_lines=1, has_timestamps=True), b"2026-01-01T00:00:04.000000000Z line 4\n"),
    ):
        assert await whole(read_log(log, options, over(), threads)) == expected
    threads.close()


async def test_a_followed_log_goes_on_through_rotation_until_the_container_ends(tmp_path: Path) -> None:
    log, threads, ended = tmp_path / "0.log", Threads(), asyncio.Event()
    log.write_text(entry("one"))

    async def wait_over() -> None:
        await ended.wait()

    stream = read_log(log, LogOptions(follow=True), Life(ended.is_set, wait_over), threads)
    async with asyncio.timeout(5):
        assert await anext(stream) == b"one\n"
        with log.open("a") as file:
            file.write(entry("two"))
        assert await anext(stream) == b"two\n"
        put_aside(log, NOW)
        log.write_text(entry("three"))
        assert await anext(stream) == b"three\n"
        ended.set()
        assert await whole(stream) == b""
    threads.close()


def test_only_a_few_rotated_logs_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "0.log"
    for hour in range(10):
        log.write_text(str(hour))
        put_aside(log, NOW + timedelta(hours=hour))
    log.touch()
    assert len(os.listdir(tmp_path)) == MAX_FILES
    remove_log(log)
    assert os.listdir(tmp_path) == []


def test_last_words_fall_back_to_the_log_of_a_failed_container(tmp_path: Path) -> None:
    log = tmp_path / "0.log"
    log.write_text(entry("going") + entry("gone", "stderr"))
    annotations = {names.TERMINATION_MESSAGE_POLICY: "FallbackToLogsOnError"}
    failed = ContainerStatus(exit_code=1, log_path=str(log), annotations=annotations)
    assert read_termination_message(failed) == "going\ngone\n"
    assert read_termination_message(ContainerStatus(log_path=str(log), annotations=annotations)) == ""


def test_weights_are_those_of_upstream() -> None:
    assert (weight_of(2), weight_of(1024), weight_of(262144)) == (1, 39, 10000)


def test_on_cgroup_v2_controllers_are_handed_down_to_the_pods(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").touch()
    cgroups = Cgroups("/steersman/node", tmp_path)
    cgroups.prepare()
    best_effort = tmp_path / "steersman/node/kubepods/besteffort"
    assert (best_effort / "cpu.weight").read_text() == "1"
    assert (tmp_path / "steersman/node/cgroup.subtree_control").exists()
