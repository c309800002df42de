"""The figures of an API server, each measured on one that runs, and what is hoped for beside upstream's."""

import asyncio
import gzip
import re
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from tests.perf.dataset import GROUPS, NAMESPACE, config_map, node, node_name, pod
from tests.perf.load import MERGE, SENT, LoadError, Target, Watcher, ask, percentile, play

MANY, ONE = 2_000, 300
CONNECTIONS, LISTED, REPEATS = 64, 10_000, 5
WATCHERS, UPDATES, RATE, WATCHED = 200, 400, 100, 100
READY_SECONDS, HEAR_SECONDS = 30, 60
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
MARK = re.compile(rb'"perf/sent":"(\d+)"')

Measured = Mapping[str, float]
Cpu = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of the table. goal: how many times better than upstream."""

    name: str
    unit: str
    goal: float
    is_rate: bool = False

    def ratio(self, ours: float, theirs: float) -> float:
        """How many times better ours is; 0 when it can't be said."""
        better, worse = (ours, theirs) if self.is_rate else (theirs, ours)
        return better / worse if worse else 0.0


def _rates(kind: str, *goals: tuple[str, float]) -> tuple[Figure, ...]:
    return tuple(Figure(f"{verb} a {kind}, {CONNECTIONS} connections", "/s", goal, True) for verb, goal in goals)


FIGURES: tuple[Figure, ...] = (
    *_rates("pod", ("get", 5), ("create", 3), ("put", 3), ("patch", 3), ("delete", 3)),
    *_rates("ConfigMap", ("get", 5), ("create", 3), ("put", 3), ("patch", 3), ("delete", 3)),
    Figure("create a pod, one connection, p50", "ms", 2),
    Figure("list 10,000 pods", "ms", 15),
    Figure("list 10,000 pods, resourceVersion=0", "ms", 5),
    Figure("list 10,000 pods, gzip", "ms", 8),
    Figure("list 10,000 pods as a Table", "ms", 5),
    Figure("list 10,000 pods, metadata only", "ms", 5),
    Figure("list the first 500 of 10,000 pods", "ms", 5),
    Figure("list 1 % by label", "ms", 30),
    Figure("list 1 % by label, resourceVersion=0", "ms", 1.5),
    Figure("list 1 % by field", "ms", 30),
    Figure("list 1 % by field, resourceVersion=0", "ms", 1.5),
    Figure(f"watch, {WATCHERS} watchers × {RATE} updates/s, p99", "ms", 2),
    Figure(f"watch, {WATCHERS} watchers × {RATE} updates/s, CPU", "µs/event", 2),
    Figure(f"watch, {WATCHERS} watchers, as fast as it goes", "events/s", 3, True),
    Figure("start to /readyz", "s", 4),
    Figure("memory, empty", "MiB", 4),
    Figure("memory, 10,000 pods", "MiB", 5),
)


async def ready(target: Target) -> None:
    """A namespace in which pods may be made, and the nodes they are on."""
    await ask(target, "POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            await ask(target, "POST", f"{PODS}?dryRun=All", pod("probe"))
            break
        except LoadError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)
    await play(target, [target.request("POST", "/api/v1/nodes", node(number)) for number in range(GROUPS)], 8)


async def writes(target: Target, kind: str, cpu: Cpu) -> Measured:
    """Create, get, put, patch and delete many objects; a second, and CPU milliseconds of the server for each."""
    base = PODS if kind == "pod" else f"/api/v1/namespaces/{NAMESPACE}/configmaps"
    make = pod if kind == "pod" else config_map
    found: dict[str, float] = {}

    async def run(verb: str, requests: Sequence[bytes]) -> None:
        before = cpu()
        made = await play(target, requests, CONNECTIONS)
        name = f"{verb} a {kind}, {CONNECTIONS} connections"
        found[name] = made.per_second
        found[f"{name}, CPU"] = (cpu() - before) * 1000 / len(requests)

    names = [f"many-{number}" for number in range(MANY)]
    paths = [f"{base}/{name}" for name in names]
    await run("create", [target.request("POST", base, make(name)) for name in names])
    await run("get", [target.request("GET", path) for path in paths])
    items = msgspec.json.decode(await ask(target, "GET", base))["items"]
    stored = {one["metadata"]["name"]: one for one in items}
    for one in stored.values():
        one["metadata"].setdefault("labels", {})["round"] = "put"
    await run("put", [target.request("PUT", f"{base}/{name}", stored[name]) for name in names])
    patch = {"metadata": {"labels": {"round": "patch"}, "annotations": {"example.com/note": "patched"}}}
    await run("patch", [target.request("PATCH", path, patch, MERGE) for path in paths])
    gone = "?gracePeriodSeconds=0" if kind == "pod" else ""
    await run("delete", [target.request("DELETE", path + gone) for path in paths])
    return found


async def alone(target: Target) -> Measured:
    """How long one client waits for a new pod."""
    requests = [target.request("POST", PODS, pod(f"one-{number}")) for number in range(ONE)]
    run = await play(target, requests, 1)
    gone = [target.request("DELETE", f"{PODS}/one-{number}?gracePeriodSeconds=0") for number in range(ONE)]
    await play(target, gone, 8)
    return {"create a pod, one connection, p50": percentile(run.latencies, 0.5)}


async def fill(target: Target) -> None:
    """Ten thousand pods."""
    requests = [target.request("POST", PODS, pod(f"fill-{number:05d}", number)) for number in range(LISTED)]
    await play(target, requests, 32)


async def lists(target: Target) -> Measured:
    """Medians of lists among ten thousand pods, from the request to the last byte."""
    whole, share = LISTED, LISTED // GROUPS
    label, of_node = "?labelSelector=group%3Dg-07", f"?fieldSelector=spec.nodeName%3D{node_name(7)}"
    now = "&resourceVersion=0"
    asked: Mapping[str, tuple[str, str, int]] = {
        "list 10,000 pods": ("", "", whole),
        "list 10,000 pods, resourceVersion=0": ("?resourceVersion=0", "", whole),
        "list 10,000 pods, gzip": ("", "Accept-Encoding: gzip\r\n", whole),
        "list 10,000 pods as a Table": ("", f"Accept: {TABLE}\r\n", whole),
        "list 10,000 pods, metadata only": ("", f"Accept: {METADATA}\r\n", whole),
        "list the first 500 of 10,000 pods": ("?limit=500", "", 500),
        "list 1 % by label": (label, "", share),
        "list 1 % by label, resourceVersion=0": (label + now, "", share),
        "list 1 % by field": (of_node, "", share),
        "list 1 % by field, resourceVersion=0": (of_node + now, "", share),
    }
    return {name: await _listed(target, *one) for name, one in asked.items()}


async def _listed(target: Target, query: str, more: str, count: int) -> float:
    took, data = [], b""
    for _ in range(REPEATS):
        begun = time.monotonic()
        data = await ask(target, "GET", PODS + query, more=more)
        took.append((time.monotonic() - begun) * 1000)
    made = msgspec.json.decode(gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data)
    if (found := len(made.get("items") or made.get("rows") or ())) != count:
        raise LoadError(f"{query}: {found} objects instead of {count}")
    return statistics.median(took)


async def watches(target: Target, cpu: Cpu) -> Measured:
    """How soon many watchers hear of changes at a steady rate, and how many events a second go out at most."""
    before = cpu()
    slow = await _watched(target, RATE)
    used = cpu() - before
    fast = await _watched(target, 0)
    name = f"watch, {WATCHERS} watchers × {RATE} updates/s"
    events = WATCHERS * UPDATES
    return {
        f"{name}, p99": slow[0],
        f"{name}, CPU": used * 1e6 / events,
        f"watch, {WATCHERS} watchers, as fast as it goes": events / fast[1],
    }


async def _watched(target: Target, rate: float) -> tuple[float, float]:
    """The 99th percentile of what it took to hear, in milliseconds, and how long all of it took, in seconds."""
    names = [f"watched-{number}" for number in range(WATCHED)]
    await play(target, [target.request("POST", PODS, pod(name)) for name in names], 8)
    listed = msgspec.json.decode(await ask(target, "GET", f"{PODS}?limit=1"))
    path = f"{PODS}?watch=1&resourceVersion={listed['metadata']['resourceVersion']}"
    watchers = [Watcher(MARK) for _ in range(WATCHERS)]
    patch = {"metadata": {"annotations": {"perf/sent": SENT.decode()}}}
    requests = [target.request("PATCH", f"{PODS}/{names[number % WATCHED]}", patch, MERGE) for number in range(UPDATES)]
    try:
        for watcher in watchers:
            await watcher.start(target, path)
        await asyncio.sleep(1)
        begun = time.monotonic()
        await play(target, requests, 16, rate)
        await _heard(watchers)
        took = time.monotonic() - begun
    finally:
        for watcher in watchers:
            watcher.stop()
        await play(target, [target.request("DELETE", f"{PODS}/{name}?gracePeriodSeconds=0") for name in names], 8)
    return percentile([delay for watcher in watchers for delay in watcher.delays], 0.99), took


async def _heard(watchers: Sequence[Watcher]) -> None:
    async with asyncio.timeout(HEAR_SECONDS):
        while any(watcher.heard < UPDATES for watcher in watchers):
            await asyncio.sleep(0.01)


Step = Callable[[Target, Cpu], Awaitable[Measured]]


async def all_writes(target: Target, cpu: Cpu) -> Measured:
    """Of pods and of ConfigMaps."""
    return {**await writes(target, "pod", cpu), **await writes(target, "ConfigMap", cpu), **await alone(target)}
