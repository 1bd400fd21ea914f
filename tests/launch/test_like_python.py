"""morrow ARGUMENTS does what python ARGUMENTS does: output, errors, exit status, and what a program sees of itself."""

from __future__ import annotations

import signal
import subprocess
import sys
import zipfile

import pytest

from tests.support.same import AS_THE_HOST, MORROW, clean_environment, run

# `__annotations__` is not looked at: since 3.14 it is there only if there are annotations, on hosts before that always.
SHOW = """\
import sys
print(__name__, [name for name in globals() if name != "__annotations__"], __file__ if "__file__" in globals() else None, __spec__ and __spec__.name)
print(type(__loader__), __package__, sys.argv, sys.path, sys.orig_argv, sys.warnoptions, sys._xoptions)
print(sys.flags, sys.exc_info(), [hasattr(sys, f"last_{x}") for x in ("type", "value", "traceback", "exc")])
print(sys.modules["__main__"].__dict__ is globals(), vars(sys.modules["__main__"])["__builtins__"])
"""
ORDER = """\
import atexit, sys, threading, time
class Last:
    def __del__(self): print("del")
kept = Last()
atexit.register(lambda: print("atexit", "__file__" in globals()))
threading.Thread(target=lambda: (time.sleep(0.05), print("thread"))).start()
print("end")
"""


def _no_addresses(text: str) -> str:
    import re

    return re.sub(r"0x[0-9a-f]+", "0x..", text)


@pytest.mark.parametrize(
    "arguments",
    [
        ["show.py", "a", "-b"],
        ["./folder/show.py"],
        ["-m", "show", "a"],
        ["-m", "package"],
        ["-m", "package.show"],
        ["-c", SHOW, "a", "-c"],
        ["-", "a"],
        [],
        ["folder"],
        ["link.py"],
        ["-W", "error", "-Wdefault", "show.py"],
        ["-O", "show.py"],
        ["-OO", "-B", "-c", SHOW],
        ["-I", "show.py"],
        ["-E", "-s", "-m", "show"],
        ["-S", "show.py"],
        ["-P", "show.py"],
        ["-P", "folder"],
        ["-u", "-q", "-bb", "-d", "show.py"],
        ["-X", "dev", "-X", "unheard=of", "-Xutf8", "show.py"],
        ["--check-hash-based-pycs", "always", "show.py"],
        ["-ImB", "nothing_there"],
        ["-m", "package.missing"],
        ["-m", "broken"],
        ["-x", "firstline.py"],
        ["--", "show.py", "--"],
        ["show.pyc"],
        ["bad.pyc"],
    ],
    ids=lambda arguments: " ".join(arguments).partition("\n")[0] or "stdin",
)
def test_a_program_sees_what_python_would_show_it(same, arguments):
    (same.folder / "link.py").symlink_to("folder/show.py")
    same.write({"show.py": SHOW})
    import py_compile

    py_compile.compile(str(same.folder / "show.py"), str(same.folder / "show.pyc"), dfile="show.py")
    same.command(
        *arguments,
        files={
            "folder/show.py": SHOW,
            "folder/__main__.py": SHOW,
            "package/__init__.py": "import sys; print(sys.argv)",
            "package/__main__.py": SHOW,
            "package/show.py": SHOW,
            "broken.py": "1/0",
            "bad.pyc": b"not a pyc file at all",
            "firstline.py": "#!not python\n" + SHOW,
        },
        stdin=SHOW,
        but=_no_addresses,
    )


def test_a_zip_with_main_runs(same):
    with zipfile.ZipFile(same.folder / "app.zip", "w") as archive:
        archive.writestr("__main__.py", SHOW + "\nimport other")
        archive.writestr("other.py", "print(__file__, __loader__)\n1/0")
    same.command("app.zip", "x", but=_no_addresses)


@pytest.mark.parametrize(
    "program",
    [
        "raise SystemExit",
        "raise SystemExit(3)",
        "raise SystemExit('words')",
        "raise SystemExit((1, 2))",
        "import sys; sys.exit(257)",
        "import sys; sys.exit(10**30)",
        "import sys; sys.exit([])",
        "def f():\n    1/0\nf()",
        "def f():\n    f()\ntry:\n    f()\nexcept RecursionError: print('deep')",
        "raise KeyboardInterrupt",
        "class Mine(KeyboardInterrupt): pass\nraise Mine",
        "raise GeneratorExit",
        "raise ExceptionGroup('g', [ValueError(1), TypeError(2)])",
        "x = = 1",
        "if True:\n\tx=1\n        y=2",
        "import sys\nsys.excepthook = lambda *a: print('mine', a[0])\n1/0",
        "import sys\ndef hook(*a): raise ValueError('in hook')\nsys.excepthook = hook\n1/0",
        "import sys\ndef hook(*a): sys.exit(5)\nsys.excepthook = hook\n1/0",
        "import sys\ndel sys.excepthook\n1/0",
        "import sys\nsys.excepthook = None\n1/0",
        "import sys\nsys.stderr = None\n1/0",
        "import os; os._exit(9)",
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
        "import os, signal; os.kill(os.getpid(), signal.SIGINT); import time; time.sleep(5)",
        "import sys\nclass A:\n    def __del__(self): 1/0\nA()\nprint(1)",
        "import threading\nt = threading.Thread(target=lambda: 1/0, name='t')\nt.start()\nt.join()",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        "import atexit\natexit.register(lambda: 1/0)",
        "import atexit, sys\natexit.register(sys.exit, 4)",
        "print(1); import sys; sys.stdout.close()",
        "import sys; sys.stdout.write('no newline'); raise SystemExit",
        "try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise ValueError from e",
        "import warnings; warnings.warn('look'); warnings.warn_explicit('x', UserWarning, 'f', 1)",
        "import sys; sys.setrecursionlimit(100)\ndef f(n): return f(n-1) if n else 0\nprint(f(50))",
        "from nowhere import x",
        "import sys; sys.modules['__main__'] = None\n1/0",
        "del __builtins__.__dict__['print']\nprint(1)",
        "import this_one\n",
    ],
)
def test_the_end_is_pythons(same, program):
    same.command("app.py", files={"app.py": program + "\n", "this_one.py": "import app_missing\n"}, but=_no_addresses)


def test_an_inner_module_breaks_with_pythons_traceback(same):
    out = same.command("app.py", files={"app.py": "import a\n", "a.py": "import b\n", "b.py": "def f(): 1/0\nf()\n"})
    assert "morrow" not in out.err and "importlib" not in out.err


@pytest.mark.parametrize("how", [["app.py"], ["-m", "app"], ["-c", "import app"], ["-"]])
def test_what_is_left_is_undone_in_pythons_order(same, how):
    assert same.command(*how, files={"app.py": ORDER}, stdin=ORDER).out.startswith("end\n")


STACK = """\
import inspect, sys, traceback
print([(f.function, f.lineno) for f in inspect.stack()])
traceback.print_stack()
def f():
    depth, frame = 0, sys._getframe()
    while frame: depth, frame = depth + 1, frame.f_back
    return depth
print(f())
try: 1/0
except ZeroDivisionError as e:
    traceback.print_exc()
    print([s.name for s, _ in traceback.walk_tb(e.__traceback__)] if 0 else len(list(traceback.walk_tb(e.__traceback__))))
seen = []
sys.settrace(lambda frame, event, arg: seen.append((frame.f_code.co_name, event)))
f()
sys.settrace(None)
sys.setprofile(lambda frame, event, arg: seen.append((frame.f_code.co_name, event)))
f()
sys.setprofile(None)
print(seen)
import inner
import warnings
warnings.warn("here", stacklevel=1)
warnings.warn("above", stacklevel=2)
warnings.warn("far above", stacklevel=9)
"""
INNER = "import inspect; print([(f.filename, f.function) for f in inspect.stack()])"


@pytest.mark.parametrize("how", [["app.py"], ["-m", "app"], ["-c", "import app"], ["-c", STACK], ["-"], ["folder"]])
def test_the_stack_of_a_program_holds_no_frame_of_ours(same, how):
    out = same.command(*how, files={"app.py": STACK, "inner.py": INNER, "folder/__main__.py": STACK, "folder/inner.py": INNER}, stdin=STACK)
    assert out.status == 0


@pytest.mark.parametrize("how", [["app.py"], ["-m", "app"], ["-c", "import app"]])
def test_a_program_that_is_interrupted_dies_of_it(same, how):
    same.write({"app.py": "import time\nprint('ready', flush=True)\ntime.sleep(60)\n"})
    ends = []
    for program in ([sys.executable], [sys.executable, MORROW]):
        process = subprocess.Popen(
            [*program, *how], cwd=same.folder, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        ends.append((*process.communicate(timeout=30), process.returncode))
        ends[-1] = (ends[-1][0], ends[-1][1].splitlines()[-1], ends[-1][2])  # it may be at one line or the next
    assert ends == [("", "KeyboardInterrupt", -signal.SIGINT)] * 2


def test_a_closed_pipe_ends_as_under_python(same):
    same.write({"app.py": "for i in range(100000): print(i)\n", "short.py": "print(1)\n"})
    for name in ("app.py", "short.py"):
        ends = []
        for program in ([sys.executable], [sys.executable, MORROW]):
            process = subprocess.Popen(
                [*program, name], cwd=same.folder, env={**clean_environment(), **AS_THE_HOST}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            process.stdout.close()
            ends.append((process.stderr.read(), process.wait(timeout=30)))
            process.stderr.close()
        assert ends[0] == ends[1]


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["-i", "-c", "x = 5"], "x\n"),
        (["-i", "app.py"], "print(x)\n__name__\n'__file__' in globals()\n"),
        (["-i", "app.py"], "exit(4)\n"),
        (["-i", "-c", "import sys; sys.exit(3)"], "1 + 1\n"),
        (["-i", "-c", "import sys; print(sys.flags.inspect, sys.flags.interactive)"], ""),
        (["-i", "-m", "app"], "print(x)\n"),
        (["-iq"], "for i in range(2):\n    print(i)\n\nif 1:\n    2\nelse:\n    3\n\n"),
        (["-iq"], "x = (1 +\n2)\nx\n_\n"),
        (["-iq"], "def f():\n    return 1\n\nf()\n"),
        (["-iq"], "raise SystemExit(6)\n"),
    ],
)
def test_the_prompt_after_a_program_has_its_names(same, arguments, stdin):
    same.command(*arguments, files={"app.py": "x = 1\n1/0\n"}, stdin=stdin)


def test_pythoninspect_is_obeyed_and_seen(same):
    # Without a terminal python does not open its prompt for the variable alone.
    program = "import os, sys; print(os.environ['PYTHONINSPECT'], sys.flags.inspect)\n1/0"
    same.command("-c", program, env={"PYTHONINSPECT": "1"}, stdin="print(2)\n")


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONOPTIMIZE": "2"},
        {"PYTHONWARNINGS": "error,ignore::UserWarning"},
        {"PYTHONSAFEPATH": "1"},
        {"PYTHONUNBUFFERED": "1"},
        {"PYTHONHASHSEED": "7"},
        {"PYTHONPATH": "/nowhere/at/all"},
        {"PYTHONDONTWRITEBYTECODE": "1"},
        {"PYTHONDEVMODE": "1"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONNOUSERSITE": "1"},
        {"PYTHONTRACEMALLOC": "3"},
        {"PYTHONBREAKPOINT": "0"},
        {"PYTHONPYCACHEPREFIX": "/tmp/some-prefix-of-a-test"},
        {"PYTHONINTMAXSTRDIGITS": "0"},
        {"PYTHONUTF8": "1"},
        {"PYTHONFAULTHANDLER": "1"},
    ],
    ids=lambda env: next(iter(env)),
)
def test_pythons_variables_keep_their_effect(same, env):
    program = SHOW + "print(hash('x') if 7 else 0, sys.stdout.encoding, sys.pycache_prefix, breakpoint(), sys.dont_write_bytecode)\n"
    if "PYTHONHASHSEED" not in env:
        env = {**env, "PYTHONHASHSEED": "1"}
    if "PYTHONBREAKPOINT" not in env:
        env = {**env, "PYTHONBREAKPOINT": "0"}
    same.command("app.py", files={"app.py": program}, env=env, but=_no_addresses)


def test_hooks_that_were_there_before_morrow_stay(same):
    # As sitecustomize or a .pth file sets them: Ubuntu's apport, coloured tracebacks, error reporters.
    hooks = """\
        import sys, threading
        sys.excepthook = lambda kind, error, traceback: print("uncaught", error)
        sys.unraisablehook = lambda what: print("unraisable", what.exc_value)
        threading.excepthook = lambda what: print("in a thread", what.exc_value)
        """
    program = """\
        import threading
        class C:
            def __del__(self): raise KeyError("c")
        C()
        thread = threading.Thread(target=lambda: [][0])
        thread.start(); thread.join()
        1/0
        """
    same.write({"hooks/sitecustomize.py": hooks, "app.py": program})
    env = {"PYTHONPATH": str(same.folder / "hooks")}
    expected = run([sys.executable, "app.py"], cwd=same.folder, env=env)
    assert expected.out.splitlines() == ["unraisable 'c'", "in a thread list index out of range", "uncaught division by zero"]
    assert run([sys.executable, MORROW, "app.py"], cwd=same.folder, env=env) == expected


@pytest.mark.parametrize("hook", ["sys.excepthook", "sys.unraisablehook", "threading.excepthook"])
def test_the_hooks_in_place_are_at_home_where_they_are_found(same, hook):
    same.write({"app.py": f"import sys, threading\nprint({hook}.__module__, {hook}.__name__)\n"})
    assert run([sys.executable, MORROW, "app.py"], cwd=same.folder) == run([sys.executable, "app.py"], cwd=same.folder)
