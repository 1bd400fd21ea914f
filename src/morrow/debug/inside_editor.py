# mypy: ignore-errors
"""An editor's side of a debugging session, inside the target: requests come over the channel, answers go back.

Its text is sent to the agent (attach/agent.py); nothing of morrow is imported there. One thread of ours waits for
requests while the session lasts (it sleeps in recv: nothing is polled); it is not known to `threading`, and ends with the
session. What has to be done on a thread of the program is done by that thread, while it is stopped.

    request   {"do": name, "id": number, ...}
    answer    {"reply": number, ...} or {"reply": number, "error": text}
    event     {"event": "begun" | "stopped" | "output", ...}
"""

import _thread
import os
import sys

_look = agent.parts["morrow look"]
_values = agent.parts["morrow values"]
_stops = agent.parts["morrow stops"]
_sources = agent.parts["morrow sources"]
Refused, _describe, _text, _next_line = map(_sources.get, ("Refused", "describe", "text_of", "next_line"))
_BackEnd = agent.parts["morrow monitor" if hasattr(sys, "monitoring") else "morrow trace"]["BackEnd"]
_FIRST_TASK = 1_000_000  # numbers of tasks begin here, those of threads at 1
_LONG = 3.0  # seconds until an evaluation counts as waiting for a thread that is stopped


class Session(_sources["Sources"]):
    """One editor's visit. ``agent.session`` while it lasts."""

    def __init__(self):
        given = agent.given
        self.pid = agent.pid
        self.wire = agent.wire
        self.sending = _thread.allocate_lock()
        self.own_ident = 0
        self.held = None
        self.stops = _stops["Stops"](self, given.get("just_mine", True), given.get("all_threads", True))
        self.stops.back_end = _BackEnd(self.stops)
        self.numbers, self.idents, self.tasks = {}, {}, {}
        self.frames, self.refs = {}, {}
        self._begin_sources()
        self.hook = None

    # -- beginning and end -----------------------------------------------------------------------------------------------

    def begin(self):
        """Start answering; with ``hold``, return only when the editor has set its breakpoints."""
        if not self.stops.back_end.begin():
            self.send(failed="all tools of sys.monitoring are taken")
            agent.leave()
            return
        self.number(_look["HOME"])
        self.hook = sys.breakpointhook
        sys.breakpointhook = self.own_hook = self._breakpoint
        self.send(event="begun", pid=self.pid, argv=list(map(str, getattr(sys, "argv", []))), executable=str(sys.executable))
        if agent.given.get("hold"):
            self.held = _thread.allocate_lock()
            self.held.acquire()
            agent.parts["morrow family"]["follow_forks"](self)
        _thread.start_new_thread(self._serve, ())
        if self.held is not None:
            self.held.acquire()

    def _serve(self):
        self.own_ident = _thread.get_ident()
        try:
            while not agent.left:
                message = self.wire.receive()
                self._answer(message)
        except Gone:
            self.detach()
        except BaseException:
            self.detach()  # whatever it was (an interpreter that ends): nobody must wait for us

    def _answer(self, message):
        number = message["id"]
        try:
            function = getattr(self, "do_" + message["do"])
            result = function(**{name: value for name, value in message.items() if name not in ("do", "id")})
        except Refused as error:
            self.send(reply=number, error=str(error))
        except Gone:
            raise
        except Exception as error:
            self.send(reply=number, error=_describe(error))
        else:
            if type(result) is dict:
                self.send(reply=number, **result)
            elif callable(result):
                # A program that goes on may end before we could answer: it goes on afterwards.
                self.send(reply=number)
                result()
            else:
                self._on_thread(number, *result)

    def send(self, **message):
        with self.sending:
            self.wire.send(**message)

    def say(self, category, text, frame=None):
        """Show text in the editor."""
        try:
            where = {} if frame is None else {"path": self.stops.real(frame.f_code.co_filename), "line": frame.f_lineno}
            self.send(event="output", category=category, text=text, **where)
        except Gone:
            pass  # the session is about to end

    def failed(self, error):
        """Something of ours went wrong on a thread of the program: say so, and leave it alone."""
        import traceback

        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        self.say("important", "the debugger failed and leaves the program:\n" + text)
        self.detach()

    def detach(self):
        """Leave the program running, without a trace of us."""
        if agent.left:
            return
        if sys.breakpointhook is getattr(self, "own_hook", None):
            sys.breakpointhook = self.hook
        self.stops.end()
        if self.held is not None and self.held.locked():
            self.held.release()
        self._forget()
        agent.leave()

    def abandon_child(self):
        """In a forked child: nothing of ours may run here, and nobody would answer."""
        self.stops.active = False
        self.stops.parking = False
        self.stops.lines, self.stops.functions, self.stops.filters = {}, [], {}
        self.stops.steps.clear()
        self.stops.back_end.stop()
        if sys.breakpointhook is getattr(self, "own_hook", None):
            sys.breakpointhook = self.hook
        self.wire.close()

    def _breakpoint(self, *args, **kwargs):
        """Stand in for sys.breakpointhook: stop at the line after ``breakpoint()``."""
        if os.getpid() != self.pid or agent.left:
            return self.hook(*args, **kwargs)
        step = _stops["Step"]("over", sys._getframe(1), -1)
        step.reason = "breakpoint"
        self.stops.steps[_thread.get_ident()] = step
        self.stops.back_end.update()
        self.stops.back_end.watch(step.frame)

    # -- numbers for the editor ----------------------------------------------------------------------------------------------

    def number(self, ident):
        """Return the editor's number for a thread; the main one is 1."""
        if ident not in self.numbers:
            self.numbers[ident] = len(self.numbers) + 1
            self.idents[self.numbers[ident]] = ident
        return self.numbers[ident]

    def ident(self, number):
        """Return the thread that a number stands for."""
        if number >= _FIRST_TASK:
            raise Refused("this is a suspended task: choose the thread that runs its event loop")
        if number not in self.idents:
            raise Refused("there is no thread %s" % number)
        return self.idents[number]

    def _reference(self, node):
        number = len(self.refs) + 1
        self.refs[number] = node
        return number

    def _forget(self):
        self.frames.clear()
        self.refs.clear()
        self.tasks.clear()

    def stopped(self, ident, reason, breakpoints, error):
        """Tell the editor; called on the thread that stops."""
        agent.hurry()
        agent.calm()
        text = "" if error is None else _describe(error)
        self.send(
            event="stopped", reason=reason, thread=self.number(ident), all=self.stops.all_threads,
            breakpoints=list(breakpoints), text=text, type="" if error is None else _values["type_name"](error),
        )  # fmt: skip

    def _on_thread(self, number, ident, job):
        """Have *job*() answer request *number*, on the thread it is about if that one waits, else here."""

        def run():
            try:
                result = job()
            except Refused as error:
                self.send(reply=number, error=str(error))
            except Gone:
                pass  # noticed by the thread that receives
            except Exception as error:
                self.send(reply=number, error=_describe(error))
            else:
                self.send(reply=number, **result)

        place = self.stops.places.get(ident)
        if place is None:
            run()
            return
        done = _thread.allocate_lock()
        done.acquire()
        loosened = []

        def run_and_tell():
            try:
                run()
            finally:
                if loosened:
                    self.stops.tighten()
                done.release()

        place.ask(run_and_tell)
        if not done.acquire(timeout=_LONG) and self.stops.loosen(ident):
            loosened.append(True)
            self.say("console", "the evaluation takes long: other threads run until it is done\n")

    # -- breakpoints -----------------------------------------------------------------------------------------------------------

    def do_breakpoints(self, path, items):
        """Replace the breakpoints of a file."""
        real = path if path.startswith("<") else os.path.realpath(path)
        blocks, why = self._code_lines(real)
        found, answers = {}, []
        for item in items:
            answer = {"id": item["id"], "line": item["line"], "verified": False}
            answers.append(answer)
            try:
                one = _stops["Breakpoint"](item)
            except (SyntaxError, ValueError) as error:
                answer["message"] = _describe(error)
                continue
            line = _next_line(blocks, item["line"]) if blocks else item["line"]
            if blocks and line is None:
                answer["message"] = "no code at or after this line"
                continue
            answer["line"] = one.line = line
            answer["verified"] = bool(blocks) or real.startswith("<")
            if why and not blocks:
                answer["message"] = why
            found.setdefault(line, []).append(one)
        lines = dict(self.stops.lines)
        lines.pop(real, None)
        if found:
            lines[real] = found
        self.stops.lines = lines
        self.stops.back_end.update()
        return {"breakpoints": answers}

    def do_functions(self, items):
        """Replace the function breakpoints."""
        found, answers = [], []
        for item in items:
            answer = {"id": item["id"], "verified": False}
            answers.append(answer)
            try:
                found.append(_stops["Breakpoint"](item))
                answer["verified"] = True
            except (SyntaxError, ValueError) as error:
                answer["message"] = _describe(error)
        self.stops.functions = found
        self.stops.back_end.update()
        return {"breakpoints": answers}

    def do_exceptions(self, filters):
        """Replace the exception filters: {name: condition or ""}."""
        found, answers = {}, {}
        for name, condition in filters.items():
            try:
                found[name] = self._exception_test(condition) if condition.strip() else None
                answers[name] = ""
            except (SyntaxError, ValueError) as error:
                answers[name] = _describe(error)
        self.stops.filters = found
        self.stops.back_end.update()
        return {"filters": answers}

    def _exception_test(self, condition):
        """Return a test: names of types (``!`` in front: all but these), or an expression about ``exception``."""
        words = [word.strip() for word in condition.split(",")]
        if all(word.lstrip("!").replace(".", "").isidentifier() for word in words):
            wanted = {word for word in words if not word.startswith("!")}
            unwanted = {word[1:] for word in words if word.startswith("!")}

            def test(error, frame):
                names = set()
                for kind in type(error).__mro__:
                    names |= {kind.__name__, kind.__qualname__, "%s.%s" % (kind.__module__, kind.__qualname__)}
                return not names & unwanted and (not wanted or bool(names & wanted))

            return test
        code = compile(condition.strip(), "<condition>", "eval")

        def test(error, frame):
            names, inner = self.names_of(frame)
            try:
                return bool(eval(code, {**names, "exception": error}, inner))
            except Exception as failure:
                self.say("console", "condition of an exception filter: %s\n" % _describe(failure))
                return False

        return test

    # -- running -----------------------------------------------------------------------------------------------------------------

    def do_start(self, entry):
        """The editor is ready: let a program that is held begin."""
        return lambda: self._start(entry)

    def _start(self, entry):
        if entry:
            step = _stops["Step"]("in", None, -1)
            step.reason = "entry"
            self.stops.steps[_look["HOME"]] = step
            self.stops.back_end.update()
        if self.held is not None and self.held.locked():
            self.held.release()

    def do_go(self, thread, kind=""):
        """Go on: to the next breakpoint, or one step of *kind* in a thread."""
        ident = self.ident(thread)
        step = None
        if kind:
            place = self.stops.places.get(ident)
            frame = place.frame if place is not None else sys._current_frames().get(ident)
            while frame is not None and frame.f_code.co_filename.startswith("<morrow "):
                frame = frame.f_back
            if frame is None:
                raise Refused("this thread runs no Python")
            step = _stops["Step"](kind, frame, frame.f_lineno, frame.f_lasti)
            if not self.stops.is_mine(frame.f_code) and kind != "in":
                outer = frame
                while outer is not None and not self.stops.is_mine(outer.f_code):
                    outer = outer.f_back
                if outer is not None:
                    step.frame, step.line, step.at = outer, -1, -1
        self._forget()
        return lambda: self.stops.go(ident, step)

    def do_pause(self, thread):
        """Stop a thread; one that waits in C code counts as stopped at once, and waits when it comes back."""
        ident = self.ident(thread) if thread in self.idents else _look["HOME"]
        if ident in self.stops.leaders:
            return {}  # it has stopped already
        frame = sys._current_frames().get(ident)
        if frame is None:
            raise Refused("this thread has ended")
        return lambda: self.stops.claim(ident, "pause")

    def do_goto(self, thread, line):
        """Make a stopped thread go on at another line of the same function."""
        ident = self.ident(thread)
        place = self.stops.places.get(ident)
        if place is None:
            raise Refused("the thread waits in C code: it can jump only from a line it has stopped at")

        def jump():
            place.frame.f_lineno = line
            self._forget()
            return {}

        return ident, jump

    # -- looking -----------------------------------------------------------------------------------------------------------------

    def do_threads(self):
        """Return threads, then (while something is stopped) the suspended tasks."""
        found = []
        for ident, name, _ in _look["threads"]():
            if ident != self.own_ident:
                found.append({"id": self.number(ident), "name": name})
        if self.stops.leaders:
            self.tasks = {}
            for at, task in enumerate(_look["tasks"]()[:500]):
                frames = _look["task_frames"](task)
                running = not frames or getattr(task.get_coro(), "cr_running", False)
                if not running:
                    self.tasks[_FIRST_TASK + at] = task
                    found.append({"id": _FIRST_TASK + at, "name": "task %s (suspended in %s)" % (task.get_name(), frames[-1].f_code.co_name)})
        return {"threads": found}

    def _stack(self, thread):
        """Return [(frame, line)], innermost first."""
        if thread in self.tasks:
            return [(frame, frame.f_lineno) for frame in reversed(_look["task_frames"](self.tasks[thread]))]
        ident = self.ident(thread)
        place = self.stops.places.get(ident)
        frame = place.frame if place is not None else sys._current_frames().get(ident)
        found = []
        while frame is not None:
            if not frame.f_code.co_filename.startswith("<morrow ") and not frame.f_code.co_filename.startswith(_stops["_OURS"]):
                found.append((frame, frame.f_lineno))
            frame = frame.f_back
        if place is not None and place.error is not None:
            inner, traceback = [], place.error.__traceback__
            while traceback is not None:
                inner.append((traceback.tb_frame, traceback.tb_lineno))
                traceback = traceback.tb_next
            known = {id(item[0]): at for at, item in enumerate(found)}
            for item, line in inner:
                if id(item) in known:
                    found[known[id(item)]] = item, line
            found = [pair for pair in reversed(inner) if id(pair[0]) not in known] + found
        return found

    def do_stack(self, thread, start=0, levels=0):
        """Return the frames of a thread, or of a task."""
        whole = self._stack(thread)
        found = []
        for frame, line in whole[start : start + levels] if levels else whole[start:]:
            number = len(self.frames) + 1
            self.frames[number] = frame, thread
            code = frame.f_code
            path = self.stops.real(code.co_filename)
            found.append(
                {"id": number, "name": code.co_qualname, "line": line or 0, "path": path, "mine": self.stops.is_mine(code),
                 "module": str(frame.f_globals.get("__name__", "")), "source": self._source(code, frame.f_globals, path)}
            )  # fmt: skip
        return {"frames": found, "total": len(whole)}

    def _frame(self, number):
        try:
            return self.frames[number]
        except KeyError:
            raise Refused("this frame is gone: the program has run on") from None

    def do_scopes(self, frame):
        """Return the two scopes of a frame."""
        it, thread = self._frame(frame)
        found = []
        is_module = it.f_code.co_name == "<module>" and it.f_locals is it.f_globals
        if not is_module:
            found.append({"name": "Locals", "ref": self._reference(("locals", it, thread)), "count": len(it.f_locals)})
        found.append({"name": "Globals", "ref": self._reference(("globals", it, thread)), "count": len(it.f_globals), "expensive": not is_module})
        first = it.f_code.co_firstlineno
        return {"scopes": found, "line": first}

    def do_variables(self, ref, which="", start=0, number=0, hexed=False):
        """Return what is inside a scope or a value."""
        if ref not in self.refs:
            raise Refused("this value is gone: the program has run on")
        kind, it, about = self.refs[ref]
        thread = about if kind in ("locals", "globals") else about[1]
        ident = self.idents.get(thread, 0)

        def look():
            found = self._scope(kind, it, ident) if kind in ("locals", "globals") else _values["parts"](it, about[0], which, start, number)
            if kind in ("locals", "globals") and (start or number):
                found = found[start : start + number] if number else found[start:]
            return {"variables": [self._variable(part, thread, hexed) for part in found]}

        return ident, look

    def _scope(self, kind, frame, ident):
        Part = _values["Part"]
        found = []
        place = self.stops.places.get(ident)
        if place is not None and kind == "locals" and place.frame is frame:
            if place.error is not None:
                found.append(Part("(exception)", place.error, "__exception__"))
            if place.returned:
                found.append(Part("(return) %s" % place.returned[0], place.returned[1]))
        names = frame.f_locals if kind == "locals" else frame.f_globals
        for name, value in sorted(dict(names).items(), key=lambda pair: str(pair[0])):
            if kind == "globals" and name == "__builtins__":
                continue
            private = str(name).startswith("__") and kind == "globals"
            found.append(Part(str(name), value, str(name), self._assigner(kind, frame, name), kind="data", private=private))
        return sorted(found, key=lambda part: part.private)

    def _assigner(self, kind, frame, name):
        def assign(new):
            if kind == "globals":
                frame.f_globals[name] = new
            else:
                frame.f_locals[name] = new
                _look["write_back"](frame)

        return assign

    def _variable(self, part, thread, hexed=False):
        value = part.value
        found = {"name": part.name, "type": _values["type_name"](value), "path": part.path, "fixed": part.set is None, "kind": part.kind, "private": part.private}
        if part.lazy:
            found.update(value="(a property: click to compute)", lazy=True, ref=self._reference(("value", value, (part.path, thread))), named=1, indexed=0)
            return found
        named, indexed = _values["count"](value)
        ref = self._reference(("value", value, (part.path, thread))) if named or indexed else 0
        found.update(value=_values["show"](value, hexed=hexed), ref=ref, named=named, indexed=indexed)
        return found

    def do_set(self, ref, name, value):
        """Put the value of an expression in place of a part."""
        if ref not in self.refs:
            raise Refused("this value is gone: the program has run on")
        kind, it, about = self.refs[ref]
        thread = about if kind in ("locals", "globals") else about[1]
        ident = self.idents.get(thread, 0)
        frame = it if kind in ("locals", "globals") else self._top(thread)

        def change():
            new = self._compute(value, frame)
            if kind in ("locals", "globals"):
                self._assigner(kind, it, name)(new)
            else:
                for part in _values["parts"](it, about[0], "", 0, _values["base_of"](it) and 1 << 30 or 0):
                    if part.name == name:
                        if part.set is None:
                            raise Refused("%s cannot be set" % name)
                        part.set(new)
                        break
                else:
                    raise Refused("there is no %s any more" % name)
            return {"variable": self._variable(_values["Part"](name, new), thread)}

        return ident, change

    def _top(self, thread):
        stack = self._stack(thread)
        if not stack:
            raise Refused("this thread runs no Python")
        return stack[0][0]

    def do_assign(self, frame, expression, value):
        """Carry out ``expression = value`` in a frame."""
        it, thread = self._frame(frame)
        ident = self.idents.get(thread, 0)

        def change():
            new = self._compute(value, it)
            if expression.isidentifier():
                is_global = expression not in it.f_locals and expression in it.f_globals
                self._assigner("globals" if is_global else "locals", it, expression)(new)
            else:
                compile(expression, "<expression>", "eval")  # one expression, nothing more
                names = {**it.f_globals, **dict(it.f_locals), "_morrow_new": new}
                exec(compile("%s = _morrow_new" % expression, "<expression>", "exec"), names)
            return {"variable": self._variable(_values["Part"](expression, new, expression), thread)}

        return ident, change

    # -- evaluating ----------------------------------------------------------------------------------------------------------------

    def names_of(self, frame):
        """Return (globals, locals) to evaluate an expression in: lambdas and comprehensions in it see locals, too."""
        inner = frame.f_locals
        place = self.stops.places.get(_thread.get_ident())
        more = {"__exception__": place.error} if place is not None and place.error is not None else {}
        if inner is frame.f_globals:
            return ({**inner, **more} if more else inner), inner
        return {**frame.f_globals, **dict(inner), **more}, inner

    def _real_names(self, frame):
        return frame.f_globals, frame.f_locals

    def _compute(self, text, frame):
        return eval(compile(text.strip(), "<evaluate>", "eval"), *self.names_of(frame))

    def filled(self, text, names):
        """Return a log message with what stands in braces evaluated."""
        found, at = [], 0
        while at < len(text):
            start = text.find("{", at)
            if start < 0:
                break
            end = _closing(text, start)
            if end < 0:
                break
            found.append(text[at:start])
            try:
                value = eval(compile(text[start + 1 : end].strip(), "<log>", "eval"), *names)
                found.append(value if type(value) is str else _values["show"](value, 1000))
            except Exception as error:
                found.append("{%s}" % _describe(error))
            at = end + 1
        return "".join(found) + text[at:]

    def do_evaluate(self, expression, frame=0, context="", hexed=False):
        """Evaluate an expression; at the editor's prompt (``repl``) also run statements."""
        if frame:
            it, thread = self._frame(frame)
        else:
            thread = self.number(next(iter(self.stops.leaders), _look["HOME"]))
            stack = self._stack(thread)
            it = stack[-1][0] if stack else None
        ident = self.idents.get(thread, 0)

        def run():
            names, inner = self.names_of(it) if it is not None else ({}, {})
            try:
                code = compile(expression.strip(), "<evaluate>", "eval")
            except SyntaxError:
                if context != "repl":
                    raise
                code = compile(expression.strip() + "\n", "<evaluate>", "exec")
                if it is not None and not any(type(item) is type(code) for item in code.co_consts):
                    names, inner = self._real_names(it)
                try:
                    exec(code, names, inner)
                finally:
                    if it is not None:
                        _look["write_back"](it)
                return {"variable": {"value": "", "type": "", "ref": 0, "named": 0, "indexed": 0}}
            try:
                value = eval(code, names, inner)
            finally:
                if it is not None and context == "repl":
                    _look["write_back"](it)  # := has been evaluated, perhaps
            variable = self._variable(_values["Part"]("", value, "(%s)" % expression.strip() if not expression.strip().isidentifier() else expression.strip()), thread, hexed)
            if context == "clipboard":
                variable["value"] = _values["show"](value, 1 << 20, hexed, 20)
            return {"variable": variable}

        return ident, run

    def do_completions(self, text, frame=0):
        """Return [(what could follow, how many characters it replaces, kind)]."""
        it = self._frame(frame)[0] if frame else None
        ident = self.idents.get(self.frames[frame][1], 0) if frame else 0

        def look():
            names = {**it.f_globals, **dict(it.f_locals)} if it is not None else vars(sys.modules["__main__"])
            start = len(text)
            while start and (text[start - 1].isidentifier() or text[start - 1].isdigit() or text[start - 1] == "."):
                start -= 1
            *path, last = text[start:].split(".")
            import builtins

            if path:
                if path[0] in names:
                    value = names[path[0]]
                elif hasattr(builtins, path[0]):
                    value = getattr(builtins, path[0])
                else:
                    return {"items": []}
                for name in path[1:]:
                    value = getattr(value, name)
                words = {str(name): getattr(type(value), str(name), None) for name in dir(value)}
            else:
                import keyword

                words = {**dict.fromkeys(keyword.kwlist), **vars(builtins), **names}
            found = []
            for name in sorted(map(str, words)):
                if name.startswith(last) and (not name.startswith("_") or last.startswith("_")):
                    found.append((name, len(last), _kind(words[name])))
            return {"items": found[:500]}

        return ident, look

    def do_exception(self, thread):
        """Return what is known about the exception that a thread stopped for."""
        ident = self.ident(thread)
        place = self.stops.places.get(ident)
        if place is None or place.error is None:
            raise Refused("this thread has not stopped for an exception")

        def look():
            import traceback

            error, chain = place.error, []
            while error is not None and len(chain) < 10:
                chain.append(
                    {"type": type(error).__name__, "full": _values["type_name"](error), "text": _text(error),
                     "traceback": "".join(traceback.format_exception(type(error), error, error.__traceback__, chain=False))}
                )  # fmt: skip
                error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
            return {"chain": chain, "mode": place.mode}

        return ident, look



# -- small things ----------------------------------------------------------------------------------------------------------------------


def _closing(text, start):
    """Return where the brace at *start* is closed, outside of strings; -1 when it is not."""
    depth, quote = 0, ""
    for at in range(start, len(text)):
        char = text[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "{[(":
            depth += 1
        elif char in "}])":
            depth -= 1
            if depth == 0:
                return at
    return -1


def _kind(value):
    if isinstance(value, type):
        return "class"
    if isinstance(value, type(sys)):
        return "module"
    if isinstance(value, property):
        return "property"
    return "function" if callable(value) else "variable"


def begin(frame):
    agent.session = session = Session()
    agent.abandon = session.detach
    session.begin()
