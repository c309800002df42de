"""The command line: every command has its module, and options stand where users put them."""

import importlib
from pathlib import Path

import pytest

from steersman.cli import main
from steersman.cluster.facts import Wishes, new_cluster
from steersman.cluster.layout import DEFAULT_DATA_DIR, Layout


@pytest.mark.parametrize("command", [*main.COMMANDS, *main.COMPONENT_HELP])
def test_every_command_can_be_run(command: str) -> None:
    name = "component" if command in main.COMPONENT_HELP else command
    assert callable(importlib.import_module(f"steersman.cli.{name}").run)


@pytest.mark.parametrize(
    ("words", "directory"),
    [
        (("status",), DEFAULT_DATA_DIR),
        (("--data-dir", "/srv/x", "status"), Path("/srv/x")),
        (("status", "--data-dir", "/srv/x"), Path("/srv/x")),
        (("status", "--data-dir", "/srv/../srv/x"), Path("/srv/x")),
    ],
)
def test_the_data_directory_may_be_named_before_or_after_the_command(words: tuple[str, ...], directory: Path) -> None:
    assert main._parser().parse_args(words).data_dir == directory


def test_a_command_without_a_cluster_says_how_to_make_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["status", "--data-dir", str(tmp_path)]) == 1
    assert (
        f"there is no cluster in {tmp_path}; make one with: steersman up --data-dir {tmp_path}"
        in capsys.readouterr().err
    )


def test_what_a_cluster_was_made_with_cannot_be_wished_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Layout(tmp_path).prepare()
    Layout(tmp_path).write_facts(new_cluster("127.0.0.1", Wishes(port=7443)))
    assert main.main(["up", "--port", "8443", "--data-dir", str(tmp_path)]) == 1
    assert "made with --port 7443" in capsys.readouterr().err


def test_an_option_that_is_not_there_is_named_with_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.main(["down", "--forse"])
    assert capsys.readouterr().err == "steersman down: --forse means nothing here; see: steersman down --help\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--port", "99999"), "99999 is no port: 1 to 65535"),
        (("--port", "-1"), "-1 is no port"),
        (("--nodes", "0"), "0: at least 1; for none there is --control-plane-only"),
    ],
)
def test_numbers_out_of_range_are_refused(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main.main(["up", *words])
    assert said in capsys.readouterr().err
