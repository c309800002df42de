"""The house rules that a machine can check: sizes, names, and what may import what."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "steersman"
MODULES = sorted(SOURCE.rglob("*.py"))

MODULE_LINES = 600
API_MODULE_LINES = 900
INIT_STATEMENTS_BESIDES_IMPORTS = 3
FUNCTION_LINES = 60
BANNED_NAMES = frozenset({"util", "utils", "helper", "helpers", "common", "misc", "base", "shared"})


def name_of(module: Path) -> str:
    return str(module.relative_to(ROOT))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


def test_no_module_is_too_long() -> None:
    limits = {module: API_MODULE_LINES if SOURCE / "api" in module.parents else MODULE_LINES for module in MODULES}
    too_long = {
        name_of(module): lines
        for module, limit in limits.items()
        if (lines := len(module.read_text().splitlines())) > limit
    }
    assert not too_long, "split by idea, not by size"


def test_no_function_is_too_long() -> None:
    too_long = [
        f"{name_of(module)}:{function.lineno} {function.name}"
        for module in MODULES
        for function in functions(ast.parse(module.read_text()))
        if (function.end_lineno or 0) - function.lineno >= FUNCTION_LINES
    ]
    assert not too_long


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [name_of(module) for module in MODULES if module.stem.strip("_") in BANNED_NAMES]
    assert not [name_of(module) for module in MODULES if module.parent.name in BANNED_NAMES]


def test_every_module_says_what_it_is_for() -> None:
    bare = [
        name_of(module)
        for module in MODULES
        if module.name != "__init__.py" and ast.get_docstring(ast.parse(module.read_text())) is None
    ]
    assert not bare


def test_package_inits_only_hand_names_on() -> None:
    busy = []
    for module in MODULES:
        if module.name != "__init__.py":
            continue
        body = ast.parse(module.read_text()).body
        besides = [node for node in body if not isinstance(node, (ast.Import, ast.ImportFrom))]
        if len(besides) > INIT_STATEMENTS_BESIDES_IMPORTS:
            busy.append(name_of(module))
    assert not busy


def test_broad_excepts_stand_only_where_a_crash_may_end() -> None:
    """The supervisor, the reconcile loop and the request pipeline, each marked where it does so."""
    allowed = ("component/supervisor.py", "component/http/", "reconcile/", "apiserver/", "kubelet/")
    found = [
        f"{name_of(module)}:{node.lineno}"
        for module in MODULES
        if not str(module.relative_to(SOURCE)).startswith(allowed)
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name) and node.type.id == "Exception"
    ]
    assert not found


@pytest.mark.skipif(not (ROOT / ".importlinter").exists(), reason="not a source tree")
def test_imports_point_down() -> None:
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
