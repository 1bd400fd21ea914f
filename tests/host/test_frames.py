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
    assert _hidden(lambda: sys._getframe(1)).f_code.co_name == "test_frames_below_stay_in_sight"
    with pytest.raises(ZeroDivisionError):
        _hidden(divmod, 1, 0)
