"""A trace or profile function that is switched on in the middle of hot code sees every event from there on."""
import sys

seen = []


def part(k):
    if k > 2:
        k -= 1
    return k * 2


def hot(n, on, off, switch):
    total = 0
    for i in range(n):
        total += part(i)
        if i == on:
            switch(True)
        if i == off:
            switch(False)
    return total


def note(frame, event, arg):
    if frame.f_code.co_filename == __file__ or frame.f_code.co_name in ("part", "hot"):
        seen.append((frame.f_code.co_name, event, frame.f_lineno))
    return note


def trace(on):
    sys.settrace(note if on else None)
    sys._getframe(1).f_trace = note if on else None


def profile(on):
    sys.setprofile(note if on else None)


__file__ = hot.__code__.co_filename
for n in (4, 5, 40, 41):
    hot(n, -1, -1, trace)
for switch in (trace, profile, trace):
    for on, off in ((3, 6), (35, 37), (0, 38)):
        print(hot(40, on, off, switch), len(seen), seen[:14], seen[-5:])
        seen.clear()
        for n in (4, 40):
            hot(n, -1, -1, trace)
print(hot(50, -1, -1, trace), seen)
