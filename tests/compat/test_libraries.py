"""Libraries that read annotations do under morrow, on every host, what they do on a real 3.14.

The libraries are installed, in their latest versions, into environments of the test's own, which are kept between runs
(``MORROW_COMPAT_VENVS``, by default a folder in the temporary directory). Minutes at first, so marked long:

    python -m pytest -m long tests/compat
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.hosts import find_real_314
from tests.support.same import clean_environment

HERE = Path(__file__).parent
SOURCE = HERE.parent.parent / "src"
LIBRARIES = (
    "pydantic attrs cattrs msgspec typeguard beartype fastapi httpx sqlalchemy typer dacite mashumaro strawberry-graphql "
    "injector hypothesis plum-dispatch jsonargparse typing_extensions"
).split()

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(find_real_314() is None, reason="needs a real 3.14: it is the judge"),
    pytest.mark.timeout(1800),
]


def environment(python: Path | str) -> Path:
    """Return the interpreter of an environment of *python* that has the libraries."""
    root = Path(os.environ.get("MORROW_COMPAT_VENVS") or Path(tempfile.gettempdir()) / "annotations-venvs")
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    version = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    made = root / version / "bin" / "python"
    if not made.exists():
        subprocess.run([python, "-m", "venv", root / version], check=True)
    known = subprocess.run([made, "-c", "import pydantic, sqlalchemy, strawberry, jsonargparse"], capture_output=True)
    if known.returncode:
        done = subprocess.run([made, "-m", "pip", "install", "--quiet", *LIBRARIES], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"the libraries cannot be installed here: {done.stderr[-300:]}")
    return made


def _outcomes(command: list[str | Path], folder: Path, **env: str) -> dict[str, str]:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=600, env={**clean_environment(), **env}
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    python = find_real_314()
    assert python is not None
    return _outcomes([environment(python), HERE / "cases.py", "--json"], tmp_path_factory.mktemp("real"))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    command: list[str | Path] = [environment(Path(sys.executable)), "-m", "morrow", HERE / "cases.py", "--json"]
    return _outcomes(command, tmp_path_factory.mktemp("here"), PYTHONPATH=str(SOURCE))


def test_there_are_many_cases_over_many_libraries(real):
    assert len(real) >= 60
    assert len({name.partition("_")[0] for name in real}) >= 14


def test_every_case_comes_out_as_on_a_real_3_14(real, here):
    different = {name: (expected, here.get(name)) for name, expected in real.items() if here.get(name) != expected}
    assert not different
