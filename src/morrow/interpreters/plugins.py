"""Plugin hosts and tenants: other people's code, each in an interpreter or process of its own.

    with PluginHost.from_file("plugins.toml") as host:
        print(host["greeter"].call("greet", "world"))

Each plugin has its own modules and sys.path (or virtual environment), its own output, environment and, in a process, folder
and memory limit; a call that takes too long is interrupted. This keeps plugins out of each other's way. It is no security
sandbox: in an interpreter a plugin can crash the process, and in both it can do what the user may do.
"""

from __future__ import annotations

import collections
import heapq
import os
import selectors
import sys
import threading
import time

from morrow.debuglog import log
from morrow.interpreters import engine, policy
from morrow.interpreters.errors import ExecutionFailed, InterpreterError, Interrupted, WorkerLost
from morrow.interpreters.process import ProcessInterpreter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RESTARTS = ("never", "on-failure")
_AGAIN = 0.2  # seconds until it is asked again: code may catch it
_GRACE = 1.0  # seconds between asking a call to stop and killing its process


class PolicyError(ValueError):
    """A policy says something that has no meaning.

    Attributes:
        place: where, e.g. ``plugins.greeter.restart``.
    """

    def __init__(self, place: str, text: str) -> None:
        super().__init__(f"{place}: {text}")
        self.place = place


class Policy:
    """What one plugin is and may do: one table of a policy file.

    Attributes:
        module: the module's name, or the path of its file.
        backend: ``auto``, ``own-gil``, ``shared-gil`` or ``process``. With a time limit ``auto`` shares no GIL.
        path: folders in front of its sys.path.
        venv: a virtual environment whose packages it sees instead of the host's.
        env: its environment variables; None is a copy of the host's.
        cwd: the folder it works in (process).
        time_limit: seconds for one call; None is no limit.
        memory_limit: bytes beyond what its process starts with (process).
        restart: ``on-failure`` starts it again when its process has ended; ``never`` does not.
        max_restarts: how often.
        reload: look before each call whether the file has changed, and load it anew.
        imports: modules whose C parts decide about the back end.
    """

    def __init__(self, name: str, table: Mapping[str, object]) -> None:
        known = {
            "module": (str, name),
            "backend": (str, "auto"),
            "path": (list, []),
            "venv": (str, None),
            "env": (dict, None),
            "cwd": (str, None),
            "time_limit": ((int, float), None),
            "memory_limit": (int, None),
            "restart": (str, "on-failure"),
            "max_restarts": (int, 5),
            "reload": (bool, False),
            "imports": (list, []),
        }
        place = f"plugins.{name}"
        for key, value in table.items():
            if key not in known:
                raise PolicyError(f"{place}.{key}", f"there is no such entry; one of: {', '.join(known)}")
            if not isinstance(value, known[key][0]):  # type: ignore[arg-type]
                raise PolicyError(f"{place}.{key}", f"{value!r} is not what belongs here: {known[key][0]}")
        self.name = name
        for key, (_, default) in known.items():
            setattr(self, key, table.get(key, default))
        self.backend: str
        self.restart: str
        if self.backend not in policy.BACKENDS:
            raise PolicyError(f"{place}.backend", f"{self.backend!r} is not one of {', '.join(policy.BACKENDS)}")
        if self.restart not in RESTARTS:
            raise PolicyError(f"{place}.restart", f"{self.restart!r} is not one of {', '.join(RESTARTS)}")

    def sys_path(self) -> list[str]:
        """Return the sys.path that the plugin gets."""
        own = [os.path.abspath(folder) for folder in self.path]  # type: ignore[attr-defined]
        if self.module.endswith(".py"):  # type: ignore[attr-defined]
            own.append(os.path.dirname(os.path.abspath(self.module)))  # type: ignore[attr-defined]
        if self.venv is None:  # type: ignore[attr-defined]
            return [*own, *sys.path]
        import sysconfig

        venv = os.path.abspath(self.venv)  # type: ignore[attr-defined]
        paths = sysconfig.get_paths(vars={"base": venv, "platbase": venv})
        library = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), sysconfig.get_config_var("DESTSHARED")]
        return [*own, *dict.fromkeys([paths["purelib"], paths["platlib"]]), *(folder for folder in dict.fromkeys(library) if folder)]


class Statistics:
    """What a plugin has done so far; times in seconds."""

    def __init__(self) -> None:
        self.calls = self.failures = self.interrupted = self.lost = self.restarts = self.reloads = 0
        self.busy = 0.0
        self.last_error = ""

    def __repr__(self) -> str:
        return f"Statistics({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


# Run in the plugin's interpreter: load its module, and say where its functions are looked up.
_LOAD = """
def _load(path, argv0, output, env):
    import sys, os
    if output:
        sys.stdout = open(output[0], "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
        sys.stderr = open(output[1], "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    if env is not None:
        os.environ._data.clear()  # not through os.environ: that would change the whole process's
        os.environ._data.update((os.fsencode(key), os.fsencode(value)) for key, value in env.items())
    if path.endswith(".py"):
        from importlib.util import module_from_spec, spec_from_file_location
        name = os.path.splitext(os.path.basename(path))[0]
        spec = spec_from_file_location(name, path)
        module = sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(module)
    else:
        import importlib
        module = importlib.import_module(path)
    sys.modules["morrow.interpreters.agent"]._plugin = module
"""


def _run_in_plugin(name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
    """Call a function of the plugin's module. Runs there; has no globals but what it imports."""
    import sys

    found = sys.modules["morrow.interpreters.agent"]._plugin  # type: ignore[attr-defined]
    for part in name.split("."):
        found = getattr(found, part)
    try:
        return found(*args, **kwargs)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


class Plugin:
    """One plugin, loaded. Calls from several threads take turns.

    Attributes:
        policy: what it is and may do.
        statistics: what it has done.
        interp: the interpreter or process it lives in.
    """

    def __init__(self, host: PluginHost, policy: Policy) -> None:
        self.policy, self._host = policy, host
        self.statistics = Statistics()
        self.lines: collections.deque[str] = collections.deque(maxlen=1000)
        self._turn = threading.Lock()
        self._closed = False
        self._start()

    def __repr__(self) -> str:
        return f"Plugin({self.policy.name!r}, {self.backend}, {self.state})"

    @property
    def backend(self) -> str:
        """Where it lives: ``own-gil``, ``shared-gil`` or ``process``."""
        return self.interp.backend

    @property
    def state(self) -> str:
        """``idle``, ``running``, ``lost`` (its process has ended) or ``closed``."""
        if self._closed:
            return "closed"
        try:
            return "running" if self.interp.is_running() else "idle"
        except InterpreterError:
            return "lost"

    def output(self) -> str:
        """Return what it has printed lately, output and errors mixed: the last thousand lines."""
        self._host._read_now()
        return "".join(self.lines)

    def call(self, name: str, /, *args: object, **kwargs: object) -> object:
        """Call a function of the plugin's module.

        Raises:
            ExecutionFailed: it raised something.
            Interrupted: it took longer than its time limit.
            WorkerLost: its process ended; a new one is there for the next call, if the policy says so.
        """
        rules, numbers = self.policy, self.statistics
        with self._turn:
            if self._closed:
                raise InterpreterError(f"plugin {rules.name} is closed")
            if self.state == "lost":
                self._start_again()
            elif rules.reload and self._changed():  # type: ignore[attr-defined]
                self._load_anew()
            limit = rules.time_limit  # type: ignore[attr-defined]
            deadline = self._host._deadlines.add(limit, self.interp) if limit is not None else None
            numbers.calls += 1
            start = time.perf_counter()
            try:
                return engine_call(self.interp, _run_in_plugin, (name, args, kwargs))
            except ExecutionFailed as failed:
                numbers.failures += 1
                numbers.last_error = failed.excinfo.formatted
                if deadline is not None and deadline.passed:
                    numbers.interrupted += 1
                    raise Interrupted(f"plugin {rules.name}: {name} took longer than {limit} s and was interrupted", limit) from failed
                raise
            except WorkerLost as lost:
                numbers.lost += 1
                numbers.last_error = str(lost)
                if deadline is not None and deadline.passed:
                    numbers.interrupted += 1
                    raise Interrupted(f"plugin {rules.name}: {name} took longer than {limit} s and was ended", limit) from lost
                raise
            finally:
                numbers.busy += time.perf_counter() - start
                if deadline is not None:
                    deadline.done = True

    def reload(self) -> None:
        """Load the plugin's module anew, in a fresh interpreter; the old one is closed when the new one is there."""
        with self._turn:
            self._load_anew()

    def close(self) -> None:
        """Close what it lives in."""
        with self._turn:
            if not self._closed:
                self._closed = True
                self._stop()

    # -- starting and ending -----------------------------------------------------------------------------------------

    def _start(self) -> None:
        rules = self.policy
        pipe = os.pipe()
        limits: dict[str, object] = {"memory": rules.memory_limit, "cwd": rules.cwd}  # type: ignore[attr-defined]
        backend = "process" if rules.backend == "auto" and any(limits.values()) else rules.backend
        if backend == "auto":
            backend, _ = policy._choose(tuple(rules.imports), {}, rules.sys_path())  # type: ignore[attr-defined]
            if backend == "shared-gil" and rules.time_limit is not None:  # type: ignore[attr-defined]
                backend = "process"  # what runs into its limit would take half of everybody's time until then
        if backend == "process":
            limits |= {"output": (pipe[1], pipe[1]), "env": rules.env}  # type: ignore[attr-defined]
        try:
            self.interp = policy.create(backend, path=rules.sys_path(), **limits)
        except ValueError as error:
            os.close(pipe[0])
            os.close(pipe[1])
            raise PolicyError(f"plugins.{rules.name}", str(error)) from error
        self._stamp = self._changed_at()
        inside = not isinstance(self.interp, ProcessInterpreter)
        self._write = pipe[1] if inside else -1
        if not inside:
            os.close(pipe[1])
        self._read = pipe[0]
        self._host._watch(pipe[0], self)
        module = rules.module  # type: ignore[attr-defined]
        path = os.path.abspath(module) if module.endswith(".py") else module
        argument = (path, module, (pipe[1], pipe[1]) if inside else (), rules.env if inside else None)  # type: ignore[attr-defined]
        try:
            engine_call(self.interp, exec, (_LOAD + f"_load(*{argument!r})\ndel _load",))
        except InterpreterError:
            self._stop()
            raise
        log("interpreters", 1, f"plugin {rules.name}: {self.interp!r} ({self.interp.backend})")

    def _stop(self) -> None:
        try:
            self.interp.close()
        except InterpreterError as error:
            if isinstance(self.interp, ProcessInterpreter):
                self.interp.kill()
            log("interpreters", 1, f"plugin {self.policy.name}: {error}")
        if self._write >= 0:
            os.close(self._write)
            self._write = -1

    def _start_again(self) -> None:
        rules = self.policy
        if rules.restart == "never" or self.statistics.restarts >= rules.max_restarts:  # type: ignore[attr-defined]
            raise InterpreterError(f"plugin {rules.name} has ended and is not started again: {self.statistics.last_error}")
        self.statistics.restarts += 1
        self._start()

    def _load_anew(self) -> None:
        old, old_write = self.interp, self._write
        self._start()
        self.statistics.reloads += 1
        try:
            old.close()
        except InterpreterError as error:
            log("interpreters", 1, f"plugin {self.policy.name}: {error}")
        if old_write >= 0:
            os.close(old_write)

    def _changed_at(self) -> int:
        module = self.policy.module  # type: ignore[attr-defined]
        try:
            return os.stat(module).st_mtime_ns if module.endswith(".py") else 0
        except OSError:
            return 0

    def _changed(self) -> bool:
        return self._changed_at() != self._stamp


def engine_call(interp: policy.Placed | ProcessInterpreter, function: object, args: tuple[object, ...]) -> object:
    """Call *function* in either kind of interpreter."""
    return interp.call(function, *args)


class PluginHost:
    """Plugins by name.

    Args:
        policies: name -> table, as in a policy file's ``[plugins.NAME]``.
    """

    def __init__(self, policies: Mapping[str, Mapping[str, object]] | None = None) -> None:
        self._plugins: dict[str, Plugin] = {}
        self._deadlines = _Deadlines()
        self._selector = selectors.DefaultSelector()
        self._reading = threading.Lock()
        wake = os.pipe()
        self._wake = wake
        self._selector.register(wake[0], selectors.EVENT_READ, None)
        self._reader = threading.Thread(target=self._read_for_ever, name="morrow-plugin-output", daemon=True)
        self._closed = False
        self._reader.start()
        engine.before_exit(self.close)
        try:
            for name, table in (policies or {}).items():
                self.load(name, table)
        except BaseException:
            self.close()
            raise

    @classmethod
    def from_file(cls, path: str) -> PluginHost:
        """Make the host that a TOML file describes: ``[defaults]`` and one ``[plugins.NAME]`` table each.

        Paths in it are relative to the file.

        Raises:
            PolicyError: it says something that has no meaning.
        """
        import tomllib

        with open(path, "rb") as file:
            table = tomllib.load(file)
        for key in table.keys() - {"defaults", "plugins"}:
            raise PolicyError(key, "there is no such table; one of: defaults, plugins")
        folder = os.path.dirname(os.path.abspath(path))
        found = {}
        for name, own in table.get("plugins", {}).items():
            rules = {**table.get("defaults", {}), **own}
            for key in ("venv", "cwd"):
                if key in rules:
                    rules[key] = os.path.join(folder, rules[key])
            if str(rules.get("module", "")).endswith(".py"):
                rules["module"] = os.path.join(folder, rules["module"])
            if "path" in rules:
                rules["path"] = [os.path.join(folder, entry) for entry in rules["path"]]
            found[name] = rules
        return cls(found)

    def load(self, name: str, table: Mapping[str, object]) -> Plugin:
        """Load one more plugin.

        Raises:
            PolicyError: *table* says something that has no meaning.
            ExecutionFailed: its module raised something.
        """
        plugin = self._plugins[name] = Plugin(self, Policy(name, table))
        return plugin

    def unload(self, name: str) -> None:
        """Close a plugin and forget it."""
        self._plugins.pop(name).close()

    def __getitem__(self, name: str) -> Plugin:
        return self._plugins[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._plugins)

    def __len__(self) -> int:
        return len(self._plugins)

    def health(self) -> dict[str, dict[str, object]]:
        """Return for each plugin its state, its back end and its statistics, as plain values."""
        return {
            name: {"state": plugin.state, "backend": plugin.backend, **vars(plugin.statistics)} for name, plugin in self._plugins.items()
        }

    def close(self) -> None:
        """Close all plugins."""
        if self._closed:
            return
        self._closed = True
        for plugin in self._plugins.values():
            plugin.close()
        self._deadlines.close()
        os.write(self._wake[1], b"x")
        self._reader.join(5)
        for key in list(self._selector.get_map().values()):
            os.close(key.fd)
        self._selector.close()
        os.close(self._wake[1])

    def __enter__(self) -> PluginHost:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- what plugins print --------------------------------------------------------------------------------------------

    def _watch(self, fd: int, plugin: Plugin) -> None:
        os.set_blocking(fd, False)
        with self._reading:
            self._selector.register(fd, selectors.EVENT_READ, plugin)

    def _read_for_ever(self) -> None:
        while not self._closed:
            self._read(None)

    def _read_now(self) -> None:
        self._read(0)

    def _read(self, timeout: float | None) -> None:
        for key, _ in self._selector.select(timeout):
            with self._reading:
                if key.data is None or self._closed:
                    continue
                try:
                    data = os.read(key.fd, 1 << 16)
                except BlockingIOError:  # the other reader was first
                    continue
                except OSError:
                    data = b""
                if not data:
                    self._selector.unregister(key.fd)
                    os.close(key.fd)
                    continue
                key.data.lines.extend(data.decode("utf-8", "backslashreplace").splitlines(keepends=True))


class _Deadline:
    __slots__ = ("asked", "done", "interp", "passed")

    def __init__(self, interp: policy.Placed | ProcessInterpreter) -> None:
        self.interp = interp
        self.done = self.passed = False
        self.asked = 0


class _Deadlines:
    """One thread that interrupts the calls that take too long; it starts with the first limit."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, _Deadline]] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._count = 0
        self._closed = False

    def add(self, seconds: float, interp: policy.Placed | ProcessInterpreter) -> _Deadline:
        """Interrupt what *interp* runs after *seconds*, unless the answer is ``done`` by then."""
        deadline = _Deadline(interp)
        with self._changed:
            self._push(time.monotonic() + seconds, deadline)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="morrow-plugin-deadlines", daemon=True)
                self._thread.start()
            self._changed.notify()
        return deadline

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(5)

    def _push(self, when: float, deadline: _Deadline) -> None:
        self._count += 1
        heapq.heappush(self._heap, (when, self._count, deadline))

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                while self._heap and self._heap[0][2].done:
                    heapq.heappop(self._heap)
                if not self._heap:
                    self._changed.wait()
                    continue
                when, _, deadline = self._heap[0]
                now = time.monotonic()
                if when > now:
                    self._changed.wait(when - now)
                    continue
                heapq.heappop(self._heap)
                self._stop(deadline)

    def _stop(self, deadline: _Deadline) -> None:
        """Ask once, ask again, and end a process that does not listen."""
        deadline.passed = True
        interp = deadline.interp
        try:
            if isinstance(interp, ProcessInterpreter) and deadline.asked * _AGAIN >= _GRACE:
                interp.kill()
                return
            interp.interrupt()
        except InterpreterError as error:
            log("interpreters", 1, f"a call cannot be interrupted: {error}")
        deadline.asked += 1
        self._push(time.monotonic() + _AGAIN, deadline)
