"""``morrow -m asyncio``: a prompt in one thread beside an event loop in the main one, so that tasks go on while somebody types.

Does what CPython 3.14's Lib/asyncio/__main__.py does, on any host and with this package's prompt: the loop runs from the
start to the end, ``await`` may stand at the top, Ctrl-C cancels what runs, all blocks share one context.
"""

from __future__ import annotations

import asyncio
import builtins
import concurrent.futures
import contextvars
import os
import sys
import threading
import types
import warnings
from collections.abc import Callable
from typing import Any

from morrow.host.frames import hide
from morrow.repl import basic, interact, why_basic
from morrow.repl.console import CO_COROUTINE, Console

BANNER = (
    f"asyncio REPL {sys.version} on {sys.platform}\n"
    'Use "await" directly instead of "asyncio.run()".\n'
    'Type "help", "copyright", "credits" or "license" for more information.\n'
)


class Beside:
    """An event loop in the main thread, and blocks that another thread hands to it.

    Attributes:
        status: what the process should end with, as for `sys.exit`.
    """

    def __init__(self) -> None:
        self.status: Any = 0
        self.loop = asyncio.new_event_loop()
        self._context = contextvars.copy_context()
        self._task: asyncio.Task[Any] | None = None
        self._interrupted = False

    def serve(self, read_blocks: Callable[[], None]) -> None:
        """Run the loop until *read_blocks*, which gets a thread of its own, returns or a block asks to leave."""
        asyncio.set_event_loop(self.loop)
        reader = threading.Thread(target=self._read, args=(read_blocks,), name="Interactive thread", daemon=True)
        reader.start()
        while True:
            try:
                self.loop.run_forever()
            except KeyboardInterrupt:
                self._interrupted = True
                if self._task is not None and not self._task.done():
                    self._task.cancel()
            else:
                break
        if sys.stderr is not None:
            sys.stderr.write("exiting asyncio REPL...\n")
        self.loop.close()

    def _read(self, read_blocks: Callable[[], None]) -> None:
        try:
            read_blocks()
        except SystemExit as error:
            self.status = error.code
        finally:
            # Somebody who leaves has seen what they wanted to see of their coroutines.
            warnings.filterwarnings("ignore", message=r"^coroutine .* was never awaited$", category=RuntimeWarning)
            self.loop.call_soon_threadsafe(self.loop.stop)

    @hide
    def run(self, code: types.CodeType, namespace: dict[str, Any]) -> None:
        """Run a block in the loop's thread and wait for it.

        Raises:
            BaseException: what the block raised; KeyboardInterrupt when Ctrl-C cancelled it.
        """
        done = self.start(code, namespace)
        error = done.exception()
        if error is not None:
            raise error

    def start(self, code: types.CodeType, namespace: dict[str, Any]) -> concurrent.futures.Future[None]:
        """Hand a block to the loop's thread; return what will hear how it ended."""
        done: concurrent.futures.Future[None] = concurrent.futures.Future()
        self.loop.call_soon_threadsafe(self._begin, code, namespace, done, context=self._context)
        return done

    def _begin(self, code: types.CodeType, namespace: dict[str, Any], done: concurrent.futures.Future[None]) -> None:
        self._task, self._interrupted = None, False
        block = types.FunctionType(code, namespace)
        try:
            made = block()
        except BaseException as error:  # the thread that waits raises it, from the block's own frame on
            done.set_exception(error.with_traceback(error.__traceback__ and error.__traceback__.tb_next))
            return
        if not code.co_flags & CO_COROUTINE:
            done.set_result(None)
            return
        self._task = self.loop.create_task(made, context=self._context)
        self._task.add_done_callback(lambda task: self._end(task, done))

    def _end(self, task: asyncio.Task[Any], done: concurrent.futures.Future[None]) -> None:
        if task.cancelled():
            done.set_exception(KeyboardInterrupt() if self._interrupted else asyncio.CancelledError())
        elif (error := task.exception()) is not None:
            done.set_exception(error)
        else:
            done.set_result(None)


class BesideConsole(Console):
    """A console whose blocks run in the loop."""

    beside: Beside

    @hide
    def execute(self, code: types.CodeType) -> None:
        self.beside.run(code, self.namespace)


def main(module: dict[str, Any]) -> None:
    """Be ``python -m asyncio``.

    Args:
        module: the namespace of ``asyncio.__main__``; what is typed gets one of its own.

    Raises:
        SystemExit: always; with the status a block asked for.
    """
    sys.audit("cpython.run_stdin")
    beside = Beside()
    namespace: dict[str, Any] = {
        "asyncio": asyncio,
        "__name__": "__main__",
        "__package__": None,
        "__loader__": module.get("__loader__"),
        "__spec__": None,
        "__builtins__": builtins,
    }
    beside.serve(lambda: _read_blocks(beside, namespace))
    sys.exit(beside.status)


def _read_blocks(beside: Beside, namespace: dict[str, Any]) -> None:
    if not sys.flags.quiet:
        sys.stderr.write(BANNER)
    if not sys.flags.ignore_environment and os.environ.get("PYTHONSTARTUP"):
        basic.run_startup(namespace)
    ps1 = str(getattr(sys, "ps1", ">>> "))
    sys.stderr.write(f"{ps1}import asyncio\n")
    sys.stderr.flush()
    if why_basic() is None:

        class Here(BesideConsole):
            pass

        Here.beside = beside
        interact(namespace, Here)
    else:
        basic.prompt(namespace, greet=False, execute=beside.run, awaits=True)
