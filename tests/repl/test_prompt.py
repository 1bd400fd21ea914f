"""The prompt in a real terminal (pty): every key a user has."""

import re
import sys

import pytest

from tests.support.terminal import Terminal

pytestmark = pytest.mark.slow


def lines_after(text, mark):
    return [line for line in text[text.index(mark) :].split("\n")[1:] if line]


def test_an_expression_is_shown_and_kept(start):
    terminal = start()
    terminal.send("6 * 7", "Enter")
    terminal.wait("\n42\n")
    terminal.send("_ + 1", "Enter")
    terminal.wait("\n43\n")


def test_a_block_is_one_entry_and_comes_back_whole(start):
    terminal = start()
    terminal.send("for i in range(2):", "Enter", "print('turn', i)", "Enter", "Enter")
    terminal.wait("turn 1")
    terminal.send("Up")
    terminal.wait(lambda text: text.count("print('turn', i)") == 2)
    terminal.send("C-c")


def test_lines_are_indented_and_dedented(start):
    terminal = start()
    terminal.send("def f(x):", "Enter", "if x:", "Enter", "return 1", "Enter", "return 2", "Enter", "Enter")
    terminal.send("f(1), f(0)", "Enter")
    screen = terminal.wait("(1, 2)")
    assert ">>> def f(x):\n...     if x:\n...         return 1\n...     return 2\n" in screen


def test_backspace_takes_an_indentation_back(start):
    terminal = start()
    terminal.send("if True:", "Enter", "x = 1", "Enter", "Backspace", "y = 2", "Enter", "Enter", "x, y", "Enter")
    terminal.wait("(1, 2)")


def test_an_open_bracket_goes_on(start):
    terminal = start()
    terminal.send("[1,", "Enter", "2]", "Enter")
    terminal.wait("[1, 2]\n>>>")


def test_a_traceback_shows_the_line_and_no_frame_of_ours(start):
    terminal = start()
    terminal.send("def f():", "Enter", "return 1/0", "Enter", "Enter", "f()", "Enter")
    screen = terminal.wait("ZeroDivisionError: division by zero")
    shown = screen[screen.index("Traceback") :]
    assert 'File "<python-input-1>", line 1, in <module>' in shown
    assert 'File "<python-input-0>", line 2, in f' in shown
    assert "return 1/0" in shown
    assert "morrow" not in shown


def test_a_syntax_error_is_shown_without_a_traceback(start):
    terminal = start()
    terminal.send("x = = 1", "Enter")
    screen = terminal.wait("SyntaxError")
    assert "Traceback" not in screen


def test_a_traceback_is_coloured_and_so_is_what_is_typed(start):
    terminal = start()
    terminal.send("raise ValueError('no')", "Enter")
    terminal.wait("ValueError: no")
    row = next(index for index, line in enumerate(terminal.screen.display) if line.startswith("ValueError"))
    assert ("ValueError", "magenta", True) in terminal.colours(row)
    typed = next(index for index, line in enumerate(terminal.screen.display) if "raise" in line)
    assert any(text.strip() == "raise" and colour == "blue" for text, colour, _ in terminal.colours(typed))


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"PYTHON_COLORS": "0"}])
def test_no_colour_when_asked(start, env):
    terminal = start(env)
    terminal.send("raise ValueError('no')", "Enter")
    terminal.wait("ValueError: no")
    assert not re.search(rb"\x1b\[[0-9;]*3[0-9]", terminal.raw)


def test_ctrl_c_gives_a_new_prompt(start):
    terminal = start()
    terminal.send("abc", "C-c")
    terminal.wait("KeyboardInterrupt\n>>>")


def test_ctrl_c_stops_what_runs(start):
    terminal = start()
    terminal.send("while print('run' + 'ning') or True: import time; time.sleep(100)", "Enter", "Enter")
    terminal.wait("running")
    terminal.send("C-c")
    terminal.wait("KeyboardInterrupt\n>>>")


def test_ctrl_d_leaves_at_an_empty_prompt_only(start):
    terminal = start()
    terminal.send("ab", "Left", "C-d")
    terminal.wait(">>> a")
    terminal.send("C-c")
    terminal.wait("KeyboardInterrupt")
    terminal.send("C-d")
    assert terminal.wait_for_end() == 0


@pytest.mark.parametrize("word", ["exit", "quit", "exit()", "raise SystemExit"])
def test_leaving(start, word):
    terminal = start()
    terminal.send(word, "Enter")
    assert terminal.wait_for_end() == 0


def test_the_status_of_exit_is_kept(start):
    terminal = start()
    terminal.send("exit(3)", "Enter")
    assert terminal.wait_for_end() == 3


def test_a_variable_called_exit_is_a_variable(start):
    terminal = start()
    terminal.send("exit = 5", "Enter", "exit", "Enter")
    terminal.wait("\n5\n")


def test_pasting_runs_nothing_before_enter_and_drops_prompts(start):
    terminal = start()
    terminal.paste(">>> a = [1,\n...      2]\n>>> a\n[1, 2]\n>>> sum(a)")
    terminal.wait("sum(a)")
    assert "3" not in terminal.text.split("sum(a)")[1]
    terminal.send("Enter", "Enter")
    terminal.wait("\n3\n")


def test_pasting_a_block_keeps_its_indentation(start):
    terminal = start()
    terminal.paste("def f(x):\n    if x:\n        return 'yes'\n\n    return 'no'\n")
    terminal.send("Enter", "Enter")
    terminal.send("f(0), f(1)", "Enter")
    terminal.wait("('no', 'yes')")


def test_tab_completes_names_and_attributes(start):
    terminal = start()
    terminal.send("import itertools", "Enter", "itert", "Tab")
    terminal.wait(">>> itertools")
    terminal.send(".permu", "Tab")
    terminal.wait(">>> itertools.permutations")


def test_tab_completes_modules(start):
    terminal = start()
    terminal.send("from xml.dom import minid", "Tab")
    terminal.wait("from xml.dom import minidom")


def test_several_candidates_pop_up_with_their_signatures(start):
    terminal = start()
    terminal.send("def spam_one(a, b=2): pass", "Enter", "Enter", "def spam_two(): pass", "Enter", "Enter")
    terminal.send("spa", "Tab", "Tab")
    screen = terminal.wait(lambda text: "spam_two" in text.split(">>> spam_")[-1])
    assert "(a, b=2)" in screen.split(">>> spam_")[-1]


def test_the_call_being_written_shows_its_signature(start):
    terminal = start()
    terminal.send("def spam(a, *, b: int = 2): pass", "Enter", "Enter", "spam(")
    terminal.wait(lambda text: text.count("b: int = 2)") == 2)


def test_tab_indents_at_the_start_of_a_line(start):
    terminal = start()
    terminal.send("if 1:", "Enter", "C-u", "Tab", "x = 7", "Enter", "Enter", "x", "Enter")
    terminal.wait("\n7\n")


def test_history_is_searched_as_one_types(start, tmp_path):
    (tmp_path / "history").write_text("alpha = 1\nbeta = 2\nalphabet = 3\n")
    terminal = start()
    terminal.send("C-r", "beta")
    terminal.wait("beta = 2")
    terminal.send("Enter", "Enter", "beta", "Enter")
    terminal.wait("\n2\n")


def test_page_up_finds_what_begins_alike(start, tmp_path):
    (tmp_path / "history").write_text("alpha = 1\nbeta = 2\nalphabet = 3\nomega = 4\n")
    terminal = start()
    terminal.send("alp", "PageUp")
    terminal.wait(">>> alphabet = 3")
    terminal.send("PageUp")
    terminal.wait(">>> alpha = 1")
    terminal.send("PageDown")
    terminal.wait(">>> alphabet = 3")


def test_kill_9_in_mid_line_loses_no_history(start, tmp_path):
    terminal = start()
    terminal.send("x = 1", "Enter", "def f():", "Enter", "pass", "Enter", "Enter", "unfinished")
    terminal.wait("unfinished")
    terminal.__exit__()
    assert (tmp_path / "history").read_bytes() == b"x = 1\ndef f():\r\n    pass\n"


def test_a_history_file_that_cannot_be_used_is_a_message(start, tmp_path):
    terminal = start({"PYTHON_HISTORY": str(tmp_path)})
    terminal.wait("[repl-history]")
    terminal.send("1 + 1", "Enter")
    terminal.wait("\n2\n")


def test_a_theme_that_cannot_be_used_is_a_message(start):
    terminal = start({"MORROW_THEME": "no-such"})
    terminal.wait("[repl-theme]")
    terminal.send("1 + 1", "Enter")
    terminal.wait("\n2\n")


def test_a_theme_from_a_file(start, tmp_path):
    (tmp_path / "mine.toml").write_text('keyword = "32"\n')
    terminal = start({"MORROW_THEME": str(tmp_path / "mine.toml")})
    terminal.send("pass")
    terminal.wait(">>> pass")
    assert any(text.strip() == "pass" and colour == "green" for text, colour, _ in terminal.colours(terminal.screen.cursor.y))


def test_f1_opens_help_and_comes_back(start):
    terminal = start()
    terminal.send("F1")
    terminal.wait("help>")
    terminal.send("q", "Enter")
    terminal.wait(lambda text: text.rstrip().endswith(">>>"))


def test_f2_shows_the_history(start, tmp_path):
    (tmp_path / "history").write_text("alpha = 1\n")
    terminal = start({"PAGER": "cat"})
    terminal.send("F2")
    terminal.wait("alpha = 1")


def test_f3_keeps_a_block_open_until_f3(start):
    terminal = start()
    terminal.send("F3", "x = 1", "Enter", "y = 2", "Enter", "x + y")
    terminal.wait("paste mode")
    terminal.send("F3")
    terminal.wait("\n3\n")


def test_top_level_await(start):
    terminal = start()
    terminal.send("import asyncio", "Enter", "await asyncio.sleep(0, 'slept')", "Enter")
    terminal.wait("'slept'")
    terminal.send("x = await asyncio.sleep(0, 5)", "Enter", "x", "Enter")
    terminal.wait("\n5\n")


def test_ctrl_c_stops_an_await(start):
    terminal = start()
    terminal.send("import asyncio", "Enter", "async def f(): print('be' + 'gun'); await asyncio.sleep(100)", "Enter", "Enter")
    terminal.send("await f()", "Enter")
    terminal.wait("begun")
    terminal.send("C-c")
    terminal.wait("KeyboardInterrupt")
    terminal.send("1 + 1", "Enter")
    terminal.wait("\n2\n")


def test_vi_keys(start, tmp_path):
    (tmp_path / "inputrc").write_text("set editing-mode vi\n")
    terminal = start()
    terminal.send("12", "Escape")
    terminal._read(0.7)  # a lone Escape is one only when nothing follows it
    terminal.send("0", "i", "3", "Enter")
    terminal.wait("\n312\n")


def test_a_future_import_stays_on(start):
    terminal = start()
    terminal.send("from __future__ import annotations", "Enter", "def f(x: nope): pass", "Enter", "Enter", "f.__annotations__", "Enter")
    terminal.wait("{'x': 'nope'}")


def test_ps1_can_be_changed(start):
    terminal = start()
    terminal.send("import sys; sys.ps1 = 'in> '; sys.ps2 = '   > '", "Enter")
    terminal.wait("in>")
    terminal.send("if 1:", "Enter")
    terminal.wait("   >")


def test_ps1_may_be_an_object_also_one_that_fails(start):
    terminal = start()
    terminal.send("import sys; sys.ps1 = type('P', (), {'n': 0, '__str__': lambda s: setattr(s, 'n', s.n + 1) or f'[{s.n}] '})()", "Enter")
    terminal.wait("\n[1]")
    terminal.send("'two'", "Enter")
    terminal.wait("'two'\n[2]")
    terminal.send("sys.ps1 = type('P', (), {'__str__': lambda s: 1/0})()", "Enter")
    terminal.wait("\n>>>")
    terminal.send("del sys.ps1, sys.ps2; 'th' + 'ree'", "Enter")
    terminal.wait("\n'three'\n>>>")


def test_a_programs_own_excepthook_is_used(start):
    terminal = start()
    terminal.send("import sys; sys.excepthook = lambda *a: print('mine', a[0].__name__)", "Enter", "1/0", "Enter")
    terminal.wait("mine ZeroDivisionError")


def test_everything_typed_before_the_editor_is_there_is_kept(start):
    terminal = start(wait="")
    terminal.send("1 + 1", "Enter")
    terminal.wait("\n2\n")


@pytest.mark.parametrize("env", [{"PYTHON_BASIC_REPL": "1"}, {"TERM": "dumb"}, {"MORROW_REPL": "basic"}])
def test_the_plain_prompt_when_asked(start, env):
    terminal = start(env, wait="")
    terminal.wait(">>>")
    terminal.send("6 * 7", "Enter")
    terminal.wait("\n42\n>>>")
    assert b"\x1b[?2004h" not in terminal.raw


def test_two_thousand_lines_are_pasted_and_run(start):
    terminal = start()
    terminal.paste("\n".join(["def f(x):", *(f"    y{i} = [x, {i}]" for i in range(1998)), "    return y1997"]))
    terminal.wait("return y1997")
    terminal.send("Enter", "Enter", "f(3)[1]", "Enter")
    terminal.wait("\n1997\n", 60)


def test_the_language_is_3_14s(start):
    terminal = start()
    terminal.send("try:", "Enter", "1/0", "Enter", "Backspace", "except ValueError, ZeroDivisionError:", "Enter")
    terminal.send("print('caught')", "Enter", "Enter")
    terminal.wait("\ncaught\n")
    terminal.send('t"{6*7} x".values', "Enter")
    terminal.wait("\n(42,)\n")
    terminal.send("def f[T](x: Undefined) -> T: return x", "Enter", "Enter", "f.__type_params__", "Enter")
    terminal.wait("\n(T,)\n")


def test_no_frame_of_ours_is_below_a_block(start):
    terminal = start()
    terminal.send("import inspect; [frame.filename for frame in inspect.stack()]", "Enter")
    terminal.wait("\n['<python-input-0>']\n")


def test_the_banner_and_startup_come_first(start, tmp_path):
    (tmp_path / "startup.py").write_text("started = 'yes'\n")
    terminal = start({"PYTHONSTARTUP": str(tmp_path / "startup.py")})
    assert terminal.text.startswith("Python 3.")
    terminal.send("started", "Enter")
    terminal.wait("\n'yes'\n")


def test_a_broken_startup_file_is_a_message(start, tmp_path):
    (tmp_path / "startup.py").write_text("1/0\n")
    terminal = start({"PYTHONSTARTUP": str(tmp_path / "startup.py")})
    terminal.wait("ZeroDivisionError")
    terminal.send("1 + 1", "Enter")
    terminal.wait("\n2\n")


def test_dash_i_opens_it_after_an_exception(start, tmp_path):
    (tmp_path / "app.py").write_text("x = 41\n1/0\n")
    terminal = start(arguments=("-i", "app.py"))
    terminal.wait("ZeroDivisionError")
    terminal.send("x + 1", "Enter")
    terminal.wait("\n42\n")


def test_a_file_called_as_a_library_module_does_no_harm(start, tmp_path):
    (tmp_path / "dis.py").write_text("raise RuntimeError('not the real one')\n")
    terminal = start()
    terminal.send("1 + 1", "Enter")
    terminal.wait("\n2\n")


def test_a_class_and_dataclass_can_be_typed(start):
    terminal = start()
    terminal.send("from dataclasses import dataclass", "Enter", "@dataclass", "Enter", "class P:", "Enter", "x: int", "Enter", "y: Later = 2", "Enter", "Enter")
    terminal.send("P(1)", "Enter")
    terminal.wait("\nP(x=1, y=2)\n")


def test_a_hot_loop_typed_here_is_compiled_and_explain_says_so(start):
    pytest.importorskip("llvmlite", reason="the jit compiles with llvmlite")
    terminal = start(arguments=("-X", "jit=on"))
    terminal.send("def work(n):", "Enter", "s = 0", "Enter", "for i in range(n): s += i * i % 7", "Enter", "return s", "Enter", "Enter")
    terminal.send("import morrow.jit", "Enter")
    terminal.send("while ' compiled:' not in morrow.jit.explain(): work(100000)", "Enter", "Enter", "explain()", "Enter")
    assert "<python-input-0>:1 work" in terminal.wait("  compiled:\n", seconds=60)


def test_explain_says_why_the_jit_is_off_and_may_be_a_variable(start):
    terminal = start(arguments=("-X", "jit=off"))
    terminal.send("explain()", "Enter")
    terminal.wait("jit: off: ")
    terminal.send("explain", "Enter")
    terminal.wait("Type explain() to see")
    terminal.send("explain = 'mine'; explain", "Enter")
    terminal.wait("'mine'")


def test_a_startup_file_behind_a_module_leaves_its_names_alone(start, tmp_path):
    (tmp_path / "module.py").write_text("kept = 1\n")
    (tmp_path / "startup.py").write_text("started = 2\n")
    terminal = start(env={"PYTHONSTARTUP": str(tmp_path / "startup.py")}, arguments=("-i", "-m", "module"))
    terminal.send("kept, started, __file__.endswith('module.py')", "Enter")
    terminal.wait("(1, 2, True)")


def test_the_programs_event_loop_is_left_alone(start):
    terminal = start()
    terminal.send("import asyncio; loop = asyncio.new_event_loop(); asyncio.set_event_loop(loop)", "Enter")
    terminal.send("'same', asyncio.get_event_loop() is loop", "Enter")
    terminal.wait("\n('same', True)\n")


def test_code_interact_opens_inside_a_coroutine(start):
    terminal = start()
    terminal.send("async def f(): spam = 41; import code; code.interact(local=locals()); return 'ba' + 'ck'", "Enter", "Enter")
    terminal.send("await f()", "Enter")
    terminal.wait("(InteractiveConsole)")
    terminal.send("spa", "Tab", " + 1", "Enter")
    terminal.wait("\n42\n")
    terminal.send("C-d")
    terminal.wait("'back'")


def test_ctrl_z_stops_and_fg_goes_on_where_one_was(tmp_path):
    environment = {"HOME": str(tmp_path), "PYTHON_HISTORY": str(tmp_path / "history"), "PS1": "sh$ "}
    with Terminal(["/bin/bash", "--norc", "-i"], cwd=tmp_path, env=environment) as terminal:
        terminal.wait("sh$")
        terminal.send(f"{sys.executable} -m morrow", "Enter")
        terminal.wait(lambda _: terminal.raw.count(b"\x1b[?2004h") >= 1 and ">>>" in terminal.text.split("morrow")[-1])
        terminal.send("6 *")
        terminal.wait(">>> 6 *")
        terminal.send("C-z")
        terminal.wait("Stopped")
        terminal.send("echo in the sh''ell", "Enter")
        terminal.wait("\nin the shell")
        terminal.send("fg", "Enter")
        terminal.wait(lambda text: text.rstrip().endswith(">>> 6 *"))
        terminal.send(" 7", "Enter")
        terminal.wait("\n42\n>>>")


def test_ctrl_c_ends_a_completion_that_takes_too_long(start):
    terminal = start()
    terminal.send("class Slow:", "Enter", "def __dir__(self): print('loo' + 'king'); import time; time.sleep(600)", "Enter", "Enter")
    terminal.send("slow = Slow()", "Enter", "'ready'", "Enter")
    terminal.wait("\n'ready'\n>>>")
    terminal.send("slow.")
    terminal.wait(lambda text: text.endswith(">>> slow."))  # keys typed ahead are taken before the terminal is the editor's
    terminal.send("Tab")
    terminal.wait("looking")
    terminal.send("C-c")
    terminal.send("C-u", "1 + 1", "Enter")
    terminal.wait("\n2\n")


def test_what_a_completion_raises_does_not_end_the_session(start):
    terminal = start()
    terminal.send("class Bad:", "Enter", "def __dir__(self): raise SystemExit(3)", "Enter", "Enter", "bad = Bad()", "Enter")
    terminal.send("bad.", "Tab", "C-u", "1 + 1", "Enter")
    terminal.wait("\n2\n")


def test_pasted_tabs_are_shown_as_space(start):
    terminal = start()
    terminal.paste("if 1:\n\tx = 7")
    terminal.wait("\n...         x = 7")
    terminal.send("Enter", "Enter", "x", "Enter")
    terminal.wait("\n7\n")


def test_a_terminal_that_changes_its_size_goes_on(start):
    terminal = start()
    terminal.send("x = '" + "a" * 150)
    terminal.wait("a" * 20)
    terminal.resize(20, 50)
    terminal.send("'; len(x)", "Enter")
    terminal.wait("\n150\n")


def test_wide_and_combining_characters_are_edited_and_shown(start):
    terminal = start()
    terminal.send("s = '\u65e5\u672c\u8a9ee\u0301'", "Left", "Left", "Left", "Backspace", "!", "Enter", "s, len(s)", "Enter")
    terminal.wait(lambda text: re.search("\n\\('\u65e5\u672c!.*', 5\\)\n", text) is not None)


def test_input_and_getpass_read_what_is_typed(start):
    terminal = start()
    terminal.send("name = input('na' + 'me? ')", "Enter")
    terminal.wait("\nname?")
    terminal.send("bob", "Enter")
    terminal.wait(lambda text: text.rstrip().endswith(">>>"))
    terminal.send("import getpass; word = getpass.getpass()", "Enter")
    terminal.wait("\nPassword:")
    terminal.send("secret", "Enter")
    terminal.wait(lambda text: text.rstrip().endswith(">>>"))
    assert "secret" not in terminal.text
    terminal.send("name, word", "Enter")
    terminal.wait("\n('bob', 'secret')\n")


def test_what_threads_print_does_not_touch_the_line_being_written(start):
    terminal = start()
    terminal.send("import threading; later = threading.Timer(0.5, print, ('ti' + 'ck',)); later.start()", "Enter", "'wri")
    terminal.wait(lambda text: "tick" in text.split("start()")[-1])
    terminal.send("tten'", "Enter")
    terminal.wait("\n'written'\n>>>")


def test_a_recursion_is_shown_in_short_and_the_prompt_goes_on(start):
    terminal = start()
    terminal.send("def f(): return f()", "Enter", "Enter", "f()", "Enter")
    screen = terminal.wait("RecursionError: maximum recursion depth exceeded")
    assert re.search(r"\[Previous line repeated \d+ more times\]", screen)
    terminal.send("1 + 1", "Enter")
    terminal.wait("\n2\n>>>")


def test_a_displayhook_that_fails_or_is_missing_is_a_traceback(start):
    terminal = start()
    terminal.send("import sys; sys.displayhook = lambda value: 1/0", "Enter", "5", "Enter")
    terminal.wait("ZeroDivisionError: division by zero\n>>>")
    terminal.send("del sys.displayhook", "Enter", "5", "Enter")
    terminal.wait("RuntimeError: lost sys.displayhook\n>>>")


def test_async_generators_and_comprehensions_stand_at_the_top(start):
    terminal = start()
    terminal.send("async def g():", "Enter", "for i in range(3): yield i", "Enter", "Enter", "Enter")
    terminal.send("[i async for i in g()]", "Enter")
    terminal.wait("\n[0, 1, 2]\n")
    terminal.send("async for i in g(): print('turn', i)", "Enter", "Enter")
    terminal.wait("\nturn 2\n")


def test_a_future_import_reaches_exec_and_compile(start):
    terminal = start()
    terminal.send("from __future__ import annotations", "Enter")
    terminal.send("exec('def g(a: b): pass'); exec(compile('def h(a: c): pass', 'x', 'exec')); g.__annotations__, h.__annotations__", "Enter")
    terminal.wait("({'a': 'b'}, {'a': 'c'})")


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "Could not open PYTHONSTARTUP"), (b"x = = 1\n", "SyntaxError"), (bytes(range(256)), "Error"), (b"raise KeyboardInterrupt", "KeyboardInterrupt")],
)
def test_every_broken_startup_file_is_a_message(start, tmp_path, content, said):
    if content is not None:
        (tmp_path / "startup.py").write_bytes(content)
    terminal = start({"PYTHONSTARTUP": str(tmp_path / "startup.py")})
    terminal.wait(said)
    terminal.send("6 * 7", "Enter")
    terminal.wait("\n42\n")


@pytest.mark.parametrize("content", [b"x = = 1\n", bytes(range(256)), b'nosuch = "1"\n', b"keyword = 5\n"])
def test_every_broken_theme_is_a_message(start, tmp_path, content):
    (tmp_path / "mine.toml").write_bytes(content)
    terminal = start({"MORROW_THEME": str(tmp_path / "mine.toml")})
    terminal.wait("[repl-theme]")
    terminal.send("6 * 7", "Enter")
    terminal.wait("\n42\n")


def test_a_home_that_cannot_be_written_is_told_of_once(start):
    terminal = start({"HOME": "/proc", "PYTHON_HISTORY": ""})
    terminal.send("6 * 7", "Enter")
    terminal.wait("[repl-history]")
    terminal.send("6 * 8", "Enter", "6 * 9", "Enter")
    assert terminal.wait("\n54\n>>>").count("[repl-history]") == 1


def test_jedi_completes_where_it_is_installed(start):
    pytest.importorskip("jedi")
    terminal = start()
    # What a call gives is not run to find out: jedi knows it from its stubs.
    terminal.send("len('a').bit_c", "Tab")
    terminal.wait(">>> len('a').bit_count", seconds=60)
