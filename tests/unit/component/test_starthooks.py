"""What is done once at a server's start, and how health tells of it."""

import pytest

from steersman.component.starthooks import StartHooks


async def test_a_hook_is_unhealthy_until_its_work_is_done() -> None:
    hooks = StartHooks()
    hooks.expect("a", "b")

    async def work() -> int:
        return 3

    assert {name: await check() for name, check in hooks.checks.items()} == {
        "poststarthook/a": "not finished",
        "poststarthook/b": "not finished",
    }
    assert await hooks.do("b", work()) == 3
    assert [await check() for check in hooks.checks.values()] == ["not finished", ""]


async def test_a_hook_whose_work_fails_stays_unfinished() -> None:
    hooks = StartHooks()
    hooks.expect("a")

    async def work() -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await hooks.do("a", work())
    assert [await check() for check in hooks.checks.values()] == ["not finished"]


def test_names_are_unique_and_known() -> None:
    hooks = StartHooks()
    hooks.expect("a")
    with pytest.raises(ValueError, match="expected already"):
        hooks.expect("a")
    with pytest.raises(KeyError):
        hooks.finish("b")
