"""Who listens to a program hears every frame of it begin and end, its errors once in each, and nothing of ours."""

from __future__ import annotations

import sys

import pytest

from tests.support.same import MORROW, run

PAIRED = """\
import sys
stack, wrong = [], []
def profile(frame, event, arg):
    if event == "call":
        stack.append(frame.f_code)
    elif event == "return" and (not stack or stack.pop() is not frame.f_code):
        wrong.append(frame.f_code)
def main():
    import other
    import dataclasses
    exec("x = 1")
    exec(compile("def f(a: int): return [a for a in range(3)]\\nf(1)", "<text>", "exec"))
    for text in ("1/0", "1 +", "x: int = y"):
        try: exec(text)
        except (ZeroDivisionError, SyntaxError, NameError): pass
    eval("other.f(1)"), other.f.__annotations__, other.C.__annotations__
    try: import wrong_module
    except SyntaxError: pass
    try: import failing
    except ZeroDivisionError: pass
sys.setprofile(profile)
main()
sys.setprofile(None)
print(wrong, stack)
"""
FILES = {
    "app.py": PAIRED,
    "other.py": "def f(a: int) -> str: return a\nclass C:\n    x: int\n",
    "wrong_module.py": "x = = 1\n",
    "failing.py": "1/0\n",
}


def test_beginnings_and_ends_are_paired(same):
    same.write(FILES)
    got = run([sys.executable, MORROW, "app.py"], cwd=same.folder)
    # sys.setprofile(None) is called by the module: nothing is left open.
    assert (got.out, got.err) == ("[] []\n", "")


def test_a_profile_function_that_keeps_frames_goes_on_hearing(same):
    program = """\
        import sys
        kept = []
        sys.setprofile(lambda frame, event, arg: kept.append((frame, event)))
        exec("x = 1"); compile("y: int", "<text>", "exec")
        import other
        def last(): pass
        last()
        sys.setprofile(None)
        print([event for frame, event in kept if frame.f_code.co_name == "last"])
        """
    same.command("app.py", files={**FILES, "app.py": program})


@pytest.mark.parametrize("listener", ["settrace", "setprofile"])
def test_an_error_is_heard_once_in_every_frame_that_it_passes(same, listener):
    program = """\
        import sys
        heard = []
        def listen(frame, event, arg):
            if frame.f_code.co_filename.endswith(("app.py", "failing.py", "<string>", "<text>")) and event[:2] != "c_":
                heard.append((frame.f_code.co_name, frame.f_lineno, event))
            return listen
        def main():
            try: exec("1/0")
            except ZeroDivisionError: pass
            try: eval("[][1]")
            except IndexError: pass
            try: eval("1 +")
            except SyntaxError: pass
            try: import failing
            except ZeroDivisionError: pass
            try: import wrong_module
            except SyntaxError: pass
            exec("exec('1/0')")
        sys.LISTENER(listen)
        try: main()
        except ZeroDivisionError: pass
        sys.LISTENER(None)
        print(*heard, sep="\\n")
        """
    same.command("app.py", files={**FILES, "app.py": program.replace("LISTENER", listener)})
