# mypy: ignore-errors
"""The one file that runs inside a target: standard library only, any version from 3.11 on.

Its text is sent over the channel and executed on the target's main thread, in a pending call or on top of a blocked
system call. Rules that follow from that:

- nothing here may raise into the program, print, log, or wait for a lock the program could hold;
- what a program's signal handler raises while we run is not ours: it is kept and raised again when we are done;
- whatever was changed is put back by `leave`: modules imported, recursion limit, this very module.
"""

import sys


class Gone(Exception):
    """The other side has closed the channel."""


class Wire:
    """Messages over a stream socket: one Python literal a line.

    No module is needed for that: the program may be in the middle of importing one. What we are sent is evaluated, which
    is no risk: whoever sends it has sent this very code. What we send is read by ast.literal_eval over there.
    """

    def __init__(self, sock):
        self._sock, self._rest = sock, b""
        sock.settimeout(None)

    def send(self, **message):
        data = (repr(message) + "\n").encode("utf-8", "backslashreplace")
        try:
            self._sock.sendall(data, 0x4000)  # MSG_NOSIGNAL: a closed channel must not kill a program
        except OSError:
            raise Gone from None

    def receive(self):
        while b"\n" not in self._rest:
            try:
                more = self._sock.recv(1 << 16)
            except OSError:
                more = b""
            if not more:
                raise Gone
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return eval(line.decode(), {"__builtins__": {}})

    def close(self):
        self._sock.close()

    def fileno(self):
        return self._sock.fileno()


class Agent:
    """One visit to this process. ``sys.modules['_morrow_agent'].agent`` while it lasts.

    Attributes:
        wire: the channel to whoever attached.
        given: what they said about themselves and what they want.
        parts: the names of the files that were sent, by file.
    """

    def __init__(self, wire, before, interval, limit, given):
        from posix import getpid  # os itself may not be there yet

        self.wire, self.given = wire, given
        self._interval = interval
        self.pid = getpid()
        self._modules = before
        self._limit = limit
        # The program may be in the middle of importing it.
        self._lines = set(getattr(sys.modules.get("linecache"), "cache", ())) if "linecache" in sys.modules else None
        self._spaces = []
        self.parts = {}
        self.foreign = []
        self.left = False
        self.beginning = True  # until `begin` has returned: its frame still holds what it imported

    def load(self, name, text):
        """Run the text of a file as a module of ours; return its names."""
        names = {"__name__": name, "agent": self, "Gone": Gone, "Wire": Wire}
        self._spaces.append(names)
        self.parts[name] = names
        exec(compile(text, "<" + name + ">", "exec"), names)
        return names

    def hurry(self):
        """Get the interpreter's lock back quickly while we work: threads that compute give it up sooner."""
        sys.setswitchinterval(1e-5)
        try:
            sys.setrecursionlimit(self._limit + 400)
        except (RecursionError, OverflowError):
            pass  # as deep as the machine allows: it may still do

    def calm(self):
        """Let the program's threads switch as they did: before waiting for the other side."""
        sys.setswitchinterval(self._interval)

    def rest(self):
        """Put interval and recursion limit back: nothing of ours runs from here on."""
        sys.setswitchinterval(self._interval)
        try:
            sys.setrecursionlimit(self._limit)
        except RecursionError:
            pass  # the program sits deeper than its own limit: only we had made that possible

    def keep(self, error):
        """Keep what the program's own signal handler raised while our code ran, for `leave` to raise again."""
        self.foreign.append(error)

    def raise_later(self, error):
        """Have *error* raised in the main thread's own code soon."""
        _raise_later(error)

    def leave(self):
        """Put everything back. Safe to call twice."""
        if self.left:
            return
        self.left = True
        self.wire.close()
        self.rest()
        if self._lines is not None and "linecache" in sys.modules:
            cache = getattr(sys.modules["linecache"], "cache", {})
            for name in set(cache) - self._lines:
                cache.pop(name, None)
        if (
            sys.modules.get("_morrow_agent") is not None
            and getattr(sys.modules["_morrow_agent"], "agent", None) is self
        ):
            del sys.modules["_morrow_agent"]
        if not self.beginning:
            self.forget()

    def abandon(self):
        """Leave because whoever attached has gone without a word; a session replaces this by what it must undo."""
        self.leave()

    def forget(self):
        """The last step of leaving: modules, and what the program's signal handlers raised meanwhile."""
        _forget_modules(self._modules, self._spaces)
        foreign, self.foreign = self.foreign, []
        for error in foreign:
            _raise_later(error)


def _forget_modules(before, ours):
    """Take out of sys.modules what we imported, unless the program may use it by now.

    ``before`` has the names that were there, ``ours`` the namespaces of our own code. A package goes whole or not at
    all; what was there before is not touched. A module with one reference that cannot be accounted for stays, and so
    does every module that it, its classes or its functions come from: a second copy of a class would be worse.
    """
    for name in [name for name, module in list(sys.modules.items()) if module is None and name not in before]:
        del sys.modules[name]
    old = {id(sys.modules[name]) for name in before if name in sys.modules}
    new = {name: module for name, module in list(sys.modules.items()) if name.partition(".")[0] not in before}
    holders = {}
    for names in [vars(module) for module in new.values() if hasattr(module, "__dict__")] + ours:
        for value in list(names.values()):
            holders[id(value)] = holders.get(id(value), 0) + 1
    used = []
    for name in list(new):
        # Known holders: sys.modules, `new`, and the call's argument. A module that is native code has up to two more
        # inside the interpreter (PyState_AddModule), and its functions and types point back to it.
        expected = 3 + holders.get(id(new[name]), 0)
        if type(new[name]) is not type(sys):
            continue  # a class in a module's place (typing.io of 3.11): goes with its parent
        if not str(getattr(new[name], "__file__", "")).endswith(".py"):
            expected += 2
            for value in list(vars(new[name]).values()):
                expected += isinstance(value, type) or getattr(value, "__self__", None) is new[name]
        module = value = None
        if id(new[name]) in old:
            continue  # another name of a module that was there (collections.abc): its references are not new ones
        if sys.getrefcount(new[name]) > expected:
            used.append(name.partition(".")[0])
    keep = set()
    names_of = {id(module): name.partition(".")[0] for name, module in new.items()}
    while used:
        top = used.pop()
        if top in keep:
            continue
        keep.add(top)
        for name, module in list(new.items()):
            if name.partition(".")[0] == top and type(module) is type(sys):
                for value in list(vars(module).values()):
                    used.append(names_of.get(id(value), top))
                    source = getattr(value, "__module__", None)
                    if type(source) is str and source in new:
                        used.append(source.partition(".")[0])
    for name in new:
        if name.partition(".")[0] not in keep:
            sys.modules.pop(name, None)


def _raise_later(error):
    """Have *error* raised in the main thread's own code, as if its signal handler had run there."""
    if isinstance(error, KeyboardInterrupt):
        import _thread

        _thread.interrupt_main()
        return
    try:
        import ctypes

        main = sys.modules["threading"].main_thread().ident if "threading" in sys.modules else None
        if main is None:
            import _thread

            main = _thread.get_ident()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(main), ctypes.py_object(type(error)))
    except Exception:
        pass  # no ctypes here: there is no other way to hand it on


def caller():
    """Return the program's innermost frame: the one below all of ours, also where ours were themselves interrupted."""
    frame = found = sys._getframe()
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<morrow ") or (name == "<string>" and "_morrow_" in repr(frame.f_code.co_consts)):
            found = frame.f_back
        elif frame.f_code.co_name == "_morrow_on_signal":  # attach/offer.py
            found = frame.f_back
        frame = frame.f_back
    return found


def start(channel, interval, limit, had_socket, given):
    """Do what the visitor wants. Everything that can be refused is refused before anything is changed.

    ``channel`` is our end of a socket pair, ``interval`` and ``limit`` are the program's own switch
    interval and recursion limit, and
    ``had_socket`` says whether the program itself had imported _socket.
    """
    before = set(sys.modules) if had_socket else set(sys.modules) - {"_socket"}
    try:
        wire = Wire(channel)
    except Exception:
        return
    try:
        try:
            sys.audit("cpython.remote_debugger_script", given.get("path", "<morrow from process %d>" % given["from"]))
        except Exception as error:
            wire.send(refused="attach-audit", error=repr(error))
            wire.close()
            return
        other = getattr(sys.modules.get("_morrow_agent"), "agent", None)
        if given.get("exclusive") and other is not None and not other.left:
            if _is_open(other.wire):
                wire.send(refused="attach-taken", other=other.given["from"])
                wire.close()
                return
            other.abandon()
        agent = Agent(wire, before, interval, limit, given)
        if given.get("exclusive"):
            module = type(sys)("_morrow_agent")
            module.agent, module.caller = agent, caller
            sys.modules["_morrow_agent"] = module
        names = {}
        try:
            for name, text in given["texts"]:
                names = agent.load(name, text)
            names["begin"](caller())
        except Gone:
            agent.leave()
        except BaseException as error:
            try:
                wire.send(failed=_describe(error), again=_importing())
            except Gone:
                pass
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                agent.keep(error)
            agent.leave()
            error = None
        agent.beginning = False
        if agent.left:
            agent.forget()
    except Gone:
        wire.close()  # whoever attached has gone again before it began
    except BaseException as error:
        try:
            wire.send(failed=_describe(error), again=_importing())
        except Gone:
            pass
        wire.close()


def _is_open(wire):
    """Whether somebody still holds the other end."""
    try:
        return wire._sock.recv(1, 0x42) != b""  # MSG_PEEK | MSG_DONTWAIT
    except BlockingIOError:
        return True
    except OSError:
        return False


def _importing():
    """Whether the program is in the middle of an import: what we need may be half made."""
    frame = caller()
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _describe(error):
    try:
        import traceback
    except Exception:
        return repr(error)
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))
