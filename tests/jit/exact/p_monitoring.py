"""A monitoring tool that is switched on in the middle of hot code, and another that was there before."""
import sys

m = getattr(sys, "monitoring", None)
seen = []


def part(k):
    return k * 2 if k > 2 else -k


def hot(n, on, off):
    total = 0
    for i in range(n):
        total += part(i)
        if i == on:
            switch(True)
        if i == off:
            switch(False)
    return total


def switch(on):
    if on:
        m.use_tool_id(2, "test")
        for event in ("LINE", "PY_START", "PY_RETURN", "JUMP"):
            m.register_callback(2, getattr(m.events, event), lambda code, *more, event=event: seen.append((event, code.co_name, *more)) if code.co_name in ("part", "hot") else None)
        m.set_events(2, m.events.LINE | m.events.PY_START | m.events.PY_RETURN | m.events.JUMP)
    else:
        m.set_events(2, 0)
        m.free_tool_id(2)


if m is not None:
    for n in (4, 5, 40, 41):
        hot(n, -1, -1)
    for on, off in ((3, 6), (35, 37), (0, 38)):
        print(hot(40, on, off), len(seen), seen[:14], seen[-5:])
        seen.clear()
        hot(40, -1, -1)
    print([m.get_tool(tool) for tool in (0, 1, 2, 3)])
