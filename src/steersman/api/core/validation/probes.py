"""Probes and lifecycle hooks of a container: one handler each, and numbers that make sense.

Source: pkg/apis/core/validation: validateProbe, validateHandler, validateLifecycle.
"""

from collections.abc import Callable, Mapping
from typing import Any

from steersman.api.core.container import (
    Container,
    ExecAction,
    GRPCAction,
    GRPCProbeMode,
    HTTPGetAction,
    HTTPProtocol,
    Lifecycle,
    LifecycleHandler,
    Probe,
    Signal,
    SleepAction,
    TCPSocketAction,
)
from steersman.api.core.validation.fields import checked, maybe_one_of, not_negative_fields, port_or_name
from steersman.apimachinery.fielderrors import forbidden_field, invalid_value, not_supported, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.formats import http_header_name
from steersman.apimachinery.status import Cause

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
SCHEMES = ("HTTP", "HTTPS")
HTTP_PROTOCOLS = tuple(HTTPProtocol)
GRPC_MODES = tuple(GRPCProbeMode)
WINDOWS_SIGNALS = ("SIGKILL", "SIGTERM")
_NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")


def validate_probes(container: Container, path: Path) -> list[Cause]:
    """The three probes of a container that runs beside others."""
    faults: list[Cause] = []
    if container.livenessProbe is not None:
        faults += _probe(container.livenessProbe, path, "livenessProbe")
    if container.readinessProbe is not None:
        faults += _probe(container.readinessProbe, path, "readinessProbe")
    if container.startupProbe is not None:
        faults += _probe(container.startupProbe, path, "startupProbe")
    return faults


def _probe(probe: Probe, path: Path, kind: str) -> list[Cause]:
    faults = _handler(probe, ("exec", "httpGet", "tcpSocket", "grpc"), path, (kind,), None)
    grace = probe.terminationGracePeriodSeconds
    if (
        min(probe.initialDelaySeconds, probe.timeoutSeconds, probe.periodSeconds, probe.failureThreshold) < 0
        or probe.successThreshold < 0
    ):
        faults += not_negative_fields(probe, _NUMBERS, path.child(kind))
    if grace is not None:
        where = path.child(kind, "terminationGracePeriodSeconds")
        if grace <= 0:
            faults.append(invalid_value(where, grace, "must be greater than 0"))
        if kind == "readinessProbe":
            faults.append(invalid_value(where, grace, "must not be set for readinessProbes"))
    if kind != "readinessProbe" and probe.successThreshold != 1:
        faults.append(invalid_value(path.child(kind, "successThreshold"), probe.successThreshold, "must be 1"))
    return faults


def validate_lifecycle(lifecycle: Lifecycle, grace_seconds: int | None, path: Path, os_name: str) -> list[Cause]:
    """Both hooks, and the signal, which depends on the operating system."""
    faults: list[Cause] = []
    kinds = ("exec", "httpGet", "tcpSocket", "sleep")
    for name, hook in (("postStart", lifecycle.postStart), ("preStop", lifecycle.preStop)):
        if hook is not None:
            faults += _handler(hook, kinds, path, ("lifecycle", name), grace_seconds)
    if lifecycle.stopSignal is not None:
        faults += _stop_signal(lifecycle.stopSignal, path.child("lifecycle", "stopSignal"), os_name)
    return faults


def _stop_signal(signal: str, path: Path, os_name: str) -> list[Cause]:
    if not os_name:
        return [forbidden_field(path, "may not be set for containers with empty `spec.os.name`")]
    if os_name == "windows":
        return maybe_one_of(signal, WINDOWS_SIGNALS, path)
    known = tuple(sorted(Signal))
    return [] if signal in known else [not_supported(path, signal, known)]


def _handler(
    handler: Probe | LifecycleHandler,
    kinds: tuple[str, ...],
    path: Path,
    field: tuple[str, ...],
    grace_seconds: int | None,
) -> list[Cause]:
    faults: list[Cause] = []
    found = False
    for kind in kinds:
        action = getattr(handler, kind)
        if action is None:
            continue
        if found:
            why = "may not specify more than 1 handler type"
            faults.append(forbidden_field(path.child(*field, kind), why))
        elif kind == "sleep":
            faults += _sleep(action, grace_seconds, path.child(*field, kind))
        else:
            faults += _ACTIONS[kind](action, path, (*field, kind))
        found = True
    return faults if found else [required(path.child(*field), "must specify a handler type")]


def _exec(action: ExecAction, path: Path, field: tuple[str, ...]) -> list[Cause]:
    return [] if action.command else [required(path.child(*field, "command"))]


def _http_get(action: HTTPGetAction, path: Path, field: tuple[str, ...]) -> list[Cause]:
    faults = [] if action.path else [required(path.child(*field, "path"))]
    faults += port_or_name(action.port, path, *field, "port")
    faults += maybe_one_of(action.scheme, SCHEMES, path, *field, "scheme")
    for header in action.httpHeaders:
        faults += checked(header.name, http_header_name, path, *field, "httpHeaders")
    return faults + maybe_one_of(action.protocol, HTTP_PROTOCOLS, path, *field, "protocol")


def _tcp_socket(action: TCPSocketAction, path: Path, field: tuple[str, ...]) -> list[Cause]:
    return port_or_name(action.port, path, *field, "port")


def _grpc(action: GRPCAction, path: Path, field: tuple[str, ...]) -> list[Cause]:
    faults = port_or_name(action.port, path, *field, "port")
    return faults + maybe_one_of(action.mode, GRPC_MODES, path, *field, "mode")


def _sleep(action: SleepAction, grace_seconds: int | None, path: Path) -> list[Cause]:
    # Without a grace period that is the pod's fault, told elsewhere.
    if grace_seconds is None or 0 <= action.seconds <= grace_seconds:
        return []
    why = f"must be non-negative and less than terminationGracePeriodSeconds ({grace_seconds})"
    return [invalid_value(path, action.seconds, why)]


_ACTIONS: Mapping[str, Callable[[Any, Path, tuple[str, ...]], list[Cause]]] = {
    "exec": _exec,
    "httpGet": _http_get,
    "tcpSocket": _tcp_socket,
    "grpc": _grpc,
}
