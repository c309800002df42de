import json
from collections.abc import Iterator

import pytest

from steersman.component import log
from steersman.component.log import Secret, get_logger


@pytest.fixture
def lines() -> Iterator[list[str]]:
    written: list[str] = []
    log.configure(write=written.append)
    yield written
    log.configure()


def test_a_line_is_a_message_and_facts(lines: list[str]) -> None:
    get_logger("steersman.kubelet.app").info("pod started", pod="default/web", count=3, note='say "hi"', ok=True)
    (line,) = lines
    timestamp, rest = line.split(" ", 1)
    assert timestamp.endswith("Z")
    assert rest == 'INFO kubelet.app "pod started" pod=default/web count=3 note="say \\"hi\\"" ok=true\n'


def test_what_is_below_the_level_is_not_even_formatted(lines: list[str]) -> None:
    class Costly:
        def __str__(self) -> str:
            raise AssertionError("formatted")

    logger = get_logger("x")
    logger.debug("hidden", value=Costly())
    assert not logger.is_enabled(log.Level.DEBUG)
    log.configure("error", write=lines.append)
    logger.warning("hidden", value=Costly())
    assert lines == []


def test_a_secret_is_never_shown(lines: list[str]) -> None:
    token = Secret("hunter2")
    get_logger("x").info(f"with {token}", token=token, tokens=[token], text=repr(token))
    log.configure(format_="json", write=lines.append)
    get_logger("x").info("json", token=token, nested={"a": token})
    assert "hunter2" not in "".join(lines)
    assert "***" in lines[0]
    assert token.reveal() == "hunter2"
    assert token == Secret("hunter2")


def test_json_lines_carry_the_error_and_its_traceback(lines: list[str]) -> None:
    log.configure(format_="json", write=lines.append)
    try:
        raise OSError("disk on fire")
    except OSError as error:
        get_logger("x").bound(node="a").error("write failed", exc_info=error, path="/x")
    record = json.loads(lines[0])
    assert record["level"] == "error"
    assert record["msg"] == "write failed"
    assert record["node"] == "a"
    assert record["error"] == "OSError: disk on fire"
    assert "Traceback" in record["traceback"]
    assert lines[0].count("\n") == 1


def test_a_newline_in_a_fact_can_not_forge_a_line(lines: list[str]) -> None:
    get_logger("x").info("request", path="/a\n2026 ERROR forged")
    assert lines[0].count("\n") == 1


def test_a_fact_may_be_called_message(lines: list[str]) -> None:
    get_logger("x").error("event refused", message="too old", self="a", exc_info=None)
    assert 'message="too old" self=a' in lines[0]
