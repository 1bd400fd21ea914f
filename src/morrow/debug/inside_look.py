# mypy: ignore-errors
"""What pdb and the editor's side both look at inside a target: threads, asyncio tasks, a frame's variables.

Its text is sent to the agent (attach/agent.py); nothing of morrow is imported there.
"""

import _thread
import sys

HOME = _thread.get_ident()
"""The main thread: it runs this text."""


def threads(stopped=None):
    """Return (ident, name, innermost frame of the program) of each thread, the main one first; *stopped* is the caller's."""
    threading = sys.modules.get("threading")
    names = {ident: thread.name for ident, thread in list(threading._active.items())} if threading else {}
    found = []
    for ident, frame in sys._current_frames().items():
        if ident == _thread.get_ident():
            frame = stopped
        while frame is not None and frame.f_code.co_filename.startswith("<morrow "):
            frame = frame.f_back  # a thread that waits for us
        if frame is not None:
            found.append((ident, names.get(ident) or ("MainThread" if ident == HOME else "thread %d" % ident), frame))
    found.sort(key=lambda item: (item[0] != HOME, item[1], item[0]))
    return found


def tasks():
    """Return the asyncio tasks of all running loops that are not done."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None or not hasattr(asyncio, "all_tasks"):
        return []
    loops = set()
    for frame in list(sys._current_frames().values()):
        while frame is not None:
            if frame.f_code.co_name == "run_forever" and "self" in frame.f_locals:
                loops.add(frame.f_locals["self"])
            frame = frame.f_back
    found = set()
    for loop in loops:
        try:
            found |= asyncio.all_tasks(loop)
        except RuntimeError:
            pass  # the set changed five times while it was read: some other thread's loop is very busy
    return sorted(found, key=lambda task: (len(task.get_name()), task.get_name()))


def task_frames(task):
    """Return the frames of a suspended task, outermost first."""
    frames, awaited = [], task.get_coro()
    while awaited is not None and len(frames) < 1000:
        frame = (
            getattr(awaited, "cr_frame", None)
            or getattr(awaited, "gi_frame", None)
            or getattr(awaited, "ag_frame", None)
        )
        if frame is None:
            break
        frames.append(frame)
        awaited = (
            getattr(awaited, "cr_await", None)
            or getattr(awaited, "gi_yieldfrom", None)
            or getattr(awaited, "ag_await", None)
        )
    return frames


def write_back(frame):
    """Let assignments to ``f_locals`` reach the frame's own variables. From 3.13 on they do by themselves (PEP 667).

    Reading frame.f_locals here would undo them: up to 3.12 that copies the variables into the dict again.
    """
    try:
        import ctypes

        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
    except (ImportError, AttributeError):
        pass  # no ctypes: assignments last until the prompt closes


# -- tracing all threads -----------------------------------------------------------------------------------------------

_kept = []  # what is handed to other threads as a raw pointer
_before = {}  # thread state -> (C function, trace function) of the program's own, to be put back; None -> threading's


def trace_all(function):
    """Set the trace function of every thread, running or to come; None puts back what the program had.

    Up to 3.11; from 3.12 on None takes all away.
    """
    threading = sys.modules.get("threading")
    if threading is not None:
        if function is not None:
            _before.setdefault(None, threading._trace_hook)
        threading.settrace(function if function is not None else _before.pop(None, None))
    if hasattr(sys, "_settraceallthreads"):  # 3.12+
        sys._settraceallthreads(function)
    else:
        _trace_each(function)


def _trace_each(function):
    """The same up to 3.11: each thread state is given what sys.settrace gives this one's.

    The interpreter's lock is held from start to end (ctypes.PyDLL), so no thread state goes away meanwhile.
    """
    try:
        import ctypes

        api = ctypes.PyDLL(None)
        head, following, set_trace = api.PyInterpreterState_ThreadHead, api.PyThreadState_Next, api._PyEval_SetTrace
        this, interpreter = api.PyThreadState_Get, api.PyInterpreterState_Get
    except (ImportError, AttributeError):
        sys.settrace(function)  # no ctypes: this thread, and those to come
        return
    for give in (head, following, this, interpreter):
        give.restype = ctypes.c_void_p
    before = sys.gettrace()
    sys.settrace(function)
    trampoline, at = _trampoline(ctypes, this(), function) if function is not None else (0, 0)
    if HOME != _thread.get_ident():
        sys.settrace(before)
    if function is not None and not trampoline:
        return
    if function is not None:
        _kept.append(function)
    set_trace.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    state, mine = head(ctypes.c_void_p(interpreter())), this()
    while state:
        if state != mine and function is not None:
            words = (ctypes.c_uint64 * 64).from_address(state)
            if words[at] and words[at] != id(function):
                _before[state] = words[at - 2], ctypes.cast(words[at], ctypes.py_object).value
            set_trace(state, trampoline, id(function))
        elif state != mine:
            pointer, own = _before.pop(state, (None, None))
            set_trace(state, pointer, id(own) if own is not None else None)
        state = following(ctypes.c_void_p(state))
    if function is None:
        _kept.clear()


def _trampoline(ctypes, state, function):
    """Return the C function that calls a Python trace function, and where that one is: two words behind it.

    struct _ts of 3.11: c_profilefunc, c_tracefunc, c_profileobj, c_traceobj (Include/cpython/pystate.h).
    """
    words = (ctypes.c_uint64 * 64).from_address(state)
    for at in range(3, 64):
        if words[at] == id(function):
            return words[at - 2], at
    return 0, 0
