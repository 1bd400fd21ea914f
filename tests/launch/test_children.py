"""Pythons that a program starts belong to the family: they run its code as it does."""

from __future__ import annotations

import sys

import pytest

from morrow.children import family
from tests.support.same import MORROW, run_morrow

HELPER = """\
import sys
def work(n):
    try: return 1 // n
    except ValueError, ZeroDivisionError: return "caught"
if __name__ == "__main__":
    print(work(0), sys.argv[1:], sys.orig_argv[1:], sys.flags.optimize)
"""


def _run(same, program, **options):
    same.write({"app.py": program, "helper.py": HELPER})
    return run_morrow(["app.py"], cwd=same.folder, **options)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="has one start method only")
@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_worker_processes_run_the_programs_language(same, method):
    program = f"""\
        import helper, multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        def here(n):
            try: return helper.work(n)
            except KeyError, TypeError: return None
        if __name__ == "__main__":
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context({method!r})) as pool:
                print(list(pool.map(here, range(2))), list(pool.map(helper.work, range(2))))
        """
    got = _run(same, program)
    assert (got.out, got.err) == ("['caught', 1] ['caught', 1]\n", "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["helper.py", "x"], "caught ['x'] ['helper.py', 'x'] 0\n"),
        (["-O", "helper.py"], "caught [] ['-O', 'helper.py'] 1\n"),
        (["-m", "helper", "-c"], "caught ['-c'] ['-m', 'helper', '-c'] 0\n"),
        (["-c", "import helper; print(helper.work(0))", "-m"], "caught\n"),
    ],
)
def test_subprocesses_of_this_python_do_too(same, arguments, says):
    got = _run(same, f"import subprocess, sys\nsubprocess.run([sys.executable, *{arguments}], env={{}})\n")
    assert (got.out, got.err) == (says, "")


def test_a_program_that_starts_itself_again_is_still_the_same(same):
    program = """\
        import os, sys
        print(t"{1}".values, sys.argv, sys.orig_argv[1:], sys._xoptions, flush=True)
        if len(sys.argv) == 1:
            os.execv(sys.executable, [sys.executable, *sys.argv, "again"])
        """
    got = _run(same, program)
    assert got.out == "(1,) ['app.py'] ['-X', 'jit=on', 'app.py'] {'jit': 'on'}\n(1,) ['app.py', 'again'] ['app.py', 'again'] {}\n"


def test_switched_off_they_are_plain_pythons(same):
    program = "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'import sys; print(\"morrow\" in sys.modules)'], capture_output=True, text=True).stdout)"
    same.write({"app.py": program})
    assert run_morrow(["app.py"], cwd=same.folder).out == "True\n\n"
    assert run_morrow(["-X", "children=0", "app.py"], cwd=same.folder).out == "False\n\n"


@pytest.mark.skipif(sys.platform == "win32", reason="has another shell")
@pytest.mark.parametrize(
    "start",
    [
        "subprocess.run(f'{sys.executable} -O helper.py x', shell=True)",
        "subprocess.run([f'exec \"{sys.executable}\" -O helper.py x'.removeprefix('exec ')], shell=True)",
        "os.system(f'{sys.executable} -O helper.py x && true')",
        "print(os.popen(f'{sys.executable} -O helper.py x 2>&1').read(), end='')",
        "os.spawnv(os.P_WAIT, sys.executable, [sys.executable, '-O', 'helper.py', 'x'])",
        "os.spawnlp(os.P_WAIT, sys.executable, sys.executable, '-O', 'helper.py', 'x')",
        "os.waitpid(os.posix_spawn(sys.executable, [sys.executable, '-O', 'helper.py', 'x'], os.environ), 0)",
        "asyncio.run(go(asyncio.create_subprocess_exec(sys.executable, '-O', 'helper.py', 'x')))",
        "asyncio.run(go(asyncio.create_subprocess_shell(f'{sys.executable} -O helper.py x')))",
        "subprocess.run([sys.executable, '-c', 'import subprocess, sys; subprocess.run([sys.executable, \"-O\", \"helper.py\", \"x\"])'])",
        "os.execlp(sys.executable, sys.executable, '-O', 'helper.py', 'x')",
    ],
)
def test_however_a_program_starts_this_python_it_is_the_same(same, start):
    program = f"""\
        import asyncio, os, subprocess, sys
        async def go(starting):
            await (await starting).wait()
        {start}
        """
    got = _run(same, program)
    assert (got.out, got.err) == ("caught ['x'] ['-O', 'helper.py', 'x'] 1\n", "")


def test_a_package_and_a_zip_of_the_language_start_workers(same):
    import zipfile

    work = 'def work(n):\n    try: return 1 // n\n    except ValueError, ZeroDivisionError: return "caught"\n'
    main = "import concurrent.futures, multiprocessing as m{}\nfrom {} import work\nif __name__ == '__main__':\n    with concurrent.futures.ProcessPoolExecutor(1, mp_context=m.get_context('spawn')) as pool: print(list(pool.map(work, range(2))))\n"
    same.write({"package/__init__.py": "", "package/helper.py": work, "package/__main__.py": main.format("", "package.helper")})
    with zipfile.ZipFile(same.folder / "app.zip", "w") as archive:
        archive.writestr("worker.py", work)
        archive.writestr("__main__.py", main.format("", "worker"))
    for arguments in (["-m", "package"], ["app.zip"]):
        got = run_morrow(arguments, cwd=same.folder)
        assert (got.out, got.err) == ("['caught', 1]\n", ""), arguments


@pytest.mark.parametrize(
    "arguments",
    [["-m", "pip", "list"], ["-Im", "ensurepip"], ["-m", "venv", "x"], ["--version"], ["-h"], ["-V"], ["-z"], [MORROW, "x.py"], ["-m", "morrow", "x.py"]],
    ids=" ".join,
)
def test_what_is_not_the_programs_is_left_alone(arguments):
    assert family([sys.executable, *arguments]) is None


def test_options_reach_the_python_that_must_know_them():
    assert family(["python", "-OIX", "dev", "-W", "error", "a.py", "-x"]) == [
        "python", "-O", "-I", "-X", "dev", "-W", "error", MORROW, "a.py", "-x",
    ]  # fmt: skip
