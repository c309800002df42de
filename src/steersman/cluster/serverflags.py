"""The API server's flags, under kube-apiserver's names: what each means, and how its text is read.

A flag is one field here. `up` takes the texts and notes them in the cluster's facts, the API server's process reads
them from there, and `controlplane` builds what they ask for. Nothing heavy is imported: `up` reads this.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from steersman.apiserver.admission.errors import ConfigurationError
from steersman.apiserver.admission.names import enabled_names, plugin_names
from steersman.cluster.errors import ClusterError

T = TypeVar("T")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")


class FlagError(ClusterError):
    """A flag that isn't known, or a text it doesn't understand; the message names both."""


def words(text: str) -> tuple[str, ...]:
    """Words with commas between."""
    return tuple(filter(None, text.split(",")))


def path(text: str) -> Path | None:
    """A file or directory; the empty text is none. ValueError if it isn't there."""
    if not text:
        return None
    if not Path(text).exists():
        raise ValueError("there is no such file")
    return Path(text)


def output_path(text: str) -> Path | None:
    """A file that is going to be written; the empty text is none."""
    return Path(text) if text else None


def yes_or_no(text: str) -> bool:
    """`true` or `false`. ValueError for anything else."""
    if text not in ("true", "false"):
        raise ValueError("it is true or false")
    return text == "true"


def number(text: str) -> int:
    """A whole number, not below zero. ValueError for anything else."""
    if not text.isascii() or not text.isdecimal():
        raise ValueError("it is no whole number")
    return int(text)


def seconds(text: str) -> float:
    """A duration as Go writes it (`1h30m`, `10s`), in seconds. ValueError for anything else."""
    parts = _DURATION.findall(text)
    if "".join(amount + unit for amount, unit in parts) != text or not parts:
        raise ValueError("it is no duration like 30s or 1h30m")
    return sum(float(amount) * _UNITS[unit] for amount, unit in parts)


def port_range(text: str) -> tuple[int, int]:
    """`first-last`, both included. ValueError for anything else."""
    match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", text, re.ASCII)
    pair = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 0 < pair[0] <= pair[1] < 1 << 16:
        raise ValueError("it is no range of ports like 30000-32767")
    return pair


def switches(text: str) -> tuple[tuple[str, bool], ...]:
    """`name=true,other=false`; a bare name is true. ValueError for anything else."""
    made = {}
    for word in words(text):
        name, equals, value = word.partition("=")
        if not name or (equals and value not in ("true", "false")):
            raise ValueError("it is no list of names with =true or =false")
        made[name] = value != "false"
    return tuple(made.items())


def _flag(default: T, read: Callable[[str], Any], text: str) -> T:
    facts = {"read": read, "help": text}
    value: T = field(default=default, metadata=facts)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFlags:
    """The flags as read. A field's name is the flag's, with underscores for hyphens."""

    service_node_port_range: tuple[int, int] = _flag(
        (30000, 32767), port_range, "the ports that NodePort Services may have, 30000-32767"
    )
    enable_admission_plugins: tuple[str, ...] = _flag(
        (), plugin_names, "admission plugins to be on besides those that are on by default"
    )
    disable_admission_plugins: tuple[str, ...] = _flag((), plugin_names, "admission plugins to be off")
    runtime_config: tuple[tuple[str, bool], ...] = _flag(
        (), switches, "APIs to serve or not, as policy/v1beta1/podsecuritypolicies=true"
    )
    admission_control_config_file: Path | None = _flag(  # noqa: RUF009  # a path doesn't change
        None, path, "a file with the configurations of admission plugins"
    )


def helps() -> dict[str, str]:
    """What each flag is for, by its name without leading hyphens."""
    return {one.name.replace("_", "-"): str(one.metadata["help"]) for one in fields(ServerFlags)}


def absolute(name: str, text: str) -> str:
    """The text of a flag as it is noted: paths don't depend on where the command was given. FlagError if unfit."""
    value = _read(name, text)
    return str(value.resolve()) if isinstance(value, Path) else text


def read_flags(texts: Mapping[str, str]) -> ServerFlags:
    """The flags of texts by name; FlagError names the one that can't be read."""
    return ServerFlags(**{name.replace("-", "_"): _read(name, text) for name, text in texts.items()})


def check_flags(texts: Mapping[str, str]) -> None:
    """FlagError for what can't be read, doesn't go together, or names a file that can't be used. Blocks."""
    flags = read_flags(texts)
    try:
        enabled_names(flags.enable_admission_plugins, flags.disable_admission_plugins)
        if flags.admission_control_config_file is not None:
            _check_admission(flags.admission_control_config_file)
    except ConfigurationError as error:
        raise FlagError(f"admission control: {error}") from error


def _check_admission(file: Path) -> None:
    # Much is imported for it, so that it is done only where there is a file.
    from steersman.apiserver.admission.configuration import read_configurations
    from steersman.apiserver.admission.readers import check_configurations

    check_configurations(read_configurations(file))


def _read(name: str, text: str) -> Any:
    for one in fields(ServerFlags):
        if one.name == name.replace("-", "_"):
            try:
                return one.metadata["read"](text)
            except ValueError as error:
                raise FlagError(f"--{name} {text}: {error}") from error
    raise FlagError(f"the API server has no flag --{name}")
