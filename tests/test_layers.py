"""Imports inside morrow go down the table of docs/design/overview.md, never up or sideways."""

import ast
from pathlib import Path

import morrow

ROOT = Path(morrow.__file__).parent
ROWS = {
    "settings": 0, "messages": 0, "debuglog": 0, "__init__": 0,
    "host": 1, "command_line": 2, "unhandled": 2,
    "language": 2, "annotations": 2, "jit": 2, "interpreters": 2, "attach": 2,
    "threads": 3, "debug": 3, "repl": 3, "race": 3,
    "imports_scope": 4, "imports_cache": 4, "imports_doors": 4, "imports_cycles": 4, "script_cache": 4, "imports": 4, "children": 4, "stdlib": 4,
    "launch": 5,
    "help_pages": 5, "pytest_plugin": 6, "coverage_plugin": 6, "cli": 6, "__main__": 7,
}  # fmt: skip
# Neighbours in a row that one is built on the other, on purpose.
ALLOWED = {("debuglog", "settings"), ("messages", "settings"), ("imports", "imports_scope"), ("imports", "imports_cache"), ("imports", "imports_cycles"), ("imports", "script_cache"), ("debug", "repl")}


def _room(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


def _imported(path: Path) -> set[str]:
    found = set()
    package = ["morrow", *path.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, node.module] if node.module else base)
            found |= {f"{stem}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in found if name.startswith("morrow.") and name.count(".")}


def test_every_room_has_a_row():
    rooms = {_room(path) for path in ROOT.rglob("*.py")}
    assert rooms <= ROWS.keys(), f"rooms without a row: {sorted(rooms - ROWS.keys())}"


def test_imports_go_down():
    wrong = []
    for path in sorted(ROOT.rglob("*.py")):
        here = _room(path)
        for there in sorted(_imported(path)):
            if there == here or there not in ROWS or (here, there) in ALLOWED:
                continue
            if ROWS[there] >= ROWS[here] and not (here == "stdlib" and there in ROWS and ROWS[there] < 4):
                wrong.append(f"{path.relative_to(ROOT)} (row {ROWS[here]}) imports {there} (row {ROWS[there]})")
    assert not wrong, "\n".join(wrong)
