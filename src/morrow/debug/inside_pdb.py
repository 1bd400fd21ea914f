# mypy: ignore-errors
"""pdb inside a target. Its text is sent to the agent (attach/agent.py); nothing of morrow is imported there.

`begin` is called on the target's main thread, in a pending call or on top of a blocked system call. It opens the
target's own pdb on the frame the program was in, at once. While a prompt is open the main thread is ours; other threads
run on. After ``continue`` nothing of ours runs, unless breakpoints are set.

The rules of attach/agent.py hold here, too. ``agent`` and ``Gone`` are there when this text runs.
"""

import _thread
import os
import sys

_threads, _tasks, _task_frames, _write_back, _trace_all = map(
    agent.parts["morrow look"].get,
    ("threads", "tasks", "task_frames", "write_back", "trace_all"),
)

_variables = __import__("re").compile(r"\$([a-zA-Z_][a-zA-Z0-9_]*)")


class _Output:
    """What pdb prints goes to the other side, whole lines as they come."""

    encoding, errors = "utf-8", "backslashreplace"

    def __init__(self, session):
        self._session, self.pending = session, ""

    def write(self, text):
        self.pending += str(text)
        if "\n" in self.pending:
            whole, _, self.pending = self.pending.rpartition("\n")
            self._session.say(whole + "\n")
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False


class _Input:
    """What pdb reads comes from the other side; the text printed last, without a newline, is the prompt."""

    encoding = "utf-8"

    def __init__(self, session):
        self._session = session

    def readline(self, size=-1):
        return self._session.ask()

    def isatty(self):
        return False

    def __iter__(self):
        return iter(self.readline, "")


def _quiet_import():
    """Import pdb without readline: importing that would change how the program reads its terminal."""
    had = "readline" in sys.modules
    if not had:
        sys.modules["readline"] = None
    try:
        import pdb
    finally:
        if not had:
            sys.modules.pop("readline", None)
    return pdb


class Session:
    """A visit by a debugger. `agent.session` while it lasts; the agent's module finds it for `break_in`."""

    def __init__(self):
        self.wire = agent.wire
        self.lock = _thread.RLock()
        self.pdb_module = pdb = _quiet_import()
        self.output, self.input = _Output(self), _Input(self)
        self.open = False  # a prompt is
        self.home = _thread.get_ident()
        self.previous = sys.gettrace()
        self.tracing = False
        self.watching = False
        self.marked = []  # namespaces that hold convenience variables of ours
        session = self

        class Debugger(_commands(session), pdb.Pdb):
            pass

        had = "readline" in sys.modules
        if not had:
            sys.modules["readline"] = None  # Pdb.__init__ would import it, too
        try:
            self.pdb = Debugger(stdin=self.input, stdout=self.output, nosigint=True, readrc=False)
        finally:
            if not had:
                sys.modules.pop("readline", None)
        self.pdb.use_rawinput = False
        self.pdb.prompt = "(Pdb) "

    # -- the wire -------------------------------------------------------------------------------------------------------

    def say(self, text):
        self.wire.send(out=text)

    def ask(self):
        prompt, self.output.pending = self.output.pending, ""
        self.wire.send(prompt=prompt)
        agent.calm()
        try:
            while True:
                message = self.wire.receive()
                if "line" in message:
                    return message["line"] + "\n"
                if "complete" in message:
                    try:
                        found = self.pdb.offered(message)
                    except Exception:
                        found = []  # a completer that fails offers nothing, as in readline
                    self.wire.send(offers=found)
        finally:
            agent.hurry()

    # -- prompts --------------------------------------------------------------------------------------------------------

    def prompt(self, frame, why):
        """Open a prompt on *frame* and do what it asked for. Called on the thread that owns the frame."""
        with self.lock:
            if self.open or agent.left:
                return
            self.open = True
            self.pdb.stepper = _thread.get_ident()
            try:
                self.wire.send(stopped=why, pid=os.getpid(), thread=_thread.get_ident())
                self.pdb.reset()
                outermost = frame
                while outermost is not None and outermost.f_back is not None:
                    outermost = outermost.f_back
                self.pdb.botframe = outermost
                if frame is None:
                    self.say("no Python code runs on the main thread\n")
                else:
                    self._interact(frame)
            finally:
                self.open = False
            self._resume(frame)

    def _interact(self, frame):
        while True:
            try:
                self.pdb.interaction(frame, None)
                return
            except Gone:
                raise
            except BaseException as error:
                # A signal handler of the program has raised, or a command went wrong: the prompt stays.
                if isinstance(error, (KeyboardInterrupt, SystemExit)) or not isinstance(error, Exception):
                    agent.keep(error)
                    self.say(f"--- {type(error).__name__}, raised by the program; it will see it when it goes on\n")
                else:
                    self.say(f"*** {type(error).__name__}: {error}\n")

    def _resume(self, frame):
        if agent.left:
            return
        self.wire.send(running=True)
        agent.calm()
        if self.pdb.breaks or self.pdb.stoplineno >= 0:
            self._trace(frame)
        else:
            self._untrace()

    # -- tracing --------------------------------------------------------------------------------------------------------

    def _trace(self, frame):
        dispatch = self.pdb.trace_dispatch
        while frame is not None:
            frame.f_trace = dispatch
            frame = frame.f_back
        self.tracing = True
        if self.pdb.breaks and self.previous is None:
            _trace_all_threads(dispatch)
        sys.settrace(dispatch)
        if not self.watching:
            self.watching = True
            _thread.start_new_thread(self._watch, ())

    def _watch(self):
        """While the program runs under tracing: notice that the other side has gone, and take the tracing off."""
        import select

        while self.tracing and not agent.left:
            poll = select.poll()
            poll.register(self.wire.fileno(), 0x2000)  # POLLRDHUP
            if poll.poll(500):
                try:
                    self.detach()
                except BaseException:
                    pass  # whatever it was, this thread ends here
                break
        self.watching = False

    def _untrace(self):
        if not self.tracing:
            return
        self.tracing = False
        if self.previous is None:
            _trace_all_threads(None)
        if _thread.get_ident() == self.home:
            sys.settrace(self.previous)
        for frame in list(sys._current_frames().values()):
            while frame is not None:
                if getattr(frame.f_trace, "__self__", None) is self.pdb:
                    frame.f_trace = None
                frame = frame.f_back

    def break_in(self, frame):
        """Open a prompt on the program as it runs: what Ctrl-C on the other side asks for."""
        agent.hurry()
        try:
            self.prompt(frame, "interrupted")
        except Gone:
            self.detach()
        finally:
            agent.rest()

    def detach(self):
        """Leave the program running, without a trace of us."""
        if agent.left:
            return
        if self.pdb.breaks:
            self.pdb.clear_all_breaks()
        self.pdb.stoplineno = -1
        self._untrace()
        self.pdb._chain = ()
        while self.marked:
            self.marked.pop().pop("__pdb_convenience_variables", None)
        self.pdb_module = None  # the agent forgets modules that nobody holds
        agent.leave()


def _commands(session):
    """Return the class that adds our commands to the target's own Pdb."""

    class Commands:
        stepper = looking_at = 0  # idents: the thread that steps, the one being looked at
        stopped_frame = None

        # -- what tracing asks ------------------------------------------------------------------------------------------

        def trace_dispatch(self, frame, event, arg):
            if agent.left or os.getpid() != agent.pid:
                sys.settrace(None)  # detached, or a forked child: not ours to follow
                return None
            if frame.f_code.co_filename.startswith("<morrow "):
                return None
            try:
                with session.lock:
                    return super().trace_dispatch(frame, event, arg)
            except Gone:
                session.detach()
            except BaseException as error:
                agent.keep(error)
                session.detach()
            return None

        def stop_here(self, frame):
            return _thread.get_ident() == self.stepper and super().stop_here(frame)

        def interaction(self, frame, traceback):
            self.stopped_frame = frame
            self.looking_at = _thread.get_ident()
            if not session.open:  # a breakpoint or a step, not a prompt we opened
                session.open = True
                self.stepper = _thread.get_ident()
                session.wire.send(stopped="breakpoint", pid=os.getpid(), thread=_thread.get_ident())
                agent.hurry()
                try:
                    super().interaction(frame, traceback)
                finally:
                    session.open = False
                if not agent.left:
                    session.wire.send(running=True)
                    agent.calm()
                    if not self.breaks and self.stoplineno < 0:
                        session._untrace()
            else:
                super().interaction(frame, traceback)

        def default(self, line):
            if not hasattr(self, "_replace_convenience_variables"):  # 3.11's pdb has none
                line = _variables.sub(r'__pdb_convenience_variables["\1"]', line)
            super().default(line)
            _write_back(self.curframe)

        def _getval(self, arg):
            if not hasattr(self, "_replace_convenience_variables"):
                arg = _variables.sub(r'__pdb_convenience_variables["\1"]', arg)
            return super()._getval(arg)

        # -- $_frame, $_exception, $_asynctask ------------------------------------------------------------------------------

        def setup(self, frame, traceback):
            result = super().setup(frame, traceback)
            if self.curframe is not None:
                self.set_convenience_variable(self.curframe, "_frame", self.curframe)
                events, tasks = sys.modules.get("asyncio.events"), sys.modules.get("asyncio.tasks")
                loop = events._get_running_loop() if events is not None else None
                if loop is not None and tasks is not None:
                    self.set_convenience_variable(self.curframe, "_asynctask", tasks.current_task(loop))
            return result

        def set_convenience_variable(self, frame, name, value):
            names = frame.f_globals
            if "__pdb_convenience_variables" not in names:
                session.marked.append(names)  # to be taken out again: they would keep the frame alive
            names.setdefault("__pdb_convenience_variables", {})[name] = value

        # -- completion ---------------------------------------------------------------------------------------------------

        def offered(self, message):
            text, line, begin, end = message["complete"], message["text"], message["begin"], message["end"]
            line, begin, end = line.lstrip(), begin - (len(line) - len(line.lstrip())), end
            if begin <= 0:
                found = self.completenames(text, line, begin, end)
                if not found:
                    found = self.completedefault(text, line, begin, end)
            else:
                command = self.parseline(line)[0]
                complete = getattr(self, "complete_" + (command or ""), None) or self.completedefault
                found = complete(text, line, begin, end)
            return sorted(set(found or []))[:200]

        # -- commands of our own ------------------------------------------------------------------------------------------

        def do_detach(self, arg):
            """detach

            End the debugging session. The program runs on.
            """
            self.set_continue()
            session.detach()
            return True

        do_q = do_quit = do_exit = do_detach

        def do_EOF(self, arg):
            """EOF

            Treated as detach: the program runs on.
            """
            return self.do_detach(arg)

        def do_run(self, arg):
            """run

            Not here: the program is not ours to start again.
            """
            self.error("the program was not started by this debugger, so it cannot be restarted")

        do_restart = do_run

        def do_continue(self, arg):
            """c(ont(inue))

            Let the program run on; stop at breakpoints. Ctrl-C comes back.
            """
            self.set_continue()
            return True

        do_c = do_cont = do_continue

        def set_continue(self):
            self._set_stopinfo(self.botframe, None, -1)

        def do_interact(self, arg):
            """interact

            A prompt for whole statements, in a copy of the current names. Ctrl-D comes back.
            """
            import code

            class Console(code.InteractiveConsole):
                def raw_input(console, prompt=""):
                    session.output.pending += prompt
                    line = session.ask()
                    if not line.strip("\n") and line == "\x04\n":
                        raise EOFError
                    return line[:-1]

                def write(console, text):
                    session.output.write(text)

            names = dict(self.curframe.f_globals)
            names.update(self.curframe.f_locals)
            saved = sys.stdout, sys.stdin
            sys.stdout, sys.stdin = session.output, session.input
            try:
                Console(names).interact(banner="*interactive* (Ctrl-D comes back)", exitmsg="")
            finally:
                sys.stdout, sys.stdin = saved

        def do_debug(self, arg):
            """debug code

            Step through code in a debugger of its own.
            """
            module, original = session.pdb_module, session.pdb_module.Pdb
            module.Pdb = lambda *given, **named: original(*given, **dict(named, nosigint=True, readrc=False))
            try:
                return super().do_debug(arg)
            finally:
                module.Pdb = original

        # threads, tasks, interpreters

        def do_threads(self, arg):
            """threads

            List the threads that run Python. The arrow marks the one being looked at.
            """
            for number, (ident, name, frame) in enumerate(_threads(self.stopped_frame), 1):
                here = "->" if ident == self.looking_at else "  "
                code = frame.f_code
                self.message(
                    "%s %2d %-20s %s (%s:%s)" % (here, number, name, code.co_name, code.co_filename, frame.f_lineno)
                )

        def do_thread(self, arg):
            """thread [number]

            Look at a thread of the list that ``threads`` prints; without a number, at the one that is stopped here.
            Stepping commands then step that thread.
            """
            if not arg.strip():
                return self._look(_thread.get_ident(), self.stopped_frame)
            found = _threads(self.stopped_frame)
            try:
                ident, name, frame = found[int(arg) - 1]
                if int(arg) < 1:
                    raise IndexError
            except (ValueError, IndexError):
                self.error("thread: give a number from 1 to %d" % len(found))
                return None
            return self._look(ident, frame)

        def _look(self, ident, frame):
            self.looking_at = self.stepper = ident
            self.setup(frame, None)
            self.print_stack_entry(self.stack[self.curindex])

        def do_tasks(self, arg):
            """tasks

            List the asyncio tasks that are not done.
            """
            found = _tasks()
            if not found:
                self.message("no asyncio tasks")
            for number, task in enumerate(found, 1):
                frames = _task_frames(task)
                where = (
                    f"{frames[-1].f_code.co_name} ({frames[-1].f_code.co_filename}:{frames[-1].f_lineno})"
                    if frames
                    else "?"
                )
                self.message("   %2d %-20s %s" % (number, task.get_name(), where))

        def do_task(self, arg):
            """task number

            Look at where a task of the list that ``tasks`` prints is suspended: where, up, down, p ... work there.
            """
            found = _tasks()
            try:
                task = found[int(arg) - 1]
                if int(arg) < 1:
                    raise IndexError
            except (ValueError, IndexError):
                self.error("task: give a number from 1 to %d" % len(found))
                return
            frames = _task_frames(task)
            if not frames:
                self.error("task: it has no frames")
                return
            self.setup(frames[-1], None)
            self.stack = [(frame, frame.f_lineno) for frame in frames]
            self.curindex = len(frames) - 1
            self._show(self.curindex)

        def _show(self, index):
            self.curindex = index
            self.curframe = self.stack[index][0]
            if hasattr(self, "curframe_locals"):
                self.curframe_locals = self.curframe.f_locals
            self.lineno = None
            self.print_stack_entry(self.stack[index])

        def do_pm(self, arg):
            """pm [number]

            Look at the last exception: the one being handled on a thread (of the list that ``threads`` prints, or the
            one looked at), else the last one nobody handled.
            """
            ident = self.looking_at
            if arg.strip():
                try:
                    ident = _threads(self.stopped_frame)[int(arg) - 1][0]
                except (ValueError, IndexError):
                    self.error("pm: give a number from 1 to %d" % len(_threads(self.stopped_frame)))
                    return
            error = sys._current_exceptions().get(ident)
            if isinstance(error, tuple):
                error = error[1]
            if error is None:
                error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
            if error is None or error.__traceback__ is None:
                self.error("pm: no exception is being handled there, and none was left unhandled")
                return
            self._chain, chain = [], error
            while chain is not None and not any(one is chain for one in self._chain):
                self._chain.insert(0, chain)
                chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)
            self._show_exception(len(self._chain) - 1)

        def _show_exception(self, index):
            self._chosen, error = index, self._chain[index]
            self.message(f"{type(error).__name__}: {error}")
            self.setup(None, error.__traceback__)
            self.set_convenience_variable(self.curframe, "_exception", error)
            self.print_stack_entry(self.stack[self.curindex])

        _chain, _chosen = (), 0

        def do_exceptions(self, arg):
            """exceptions [number]

            List the exceptions that the one looked at by ``pm`` came from, or look at one of them.
            """
            if not self._chain:
                self.error("exceptions: choose one with pm first")
            elif not arg.strip():
                for index, error in enumerate(self._chain):
                    text = repr(error)
                    text = text if len(text) <= 80 else text[:77] + "..."
                    mark = ">" if index == self._chosen else " "
                    number = "  -" if error.__traceback__ is None else "%3d" % index
                    self.message("%s %s %s" % (mark, number, text))
            elif not arg.strip().isdigit():
                self.error("Argument must be an integer")
            elif int(arg) >= len(self._chain) or self._chain[int(arg)].__traceback__ is None:
                self.error("No exception with that number")
            else:
                self._show_exception(int(arg))

        def do_interpreters(self, arg):
            """interpreters

            List the interpreters of this process. ``interpreter NUMBER STATEMENT`` runs something in an idle one.
            """
            module = _interpreters()
            if module is None:
                self.message("this build has no subinterpreters")
                return
            for item in module.list_all():
                number = item[0] if isinstance(item, tuple) else item
                busy = module.is_running(number) if int(number) else True
                self.message("   %2d %s" % (int(number), "running" if busy else "idle"))

        def do_interpreter(self, arg):
            """interpreter number [statement]

            Run a statement in another interpreter that is idle and print what it prints; without a statement, print
            the stacks of its threads.
            """
            number, _, statement = arg.strip().partition(" ")
            module = _interpreters()
            if not number.isdigit() or module is None:
                self.error("interpreter: give a number that ``interpreters`` lists")
            elif not statement:
                session.wire.send(want="interpreter", number=int(number))
            else:
                self._run_there(module, int(number), statement)

        def _run_there(self, module, number, statement):
            ids = {int(item[0] if isinstance(item, tuple) else item): item for item in module.list_all()}
            if number not in ids:
                self.error("interpreter: there is none with number %d" % number)
                return
            chosen = ids[number][0] if isinstance(ids[number], tuple) else ids[number]
            read_end, write_end = os.pipe()
            try:
                source = (
                    "import os, io, contextlib, traceback\nout = io.StringIO()\nwith contextlib.redirect_stdout(out):\n"
                    " try: exec(compile(%r, '<interpreter %d>', 'single'), globals())\n"
                    " except BaseException: traceback.print_exc(limit=3, file=out)\n"
                    "os.write(%d, out.getvalue().encode()[:60000])\n" % (statement, number, write_end)
                )
                try:
                    module.run_string(chosen, source)
                except Exception as error:
                    self.error("interpreter %d: %s" % (number, error))
                    return
                os.set_blocking(read_end, False)
                try:
                    self.message(os.read(read_end, 65536).decode("utf-8", "replace").rstrip("\n"))
                except BlockingIOError:
                    pass  # it printed nothing
            finally:
                os.close(read_end)
                os.close(write_end)

    return Commands


def _interpreters():
    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            return __import__(name)
        except ImportError:
            continue
    return None


def _trace_all_threads(dispatch):
    """Trace (or stop tracing) every thread, running or to come."""
    _trace_all(dispatch)
    if dispatch is not None:
        for frame in list(sys._current_frames().values()):
            while frame is not None:
                if frame.f_trace is None and not frame.f_code.co_filename.startswith("<morrow "):
                    frame.f_trace = dispatch
                frame = frame.f_back


def begin(frame):
    agent.session = session = Session()
    agent.abandon = session.detach
    try:
        session.prompt(frame, "attached")
    except Gone:
        session.detach()
