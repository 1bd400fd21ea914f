"""What cannot be run, read or written: the words and the status are python's, and nothing is left half-written."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from morrow.host import HERE
from tests.support.same import AS_THE_HOST, MORROW, clean_environment, run, run_morrow

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has none of these")


@pytest.mark.parametrize(
    "arguments",
    [
        ["missing.py"],
        ["folder/missing.py"],
        ["empty"],
        ["empty/"],
        [""],
        ["."],
        ["app.py/"],
        ["-m", "missing"],
        ["-m", "empty"],
        ["-m", "package"],
        ["-m", "package.missing"],
        ["-m", "app.x"],
        ["-m", ""],
        ["-m", ".app"],
        ["-m", "wrong"],
        ["-c", "import wrong"],
        ["-c", "import nul"],
        ["nul.py"],
        ["-x", "nul.py"],
        ["bad.zip"],
        ["short.pyc"],
        ["bad.pyc"],
        ["-X", "nonsense=1", "app.py"],
        ["-W", "nonsense", "app.py"],
        ["-c", "\udcff"],
        ["deep.py"],
        ["minus.py"],
        ["-i", "missing.py"],
        ["-i", "empty"],
        ["-i", "nul.py"],
        *([["loop.py"], ["dangling.py"], ["/dev/null"]] if os.name != "nt" else []),
    ],
    ids=ascii,
)
def test_what_cannot_be_run_is_said_in_pythons_words(same, arguments):
    for name, target in {"loop.py": "loop.py", "dangling.py": "gone.py"}.items() if os.name != "nt" else ():
        (same.folder / name).symlink_to(target)
    (same.folder / "empty").mkdir()
    files = {
        "app.py": "print(1)\n",
        "package/__init__.py": "",
        "wrong.py": "x = = 1\n",
        "nul.py": b"print(1)\nab\0c\n",
        "bad.zip": b"PK\x03\x04junk",
        "short.pyc": b"junk",
        "deep.py": "(" * 300 + ")" * 300,
        "minus.py": "x = " + "-" * 100000 + "1\n",
    }
    import importlib.util

    files["bad.pyc"] = importlib.util.MAGIC_NUMBER + b"\0" * 12 + b"\xe3\0\0"
    same.command(*arguments, files=files)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (b"x = '\xff'\n", "line 1\n    x = '\ufffd'\n         ^\nSyntaxError: Non-UTF-8 code starting with '\\xff' in file {} on line 1, but no"),
        (b"x = 1\ny = '\xe9'\n", "line 2\n    y = '\ufffd'\n         ^\nSyntaxError: Non-UTF-8 code starting with '\\xe9' in file {} on line 2, but no"),
        (b"# coding: nonsense\n", "line 0\nSyntaxError: unknown encoding: nonsense\n"),
        ("print(1)\n".encode("utf-16"), "line 1\n    \ufffd\ufffdp\n    ^\nSyntaxError: Non-UTF-8 code starting with '\\xff' in file {} on line 1, but no"),
        (b"print(1)\nab\0c\n", "line 2\n    ab\nSyntaxError: source code cannot contain null bytes\n"),
    ],
    ids=ascii,
)  # fmt: skip
def test_a_file_that_cannot_be_decoded_is_refused_in_the_words_of_3_14(same, source, says):
    same.write({"app.py": source})
    got = run_morrow(["app.py"], cwd=same.folder)
    path = os.path.join(os.getcwd(), same.folder, "app.py")
    assert got.err.startswith(f'  File "{path}", {says.format(path)}') and (got.out, got.status) == ("", 1)


@pytest.mark.parametrize(
    "source",
    [b"# -*- coding: latin-1 -*-\nprint(ascii('\xe9'))\n", b"\xef\xbb\xbfprint(1)\n", b"x=" + b"-" * 5000 + b"1\nprint(x)", b"", b"\n\n", b"print(1)\r\nprint(2)\r\n", b"\x0cprint(1)", b"def f(:\n"],
    ids=lambda source: ascii(source[:40]),
)  # fmt: skip
def test_a_source_that_is_odd_is_read_as_python_reads_it(same, source):
    same.command("app.py", files={"app.py": source})


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said(same):
    same.write({"app.py": "print(1)\n"})
    (same.folder / "app.py").chmod(0)
    same.command("app.py")


@posix
@pytest.mark.parametrize(
    ("source", "out", "last", "status"),
    [
        (b"print(1)\nimport sys; sys.exit(3)\n", "1\n", "", 3),
        (b"\0", "", "SyntaxError: source code cannot contain null bytes", 1),
    ],
)
def test_a_pipe_with_a_name_is_read_once_and_to_its_end(same, source, out, last, status):
    os.mkfifo(same.folder / "pipe.py")
    process = subprocess.Popen(
        [sys.executable, MORROW, "pipe.py"], cwd=same.folder, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with open(same.folder / "pipe.py", "wb") as pipe:
        pipe.write(source)
    try:
        got = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (got[0], (got[1].splitlines() or [""])[-1], process.returncode) == (out, last, status)


@posix
def test_a_script_may_delete_itself(same):
    program = "import os\nos.unlink(__file__)\ndef f(): 1/0\nf()\n"
    ends = []
    for start in ([sys.executable], [sys.executable, MORROW]):
        same.write({"app.py": program})
        ends.append(run([*start, "app.py"], cwd=same.folder, env=AS_THE_HOST))
    assert ends[0] == ends[1]


@posix
def test_a_folder_that_is_gone_is_no_reason_to_stop(same):
    ends = []
    for start in (f"'{sys.executable}'", f"'{sys.executable}' '{MORROW}'"):
        (same.folder / "gone").mkdir()
        ends.append(run(["sh", "-c", f"cd gone; rmdir ../gone; exec {start} -c 'import sys; print(sys.path[0], 1/0)'"], cwd=same.folder, env=AS_THE_HOST))
    assert ends[0] == ends[1] and ends[0].status == 1


@posix
def test_a_program_that_is_named_from_a_folder_that_is_gone_runs(same):
    same.write({"app.py": "import sys\nprint(__file__, sys.path[0])\nsys.exit('no')\n"})
    ends = []
    for start in (f"'{sys.executable}'", f"'{sys.executable}' '{MORROW}'"):
        (same.folder / "gone").mkdir()
        ends.append(run(["sh", "-c", f"cd gone; rmdir ../gone; exec {start} ../app.py"], cwd=same.folder, env=AS_THE_HOST))
    assert ends[0] == ends[1] and ends[0].out == "../app.py ..\n"


MODULE = "def f[T](x: T) -> T:\n    try: return x\n    except ValueError, TypeError: pass\nprint(f(1))\n"


def _leftovers(folder):
    return sorted(path.name for path in folder.rglob("*") if path.suffix != ".py" and path.is_file() and path.name != "__pycache__")


def test_a_cache_that_cannot_be_written_is_done_without(same):
    same.write({"app.py": "import other\n", "other.py": MODULE, "__pycache__": "a file, where a folder should be"})
    for _ in range(2):
        got = run_morrow(["app.py"], cwd=same.folder)
        assert (got.out, got.err, got.status) == ("1\n", "", 0)


@posix
def test_a_full_disk_leaves_no_half_of_a_compiled_file(same):
    import resource

    same.write({"app.py": "import other\n", "other.py": MODULE + "# filler\n" * 50 + "x = list(range(9)), 'text', {1: 2}\n" * 40})
    limited = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))}
    done = subprocess.run(
        [sys.executable, MORROW, "app.py"], cwd=same.folder, env=clean_environment(), capture_output=True, text=True, timeout=60, **limited
    )
    assert (done.stdout, done.stderr, done.returncode) == ("1\n", "", 0)
    assert _leftovers(same.folder) == []
    assert run_morrow(["app.py"], cwd=same.folder).out == "1\n"
    assert _leftovers(same.folder) != []


@pytest.mark.skipif(HERE is not None and HERE.defers_annotations, reason="the compiled files of this host are its own")
@pytest.mark.parametrize("damage", [b"", b"junk", "cut", "flip"])
def test_a_compiled_file_that_is_damaged_is_made_again(same, damage):
    same.write({"app.py": "import other\n", "other.py": MODULE})
    assert run_morrow(["app.py"], cwd=same.folder).out == "1\n"
    for path in (same.folder / "__pycache__").iterdir():
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] if damage == "cut" else data[:40] + b"\xff" * 8 + data[48:] if damage == "flip" else damage)
    got = run_morrow(["app.py"], cwd=same.folder)
    assert (got.out, got.err) == ("1\n", "")
