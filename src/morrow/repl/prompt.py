"""The prompt itself: editing a block in a terminal, with prompt_toolkit.

The only file that imports prompt_toolkit, which costs a tenth of a second: `interact` writes the first prompt before
that import, so that the prompt is there at once and what is typed meanwhile waits in the terminal's own buffer.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application.current import get_app
from prompt_toolkit.application.run_in_terminal import run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, get_common_complete_suffix
from prompt_toolkit.cursor_shapes import CursorShape
from prompt_toolkit.document import Document
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition, has_completions, has_focus, is_searching
from prompt_toolkit.formatted_text import ANSI, StyleAndTextTuples, to_formatted_text
from prompt_toolkit.history import History as ToolkitHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout.processors import TabsProcessor
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.output import ColorDepth

from morrow.language.tracebacks.colours import can_colour
from morrow.repl.complete import complete, signature
from morrow.repl.console import Console
from morrow.repl.highlight import State, scan_line
from morrow.repl.history import History

INDENT = "    "
_PASTED_PROMPT = re.compile(r"^(>>> |\.\.\. |>>>$|\.\.\.$)", re.M)
_BLOCK_ENDS = re.compile(r"\s*(return|pass|break|continue|raise)\b")


class _Blocks(ToolkitHistory):
    """Our history, as prompt_toolkit wants one."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self.history = history

    def load_history_strings(self) -> Iterable[str]:
        return reversed(self.history.entries)

    async def load(self) -> AsyncGenerator[str, None]:
        # Every prompt starts with the file as this session knows it; the base class would keep a copy of its own.
        for entry in reversed(self.history.entries):
            yield entry

    def append_string(self, string: str) -> None:
        self.history.append(string)

    def store_string(self, string: str) -> None:
        raise AssertionError("append_string does it")


class _Colours(Lexer):
    """Our scanner, as prompt_toolkit wants one. Lines keep their answers, so a key press scans one line."""

    def __init__(self, styles: Mapping[str, str]) -> None:
        self.styles = styles

    def lex_document(self, document: Document) -> Any:
        lines = document.lines
        states: list[State] = [()]

        def get_line(number: int) -> StyleAndTextTuples:
            while len(states) <= number:
                states.append(scan_line(lines[len(states) - 1], states[-1])[1])
            if number >= len(lines):
                return []
            line = lines[number]
            found: StyleAndTextTuples = []
            position = 0
            for piece in scan_line(line, states[number])[0]:
                if piece.start > position:
                    found.append(("", line[position : piece.start]))
                found.append((self.styles.get(piece.kind, ""), line[piece.start : piece.end]))
                position = piece.end
            found.append(("", line[position:]))
            return found

        return get_line


class _Completions(Completer):
    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self.namespace = namespace
        self.words: list[str] = []
        self.offer: Callable[[str], list[tuple[str, int]]] | None = None

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        text = document.text_before_cursor
        if self.offer is not None:
            for word, length in self.offer(text):
                yield Completion(word, start_position=-length)
            return
        if text.isidentifier():
            for word in self.words:
                if word.startswith(text):
                    yield Completion(word, start_position=-len(text), display_meta="command")
        for candidate in complete(document.text_before_cursor, self.namespace):
            yield Completion(candidate.text, start_position=-candidate.length, display_meta=candidate.note)


def style_of(sgr: str) -> str:
    """Return prompt_toolkit's name for an SGR sequence's numbers."""
    fragments = to_formatted_text(ANSI(f"\x1b[{sgr}mx"))
    return fragments[0][0] if fragments else ""


class Prompt:
    """Reads blocks at a terminal until its reader leaves."""

    def __init__(self, console: Console, history: History, theme: Mapping[str, str], vi: bool = False) -> None:
        self.console = console
        self.history = history
        self.pasting = False
        self._coloured = can_colour(sys.stdout)
        styles = {piece: style_of(sgr) for piece, sgr in theme.items() if sgr != "0"} if self._coloured else {}
        self._prompt_style = styles.get("prompt", "")
        self.session: PromptSession[str] = PromptSession(
            lexer=_Colours(styles),
            completer=_Completions(console.namespace),
            complete_while_typing=False,
            complete_in_thread=False,
            history=_Blocks(history),
            multiline=True,
            key_bindings=_bindings(self),
            prompt_continuation=self._continuation,
            editing_mode=EditingMode.VI if vi else EditingMode.EMACS,
            cursor=CursorShape.BLINKING_BLOCK if vi else None,
            color_depth=None if self._coloured else ColorDepth.DEPTH_1_BIT,
            reserve_space_for_menu=0,
            include_default_pygments_style=False,
            enable_open_in_editor=True,
            enable_suspend=True,
            input_processors=[TabsProcessor(tabstop=8, char1=" ", char2=" ")],
            style=None,
        )
        self.session.default_buffer.tempfile_suffix = ".py"
        self.session.default_buffer.on_text_changed += self._show_toolbar
        self.session.default_buffer.on_cursor_position_changed += self._show_toolbar

    def read(self, prompt: str, continuation: str) -> str:
        """Return the next block.

        Raises:
            EOFError: Ctrl-D on an empty block.
            KeyboardInterrupt: Ctrl-C.
        """
        self.pasting = False
        self.session.bottom_toolbar = None
        self._continuation_text = continuation
        return _edit(self.session, [(self._prompt_style, prompt)])

    def _continuation(self, width: int, line: int, wrapped: int) -> StyleAndTextTuples:
        if wrapped:
            return [("", " " * width)]
        return [(self._prompt_style, self._continuation_text.ljust(width))]

    def _show_toolbar(self, buffer: Buffer) -> None:
        """Show the signature of the call being written below the screen; no toolbar at all without one."""
        if self.pasting:
            self.session.bottom_toolbar = "paste mode: Enter starts a line, F3 runs the block"
        else:
            self.session.bottom_toolbar = signature(buffer.document.text_before_cursor, self.console.namespace)


class Line:
    """Reads single lines for somebody else's prompt: a debugger's, `code.interact`'s."""

    def __init__(self, history: History, theme: Mapping[str, str], vi: bool = False) -> None:
        coloured = can_colour(sys.stdout)
        styles = {piece: style_of(sgr) for piece, sgr in theme.items() if sgr != "0"} if coloured else {}
        self._prompt_style = styles.get("prompt", "")
        self._completions = _Completions({})
        self._session: PromptSession[str] = PromptSession(
            lexer=_Colours(styles),
            completer=self._completions,
            complete_while_typing=False,
            history=_Blocks(history),
            editing_mode=EditingMode.VI if vi else EditingMode.EMACS,
            color_depth=None if coloured else ColorDepth.DEPTH_1_BIT,
            reserve_space_for_menu=0,
            include_default_pygments_style=False,
            enable_suspend=True,
            key_bindings=_line_bindings(),
        )

    def read(
        self, prompt: str, namespace: Mapping[str, Any], words: list[str], offer: Callable[[str], list[tuple[str, int]]] | None = None
    ) -> str:
        """Return the next line; see `editor.read_line`.

        Raises:
            EOFError: Ctrl-D on an empty line.
            KeyboardInterrupt: Ctrl-C.
        """
        self._completions.namespace, self._completions.words, self._completions.offer = namespace, words, offer
        return _edit(self._session, [(self._prompt_style, prompt)])


def _edit(session: PromptSession[str], message: StyleAndTextTuples) -> str:
    """Edit in an event loop of the editor's own, and leave the program's as it is: set or not, running or not.

    PromptSession.prompt would use `asyncio.run`, which refuses inside a coroutine and takes away the loop that was set.
    """
    if asyncio._get_running_loop() is not None:
        return session.prompt(message, in_thread=True)
    with asyncio.Runner(debug=False, loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(session.prompt_async(message))


def clean_paste(text: str) -> str:
    """Return pasted text as code: one kind of newline, and without the ``>>>`` and ``...`` of a session.

    Lines of a pasted session that have no prompt are its output, and go.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first = text.lstrip("\n")
    if not first.startswith((">>> ", ">>>\n")):
        return text
    kept = [_PASTED_PROMPT.sub("", line) for line in text.split("\n") if _PASTED_PROMPT.match(line)]
    return "\n".join(kept)


def indent_after(text: str) -> str:
    """Return the indentation of the line that follows *text* (up to the cursor)."""
    line = text.rsplit("\n", 1)[-1]
    indent = line[: len(line) - len(line.lstrip())]
    pieces = [line[piece.start : piece.end] for piece in scan_line(line, ())[0] if piece.kind != "comment"]
    if pieces and pieces[-1] == ":":
        return indent + INDENT
    if _BLOCK_ENDS.match(line) and len(indent) >= len(INDENT):
        return indent[: -len(INDENT)]
    return indent


def _bindings(prompt: Prompt) -> KeyBindings:
    keys = KeyBindings()
    here = has_focus("DEFAULT_BUFFER")
    pasting = Condition(lambda: prompt.pasting)
    in_indent = Condition(lambda: not get_app().current_buffer.document.current_line_before_cursor.strip())

    @keys.add("enter", filter=here & ~is_searching & ~pasting)
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state is not None and buffer.complete_state.current_completion is not None:
            buffer.complete_state = None
            return
        after = buffer.document.text_after_cursor
        if after.strip() and "\n" in after:  # in the middle of a block: a new line there
            _new_line(buffer)
        elif prompt.console.wants_more(buffer.text):
            buffer.cursor_position = len(buffer.text) if not after.strip() else buffer.cursor_position
            _new_line(buffer)
        else:
            buffer.validate_and_handle()

    @keys.add("enter", filter=here & ~is_searching & pasting)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("escape", "enter", filter=here)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("backspace", filter=here & in_indent & Condition(lambda: bool(get_app().current_buffer.document.current_line_before_cursor)))
    def _(event: KeyPressEvent) -> None:
        before = event.current_buffer.document.current_line_before_cursor
        event.current_buffer.delete_before_cursor((len(before) - 1) % len(INDENT) + 1 if before.isspace() else 1)

    @keys.add("tab", filter=here & in_indent & ~has_completions)
    def _(event: KeyPressEvent) -> None:
        before = event.current_buffer.document.current_line_before_cursor
        event.current_buffer.insert_text(" " * (len(INDENT) - len(before) % len(INDENT)))

    @keys.add("tab", filter=here & ~in_indent)
    def _(event: KeyPressEvent) -> None:
        _complete(event.current_buffer)

    @keys.add("c-c", filter=here)
    def _(event: KeyPressEvent) -> None:
        event.app.exit(exception=KeyboardInterrupt, style="class:aborting")

    @keys.add(Keys.BracketedPaste, filter=here)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text(clean_paste(event.data))

    @keys.add("pageup", filter=here & ~has_completions)
    def _(event: KeyPressEvent) -> None:
        _search_prefix(event.current_buffer, prompt.history.entries, -1)

    @keys.add("pagedown", filter=here & ~has_completions)
    def _(event: KeyPressEvent) -> None:
        _search_prefix(event.current_buffer, prompt.history.entries, 1)

    @keys.add("c-l", filter=here)
    def _(event: KeyPressEvent) -> None:
        event.app.renderer.clear()

    @keys.add("f1", filter=here)
    def _(event: KeyPressEvent) -> None:
        import pydoc

        run_in_terminal(pydoc.help)

    @keys.add("f2", filter=here)
    def _(event: KeyPressEvent) -> None:
        import pydoc

        run_in_terminal(lambda: pydoc.pager("\n".join(prompt.history.entries) + "\n"))

    @keys.add("f3", filter=here)
    def _(event: KeyPressEvent) -> None:
        if prompt.pasting and event.current_buffer.text.strip():
            event.current_buffer.validate_and_handle()
        prompt.pasting = not prompt.pasting
        prompt._show_toolbar(event.current_buffer)

    return keys


def _line_bindings() -> KeyBindings:
    """Tab: an indentation at the start of a line, else completion."""
    keys = KeyBindings()

    @keys.add("tab")
    def _(event: KeyPressEvent) -> None:
        if not event.current_buffer.document.current_line_before_cursor.strip():
            event.current_buffer.insert_text(INDENT)
        else:
            _complete(event.current_buffer)

    return keys


def _complete(buffer: Buffer) -> None:
    """Write what all candidates have in common, at once: keys typed after Tab belong behind it. Then show them."""
    if buffer.complete_state is not None:
        buffer.complete_next()
        return
    try:
        with _interruptible():
            found = list(buffer.completer.get_completions(buffer.document, CompleteEvent(completion_requested=True)))
    except BaseException:  # a program's own __dir__ may raise anything, and Ctrl-C ends one that takes too long
        return
    common = get_common_complete_suffix(buffer.document, found)
    if common:
        buffer.insert_text(common)
    elif len(found) > 1:
        buffer.start_completion()


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt, where the terminal would keep it as a key until the editor looks again."""
    try:
        import termios

        before = termios.tcgetattr(sys.stdin)
    except (ImportError, OSError, ValueError, AttributeError, termios.error):  # Windows; a stdin of the program's own
        yield
        return
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are for the main thread only
        return
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    listening = [*before]
    listening[3] |= termios.ISIG
    termios.tcsetattr(sys.stdin, termios.TCSANOW, listening)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)
        signal.signal(signal.SIGINT, handler)


def _new_line(buffer: Buffer) -> None:
    indent = indent_after(buffer.document.text_before_cursor)
    if not buffer.document.current_line.strip() and buffer.document.current_line:
        # The line was white space only: it was the indentation nobody wanted.
        buffer.delete_before_cursor(len(buffer.document.current_line_before_cursor))
        indent = ""
    buffer.insert_text("\n" + indent)


def _search_prefix(buffer: Buffer, entries: list[str], step: int) -> None:
    """Go to the next older (-1) or newer (1) entry that begins like the text before the cursor."""
    prefix = buffer.document.text_before_cursor
    position = len(entries) if buffer.text not in entries else len(entries) - 1 - entries[::-1].index(buffer.text)
    position += step
    while 0 <= position < len(entries):
        if entries[position].startswith(prefix) and entries[position] != buffer.text:
            buffer.document = Document(entries[position], len(prefix))
            return
        position += step


def wants_vi() -> bool:
    """Say whether readline is set to vi keys, in the file that its users already have."""
    path = os.environ.get("INPUTRC") or os.path.expanduser("~/.inputrc")
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return any(re.match(r"\s*set\s+editing-mode\s+vi\b", line) for line in file)
    except OSError:
        return False  # no such file is the usual case
