"""Decisions are functions of values: no module named plan, nor anything of ours that it imports, can do I/O or wait."""

import ast
from pathlib import Path

import pytest

import steersman.controllers

ROOT = Path(steersman.controllers.__file__).parents[2]
PLANS = sorted(Path(steersman.controllers.__file__).parent.glob("*/plan.py"))
FORBIDDEN = {"asyncio", "socket", "subprocess", "sqlite3", "http", "urllib", "grpc", "time", "random", "threading"}


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def file_of(module: str) -> Path | None:
    base = ROOT / module.replace(".", "/")
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.exists()), None)


def reached_from(path: Path) -> dict[str, Path]:
    """Every module imported by the file or by our own modules it reaches, with the file that imports it."""
    reached: dict[str, Path] = {}
    todo = [path]
    while todo:
        current = todo.pop()
        for module in imports_of(current) - reached.keys():
            reached[module] = current
            file = file_of(module) if module.startswith("steersman") else None
            if file is not None:
                todo.append(file)
    return reached


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.parent.name)
def test_a_planner_can_neither_wait_nor_do_anything(path: Path) -> None:
    bad = {name: str(by) for name, by in reached_from(path).items() if name.partition(".")[0] in FORBIDDEN}
    assert bad == {}


def test_every_controller_has_a_planner() -> None:
    assert len(PLANS) >= 11
