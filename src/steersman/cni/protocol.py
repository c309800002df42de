"""The Container Network Interface: what a runtime asks of a plugin, and what it is told.

Source: containernetworking/cni SPEC.md, version 1.0.0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import msgspec

from steersman.cni.attachment import Attachment, HostPort

VERSION = "1.0.0"
SUPPORTED_VERSIONS = ("0.3.0", "0.3.1", "0.4.0", "1.0.0")


class ErrorCode(IntEnum):
    """The specification's error codes that we use."""

    UNSUPPORTED_VERSION = 1
    UNKNOWN_CONTAINER = 3
    INVALID_ENVIRONMENT = 4
    IO_FAILURE = 5
    DECODING_FAILURE = 6
    INVALID_CONFIG = 7
    TRY_AGAIN_LATER = 11


class CNIError(Exception):
    """A request that failed, with the specification's code."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        """Keep code and words."""
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class RuntimeConfig:
    """What the runtime adds for the capabilities that the configuration declares."""

    portMappings: tuple[Mapping[str, str | int], ...] | None = None


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """The part of the configuration on standard input that matters to us."""

    cniVersion: str = VERSION
    name: str = ""
    type: str = ""
    runtimeConfig: RuntimeConfig | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One request for one interface."""

    command: str
    container_id: str
    namespace: str
    """The path of the pod's network namespace; may be empty for DEL."""
    interface: str
    config: NetworkConfig

    def host_ports(self) -> tuple[HostPort, ...]:
        """The host ports asked for."""
        runtime = self.config.runtimeConfig
        if runtime is None or runtime.portMappings is None:
            return ()
        ports = map(_host_port, runtime.portMappings)
        return tuple(port for port in ports if port.host_port)


@dataclass(frozen=True, slots=True)
class Attached:
    """What ADD made."""

    attachment: Attachment
    gateway: str
    host_interface: str
    mac: str
    namespace: str


def parse(data: bytes) -> Request:
    """Read what the executable handed over; its form is in executable.py."""
    variables, found, stdin = data.partition(b"\0\0")
    if not found:
        raise CNIError(ErrorCode.INVALID_ENVIRONMENT, "no CNI variables were given")
    env = dict(each.split("=", 1) for each in variables.decode().split("\0"))
    try:
        config = msgspec.json.decode(stdin or b"{}", type=NetworkConfig)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise CNIError(ErrorCode.DECODING_FAILURE, str(error)) from error
    request = Request(
        command=env.get("CNI_COMMAND", ""),
        container_id=env.get("CNI_CONTAINERID", ""),
        namespace=env.get("CNI_NETNS", ""),
        interface=env.get("CNI_IFNAME", ""),
        config=config,
    )
    if not request.container_id or not request.interface:
        raise CNIError(ErrorCode.INVALID_ENVIRONMENT, "CNI_CONTAINERID and CNI_IFNAME are required")
    if config.cniVersion not in SUPPORTED_VERSIONS:
        raise CNIError(ErrorCode.UNSUPPORTED_VERSION, f"cniVersion {config.cniVersion} is not supported")
    return request


def result(request: Request, attached: Attached) -> dict[str, Any]:
    """ADD's answer."""
    is_four = ":" not in attached.gateway
    return {
        "cniVersion": request.config.cniVersion,
        "interfaces": [
            {"name": attached.host_interface},
            {"name": request.interface, "mac": attached.mac, "sandbox": attached.namespace},
        ],
        "ips": [
            {
                "address": f"{attached.attachment.address}/{32 if is_four else 128}",
                "gateway": attached.gateway,
                "interface": 1,
                # Before 1.0.0 the family had to be named.
                **_named_family(request, is_four),
            }
        ],
        "routes": [{"dst": "0.0.0.0/0" if is_four else "::/0", "gw": attached.gateway}],
        "dns": {},
    }


def loopback_result(request: Request) -> dict[str, Any]:
    """The answer for a pod's loopback interface."""
    return {
        "cniVersion": request.config.cniVersion,
        "interfaces": [{"name": request.interface, "sandbox": request.namespace}],
        "ips": [{"address": "127.0.0.1/8", "interface": 0, **_named_family(request, True)}],
        "dns": {},
    }


def error_answer(error: CNIError) -> dict[str, Any]:
    """What a failed request is told."""
    return {"cniVersion": VERSION, "code": int(error.code), "msg": error.message}


def _named_family(request: Request, is_four: bool) -> dict[str, str]:
    if request.config.cniVersion.startswith("0."):
        return {"version": "4" if is_four else "6"}
    return {}


def _host_port(said: Mapping[str, str | int]) -> HostPort:
    # The specification writes `hostPort`, containerd before 2.0 `HostPort`; Go reads both.
    values = {key.lower(): value for key, value in said.items()}
    return HostPort(
        protocol=str(values.get("protocol") or "tcp").lower(),
        host_port=int(values.get("hostport", 0)),
        container_port=int(values.get("containerport", 0)),
        host_ip=str(values.get("hostip", "")),
    )
