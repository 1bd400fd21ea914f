"""Measure whether compiled code pays: the same function, now compiled, now interpreted, with a clock around every call.

A function on trial is entered through `morrow_trial`, which calls its compiled or its stock entry and adds up the CPU
time of the thread. `Trial.turn`, called every few milliseconds, changes from one to the other, so that both meet the same
work; after enough turns of both `Trial.verdict` is the ratio of their times for one call. Only then is a function given its
compiled code for good, or left to CPython with the numbers that speak against it.

Nested calls of one function are part of the outermost one. Time of calls that end in an exception counts like any other.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from types import FunctionType

from morrow.jit import install

CAPACITY = 16
"""Functions on trial at once; more wait for a place, running compiled."""

TURNS = 4
"""Turns of each kind with calls in them before there is a verdict; half as many if it is clear."""

SHORT = 4000
"""Nanoseconds of a call below which only every eighth is timed: asking the clock takes a few hundred itself."""

CALLS = 30
"""Calls of each kind before there is a verdict."""

LONG = 20_000_000
"""Nanoseconds of each kind for which a few calls are enough."""

LEAST_GAIN = 1.05
"""How many times faster a call must be for the compiled code to stay."""

_WORDS = 11  # function, compiled entry, which (0 stock, 1 compiled), calls and nanoseconds of each, nested, overhead, mask, count
Load = Callable[[str, dict[str, int], tuple[str, ...]], dict[str, int]]


class Trial:
    """One function on trial.

    Attributes:
        entry: its compiled entry.
        turns: how many turns of each kind (stock, compiled) had calls in them.
    """

    __slots__ = ("row", "entry", "turns", "_seen")

    def __init__(self, row: int, entry: int) -> None:
        self.row, self.entry = row, entry
        self.turns = [0, 0]
        self._seen = [0, 0]

    def calls(self, which: int) -> int:
        """Return the calls counted so far of one kind: 0 stock, 1 compiled."""
        return ctypes.c_int64.from_address(self.row + 24 + 16 * which).value

    def nanoseconds(self, which: int) -> float:
        """Return the CPU time of one call of one kind, without what measuring takes."""
        overhead = ctypes.c_int64.from_address(self.row + 64).value
        total = ctypes.c_int64.from_address(self.row + 32 + 16 * which).value
        return max(1.0, total / max(1, self.calls(which)) - overhead)

    def turn(self) -> None:
        """Change from stock to compiled or back, if there were calls since the last change."""
        place = ctypes.c_int64.from_address(self.row + 16)
        which = place.value
        calls = self.calls(which)
        if calls == self._seen[which]:
            return
        self._seen[which] = calls
        self.turns[which] += 1
        place.value = 1 - which
        ctypes.c_int64.from_address(self.row + 72).value = 7 if self.nanoseconds(which) < SHORT else 0

    def verdict(self) -> float:
        """Return how many times faster a compiled call is; 0 while that is not known."""
        long = all(self.calls(which) >= 2 and self.calls(which) * self.nanoseconds(which) >= LONG for which in (0, 1))
        if not long and min(self.calls(0), self.calls(1)) < CALLS:
            return 0.0
        ratio = self.nanoseconds(0) / self.nanoseconds(1)
        clear = not 0.7 < ratio < 1.5
        return ratio if min(self.turns) >= (TURNS // 2 if clear else TURNS) else 0.0

    def __repr__(self) -> str:
        return f"stock {self.calls(0)} calls of {self.nanoseconds(0):.0f} ns, compiled {self.calls(1)} of {self.nanoseconds(1):.0f} ns"


class Trials:
    """The table of functions on trial, and the entry they share."""

    def __init__(self, load: Load, clock: int) -> None:
        """Compile the entry. *load* turns LLVM text into addresses; *clock* is the address of clock_gettime."""
        allocate = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)(("PyMem_RawCalloc", ctypes.pythonapi))
        self._table: int = allocate(CAPACITY + 1, 8 * _WORDS) or 0  # never freed: a thread may be in the entry at exit
        if not self._table:
            raise MemoryError
        imports = {"morrow_trials": self._table, "morrow_stock": install.STOCK, "morrow_clock": clock}
        addresses = load(_TEXT, imports, ("morrow_trial", "morrow_overhead"))
        self._entry = addresses["morrow_trial"]
        self._overhead: int = ctypes.CFUNCTYPE(ctypes.c_int64)(addresses["morrow_overhead"])()
        self._free = [self._table + 8 * _WORDS * number for number in range(CAPACITY)]

    def begin(self, function: FunctionType, entry: int) -> Trial | None:
        """Put a function on trial; None if there is no place, or somebody else has a hand on it."""
        if not self._free:
            return None
        row = self._free.pop()
        for word, value in ((1, entry), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, self._overhead), (9, 0), (10, 0), (0, id(function))):
            ctypes.c_uint64.from_address(row + 8 * word).value = value
        if not install.install(function, self._entry):
            self._release(row)
            return None
        return Trial(row, entry)

    def end(self, trial: Trial, function: FunctionType | None, keep: bool) -> None:
        """Take a function off trial: its compiled code stays, or it is interpreted again."""
        if function is not None and install.is_installed(function):
            if keep:
                install.install(function, trial.entry)
            else:
                install.remove(function)
        self._release(trial.row)

    def _release(self, row: int) -> None:
        ctypes.c_uint64.from_address(row).value = 0  # a call still on its way in finds no row and is interpreted
        self._free.append(row)


def has_clock() -> bool:
    """Return whether this system has a clock for the CPU time of one thread that can be asked natively."""
    return sys.platform.startswith("linux")


# CLOCK_THREAD_CPUTIME_ID is 3 (Linux, include/uapi/linux/time.h): what other threads and processes do does not count.
_TEXT = f"""
@morrow_trials = external global [{CAPACITY + 1} x [{_WORDS} x i64]]
@morrow_stock = external global i8
declare i32 @morrow_clock(i32, ptr)

define internal i64 @now() {{
entry:
  %time = alloca [2 x i64]
  %failed = call i32 @morrow_clock(i32 3, ptr %time)
  %seconds = load i64, ptr %time
  %more_at = getelementptr i64, ptr %time, i64 1
  %more = load i64, ptr %more_at
  %whole = mul i64 %seconds, 1000000000
  %sum = add i64 %whole, %more
  ret i64 %sum
}}

define i64 @morrow_overhead() {{
entry:
  br label %turn
turn:
  %k = phi i64 [ 0, %entry ], [ %next, %turn ]
  %least = phi i64 [ 1000000, %entry ], [ %smaller, %turn ]
  %begin = call i64 @now()
  %end = call i64 @now()
  %took = sub i64 %end, %begin
  %below = icmp slt i64 %took, %least
  %smaller = select i1 %below, i64 %took, i64 %least
  %next = add i64 %k, 1
  %enough = icmp eq i64 %next, 300
  br i1 %enough, label %done, label %turn
done:
  ret i64 %smaller
}}

define ptr @morrow_trial(ptr %callable, ptr %args, i64 %nargsf, ptr %kwnames) {{
entry:
  %word = ptrtoint ptr %callable to i64
  br label %look
look:
  %k = phi i64 [ 0, %entry ], [ %next, %other ]
  %row = getelementptr [{_WORDS} x i64], ptr @morrow_trials, i64 %k
  %next = add i64 %k, 1
  %function = load i64, ptr %row
  %same = icmp eq i64 %function, %word
  br i1 %same, label %found, label %other
other:
  %end = icmp ugt i64 %next, {CAPACITY}
  br i1 %end, label %plain, label %look
plain:
  %interpreted = tail call ptr @morrow_stock(ptr %callable, ptr %args, i64 %nargsf, ptr %kwnames)
  ret ptr %interpreted
found:
  %compiled_at = getelementptr i64, ptr %row, i64 1
  %compiled = load ptr, ptr %compiled_at
  %which_at = getelementptr i64, ptr %row, i64 2
  %which = load i64, ptr %which_at
  %is_compiled = icmp ne i64 %which, 0
  %entry_point = select i1 %is_compiled, ptr %compiled, ptr @morrow_stock
  %nested_at = getelementptr i64, ptr %row, i64 7
  %nested = load i64, ptr %nested_at
  %outermost = icmp eq i64 %nested, 0
  %mask_at = getelementptr i64, ptr %row, i64 9
  %mask = load i64, ptr %mask_at
  %count_at = getelementptr i64, ptr %row, i64 10
  %count = load i64, ptr %count_at
  %count_more = add i64 %count, 1
  store i64 %count_more, ptr %count_at
  %masked = and i64 %count, %mask
  %its_turn = icmp eq i64 %masked, 0
  %time_it = and i1 %outermost, %its_turn
  br i1 %time_it, label %timed, label %untimed
untimed:
  %inner = tail call ptr %entry_point(ptr %callable, ptr %args, i64 %nargsf, ptr %kwnames)
  ret ptr %inner
timed:
  store i64 1, ptr %nested_at
  %begin = call i64 @now()
  %result = call ptr %entry_point(ptr %callable, ptr %args, i64 %nargsf, ptr %kwnames)
  %after = call i64 @now()
  %took = sub i64 %after, %begin
  %still = load i64, ptr %row
  %ours = icmp eq i64 %still, %word
  br i1 %ours, label %note, label %done
done:
  ret ptr %result
note:
  store i64 0, ptr %nested_at
  %pair = mul i64 %which, 2
  %calls_place = add i64 %pair, 3
  %calls_at = getelementptr i64, ptr %row, i64 %calls_place
  %calls = load i64, ptr %calls_at
  %more_calls = add i64 %calls, 1
  store i64 %more_calls, ptr %calls_at
  %time_place = add i64 %pair, 4
  %time_at = getelementptr i64, ptr %row, i64 %time_place
  %time = load i64, ptr %time_at
  %more_time = add i64 %time, %took
  store i64 %more_time, ptr %time_at
  ret ptr %result
}}
"""
