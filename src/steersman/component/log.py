"""Structured logs: a constant message, facts as keys, one line each on stderr.

`_log = get_logger(__name__)` at a module's top is free of work: a Logger only names its source. Where lines go and from
which level on is one setting a process, made at its start by `configure`.
"""

import sys
import time
from collections.abc import Callable
from enum import IntEnum, StrEnum


class Level(IntEnum):
    """How much a line matters; `configure` sets the least that is written."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


class Format(StrEnum):
    """How a line is written."""

    TEXT = "text"
    """logfmt: time, level, source, message, then key=value."""
    JSON = "json"


class Secret:
    """A value that is never printed, logged or shown in a traceback's repr; `reveal()` hands it out."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))


Write = Callable[[str], object]


def _write_stderr(line: str) -> None:
    # Looked up anew each time: pytest and daemons replace sys.stderr. Nobody reading it is no reason to fail.
    try:
        sys.stderr.write(line)
    except (OSError, ValueError):
        return


class _Output:
    """This process's one log setting. Not injected: a line must be possible anywhere, also before any Deps exist."""

    __slots__ = ("level", "render", "write")

    def __init__(self) -> None:
        self.level = Level.INFO
        self.render: _Render = _render_text
        self.write: Write = _write_stderr


class Logger:
    """Writes lines that name their source."""

    __slots__ = ("_facts", "_output", "name")

    def __init__(self, name: str, output: _Output, facts: dict[str, object] | None = None) -> None:
        self.name = name
        self._output = output
        self._facts = facts or {}

    def bound(self, /, **facts: object) -> "Logger":
        """A Logger whose lines all carry these facts too."""
        return Logger(self.name, self._output, {**self._facts, **facts})

    def is_enabled(self, level: Level) -> bool:
        """Would a line of this level be written; ask before gathering costly facts."""
        return level >= self._output.level

    def debug(self, message: str, /, **facts: object) -> None:
        """Everything below what an operator wants to read."""
        if self._output.level <= Level.DEBUG:
            self._emit(Level.DEBUG, message, None, facts)

    def info(self, message: str, /, **facts: object) -> None:
        """State changed."""
        if self._output.level <= Level.INFO:
            self._emit(Level.INFO, message, None, facts)

    def warning(self, message: str, /, *, exc_info: BaseException | None = None, **facts: object) -> None:
        """Something failed and is tried again."""
        if self._output.level <= Level.WARNING:
            self._emit(Level.WARNING, message, exc_info, facts)

    def error(self, message: str, /, *, exc_info: BaseException | None = None, **facts: object) -> None:
        """A person must act. `exc_info` adds the error with its traceback."""
        self._emit(Level.ERROR, message, exc_info, facts)

    def _emit(self, level: Level, message: str, error: BaseException | None, facts: dict[str, object]) -> None:
        every = {**self._facts, **facts} if self._facts else facts
        if error is not None:
            every = {**every, "error": f"{type(error).__name__}: {error}", "traceback": _traceback(error)}
        line = self._output.render(_timestamp(), level, self.name, message, every)
        self._output.write(line + "\n")


_Render = Callable[[str, Level, str, str, dict[str, object]], str]


def _render_text(timestamp: str, level: Level, name: str, message: str, facts: dict[str, object]) -> str:
    parts = [timestamp, level.name, name, f'"{message}"']
    tail = ""
    for key, value in facts.items():
        if key == "traceback":
            tail = "\n" + str(value).rstrip()  # for people: one line would be unreadable
        else:
            parts.append(f"{key}={_quoted(_plain(value))}")
    return " ".join(parts) + tail


def _render_json(timestamp: str, level: Level, name: str, message: str, facts: dict[str, object]) -> str:
    import json

    line: dict[str, object] = {"ts": timestamp, "level": level.name.lower(), "logger": name, "msg": message}
    for key, value in facts.items():
        line[key if key not in line else key + "_"] = value
    return json.dumps(line, default=str, ensure_ascii=False)


def _plain(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(value, ".6g")
    if isinstance(value, (list, tuple)):
        return ",".join(_plain(item) for item in value)
    return str(value)


def _quoted(text: str) -> str:
    if text and text.isprintable() and not any(char in ' "=\\' for char in text):
        return text
    import json  # costs 10 ms of start; most lines need none of it

    return json.dumps(text, ensure_ascii=False)


def _timestamp() -> str:
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{nanoseconds // 1_000_000:03d}Z"


def _traceback(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error))


_PROCESS = _Output()


def get_logger(name: str) -> Logger:
    """The Logger of a source; give it `__name__`, of which the package's own name is left out."""
    return Logger(name.removeprefix("steersman."), _PROCESS)


def configure(level: Level | str = Level.INFO, format_: Format | str = Format.TEXT, write: Write | None = None) -> None:
    """Set, once at process start, the least level written, the form, and where lines go (stderr)."""
    _PROCESS.level = level if isinstance(level, Level) else Level[level.upper()]
    _PROCESS.render = _render_json if Format(format_) is Format.JSON else _render_text
    _PROCESS.write = write or _write_stderr
