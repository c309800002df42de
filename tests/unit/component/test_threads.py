import threading

import pytest

from steersman.component.threads import SingleThread, Threads


async def test_work_runs_in_another_thread_and_its_error_comes_back() -> None:
    threads = Threads(size=2)
    assert await threads.run(threading.get_ident) != threading.get_ident()
    assert await threads.run(sorted, [1, 3, 2], reverse=True) == [3, 2, 1]
    with pytest.raises(ZeroDivisionError):
        await threads.run(divmod, 1, 0)
    threads.close()
    with pytest.raises(RuntimeError):
        await threads.run(threading.get_ident)


async def test_a_single_thread_is_always_the_same() -> None:
    thread = SingleThread("writer")
    names = {await thread.run(lambda: threading.current_thread().name) for _ in range(5)}
    assert names == {"writer_0"}
    thread.close()
