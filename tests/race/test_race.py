"""``morrow --race`` as a command: what it prints, writes and ends with, and that programs do not notice it."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.same import MORROW, Outcome, run, run_host

RACY = """\
import threading

class Counter:
    def __init__(self):
        self.value = 0

    def add(self):
        self.value += 1

counter = Counter()
threads = [threading.Thread(target=counter.add, name=f"worker {n}") for n in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(counter.value)
"""


def race(folder: Path, *arguments: str, program: str = RACY, **options: object) -> Outcome:
    (folder / "app.py").write_text(textwrap.dedent(program), encoding="utf-8")
    return run([sys.executable, MORROW, "--race", *arguments], cwd=folder, **options)  # type: ignore[arg-type]


def test_a_report_names_both_threads_both_places_and_what_to_do(tmp_path):
    got = race(tmp_path, "app.py")
    assert (got.status, got.out) == (66, "2\n")
    for words in (
        "lost update: Counter.value  [race-lost-update]",
        "thread 'worker 0', started at app.py:12, updates it, holding no lock",
        "thread 'worker 1'",
        "at app.py:8 in Counter.add\n        self.value += 1",
        "hold one lock around app.py:8",
        "race: 1 error",
    ):
        assert words in got.err


def test_the_lock_that_one_side_holds_is_named(tmp_path):
    program = RACY.replace("    def add", "        self.lock = threading.Lock()\n    def reset(self):\n        with self.lock:\n            self.value = 0\n    def add")
    got = race(tmp_path, "app.py", program=program + "threading.Thread(target=counter.reset).start()\ncounter.add()\n")
    assert "holding the lock made at app.py:7, taken at app.py:9" in got.err
    assert "to order them: hold the lock made at app.py:7" in got.err


def test_the_programs_own_exit_status_wins(tmp_path):
    assert race(tmp_path, "app.py", program=RACY + "raise SystemExit(3)\n").status == 3
    assert race(tmp_path, "app.py", program=RACY + "raise SystemExit(0)\n").status == 66
    assert race(tmp_path, "app.py", program=RACY + "1 / 0\n").status == 1
    assert race(tmp_path, "--status=9", "app.py").status == 9
    assert race(tmp_path, "--fail=never", "app.py").status == 0


def test_json_and_sarif(tmp_path):
    race(tmp_path, "--quiet", "--json", "out.json", "--sarif=out.sarif", "app.py")
    finding = json.loads((tmp_path / "out.json").read_text())["findings"][0]
    assert (finding["kind"], finding["level"], finding["variable"]) == ("lost-update", "error", "Counter.value")
    assert [access["stack"][0]["line"] for access in finding["accesses"]] == [8, 8]
    sarif = json.loads((tmp_path / "out.sarif").read_text())
    result = sarif["runs"][0]["results"][0]
    assert sarif["version"] == "2.1.0" and result["ruleId"] in {rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]}
    assert result["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "app.py"}, "region": {"startLine": 8}}


@pytest.mark.parametrize("line", ["variable Counter.*", "kind lost-update", "function Counter.add", "file app.py", "at app.py:8"])
def test_suppressions_file(tmp_path, line):
    (tmp_path / "known").write_text(f"# why\n\n{line}\n")
    got = race(tmp_path, "--suppressions=known", "app.py")
    assert got.status == 0 and "race: nothing found; 1 suppressed" in got.err


def test_suppressions_that_match_nothing_change_nothing(tmp_path):
    (tmp_path / "known").write_text("variable Other.*\nat app.py:9\n")
    assert race(tmp_path, "--suppressions=known", "app.py").status == 66


def test_a_comment_suppresses(tmp_path):
    got = race(tmp_path, "app.py", program=RACY.replace("self.value += 1", "self.value += 1  # race: ok, a rough count"))
    assert got.status == 0 and "1 suppressed" in got.err


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--level=loud", "app.py"], "--level is one of note, warning, error, not 'loud'"),
        (["--nonsense", "app.py"], "unknown option --nonsense"),
        (["--json"], "--json needs a value"),
        (["--suppressions=missing", "app.py"], "missing"),
        ([], "nothing to run"),
    ],
)
def test_a_wrong_command_line_is_refused(tmp_path, arguments, said):
    got = race(tmp_path, *arguments)
    assert got.status == 2 and said in got.err and "Traceback" not in got.err


def test_a_wrong_line_of_suppressions_is_named(tmp_path):
    (tmp_path / "known").write_text("variable ok\nbogus\n")
    got = race(tmp_path, "--suppressions=known", "app.py")
    assert got.status == 2 and "line 2: 'bogus'" in got.err


def test_dash_m_and_dash_c_and_modules(tmp_path):
    (tmp_path / "lib.py").write_text(RACY)
    assert race(tmp_path, "-m", "lib").status == 66
    assert race(tmp_path, "-c", "import lib").status == 66


def test_the_programs_command_line_is_its_own(tmp_path):
    got = race(tmp_path, "--level", "note", "app.py", "--level", "x", program="import sys\nprint(sys.argv)\n")
    assert got.out == "['app.py', '--level', 'x']\n" and got.status == 0


def test_children_are_watched_too(tmp_path):
    program = "import subprocess, sys\nsys.exit(subprocess.call([sys.executable, 'child.py']))\n"
    (tmp_path / "child.py").write_text(RACY)
    got = race(tmp_path, "--json=out.json", "app.py", program=program)
    assert got.status == 66 and "Counter.value" in got.err
    assert json.loads((tmp_path / "out.json").read_text())["findings"] == []
    assert len(list(tmp_path.glob("out.json.*"))) == 1


def test_pytest_shows_races_at_the_end(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import threading\nclass Box: n = 0\ndef test_it():\n    box = Box()\n    def work():\n        box.n += 1\n"
        "    threads = [threading.Thread(target=work) for _ in range(2)]\n    [t.start() for t in threads]\n    [t.join() for t in threads]\n"
        "    assert box.n == 2\n"
    )
    got = race(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py")
    assert got.status == 66 and "data races" in got.out and "lost update: Box.n" in got.out and "1 passed" in got.out
    assert "at test_it.py:6 in test_it.<locals>.work" in got.out


ODD = '''\
"""Doc."""
from __future__ import annotations
import threading, sys, inspect, weakref, gc

class Point:
    """A point."""
    __slots__ = ("x", "__y", "__weakref__")
    limit: int = 3
    def __init__(self, x):
        """Make."""
        self.x = x
        self.__y = [x]
    def __repr__(self): return f"<{self.x} {self.__y[0]!r:>3}>"
    def grow(self, by=1, *, twice=lambda n: n * 2):
        self.x += twice(by)
        self.__y[0], self.x = self.x, self.__y[-1]
        for self.x in range(2): pass
        with open(__file__) as self.x: pass
        del self.x
        return locals().keys()

def outer():
    count = 0
    names = {}
    def inner(n):
        nonlocal count
        count += n
        names[f"{n}"] = names.get(f"{n}", 0) + 1
        if (m := n * 2) in names: pass
        return [count + i for i in range(n) if count], {k: v for k, v in names.items()}
    yield from (inner(i) for i in range(3))
    yield count

def matches(value):
    match value:
        case Point(x=1) | {"a": 1} if value: return 1
        case [first, *rest] if rest: return first, rest
        case threading.Lock: return "lock"

p = Point(1)
print(p, sorted(p.grow()), Point.grow.__doc__, Point.__init__.__doc__, Point.limit, Point.__annotations__)
print(list(outer()), matches([1, 2]), matches({"a": 1}))
print(inspect.signature(Point.grow), Point.grow.__code__.co_varnames[:4], outer.__code__.co_freevars)
data = [3, 1, 2]
data[1:] = [5]; data += [7]; data[0] += data[-1]
print(data, sorted(data), 5 in data, [x for x in data if x in {5: 1}], *data)
it = weakref.ref(p); del p; gc.collect(); print(it())
box = [Point(5)]; it = weakref.ref(box[0]); box.append(1); del box; gc.collect(); print(it())
async def co():
    async with _Ctx() as v: return [x async for x in agen(v)]
class _Ctx:
    async def __aenter__(self): return 3
    async def __aexit__(self, *a): self.done = True
async def agen(n):
    for i in range(n): yield i
import asyncio
print(asyncio.run(co()))
x: int = 5
global_total = 0
def bump():
    global global_total
    global_total += x
    return global_total
print(bump(), global_total, __name__, sorted(n for n in globals() if "race" in n), [n for n in dir() if "." in n])
def f(a, *, b): return a.missing + b
try: f(Point(1), b=1)
except AttributeError as error: print(error, error.name)
def deep(d): return d["k"]["missing"]
print(threading.RLock().__class__, type(threading.Lock()).__name__ in ("lock", "Lock"))
deep({"k": {}})
'''


def test_a_program_does_what_it_does_without(tmp_path):
    got = race(tmp_path, "--quiet", "app.py", program=ODD)
    expected = run_host(["app.py"], cwd=tmp_path)
    marks = str.maketrans("", "", "~^")

    def shown(outcome: Outcome) -> list[str]:
        lines = (outcome.out + outcome.err).replace("race: nothing found\n", "").splitlines()
        return [line.translate(marks).rstrip() for line in lines if line.translate(marks).strip() and "RLock" not in line]

    assert shown(got) == shown(expected)
    assert got.status == expected.status == 1


def test_a_syntax_error_is_pythons(tmp_path):
    got = race(tmp_path, "app.py", program="x = = 1\n")
    assert "SyntaxError" in got.err and got.status == 1 and "Traceback" not in got.err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_in_the_middle_of_a_put_harms_no_queue(tmp_path):
    program = """
    import os, queue, threading, warnings
    warnings.simplefilter("ignore")
    q = queue.SimpleQueue()
    going = True
    def feed():
        while going:
            q.put(1)
            q.get()
    threads = [threading.Thread(target=feed) for _ in range(2)]
    for thread in threads: thread.start()
    for _ in range(40):
        child = os.fork()
        if not child:
            q.put(2)
            os._exit(q.get(timeout=5) not in (1, 2))
        assert os.waitpid(child, 0)[1] == 0
    going = False
    for thread in threads: thread.join()
    print("all went through")
    """
    got = race(tmp_path, "--level=error", "app.py", program=program)
    assert (got.status, got.out) == (0, "all went through\n"), got.err


def test_a_simple_queue_is_what_it_was(tmp_path):
    program = """
    import queue, pickle
    q = queue.SimpleQueue()
    q.put("a"); q.put_nowait("b"); q.put(item="c", block=False, timeout=0)
    print(q.qsize(), q.empty(), q.get(), q.get_nowait(), q.get(block=True, timeout=1), q.empty())
    for wrong in (lambda: q.get(False), lambda: q.get(timeout=0.01), lambda: q.get(timeout=-1), q.get_nowait, lambda: pickle.dumps(q)):
        try:
            wrong()
        except Exception as error:
            print(type(error), error)
    print(queue.SimpleQueue, queue.SimpleQueue.__module__, isinstance(q, queue.SimpleQueue), queue.SimpleQueue[int])
    class Mine(queue.SimpleQueue):
        def put(self, item): super().put(item * 2)
    m = Mine(); m.put(3); print(m.get())
    """
    (tmp_path / "plain.py").write_text(textwrap.dedent(program), encoding="utf-8")
    got, plain = race(tmp_path, "app.py", program=program), run_host(["plain.py"], cwd=tmp_path)
    assert (got.status, got.out) == (plain.status, plain.out), got.err
