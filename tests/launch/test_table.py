"""A table of command lines, environments and inputs: for each, what morrow does is what python does, to the byte.

Rows are one a line: environment variables, arguments and, after ``<``, the standard input, as a shell would take them.
"""

from __future__ import annotations

import shlex

import pytest

# `__annotations__` is not looked at: since 3.14 it is there only if there are annotations, on hosts before that always.
SHOW = """\
import sys
print(__name__, sorted(globals().keys() - {"__annotations__"}), globals().get("__file__"), __spec__ and (__spec__.name, __spec__.origin), type(__loader__), __package__)
print(sys.argv, sys.path[:2], sys.orig_argv, sys.warnoptions, sys._xoptions, sys.flags, sys.dont_write_bytecode, sys.pycache_prefix)
print([(s.encoding, s.errors, s.line_buffering, s.write_through) for s in (sys.stdin, sys.stdout, sys.stderr)], sys.getfilesystemencoding())
print(sys.getrecursionlimit(), sys.get_int_max_str_digits(), sys.flags.hash_randomization or hash("x"), "site" in sys.modules)
import faulthandler, tracemalloc, warnings
print(warnings.filters, faulthandler.is_enabled(), tracemalloc.is_tracing(), tracemalloc.get_traceback_limit())
"""
FILES = {
    "show.py": SHOW,
    "folder/__main__.py": SHOW,
    "package/__init__.py": "",
    "package/__main__.py": SHOW,
    "error.py": "def f():\n    1/0\nf()\n",
    "wrong.py": "x = = 1\n",
    "warns.py": "import warnings\nwarnings.warn('a', DeprecationWarning)\nwarnings.warn('b')\nassert 0, 'asserted'\n",
    "bytes_.py": "print(b'a' == 'a', str(b'x'))\n",
    "deep.py": "def f(n):\n    f(n + 1)\nf(0)\n",
    "traced.py": "import sys\ndef t(f, e, a):\n    print(f.f_code.co_name, e, f.f_lineno)\n    return t\nsys.settrace(t)\nsys.setprofile(lambda f, e, a: None)\n",
    "audited.py": "import sys\nsys.addaudithook(lambda e, a: print(e) if e.startswith(('cpython.run_st', 'sys.exc', 'sys.unr')) else None)\n1/0\n",
    "forbids.py": "import sys\ndef h(e, a):\n    if e == 'sys.excepthook': raise RuntimeError\nsys.addaudithook(h)\n1/0\n",
    "interrupt.py": "raise KeyboardInterrupt\n",
    "leaves.py": "import sys; sys.exit(3)\n",
    "says.py": "raise SystemExit('bye')\n",
    "forks.py": "import os\np = os.fork()\nif not p: raise SystemExit(5)\nprint(os.waitstatus_to_exitcode(os.waitpid(p, 0)[1]))\n",
    "reads.py": "import sys\nprint(repr(input('? ')), repr(sys.stdin.read()))\n",
    "start.py": "print('startup', __name__, __file__)\nzz = 5\n",
    "digits.py": "print(int('1' * 5000))\n",
    "spans.py": "def f():\n    return (1/\n            0)\nf()\n",
    "unraisable.py": "class A:\n  def __del__(self): 1/0\nA()\nkept = A()\n",
    "closes.py": "import os\nos.close(1)\nprint('x')\n",
}
ROWS = r"""
-Xfoo=bar show.py -x            | -X= show.py                     | -X =x -c 'import show'         | -Wd -We show.py
-W error::foo show.py           | -X dev -W ignore show.py        | -bb -W ignore::BytesWarning -X dev show.py
-bbb show.py                    | -OOO show.py                    | -qq -dR show.py                | -sESBu show.py
-Im show                        | -mshow -c                       | -IP folder                     | -c 'import sys; print(sys.argv, sys.orig_argv)' -c x
-X utf8=0 show.py               | -X utf8=2                       | -X int_max_str_digits=5        | -X int_max_str_digits=0 digits.py
-X tracemalloc=5 show.py        | -X tracemalloc=foo              | -X frozen_modules=off show.py  | -X no_debug_ranges spans.py
-X warn_default_encoding show.py| -X pycache_prefix=/tmp/p show.py| -X faulthandler show.py        | -X safe_path show.py
--check-hash-based-pycs never show.py | --check-hash-based-pycs=always | -t -c pass               | -l
-z -h                           | -Wz                             | -hV x                          | -Vh
-VV -c pass                     | -c                              | -m                             | -c pass -V
-- show.py --                   | --                              | - --                           | -x -c 'print(1)'
-x -m show                      | -x < 'print(1)\nprint(2)\n'     | -x - < 'print(1)\n'            | -c ''
                                | -c 'def f():\n  1/0\nf()'       | -c '('                         | -c 'import wrong'
-m wrong                        | -m error                        | deep.py                        | -m deep
folder/                         | folder/.                        | .                              | ./show.py
traced.py                       | audited.py                      | forbids.py                     | forks.py
closes.py                       | unraisable.py                   | -X dev unraisable.py           | says.py
-O warns.py                     | -X dev warns.py                 | -W error::DeprecationWarning warns.py | -b bytes_.py
-bb bytes_.py                   | reads.py < 'a\nb\nc'            | reads.py                       | interrupt.py
PYTHONWARNINGS=error,foo warns.py | PYTHONOPTIMIZE=x warns.py     | PYTHONVERBOSE= show.py         | PYTHONUTF8=2
PYTHONIOENCODING=:backslashreplace show.py | PYTHONIOENCODING=foo | PYTHONHASHSEED=-1              | PYTHONTRACEMALLOC=foo
PYTHONNODEBUGRANGES=1 spans.py  | PYTHONINTMAXSTRDIGITS=640 digits.py | PYTHONSAFEPATH=1 -m show   | PYTHONSAFEPATH=1 folder
PYTHONPATH=folder: -c 'import sys; print(sys.path[:3])' | PYTHONPATH=folder -E -c 'import sys; print(sys.path[:3])' | PYTHONDEVMODE=1 show.py | PYTHONMALLOC=foo
PYTHONWARNDEFAULTENCODING=1 -c 'open("show.py").close()' | PYTHONCOERCECLOCALE=0 LC_ALL=C show.py | LC_ALL=C PYTHONUTF8=0 show.py | PYTHONBREAKPOINT=foo.bar -c 'breakpoint()'
PYTHONPLATLIBDIR=lib show.py    | PYTHONNOUSERSITE=1 PYTHONUSERBASE=/tmp/u show.py | PYTHON_FROZEN_MODULES=on show.py | PYTHONDUMPREFS=1 show.py
PYTHONSTARTUP=start.py -i < 'zz\n__name__\n'    | PYTHONSTARTUP=error.py -iq < '1\n' | PYTHONSTARTUP=wrong.py -iq < '1\n' | PYTHONSTARTUP=says.py -iq < '1\n'
PYTHONSTARTUP=gone.py -iq < '1\n' | PYTHONSTARTUP=start.py -Ei < '1\n'  | PYTHONSTARTUP=start.py -i -c pass < '1\n' | PYTHONINSPECT=1 error.py < '2\n'
- < 'print(1)\n1/0\n'           | - a -b < 'import sys; print(sys.argv, sys.stdin.read())\n' | < 'x = = 1\n'  | < 'if 1:\n  print(1)'
- < 'print(1)\nx = = 2\n'       | < 'raise SystemExit(4)\n'       | - < 'raise KeyboardInterrupt\n' | /dev/stdin < 'print(__file__)\n'
-i < 'x = 1\nx\n_\n'            | -i - a < 'import sys; sys.argv\n' | -iq < 'print(1)'             | -iq < 'x = = 1\n1\n'
-iq < '1/0\ndef f():\n  1/0\n\nf()\n' | -iq < 'if 1:\n'           | -iq < '(\n1,\n'                | -iq < "'''\n"
-iq < 'raise KeyboardInterrupt\n' | -iq < 'raise KeyboardInterrupt\n2\n' | -i interrupt.py < '1\n' | -iq < '@\n'
-iq < '  1\n'                   | -iq < 'exit(3)\n'               | -iq < 'import sys\nsys.ps1 = "> "\n1\nsys.ps2 = ". "\nif 1:\n 2\n\n' | -iq < 'input()\nprint(2)\n'
-iq < 'import sys\nsys.excepthook = lambda *a: print("mine")\n1/0\n' | -iq < 'import sys\nsys.displayhook = print\n5\n' | -iq < '# c\n\nx = 1\nx\n'
-i error.py < 'import sys; sys.last_value\n__file__\n' | -i -m error < '__name__\n__spec__\n' | -i leaves.py < '1\n' | -i says.py < '1\n'
-i wrong.py < '1\n'             | -i gone.py < '1\n'              | -i -m gone < '1\n'             | -i folder < '__name__\n'
-i -Oc 'x = 1' < 'x, __debug__\n' | -i -I -c pass < '1\n'          | -u -c 'import sys; sys.exit(b"x")'
-c 'import sys; sys.exit(-1)'   | -c 'import sys; sys.exit(1.5)'  | -c 'raise SystemExit(True)'    | -c 'class S(SystemExit): pass\nraise S(4)'
-c 'e = SystemExit(1); e.code = 9; raise e' | -c 'import os; os.kill(os.getpid(), 9)' | -c 'import signal, os; signal.signal(2, signal.SIG_DFL); os.kill(os.getpid(), 2)'
"""


def _rows():
    for cell in (cell.strip() for line in ROWS.strip().splitlines() for cell in line.split("|")):
        if cell:
            words, sign, after = cell.partition("< ")
            yield pytest.param(words, shlex.split(after)[0] if sign else "", id=cell)


@pytest.mark.parametrize(("words", "stdin"), _rows())
def test_this_line_does_what_it_does_under_python(same, words, stdin):
    parts = [part.replace("\\n", "\n") for part in shlex.split(words)]
    env = {"PYTHONHASHSEED": "1"}
    while parts and parts[0].partition("=")[0].isupper() and "=" in parts[0]:
        name, _, value = parts.pop(0).partition("=")
        env[name] = value
    if any(part in ("forks.py", "/dev/stdin") for part in parts) and not hasattr(__import__("os"), "fork"):
        pytest.skip("there is no fork here")
    same.command(*parts, files=FILES, stdin=stdin.replace("\\n", "\n"), env=env, but=_without_names)


def _without_names(text: str) -> str:
    import re

    # The page of -h has morrow's own before it; 3.14 suggests keywords where older hosts do not.
    text = re.sub(r"(?s)^(exit status 0\n--- stdout\n).*usage: \S*python[\d.]* \[option\].*", r"\1the page of -h\n", text)
    text = re.sub(r"<stdin-\d+>", "<stdin>", text)  # as 3.14 names what is typed, which its tracebacks do not show
    return re.sub(r"0x[0-9a-f]+", "0x..", text.replace("`morrow -h'", "`python -h'"))
