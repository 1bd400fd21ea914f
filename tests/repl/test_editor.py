"""The editor at other people's prompts, in a real terminal."""

import pytest

pytestmark = pytest.mark.slow


def test_code_interact_has_the_editor(start, tmp_path):
    (tmp_path / "app.py").write_text("import code\nspam = 41\ncode.interact(banner='inside', local=globals())\nprint('after')\n")
    terminal = start(arguments=("app.py",))
    terminal.wait("inside")
    terminal.send("spa", "Tab", " + 1", "Enter")
    terminal.wait("\n42\n")
    terminal.send("C-d")
    terminal.wait("after")
    assert terminal.wait_for_end() == 0


def test_breakpoint_has_the_editor(start, tmp_path):
    (tmp_path / "app.py").write_text("def f(spam):\n    breakpoint()\n    return spam\nprint('got', f(41))\n")
    terminal = start(arguments=("app.py",), wait="(Pdb)")
    terminal.wait(lambda _: b"\x1b[?2004h" in terminal.raw)
    terminal.send("p spa", "Tab", " + 1", "Enter")
    terminal.wait("\n42\n")
    terminal.send("conti", "Tab", "Enter")
    terminal.wait("got 41")
    assert terminal.wait_for_end() == 0


def test_a_statement_of_several_lines_at_a_breakpoint(start, tmp_path):
    (tmp_path / "app.py").write_text("def f(spam):\n    breakpoint()\n    return spam\nprint('got', f(41))\n")
    terminal = start(arguments=("app.py",), wait="(Pdb)")
    terminal.wait(lambda _: b"\x1b[?2004h" in terminal.raw)
    terminal.send("for i in range(2):", "Enter")
    terminal.wait("\n...")
    terminal.send("  print('it', i + spam)", "Enter", "Enter")
    terminal.wait("it 41\nit 42\n(Pdb)")
    terminal.send("c", "Enter")
    terminal.wait("got 41")
    assert terminal.wait_for_end() == 0


def test_pdb_with_a_piped_input_is_left_alone(tmp_path):
    import subprocess
    import sys

    (tmp_path / "app.py").write_text("breakpoint()\nprint('end')\n")
    done = subprocess.run([sys.executable, "-m", "morrow", "app.py"], cwd=tmp_path, input="p 6*7\nc\n", text=True, capture_output=True)
    assert "42" in done.stdout
    assert done.stdout.rstrip().endswith("end")


def test_breakpoint_opens_inside_a_coroutine_and_leaves_the_loop_alone(start, tmp_path):
    (tmp_path / "app.py").write_text(
        "import asyncio\nasync def f(spam):\n    breakpoint()\n    return await asyncio.sleep(0, spam)\n"
        "loop = asyncio.new_event_loop()\nasyncio.set_event_loop(loop)\nbreakpoint()\n"
        "print('same', asyncio.get_event_loop() is loop)\nprint('got', loop.run_until_complete(f(41)))\n"
    )
    terminal = start(arguments=("app.py",), wait="(Pdb)")
    terminal.send("c", "Enter")
    terminal.wait("same True")
    terminal.wait(lambda text: "f()" in text and text.rstrip().endswith("(Pdb)"))
    terminal.send("p spa", "Tab", " + 1", "Enter")
    terminal.wait("\n42\n")
    terminal.send("c", "Enter")
    terminal.wait("got 41")
    assert terminal.wait_for_end() == 0


def test_the_prompt_opens_after_a_program_that_used_the_editor(start, tmp_path):
    (tmp_path / "app.py").write_text("import code\ncode.interact(banner='inside')\nspam = 41\n")
    terminal = start(arguments=("-i", "app.py"))
    terminal.wait("inside")
    terminal.send("C-d")
    terminal.wait(lambda text: text.rstrip().endswith(">>>") and text.count(">>>") == 2)
    terminal.send("spam + 1", "Enter")
    terminal.wait("\n42\n")
