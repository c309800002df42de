"""/containerLogs: what `kubectl logs` reads."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from steersman.apimachinery.times import parse_time
from steersman.component.http.message import BodyWriter, Response
from steersman.component.threads import Threads
from steersman.kubelet.logfiles import Life, LogOptions, read_log
from steersman.kubelet.server.pods import Found, RequestRefused

TEXT = (("content-type", "text/plain; charset=utf-8"),)
_TRUE = ("true", "1", "True", "TRUE", "t", "T", "")


def log_options(query: str, now: datetime) -> tuple[LogOptions, bool]:
    """The options of a request, and whether the previous container is meant; RequestRefused (422)."""
    values = {name: found[-1] for name, found in parse_qs(query, keep_blank_values=True).items()}
    tail = values.get("tailLines", values.get("tail", ""))
    try:
        since = _since(values, now)
        options = LogOptions(
            follow=_is_true(values, "follow"),
            tail_lines=int(tail) if tail and tail != "all" else None,
            since=since,
            has_timestamps=_is_true(values, "timestamps"),
            limit_bytes=int(values["limitBytes"]) if values.get("limitBytes") else None,
            stream={"Stdout": "stdout", "Stderr": "stderr"}.get(values.get("stream", ""), ""),
        )
    except ValueError as error:
        raise RequestRefused(422, '{"message": "Invalid request."}') from error
    if (options.tail_lines or 0) < 0 or (options.limit_bytes is not None and options.limit_bytes < 1):
        raise RequestRefused(422, '{"message": "Invalid request."}')
    return options, _is_true(values, "previous")


def log_response(found: Found, options: LogOptions, threads: Threads) -> Response:
    """The log as a stream that ends with the log, or with the container when it is followed."""
    worker, container_id, path = found.worker, found.container.id, found.container.log_path

    def is_over() -> bool:
        seen = worker.runtime
        if seen is None:
            return False
        return not any(each.id == container_id and each.is_running for each in seen.containers)

    async def wait_over() -> None:
        while not is_over():
            await worker.wait_changed()

    async def write(out: BodyWriter) -> None:
        async for chunk in read_log(path, options, Life(is_over, wait_over), threads):
            if out.is_closed:
                return
            out.write(chunk)
            await out.drain()

    return Response(200, TEXT, write)


def _since(values: Mapping[str, str], now: datetime) -> datetime | None:
    if values.get("sinceTime"):
        return parse_time(values["sinceTime"])
    if values.get("sinceSeconds"):
        return now - timedelta(seconds=int(values["sinceSeconds"]))
    return None


def _is_true(values: Mapping[str, str], name: str) -> bool:
    return name in values and values[name] in _TRUE
