"""Hidden frames leave no trace: in the raw chain, in frame objects that outlive their frames, in the recursion limit."""

from __future__ import annotations

import subprocess
import sys

import pytest

from morrow.host import HERE, frames
from tests.support.same import AS_THE_HOST, MORROW, clean_environment

KEPT = """
import atexit, sys, threading, time, faulthandler
kept = [sys._getframe()]
stop = threading.Event()
def sample():
    while not stop.wait(0.001):
        kept.extend(frame for ident, frame in sys._current_frames().items() if ident == threading.main_thread().ident)
sampler = threading.Thread(target=sample)
sampler.start()
def deep(depth, then):
    return deep(depth - 1, then) if depth else then()
for _ in range(20):
    deep(5, lambda: time.sleep(0.002))
stop.set()
sampler.join()
def bottoms():
    found = set()
    for frame in kept:
        while frame.f_back is not None:
            frame = frame.f_back
        found.add(frame.f_code.co_name)
    return found
def end():
    print("at exit", str(kept[0].f_back)[:6], deep(30, bottoms))
atexit.register(end)
class Last:
    def __del__(self, kept=kept, print=print):
        print("deleted", str(kept[0].f_back)[:6])
last = Last()
faulthandler.dump_traceback(all_threads=False, file=sys.stdout)
"""
HOOK = """
import atexit, sys
kept = []
def hook(*_):
    kept.append(sys._getframe())
    print("hook", str(kept[0].f_back)[:6])
sys.excepthook = hook
atexit.register(lambda: print("at exit", str(kept[0].f_back)[:6]))
1 / 0
"""
DEPTH = """
import sys
def count(n=0):
    try:
        return count(n + 1)
    except RecursionError:
        return n
print(count())
"""


def _run(*command: str, text: str | None = None) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, *command], input=text, capture_output=True, text=True, env=clean_environment() | AS_THE_HOST, timeout=60)
    return done.returncode, done.stdout, done.stderr


needs_cut = pytest.mark.skipif(HERE is None or HERE.frame_link is None, reason="this host's links are not known")


@needs_cut
@pytest.mark.parametrize("program", [KEPT, HOOK, DEPTH], ids=["kept", "hook", "depth"])
@pytest.mark.parametrize("way", ["file", "module"])
def test_the_program_is_at_the_bottom(tmp_path, monkeypatch, program, way):
    (tmp_path / "app.py").write_text(program, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    arguments = ["app.py"] if way == "file" else ["-m", "app"]
    assert _run(MORROW, *arguments) == _run(*arguments)


@needs_cut
def test_statements_of_a_prompt_are_at_the_bottom():
    text = "import sys\nf = sys._getframe()\nprint(f.f_back)\ndef g(n): return g(n - 1) if n else f.f_back\n\nprint(g(9))\n"
    text += "import atexit; _ = atexit.register(lambda: print(g(9)))\n"
    assert _run(MORROW, "-i", "-q", text=text) == _run("-i", "-q", text=text)


@frames.hide
def _hidden(function, *arguments):
    return frames.from_bottom(function, *arguments)


def test_frames_below_stay_in_sight():
    frame, error = _hidden(lambda: sys._getframe(1))
    assert frame.f_code.co_name == "test_frames_below_stay_in_sight" and error is None
    nothing, error = _hidden(divmod, 1, 0)
    assert nothing is None and type(error) is ZeroDivisionError


TRACED = """
import atexit, sys, threading
heard = []
def trace(frame, event, arg):
    if frame.f_code.co_filename.endswith(("app.py", "launch.py", "unhandled.py", "frames.py")):
        heard.append((frame.f_code.co_name, event))
    return trace
def hook(kind, error, traceback):
    print("hook", kind.__name__)
    HOOK
def fall():
    1 / 0
atexit.register(lambda: print("at exit", sys.gettrace() is TRACE, sys.getprofile() is PROFILE))
atexit.register(lambda: sys.settrace(None) or sys.setprofile(None) or print(*heard))
sys.settrace(TRACE)
sys.setprofile(PROFILE)
END
"""
ENDS = ["fall()", "sys.exit(3)", "sys.exit('said')", "raise KeyboardInterrupt", "raise StopIteration", "pass", "del sys.excepthook; fall()", "sys.excepthook = hook; fall()"]


@pytest.mark.parametrize(("end", "hook"), [(end, "pass") for end in ENDS] + [(ENDS[-1], "sys.exit(5)"), (ENDS[-1], "raise LookupError")])
@pytest.mark.parametrize(("trace", "profile"), [("trace", "None"), ("None", "trace"), ("trace", "trace")])
def test_a_program_may_end_with_its_trace_function_set(tmp_path, monkeypatch, end, hook, trace, profile):
    program = TRACED.replace("TRACE", trace).replace("PROFILE", profile).replace("END", end).replace("HOOK", hook)
    (tmp_path / "app.py").write_text(program, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert _run(MORROW, "app.py") == _run("app.py")
