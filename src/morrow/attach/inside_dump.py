# mypy: ignore-errors
"""What every thread is doing, told by the process itself: for a process that offers itself and may not be read.

Its text is sent to the agent (agent.py); nothing of morrow is imported there.
"""

import sys


def _shown(value):
    kind = type(value)
    if kind in (int, float, bool, type(None), complex):
        return repr(value)[:100]
    if kind in (str, bytes):
        return repr(value[:100])
    size = ""
    if kind in (list, tuple, dict, set, frozenset):
        size = " of %d" % len(value)
    return "<%s%s>" % (kind.__name__, size)  # no __repr__ of the program's runs


def _frames(frame):
    found = []
    while frame is not None and len(found) < 2000:
        code = frame.f_code
        if not code.co_filename.startswith("<morrow ") and code.co_name != "_morrow_on_signal":
            values = None
            if agent.given.get("locals"):
                values = {str(name): _shown(value) for name, value in list(dict(frame.f_locals).items())}
            found.append((code.co_qualname, code.co_filename, frame.f_lineno, values))
        frame = frame.f_back
    return found


def begin(frame):
    import _thread

    threading = sys.modules.get("threading")
    known = dict(getattr(threading, "_active", {}))
    threads = []
    for ident, innermost in sys._current_frames().items():
        main = ident == _thread.get_ident()
        thread = known.get(ident)
        native = _thread.get_native_id() if main else getattr(thread, "native_id", None) or 0
        name = getattr(thread, "name", "")
        threads.append({"ident": ident, "native": native, "name": name, "main": main, "frames": _frames(frame if main else innermost)})
    tasks = []
    asyncio = sys.modules.get("asyncio")
    for task in _tasks(asyncio):
        awaited, frames = task.get_coro(), []
        while awaited is not None and len(frames) < 200:
            one = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
            if one is None:
                break
            frames.append((one.f_code.co_qualname, one.f_code.co_filename, one.f_lineno, None))
            awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
        name = getattr(task.get_coro(), "__qualname__", "?")
        tasks.append({"name": task.get_name(), "coroutine": name, "running": not frames, "frames": frames[::-1]})
    agent.wire.send(threads=sorted(threads, key=lambda one: not one["main"]), tasks=tasks)
    agent.leave()


def _tasks(asyncio):
    events = sys.modules.get("asyncio.events")
    loop = events._get_running_loop() if events is not None else None
    return sorted(asyncio.all_tasks(loop), key=lambda task: task.get_name()) if loop is not None else []
