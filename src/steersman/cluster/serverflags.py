"""The API server's flags, under kube-apiserver's names: what each means, and how its text is read.

A flag is one field here. `up` takes the texts and notes them in the cluster's facts, the API server's process reads
them from there, and `controlplane` builds what they ask for. Nothing heavy is imported: `up` reads this.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from steersman.apiserver.admission.errors import ConfigurationError
from steersman.apiserver.admission.names import enabled_names, plugin_names
from steersman.cluster.authenticationflags import AuthenticationFlags
from steersman.cluster.flagtexts import FlagError as FlagError
from steersman.cluster.flagtexts import flag, number, path, port_range, switches, yes_or_no


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFlags(AuthenticationFlags):
    """The flags as read. A field's name is the flag's, with underscores for hyphens."""

    service_node_port_range: tuple[int, int] = flag(
        (30000, 32767), port_range, "the ports that NodePort Services may have, 30000-32767"
    )
    enable_admission_plugins: tuple[str, ...] = flag(
        (), plugin_names, "admission plugins to be on besides those that are on by default"
    )
    disable_admission_plugins: tuple[str, ...] = flag((), plugin_names, "admission plugins to be off")
    runtime_config: tuple[tuple[str, bool], ...] = flag(
        (), switches, "APIs to serve or not, as policy/v1beta1/podsecuritypolicies=true"
    )
    admission_control_config_file: Path | None = flag(  # noqa: RUF009  # a path doesn't change
        None, path, "a file with the configurations of admission plugins"
    )
    enable_priority_and_fairness: bool = flag(
        True, yes_or_no, "requests have seats in priority levels, and wait for them in fair queues"
    )
    max_requests_inflight: int = flag(400, number, "reads at once; with priority and fairness, a part of all seats")
    max_mutating_requests_inflight: int = flag(200, number, "writes at once; likewise")
    encryption_provider_config: Path | None = flag(  # noqa: RUF009  # a path doesn't change
        None, path, "a file that says which objects are encrypted in the store, and how"
    )
    encryption_provider_config_automatic_reload: bool = flag(
        False, yes_or_no, "look once a minute whether that file has changed"
    )


def helps() -> dict[str, str]:
    """What each flag is for, by its name without leading hyphens."""
    return {one.name.replace("_", "-"): str(one.metadata["help"]) for one in fields(ServerFlags)}


def absolute(name: str, text: str) -> str:
    """The text of a flag as it is noted: paths don't depend on where the command was given. FlagError if unfit."""
    value = _read(name, text)
    if isinstance(value, tuple) and value and all(isinstance(one, Path) for one in value):
        return ",".join(str(one.absolute()) for one in value)
    return str(value.absolute()) if isinstance(value, Path) else text


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
    reads, writes = flags.max_requests_inflight, flags.max_mutating_requests_inflight
    if flags.enable_priority_and_fairness and reads + writes <= 0:
        # Source: server/options: BuildPriorityAndFairness.
        limits = f"MaxRequestsInFlight={reads} and MaxMutatingRequestsInFlight={writes}"
        raise FlagError(f"invalid configuration: {limits}; they must add up to something positive")
    if any(name.startswith("audit-") for name in texts):
        from steersman.cluster.auditing import check_auditing

        check_auditing(flags)
    if any(name.startswith("authorization-") for name in texts):
        from steersman.cluster.authorizing import check_authorization

        check_authorization(flags, texts)
    if {name.replace("_", "-") for name in AuthenticationFlags.__annotations__} & texts.keys():
        from steersman.cluster.authenticating import check_authentication

        check_authentication(flags, texts.keys())
    if flags.encryption_provider_config is not None or flags.encryption_provider_config_automatic_reload:
        from steersman.cluster.encryption import check_encryption

        check_encryption(flags.encryption_provider_config)


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
