"""Imports under morrow: whose modules are the program's, what is kept on disk, and what stays the host's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from morrow.host import HERE
from morrow.imports_scope import Scope, find_scope
from tests.support.same import MORROW, clean_environment, run, run_morrow

old_host = pytest.mark.skipif(HERE.defers_annotations, reason="this host's own compiler does everything: nothing of ours is kept")
NEW = "def f():\n    try: 1 / 0\n    except ValueError, ZeroDivisionError: return 'caught'\n"


def _own(folder: Path) -> list[Path]:
    return sorted((folder / "__pycache__").glob("*-morrow-*.pyc"))


def _run(same, *arguments: str, **options):
    return run_morrow(list(arguments), cwd=same.folder, **options)


# -- scope ----------------------------------------------------------------------------------------------------------------


def test_the_project_is_found_from_the_script_upwards(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "src/pkg").mkdir(parents=True)
    assert find_scope(str(tmp_path / "src/pkg")).root == str(tmp_path)
    (tmp_path / "pyproject.toml").unlink()
    assert find_scope(str(tmp_path / "src/pkg")).root == str(tmp_path / "src/pkg")


def test_site_packages_venvs_and_the_standard_library_are_not_the_programs(tmp_path):
    root = str(tmp_path) + os.sep
    scope = Scope(str(tmp_path), (root,), include=("wanted",), exclude=("app.old",))
    (tmp_path / "env").mkdir()
    (tmp_path / "env/pyvenv.cfg").touch()
    assert scope.holds("app", f"{root}app.py") and scope.holds("app.x", f"{root}app/x.py")
    assert not scope.holds("x", f"{root}lib/site-packages/x.py")
    assert not scope.holds("x", f"{root}env/x.py")
    assert not scope.holds("app.old.x", f"{root}app/old/x.py") and scope.holds("app.older", f"{root}app/older.py")
    assert scope.holds("wanted.x", "/usr/lib/python3/dist-packages/wanted/x.py")
    assert not scope.holds("json", os.path.join(os.path.dirname(os.__file__), "json", "__init__.py"))
    assert not scope.holds("morrow.cli", f"{root}morrow/cli.py")


@old_host
def test_tool_morrow_includes_excludes_and_sets(same):
    same.write(
        {
            "pyproject.toml": "[tool.morrow]\nexclude = ['old']\ndeferred = false\n",
            "app.py": "import old, new\nprint(new.f.__annotations__)",
            "old.py": "x: int = 1",
            "new.py": "def f(x: int): pass",
        }
    )
    assert _run(same, "app.py").out == "{'x': <class 'int'>}\n"
    assert [path.name.partition(".")[0] for path in _own(same.folder)] == ["new"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[tool.morrow]\nx = = 1", "[project-file]"),
        ("[tool.morrow]\ncolour = 1", "[project-unknown]"),
        ("[tool.morrow]\nlate = 'perhaps'", "[project-value]"),
        ("[tool.morrow]\ninclude = 'x'", "[project-value]"),
        ("[tool]\nmorrow = 3\n# tool.morrow", "[project-value]"),
    ],
)
def test_a_wrong_tool_morrow_is_said_and_left_out(same, text, says):
    same.write({"pyproject.toml": text, "app.py": "print('runs')"})
    got = _run(same, "app.py")
    assert (got.out, got.status) == ("runs\n", 0)
    assert says in got.err and "pyproject.toml" in got.err and "Traceback" not in got.err


def test_a_pyproject_without_tool_morrow_costs_no_toml(same):
    same.write({"pyproject.toml": "[project]\nname = 'x'\n", "app.py": "import sys\nprint('tomllib' in sys.modules)"})
    assert _run(same, "app.py").out == "False\n"


@old_host
def test_somebody_elses_file_that_the_host_refuses_is_tried_with_todays_grammar(same):
    same.write({"app.py": "import lib\nprint(lib.f(), type(lib.__loader__).__name__)", "lib/site-packages/lib.py": NEW})
    for _ in range(2):
        got = _run(same, "app.py", env={"PYTHONPATH": str(same.folder / "lib/site-packages")})
        assert (got.out, got.err) == ("caught SourceFileLoader\n", "")
    # The host's own cache must never hold what the plain host cannot run.
    assert [path.name for path in (same.folder / "lib/site-packages/__pycache__").iterdir()] == [
        path.name for path in _own(same.folder / "lib/site-packages")
    ]


def test_somebody_elses_mistake_is_in_the_hosts_words(same):
    same.write({"app.py": "import lib\n", "lib/site-packages/lib.py": "x = = 1\n"})
    same.command("app.py", env={"PYTHONPATH": str(same.folder / "lib/site-packages")})


# -- cache ----------------------------------------------------------------------------------------------------------------


@old_host
def test_what_was_compiled_is_kept_and_follows_the_source(same):
    same.write({"app.py": "import new\nprint(new.f(), new.__cached__, new.__spec__.cached)", "new.py": NEW})
    first = _run(same, "app.py")
    (kept,) = _own(same.folder)
    assert first.out == f"caught {kept} {kept}\n"
    before = kept.stat().st_mtime_ns
    assert _run(same, "app.py").out == first.out and kept.stat().st_mtime_ns == before
    (same.folder / "new.py").write_text("def f(): return 'changed now'\n")
    assert _run(same, "app.py").out.startswith("changed now")


@old_host
@pytest.mark.parametrize("damage", [b"", b"x", b"\0" * 40, None])
def test_a_damaged_file_is_made_again(same, damage):
    same.write({"app.py": "import new\nprint(new.f())", "new.py": NEW})
    _run(same, "app.py")
    (kept,) = _own(same.folder)
    whole = kept.read_bytes()
    kept.write_bytes(whole[:40] + b"\xff" * 60 if damage is None else damage)
    got = _run(same, "app.py")
    assert (got.out, got.err) == ("caught\n", "") and kept.read_bytes() == whole


@old_host
def test_other_options_have_their_own_files(same):
    same.write({"app.py": "import new\nprint(new.f())", "new.py": NEW})
    for options in ([], ["-X", "deferred=0"], ["-O"], ["-OO"]):
        _run(same, *options, "app.py")
    assert len(_own(same.folder)) == 4


@old_host
@pytest.mark.parametrize("how", [["-B"], ["-X", "pycache_prefix=elsewhere"]])
def test_python_is_obeyed_about_where_and_whether_to_keep(same, how):
    same.write({"app.py": "import new\nprint(new.f())", "new.py": NEW})
    assert _run(same, *how, "app.py").out == "caught\n"
    assert not (same.folder / "__pycache__").exists()
    assert bool(list(same.folder.rglob("*-morrow-*.pyc"))) == (how != ["-B"])


@old_host
def test_a_folder_that_cannot_be_written_to_is_no_error(same):
    same.write({"app.py": "import new\nprint(new.f())", "new.py": NEW, "__pycache__": "a file in its place"})
    got = _run(same, "app.py")
    assert (got.out, got.err) == ("caught\n", "")


@old_host
@pytest.mark.skipif(sys.platform == "win32", reason="no limits of this kind")
def test_a_full_disk_leaves_nothing_half_written(same):
    import resource

    same.write({"app.py": "import new\nprint(new.f())", "new.py": NEW})
    done = subprocess.run(
        [sys.executable, MORROW, "app.py"],
        cwd=same.folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
    )
    assert (done.stdout, done.stderr, done.returncode) == ("caught\n", "", 0)
    assert list((same.folder / "__pycache__").iterdir()) == []


@old_host
@pytest.mark.slow
def test_processes_that_start_at_once_do_not_disturb_each_other(same):
    same.write({"app.py": "import new\nprint(new.f())", "new.py": NEW + "x = 1\n" * 3000})
    command = [sys.executable, MORROW, "app.py"]
    running = [subprocess.Popen(command, cwd=same.folder, env=clean_environment(), stdout=subprocess.PIPE, text=True) for _ in range(6)]
    assert [process.communicate()[0] for process in running] == ["caught\n"] * 6
    assert len(list((same.folder / "__pycache__").iterdir())) == 1


def test_checked_hashes_are_pythons_business_too():
    from morrow.imports_cache import _HASHED, Cache

    assert _HASHED == 1 and Cache("x").path_of("a.py", False) != Cache("y").path_of("a.py", False)


# -- what stays -------------------------------------------------------------------------------------------------------------

LIBRARY = """\
import importlib, importlib.resources, importlib.util, inspect, linecache, pkgutil, sys
import pkg.mod, spaces.inner
print(importlib.resources.files("pkg").joinpath("data.txt").read_text())
print([m.name for m in pkgutil.iter_modules(pkg.__path__)], pkgutil.get_data("pkg", "data.txt"))
print(inspect.getsource(pkg.mod.f), linecache.getline(pkg.mod.__file__, 1), inspect.getsourcefile(pkg.mod))
print(importlib.reload(pkg.mod) is pkg.mod, type(pkg.mod.__loader__), type(pkg.mod.__spec__.loader), pkg.mod.__spec__.origin)
print(importlib.util.find_spec("pkg.mod").loader.get_source("pkg.mod"), importlib.util.find_spec("nothing"))
print(spaces.__path__, spaces.inner.x, pkg.mod.__loader__.is_package("pkg.mod"), pkg.mod.__package__)
import runpy
print(runpy.run_module("pkg.mod")["f"](), runpy.run_path("pkg/mod.py")["f"]())
"""


def test_the_libraries_about_modules_go_on_working(same):
    files = {
        "app.py": LIBRARY,
        "pkg/__init__.py": "",
        "pkg/mod.py": "def f(): return 1\n",
        "pkg/data.txt": "data",
        "spaces/inner.py": "x = 3\n",
    }
    same.command("app.py", files=files)


def test_runpy_and_importlib_understand_the_language(same):
    same.write(
        {
            "app.py": "import runpy, importlib\nprint(runpy.run_path('new.py')['f'](), runpy.run_module('new')['f'](), importlib.import_module('new').f())",
            "new.py": NEW,
        }
    )
    assert _run(same, "app.py").out == "caught caught caught\n"


def test_the_doors_open_on_hosts_that_lack_the_names(same):
    got = run([sys.executable, MORROW, "-c", "import annotationlib, string.templatelib as t; print(t.Template, annotationlib.Format.VALUE)"], cwd=same.folder)
    assert got.out == "<class 'string.templatelib.Template'> 1\n"


def test_a_loader_that_is_built_on_the_hosts_reads_new_syntax(tmp_path):
    (tmp_path / "plugin.txt").write_text("def f(x: Later): return t'{x}'.values\n", encoding="utf-8")
    (tmp_path / "app.py").write_text(
        "import importlib.machinery, importlib.util\n"
        "class Loader(importlib.machinery.SourceFileLoader):\n"
        "    def get_data(self, path): return super().get_data(path)\n"
        "spec = importlib.util.spec_from_file_location('plugin', 'plugin.txt', loader=Loader('plugin', 'plugin.txt'))\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        "print(module.f(1))\n",
        encoding="utf-8",
    )
    got = run([sys.executable, MORROW, "app.py"], cwd=tmp_path)
    assert (got.out, got.err) == ("(1,)\n", "")
