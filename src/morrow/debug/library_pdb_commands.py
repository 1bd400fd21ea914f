"""What one types at 3.14's prompt and the host's pdb does not understand.

    (Pdb) where 3                    the three innermost frames; -3 the outermost, 0 the current one
    (Pdb) for x in y:                several lines in one statement, run after an empty one; an empty line alone repeats it
    ...     print(x)
    (Pdb) [x + n for x in y]         functions and comprehensions see the frame's variables

Besides, ``-m pdb`` of a program without a line stops at its line 0, where older ones start it again for ever.
"""

from __future__ import annotations

import codeop
import contextlib
import sys
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any


def complete(pdb: ModuleType) -> None:
    """Add to the host's `pdb` what its prompt lacks."""
    kind: Any = pdb.Pdb  # type: ignore[attr-defined]
    _complete_where(kind)
    _complete_statements(kind)
    _complete_empty_program(kind)


def _complete_where(kind: Any) -> None:
    plain = kind.print_stack_trace

    def print_stack_trace(self: Any, count: int | None = None) -> None:
        whole = self.stack
        if count is not None:
            self.stack = [whole[self.curindex]] if count == 0 else whole[:-count] if count < 0 else whole[-count:]
        try:
            plain(self)
        finally:
            self.stack = whole

    def do_where(self: Any, arg: str) -> None:
        """w(here) [count]

        Print a stack trace. If count is not specified, print the full stack.
        If count is 0, print the current frame entry. If count is positive,
        print count entries from the most recent frame. If count is negative,
        print -count entries from the least recent frame.
        An arrow indicates the "current frame", which determines the
        context of most commands.  'bt' is an alias for this command.
        """
        try:
            count = int(arg) if arg else None
        except ValueError:
            self.error(f"Invalid count ({arg})")
            return
        self.print_stack_trace(count)

    kind.print_stack_trace = print_stack_trace
    kind.do_where = kind.do_w = kind.do_bt = do_where


def _complete_statements(kind: Any) -> None:
    def default(self: Any, line: str) -> None:
        if line[:1] == "!":
            line = line[1:].strip()
        names, frame = self.curframe_locals, self.curframe
        try:
            code, source = _read(self, line)
            if code is None:
                return
            saved = sys.stdout, sys.stdin, sys.displayhook
            try:
                sys.stdin, sys.stdout, sys.displayhook = self.stdin, self.stdout, self.displayhook
                if not _run_in_closure(self, source, code, frame.f_globals, names):
                    exec(code, frame.f_globals, names)
            finally:
                sys.stdout, sys.stdin, sys.displayhook = saved
        except:  # noqa: E722  whatever it raises, KeyboardInterrupt too, is shown, as pdb does
            self._error_exc()

    kind.default = default


def _read(debugger: Any, line: str) -> tuple[CodeType | None, str]:
    """Compile a statement, reading the lines it lacks; None when whoever types it has given up.

    Raises:
        SyntaxError: it is none.
    """
    code = codeop.compile_command(line + "\n", "<stdin>", "single")
    if code is not None:
        return code, line
    source, plain_prompt = line, debugger.prompt
    debugger.prompt = "...   "  # for the prompt's editor, which draws it
    try:
        with getattr(debugger, "_disable_command_completion", contextlib.nullcontext)():
            while (code := codeop.compile_command(source, "<stdin>", "single")) is None:
                more = _read_line(debugger)
                if more is None:
                    debugger.lastcmd = ""
                    return None, source
                source += "\n" if more.isspace() else "\n" + more
    finally:
        debugger.prompt = plain_prompt
    debugger.lastcmd = source
    return code, source


def _read_line(debugger: Any) -> str | None:
    """Return a line without its end, None where there is none."""
    if debugger.use_rawinput:
        try:
            return input(debugger.prompt)
        except (EOFError, KeyboardInterrupt):
            print("\n")
            return None
    debugger.stdout.write(debugger.prompt)
    debugger.stdout.flush()
    line: str = debugger.stdin.readline()
    if line:
        return line.rstrip("\r\n")
    debugger.stdout.write("\n")
    debugger.stdout.flush()
    return None


_RESULT = "__pdb_eval__"  # CPython's name for it


def _run_in_closure(debugger: Any, source: str, code: CodeType, names_of_module: dict[str, Any], names: Any) -> bool:
    """Run a statement with functions in it, which find the frame's variables in cells; return False to run it as usual.

    Before:  [x + n for x in y]
    Runs:    def outer():
                 n = y = None
                 def scope():
                     nonlocal n, y
                     try: __pdb_eval__["result"] = [x + n for x in y]
                     finally: __pdb_eval__["names"] = locals()
    """
    # A module-level comprehension of 3.12 and later is part of the code around it and finds the variables there.
    if not any(isinstance(constant, CodeType) for constant in code.co_consts):
        return False
    copy = dict(names)
    try:
        compile(source, "<stdin>", "eval")
        statement = f"{_RESULT}['result'] = {source}"
    except SyntaxError:
        statement = source
    variables = [name for name in copy if name.isidentifier()]
    lines = ["def outer():"]
    lines += [f"  {name} = None" for name in [*variables, _RESULT]]
    lines += ["  def scope():"]
    lines += [f"    nonlocal {name}" for name in [*variables, _RESULT]]
    lines += ["    try:", *("      " + line for line in statement.split("\n")), "    finally:", f"      {_RESULT}['names'] = locals()"]
    lines += ["  return scope"]
    made: dict[str, Any] = {}
    try:
        exec("\n".join(lines), {}, made)
    except Exception:  # e.g. it deletes a variable, declares one global, or one's name is not to be assigned to
        return False
    inner: FunctionType = made["outer"]()
    answer: dict[str, Any] = {"result": None, "names": {}}
    copy[_RESULT] = answer
    cells = tuple(_cell(copy.get(name)) for name in inner.__code__.co_freevars)
    try:
        exec(inner.__code__, names_of_module, copy, closure=cells)
    except Exception:
        return False  # it is run again as usual, as 3.14 does: the error is then the one of what was typed
    answer["names"].pop(_RESULT, None)
    names.update(answer["names"])
    if answer["result"] is not None:
        debugger.message(repr(answer["result"]))
    return True


def _cell(value: object) -> Any:
    return (lambda: value).__closure__[0]  # type: ignore[index]


def _complete_empty_program(kind: Any) -> None:
    plain = kind.user_line

    def user_line(self: Any, frame: FrameType) -> None:
        if self._wait_for_mainpyfile and frame.f_lineno == 0 and self.mainpyfile == self.canonic(frame.f_code.co_filename):
            # Line 0 of a program with lines is none of them, but the start of the module.
            self._wait_for_mainpyfile = any(line for _, _, line in frame.f_code.co_lines())
        plain(self, frame)

    kind.user_line = kind.user_opcode = user_line
