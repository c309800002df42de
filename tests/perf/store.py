"""Writes a second and their latency with 1, 64 and 256 writers, restart time and size of the SQLite store.

Latencies are those of one transaction of one 4 KB object, compare included, as the API server makes them. `--load`
adds what hurts the writer thread most: a task that keeps the event loop, and so the interpreter lock, busy.
"""

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from steersman.component.clock import RealClock
from steersman.storage.interface import Compare, Put, Store
from steersman.storage.memory import MemoryStore
from steersman.storage.sqlite import open_sqlite

OBJECT = bytes(range(256)) * 16
WRITES = {1: 2_000, 64: 20_000, 256: 40_000}


async def write(store: Store, name: str, count: int, took: list[float]) -> None:
    """Create `count` objects, one after the other."""
    for number in range(count):
        key = f"/registry/pods/{name}-{number % 40}"
        begun = time.perf_counter()
        current = await store.get(key)
        await store.txn((Compare(key, current.revision if current else 0),), (Put(key, OBJECT),))
        took.append(time.perf_counter() - begun)


async def keep_busy() -> None:
    """Hold the loop for a millisecond at a time, as encoding big lists does."""
    while True:
        end = time.perf_counter() + 0.001
        while time.perf_counter() < end:
            pass
        await asyncio.sleep(0)


async def measure(store: Store, writers: int) -> None:
    took: list[float] = []
    begun, cpu = time.perf_counter(), time.process_time()
    each = WRITES[writers] // writers
    await asyncio.gather(*(write(store, str(writer), each, took) for writer in range(writers)))
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    took.sort()
    half, most = took[len(took) // 2] * 1000, took[len(took) * 99 // 100] * 1000
    print(
        f"{writers:4} writers {len(took) / seconds:8.0f}/s  p50 {half:6.2f} ms  p99 {most:6.2f} ms"
        f"  max {took[-1] * 1000:6.1f} ms  cpu {cpu / len(took) * 1e6:5.0f} us"
    )


async def measure_restart(path: Path) -> None:
    """Fill to 10,000 objects, close and open."""
    store = await open_sqlite(path, RealClock())
    for start in range(0, 10_000, 250):
        await store.txn((), tuple(Put(f"/registry/x/{n}", OBJECT) for n in range(start, start + 250)))
    await store.close()
    begun = time.perf_counter()
    store = await open_sqlite(path, RealClock())
    opened = time.perf_counter() - begun
    begun = time.perf_counter()
    entries = (await store.list("/")).entries
    listed = time.perf_counter() - begun
    print(f"open {len(entries)} objects {opened * 1000:.0f} ms, list {listed * 1000:.1f} ms")
    await store.close()


async def main(load: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "state.db"
        for name, store in (("memory", MemoryStore(RealClock())), ("sqlite", await open_sqlite(path, RealClock()))):
            print(name)
            busy = asyncio.create_task(keep_busy()) if load else None
            for writers in WRITES:
                await measure(store, writers)
            if busy is not None:
                busy.cancel()
            await store.close()
            sizes = {file.name: f"{file.stat().st_size / 1e6:.1f} MB" for file in Path(directory).iterdir()}
        print(sizes)
        await measure_restart(Path(directory) / "restart.db")
    print(f"peak resident {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--load", action="store_true")
    parser.add_argument("--switch-interval", type=float, default=0.0005)
    arguments = parser.parse_args()
    sys.setswitchinterval(arguments.switch_interval)
    uvloop.run(main(arguments.load))
