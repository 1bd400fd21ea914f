"""morrow_runtime can be shipped alone: it imports nothing of morrow, and nothing at all until it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import morrow_runtime

HERE = Path(morrow_runtime.__file__).parent


def test_it_imports_nothing_of_morrow():
    for path in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name == "morrow" or name.startswith("morrow.")], path


def test_binding_its_name_imports_no_other_module():
    # __future__ is what every module of ours starts with.
    program = (
        "import sys; before = set(sys.modules); import morrow_runtime; morrow_runtime.install();"
        "print(sorted(set(sys.modules) - before - {'morrow_runtime', '__future__'}))"
    )
    env = {"PYTHONPATH": str(HERE.parent)}
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, env=env)
    assert done.stdout == "[]\n", done.stderr


def test_every_name_it_offers_is_there():
    for name in morrow_runtime._PLACES:
        assert getattr(morrow_runtime, name) is not None
