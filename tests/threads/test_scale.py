"""``morrow --scale``: who is waited for is named, the number of threads is followed, wrong command lines are refused."""

from __future__ import annotations

import json
import re
import sys

import pytest

from morrow.threads import report, report_html, scale
from tests.support.same import MORROW, run

LOCKED = """\
import os, threading
from concurrent.futures import ThreadPoolExecutor

class Table:
    def __init__(self):
        self.lock, self.total = threading.Lock(), 0

    def add(self, n):
        with self.lock:
            for i in range(n):
                self.total += i

table = Table()
with ThreadPoolExecutor(os.cpu_count()) as pool:
    list(pool.map(lambda n: [table.add(n) for _ in range(3)], [150_000] * 8))
print("done")
"""


def run_scale(folder, *arguments, program=LOCKED):
    (folder / "app.py").write_text(program, encoding="utf-8")
    return run([sys.executable, MORROW, "--scale", *arguments], cwd=folder)


def test_the_line_that_waits_for_the_shared_lock_comes_first(tmp_path):
    got = run_scale(tmp_path, "--threads=1,4", "--rounds=1", "--json=out.json", "--html=out.html", "app.py")
    assert (got.status, got.err) == (0, "")
    waited = got.out.split("what 4 threads waited for, all together:\n")[1].splitlines()
    assert re.match(r"  \d+\.\d\d s, [\d,]+ times: the lock taken at app\.py:9 \(made at app\.py:6\)", waited[0])
    assert waited[1].strip() == "with self.lock:"
    result = json.loads((tmp_path / "out.json").read_text())
    assert [row["threads"] for row in result["rows"]] == [1, 4] and result["causes"][0]["kind"] == "lock"
    page = (tmp_path / "out.html").read_text()
    assert "<svg" in page and "app.py:9" in page and not re.search(r'(src|href)=', page)


def test_the_program_is_told_how_many_threads(tmp_path):
    program = """
import os, json, concurrent.futures as f, multiprocessing.pool as p
counts = [os.cpu_count(), int(os.environ["MORROW_THREADS"]), f.ThreadPoolExecutor()._max_workers, f.ThreadPoolExecutor(32)._max_workers,
          f.ThreadPoolExecutor(max_workers=2)._max_workers, p.ThreadPool(32)._processes, p.ThreadPool()._processes]
open(f"seen{counts[0]}", "w").write(json.dumps(counts))
"""
    got = run_scale(tmp_path, "--threads=1,3", "--rounds=1", "app.py", program=program)
    assert got.status == 0, got.err
    assert json.loads((tmp_path / "seen1").read_text()) == [1] * 7
    assert json.loads((tmp_path / "seen3").read_text()) == [3, 3, 3, 3, 2, 3, 3]


def test_a_program_that_fails_is_shown(tmp_path):
    got = run_scale(tmp_path, "--rounds=1", "app.py", program="raise SystemExit('no data')\n")
    assert got.status == 1 and "no data" in got.err and "ended with status 1" in got.err


def test_settings_and_arguments_reach_the_program(tmp_path):
    got = run_scale(tmp_path, "--rounds=1", "-X", "late=0", "app.py", "a", program="import sys; assert sys.argv[1:] == ['a'] and sys._xoptions['late'] == '0'\n")
    assert got.status == 0, got.err


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "nothing to run"),
        (["--threads=0", "app.py"], "--threads: '0' is not a number"),
        (["--rounds"], "--rounds needs a value"),
        (["--rounds=1,2", "app.py"], "--rounds is one number"),
        (["--bogus", "app.py"], "unknown option --bogus"),
    ],
)
def test_a_wrong_command_line_is_refused(tmp_path, arguments, said):
    got = run_scale(tmp_path, *arguments)
    assert got.status == 2 and said in got.err


def test_numbers_of_threads():
    assert [scale.default_numbers(count) for count in (1, 2, 4, 6, 16)] == [[1, 2], [1, 2], [1, 2, 4], [1, 2, 4, 6], [1, 2, 4, 8, 16]]


def _seen(**changed):
    seen = {"seconds": 1.0, "cpu": 1.0, "most": 2, "gil": True, "free_threaded": False, "threads": [], "lines": [], "locks": [], "shared": [], "uncompiled": None}
    return seen | changed


def test_causes_are_sorted_by_what_was_lost():
    threads = [{"name": "a", "cpu": 1.0, "locks": 0.2, "queue": 0.0, "gil": 0.9, "seconds": 2.0}]
    lines = [["app.py", 3, "work", 0.8]]
    locks = [["app.py", 5, "app.py", 1, 0.2, 4]]
    result = report.summarize({1: _seen(seconds=2.0), 2: _seen(threads=threads, lines=lines, locks=locks)}, "app.py")
    assert [cause["kind"] for cause in result["causes"]] == ["gil", "lock"]
    assert "app.py:3 in work" in result["causes"][0]["what"] and result["rows"][1]["speedup"] == 2.0
    text = report.as_text(result)
    assert text.index("the GIL; most of it") < text.index("the lock taken at app.py:5")
    assert "2.00x" in report_html.as_html(result)


def test_threads_that_are_not_there_are_said():
    result = report.summarize({1: _seen(), 4: _seen(most=1)}, "app.py")
    assert "at most 1 of 4 threads were at work at once" in report.as_text(result)
