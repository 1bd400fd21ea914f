"""Programs of one file are kept compiled for the next start, unless that could be seen."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from morrow import script_cache
from morrow.host import HERE

needs_our_compiler = pytest.mark.skipif(HERE is None or HERE.parses_template_strings and HERE.defers_annotations, reason="this host's own compiler does everything")


@pytest.fixture
def calls():
    return []


@pytest.fixture
def kept(tmp_path, monkeypatch, calls):
    monkeypatch.setenv("MORROW_CACHE", str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)

    def compiled(source, path):
        calls.append(path)
        return compile(source, path, "exec", dont_inherit=True)

    def get(source, path="app.py", stamp=b"1"):
        return script_cache.compile_kept(source, path, stamp, compiled)

    return get


def files(tmp_path):
    return sorted((tmp_path / "scripts").glob("*")) if (tmp_path / "scripts").exists() else []


def test_the_second_start_compiles_nothing(kept, calls, tmp_path):
    first = kept(b"x = 1\n")
    assert len(calls) == 2 and len(files(tmp_path)) == 1  # the second time to hear of warnings
    again = kept(b"x = 1\n")
    assert len(calls) == 2 and again == first and again.co_filename == "app.py"


@pytest.mark.parametrize("other", [(b"x = 2\n",), (b"x = 1\n", "other.py"), (b"x = 1\n", "app.py", b"2")], ids=["source", "path", "stamp"])
def test_what_the_code_depends_on_is_part_of_its_name(kept, calls, other):
    kept(b"x = 1\n")
    code = kept(*other)
    assert len(calls) == 4 and code.co_filename == (other[1:] or ("app.py",))[0]


@pytest.mark.parametrize("option", ["no_debug_ranges", "digits"])
def test_what_options_change_is_compiled_for_them(kept, calls, monkeypatch, option):
    kept(b"x = 1\n")
    if option == "digits":
        monkeypatch.setattr(sys, "get_int_max_str_digits", lambda: 640, raising=False)
    else:
        monkeypatch.setitem(sys._xoptions, option, True)
    kept(b"x = 1\n")
    assert len(calls) == 4


def test_a_program_that_is_warned_of_is_warned_of_every_time(kept, calls, tmp_path):
    for _ in range(2):
        with pytest.warns(SyntaxWarning):
            kept(b"x = 1 is 1\n")
    assert not files(tmp_path)


def test_a_program_with_a_mistake_is_not_kept(kept, tmp_path):
    for _ in range(2):
        with pytest.raises(SyntaxError):
            kept(b"x = \n")
    assert not files(tmp_path)


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 200])
def test_what_is_damaged_is_compiled_again(kept, calls, tmp_path, damage):
    code = kept(b"x = 1\n")
    files(tmp_path)[0].write_bytes(damage)
    assert kept(b"x = 1\n") == code and len(calls) == 4
    assert kept(b"x = 1\n") == code and len(calls) == 4


def test_nothing_is_written_when_python_is_told_so(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    kept(b"x = 1\n")
    assert not files(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of this system are others")
def test_what_others_may_write_to_is_not_run(kept, calls, tmp_path):
    kept(b"x = 1\n")
    files(tmp_path)[0].chmod(0o666)
    kept(b"x = 1\n")
    assert len(calls) > 2
    (tmp_path / "scripts").chmod(0o777)
    files(tmp_path)[0].unlink()
    kept(b"x = 1\n")
    assert not files(tmp_path)


def test_so_many_are_kept(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(script_cache, "MOST", 3)
    for number in range(6):
        kept(b"x = %d\n" % number)
    assert len(files(tmp_path)) == 3


def test_a_place_that_cannot_be_written_to_costs_nothing_but_time(kept, calls, tmp_path):
    (tmp_path / "scripts").write_text("a file, not a folder")
    assert kept(b"x = 1\n").co_filename == "app.py"


@needs_our_compiler
def test_a_program_is_kept_and_changes_are_seen(tmp_path):
    program = tmp_path / "app.py"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MORROW_"))}
    environment |= {"MORROW_CACHE": str(tmp_path / "cache"), "PYTHONPATH": os.pathsep.join(sys.path)}

    def run(*options):
        done = subprocess.run([sys.executable, "-m", "morrow", *options, program.name], capture_output=True, text=True, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    program.write_text("import sys\ndef f(x: Later): return 'app'\nclass Later: pass\nprint(f(1), 'morrow.language.quick' in sys.modules, f.__annotations__['x'] is Later)\n")
    assert run().split() == ["app", "True", "True"]
    assert run().split() == ["app", "False", "True"] and len(files(tmp_path / "cache")) == 1
    program.write_text(program.read_text() + "print('changed')\n")
    assert run().endswith("changed\n")
    assert not Path(tmp_path / "__pycache__").exists()
