"""The jit as a whole: switched on, it compiles, rests for tracers, explains itself and changes no answer."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from morrow.host import HERE

pytest.importorskip("llvmlite")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(HERE is None or not HERE.jit_supported, reason="the jit has not been taught this host")]
ROOT = Path(__file__).parents[2]

WORK = """
import sys, time
import morrow.jit
assert morrow.jit.start(mode=%r)
def work(n):
    total = 0
    for number in range(n):
        total += number * number %% 7
    return total
def loop(seconds):
    until = time.monotonic() + seconds
    turns = 0
    while time.monotonic() < until:
        for _ in range(10):
            turns += work(3000) > 0
        if morrow.jit._worker is not None and any(d.functions for d in morrow.jit._worker.decisions.values()):
            break
    return turns > 0
"""


def work(n):
    """Compute what WORK's function of the same name does."""
    return sum(number * number % 7 for number in range(n))


def run(program, *arguments, mode="on", status=0):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MORROW_"))} | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", WORK % mode + ("morrow.jit._worker.only = '<string>'\n" if mode == "eager" else "") + textwrap.dedent(program), *arguments], capture_output=True, text=True, timeout=220, env=environment)
    assert done.returncode == status, done.stderr
    return done.stdout


def test_hot_code_is_found_and_compiled_by_itself():
    out = run("""
        print(loop(40), work(3000))
        from morrow.jit import install
        print(install.is_installed(work))
        text = morrow.jit.explain()
        print("compiled" in text and "work" in text)
        """)
    assert out == f"True {work(3000)}\nTrue\nTrue\n"


def test_the_loop_of_a_function_that_is_declined_as_a_whole_is_compiled():
    out = run("""
        def work(n):
            import bisect
            total = bisect.bisect([], 1)
            for number in range(n):
                total += number * number % 7
            return total
        def wait(n, what):
            until = time.monotonic() + 100
            while time.monotonic() < until:
                work(n)
                if any(d.name == "work" and what(d) for d in list(morrow.jit._worker.decisions.values() if morrow.jit._worker else ())):
                    return True
        print(wait(10_000, lambda d: d.only_loops or any(d.loops.values())))
        print(wait(1_000_000, lambda d: any(d.loops.values())), work(1_000_000))
        """)
    assert out == f"True\nTrue {work(1_000_000)}\n"


def test_eager_compiles_at_the_first_calls():
    out = run("""
        print([work(100) for _ in range(20)][-1])
        from morrow.jit import install
        print(install.is_installed(work))
        """, mode="eager")  # fmt: skip
    assert out == f"{work(100)}\nTrue\n"


def test_compiled_code_rests_while_a_tracer_is_on():
    out = run("""
        for _ in range(20): work(100)
        from morrow.jit import install
        assert install.is_installed(work)
        events = []
        def trace(frame, event, argument):
            events.append(event)
            return trace
        sys.settrace(trace)
        print(install.is_installed(work), work(2))
        sys.settrace(None)
        print(events.count("line") > 4, events[0])
        until = time.monotonic() + 20
        while not install.is_installed(work) and time.monotonic() < until:
            time.sleep(0.01)
        print(install.is_installed(work), work(100))
        """, mode="eager")  # fmt: skip
    assert out == f"False 1\nTrue call\nTrue {work(100)}\n"


def test_stopping_leaves_everything_interpreted():
    out = run("""
        for _ in range(20): work(100)
        from morrow.jit import install
        print(install.is_installed(work))
        morrow.jit.stop()
        print(install.is_installed(work), work(100), list(install.installed()), morrow.jit.is_on())
        """, mode="eager")  # fmt: skip
    assert out == f"True\nFalse {work(100)} [] False\n"


def test_a_changed_function_gives_its_new_answer():
    out = run("""
        for _ in range(20): work(100)
        work.__code__ = (lambda n: "new").__code__
        print(work(100))
        """, mode="eager")  # fmt: skip
    assert out == "new\n"


def test_finalizers_at_exit_run_interpreted():
    out = run("""
        class Late:
            def __del__(self, work=work, print=print):
                print("late", work(100))
        for _ in range(20): work(100)
        late = Late()
        """, mode="eager")  # fmt: skip
    assert out == f"late {work(100)}\n"


def test_threads_all_run_compiled_code():
    out = run("""
        import threading
        results = []
        threads = [threading.Thread(target=lambda: results.append([work(500) for _ in range(200)][-1])) for _ in range(6)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(results)
        """, mode="eager")  # fmt: skip
    assert out == f"{[work(500)] * 6}\n"


def test_a_module_of_the_programs_own_is_not_run_early(tmp_path):
    """A program with a dis.py of its own must not have it imported by the compiler, nor lose it to the library's."""
    (tmp_path / "dis.py").write_text("print('the wrong dis')\n")
    (tmp_path / "app.py").write_text(textwrap.dedent("""
        import time, morrow.jit
        morrow.jit.start(mode="on")
        until = time.monotonic() + 15
        def work(n):
            total = 0
            for k in range(n):
                total += k
            return total
        while time.monotonic() < until and morrow.jit.is_on():
            work(1000)
        print(morrow.jit.explain())
        """))
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MORROW_"))} | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, str(tmp_path / "app.py")], capture_output=True, text=True, timeout=60, env=environment)
    assert "the wrong dis" not in done.stdout and "its own 'dis'" in done.stdout, done.stdout + done.stderr


def test_without_llvmlite_it_says_so():
    out = run("""
        sys.modules["llvmlite.binding"] = sys.modules["llvmlite"] = None
        morrow.jit._get_worker().prepare()
        print(morrow.jit.explain())
        """)  # fmt: skip
    assert "llvmlite is not installed" in out


def test_explain_writes_a_page(tmp_path):
    page = tmp_path / "page.html"
    run("for _ in range(20): work(100)\nmorrow.jit.explain(html=sys.argv[1])", str(page), mode="eager")
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and "work" in text and "machine code" in text


def test_the_launcher_explains(tmp_path):
    app = tmp_path / "app.py"
    app.write_text("print('ran')\n")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MORROW_"))} | {"PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "morrow"]
    done = subprocess.run([*command, "--explain", "-X", "jit=on", str(app)], capture_output=True, text=True, timeout=60, env=environment)
    assert done.stdout == "ran\n" and done.stderr.startswith("jit: nothing was hot long enough")
    done = subprocess.run([*command, "--explain", "-X", "jit=off", str(app)], capture_output=True, text=True, timeout=60, env=environment)
    assert done.stderr == "jit: off: -X jit=off\n"
    done = subprocess.run([*command, "--explain", str(app)], capture_output=True, text=True, timeout=60, env=environment)
    assert done.stderr == "jit: off: it is experimental, and on only when asked for: -X jit=on\n"


def test_a_recursion_is_kept_without_a_trial():
    out = run("""
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)
        def found():
            decisions = morrow.jit._worker.decisions if morrow.jit._worker is not None else {}
            return [made for decision in list(decisions.values()) if decision.name == "fib" for made in decision.compiled]
        until = time.monotonic() + 60
        while not found() and time.monotonic() < until:
            assert fib(20) == 6765
        time.sleep(0.1)
        from morrow.jit import install
        print(found()[0].recursive, install.is_installed(fib), fib(25), any(item.decision.name == "fib" for item in morrow.jit._worker._on_trial))
        """)
    assert out == "True True 75025 False\n"


def test_an_llvmlite_that_is_not_as_expected_switches_it_off():
    out = run("""
        class Odd:
            def __getattr__(self, name):
                raise RuntimeError(f"no {name} here")
        sys.modules["llvmlite.binding"] = Odd()
        worker = morrow.jit._get_worker()
        worker.prepare()
        print(worker.bring_compiler(), worker.off)
        """)
    assert out.startswith("False ") and "here" in out


def test_what_takes_any_arguments_is_declined_without_a_compile():
    out = run("""
        def work(*numbers):
            total = 0
            for number in numbers:
                total += number * number % 7
            return total
        def found():
            decisions = morrow.jit._worker.decisions if morrow.jit._worker is not None else {}
            return [decision for decision in list(decisions.values()) if decision.name == "work" and decision.declined]
        until = time.monotonic() + 60
        numbers = range(200)
        while not found() and time.monotonic() < until:
            work(*numbers)
        print([(reason, decision.makes) for decision in found() for _, reason, _ in decision.declined])
        """)
    assert out == "[('ARGUMENTS', 0)]\n"


def test_code_that_leaves_often_is_judged_by_its_trial():
    out = run("""
        from morrow.jit import install
        from morrow.jit.worker import AGAIN
        worker = morrow.jit._get_worker()
        assert worker.prepare()
        def work(n):
            return n + 1
        class Made:
            recursive = False
        decision = worker.decision(work.__code__)
        print(worker._is_measured(decision, work, Made), [(item.function() is work, item.again == AGAIN) for item in worker._untried])
        print(worker._is_measured(decision, work, Made), len(worker._untried))  # measured again once
        Made.recursive = True
        print(worker._is_measured(decision, work, Made))
        """)
    assert out == "True [(True, True)]\nTrue 1\nFalse\n"


def test_newer_code_that_loses_gives_way_to_older_code_that_won():
    out = run("""
        import weakref
        from morrow.jit import install
        from morrow.jit.worker import OnTrial
        worker = morrow.jit._get_worker()
        assert worker.prepare()
        def work(n):
            return n + 1
        class Made:
            recursive, entry = False, install.STOCK
            def __repr__(self): return self.name
        old, new = Made(), Made()
        old.name, new.name = "old", "new"
        decision = worker.decision(work.__code__)
        decision.compiled += [old, new]
        decision.kept = old, 1.5, weakref.ref(work)
        item = OnTrial(decision, weakref.ref(work), new, 0.0)
        print(worker._take_back(item, work), decision.compiled, decision.gain, install.is_installed(work), len(worker._untried))
        print(worker._take_back(item, print), decision.kept)  # made for another function of the same code
        item.made, decision.kept = old, (old, 1.5, weakref.ref(work))
        print(worker._take_back(item, work), decision.kept)
        """)
    assert out == "True [new, old] 1.5 True 1\nFalse None\nFalse None\n"
