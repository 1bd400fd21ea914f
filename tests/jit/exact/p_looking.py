"""Callees that look at their callers' frames; pdb, cProfile and trace over hot code; a dump of the stack."""
import contextlib
import cProfile
import inspect
import io
import pdb
import pstats
import sys
import trace
import traceback
import warnings


def hot(a, n, do):
    t = 1
    out = []
    for i in range(n):
        t = t * a + i
        if i == n - 1:
            out.append(do(i))
    return out, t


def caller(k):
    f = sys._getframe(1)
    return f.f_code.co_name, f.f_lineno - f.f_code.co_firstlineno, {n: v for n, v in f.f_locals.items() if n in "aint"}, f.f_back.f_code.co_name


def stack(k):
    return [(x.function, x.lineno) for x in inspect.stack(0)[:3]]


def warn(k):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("careful", stacklevel=2)
    return [(w.lineno, str(w.message)) for w in caught]


def lines(k):
    return [line.strip() for line in traceback.format_stack(limit=2)][0].splitlines()[-1]


def rewrite(k):
    sys._getframe(1).f_locals["t"] = 5
    return sorted(sys._getframe(1).f_locals)


for do in (caller, stack, warn, lines, rewrite):
    for n in (3, 3, 35, 36):
        hot(1, n, do)
    print(do.__name__, hot(1, 6, do), hot(1.5, 5, do), hot(3, 50, do))


def profiled():
    return sum(hot(1, n, abs)[1] for n in range(2, 42))


profiled()
profile = cProfile.Profile()
print(profile.runcall(profiled))
print(sorted((name, calls) for (file, line, name), (calls, *_) in pstats.Stats(profile).stats.items() if name in ("hot", "profiled")))
tracer = trace.Trace(count=1, trace=0)
print(tracer.runfunc(profiled))
here = hot.__code__.co_filename
print(sorted((line, times) for (file, line), times in tracer.results().counts.items() if file == here))
commands = io.StringIO("b hot\nc\nn\nn\nn\nn\np a, n, t\nw\nr\np t\nq\n")
said = io.StringIO()
with contextlib.suppress(BaseException):
    pdb.Pdb(stdin=commands, stdout=said, nosigint=True, readrc=False).runcall(hot, 2, 6, abs)
print([line for line in said.getvalue().splitlines() if "batch" not in line and "bdb.py" not in line])
print(hot(2, 40, abs))
