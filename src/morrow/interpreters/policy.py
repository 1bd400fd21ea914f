"""Which back end an interpreter gets, and why.

    own-gil      runs at the same time as others; refuses extension modules that are not made for it
    shared-gil   loads more of them, and takes turns with the interpreter that made it
    process      loads everything, can be limited and killed; nothing is shared but what is sent

``auto`` takes the first that can do what is asked for. Whether a module loads is tried out once, in a process that may
crash, and remembered.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys

from morrow.debuglog import log
from morrow.host import HERE
from morrow.interpreters import engine
from morrow.interpreters.interpreter import Interpreter
from morrow.interpreters.process import ProcessInterpreter

BACKENDS = ("auto", "own-gil", "shared-gil", "process")

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_PROBE = """
import sys
sys.path.insert(0, {root!r})
from morrow.interpreters import engine
sys.path[:] = {path!r}
for turn in range(2):  # some load once, and not twice
    id = engine.create({own!r})
    try:
        engine.call(id, exec, ("import sys; sys.path[:] = " + repr(sys.path) + "; import " + {module!r},), {{}})
    except engine.ExecutionFailed as error:
        print("refused:", error.excinfo.msg, flush=True)
        import os
        os._exit(0)
    engine.destroy(id)
print("loads", flush=True)
"""

decisions: list[str] = []
"""What has been moved to a process and why, one sentence each: `morrow --explain` prints them."""


class Placed(Interpreter):
    """An `Interpreter` that knows its back end.

    Attributes:
        backend: ``"own-gil"`` or ``"shared-gil"``.
        reason: why it was chosen, for people.
    """

    backend = "own-gil"
    reason = ""

    def __enter__(self) -> Placed:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def interrupt(self) -> bool:
        """Raise KeyboardInterrupt in what it runs; return whether anything was running."""
        from morrow.interpreters.interrupt import interrupt

        return interrupt(self.id)


def create(
    backend: str = "auto",
    *,
    imports: tuple[str, ...] | list[str] = (),
    path: list[str] | None = None,
    **limits: object,
) -> Placed | ProcessInterpreter:
    """Make an interpreter.

    Args:
        backend: one of ``auto``, ``own-gil``, ``shared-gil``, ``process``.
        imports: modules that its work needs; ``auto`` finds out where they load.
        path: its sys.path; None is this interpreter's as it is now.
        limits: what only processes have: ``memory``, ``cwd``, ``env``, ``python``, ``output``, ``preload``; see
            `ProcessInterpreter`. With any of them ``auto`` is ``process``.

    Raises:
        ValueError: no such back end, or a limit that it cannot keep.
    """
    if backend not in BACKENDS:
        raise ValueError(f"backend: {backend!r} is not one of {', '.join(BACKENDS)}")
    given = {name: value for name, value in limits.items() if value is not None}
    reason = "asked for"
    if backend == "auto":
        backend, reason = _choose(tuple(imports), given, path)
    if backend == "process":
        return ProcessInterpreter(path=path, reason=reason, **given)  # type: ignore[arg-type]
    if given:
        raise ValueError(f"{', '.join(sorted(given))}: only a process can keep this; the back end asked for is {backend}")
    made = Placed(engine.create(backend == "own-gil"), _whence=5, _ownsref=True)
    made.backend = backend if HERE is not None and HERE.own_gil else "shared-gil"
    made.reason = reason
    wanted = sys.path if path is None else path
    engine.call(made.id, exec, (f"import sys; sys.path[:] = {list(wanted)!r}",), {})
    return made


def _choose(imports: tuple[str, ...], limits: dict[str, object], path: list[str] | None) -> tuple[str, str]:
    if limits:
        return "process", f"{', '.join(sorted(limits))} can be kept in a process only"
    # A host whose own-GIL interpreters corrupt memory with some modules is not trusted with all the others.
    first = "own-gil" if HERE is not None and HERE.own_gil and not HERE.own_gil_breaks else "shared-gil"
    for name in imports:
        why = refusal(name, first == "own-gil", path)
        if why:
            move_to_process(name, why)
            return "process", f"{name}: {why}"
    return first, "everything it needs loads in an interpreter" if imports else "nothing speaks against it"


def move_to_process(module: str, why: str) -> None:
    """Tell the user, once per module, that its work goes to a process."""
    sentence = f"{module} works in a process: {why}"
    if sentence in decisions:
        return
    from morrow import settings
    from morrow.messages import say

    if not decisions and settings.get("explain"):
        atexit.register(_explain_at_exit)
    decisions.append(sentence)

    print(say("interpreters-process", module=module, why=why), file=sys.stderr)


def _explain_at_exit() -> None:
    if sys.stderr is not None:
        sys.stderr.write("".join(f"interpreters: {sentence}\n" for sentence in decisions))


_known: dict[str, str] = {}


def refusal(module: str, own_gil: bool = True, path: list[str] | None = None) -> str:
    """Return why *module* does not load in an interpreter, in a few words; empty if it does.

    Args:
        module: the name as imported.
        own_gil: whether to try an interpreter with its own GIL.
        path: the sys.path to find it on; None is this interpreter's.
    """
    if module.partition(".")[0] in sys.builtin_module_names:
        return ""
    path = list(sys.path) if path is None else path
    key = f"{sys.version}|{own_gil}|{module}|{_stamp(module)}"
    remembered = _read_cache()
    if key in remembered:
        return remembered[key]
    text = _PROBE.format(root=_ROOT, path=path, own=own_gil, module=module)
    done = subprocess.run([sys.executable, "-I", "-c", text], capture_output=True, text=True)
    if "loads" in done.stdout:
        why = "" if done.returncode == 0 else f"it crashes the process afterwards (status {done.returncode})"
    elif "refused: " in done.stdout:
        why = done.stdout.partition("refused: ")[2].strip().splitlines()[0]
        if why.startswith("No module named"):
            return ""  # the work itself shall say so
    else:
        why = f"it crashes the process (status {done.returncode})"
    log("interpreters", 1, f"{module}: {why or 'loads'} ({'own' if own_gil else 'shared'} GIL)")
    _write_cache({**remembered, key: why})
    return why


def _stamp(module: str) -> str:
    """Return what changes when another version of a module is installed."""
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec(module.partition(".")[0])
    if spec is None or not spec.origin:
        return ""
    try:
        return f"{spec.origin}|{os.stat(spec.origin).st_mtime_ns}"
    except OSError:
        return spec.origin


def _cache_path() -> str:
    from morrow.host.folders import cache_folder

    return os.path.join(cache_folder(), "interpreters.json")


def _read_cache() -> dict[str, str]:
    if not _known:
        try:
            with open(_cache_path(), encoding="utf-8") as file:
                _known.update(json.load(file))
        except (OSError, ValueError):  # none yet, or damaged: found out again
            pass
    return _known


def _write_cache(known: dict[str, str]) -> None:
    _known.update(known)
    path = _cache_path()
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(f"{path}.{os.getpid()}", "w", encoding="utf-8") as file:
            json.dump(_known, file)
        os.replace(f"{path}.{os.getpid()}", path)
    except OSError:  # a read-only home costs the probing only
        pass
