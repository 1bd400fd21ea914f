"""Measure whether compiled code pays: the same function, now compiled, now interpreted, with a clock around every call.

A function on trial is entered through `morrow_trial`, which tosses a coin for each pair of calls, runs its compiled entry
for one and its stock entry for the other, and adds up the CPU time of the thread and its square. Both kinds so meet the
same work and the same moods of the machine, whatever the order is in which the program calls. `Trial.verdict` says how many
times faster a compiled call is once that is beyond the chance of such measurements (the standard error of the ratio of two
means). Only then is a function given its compiled code for good, or left to CPython with the numbers that speak against it.

Nested calls of one function are part of the outermost one. Time of calls that end in an exception counts like any other.
"""

from __future__ import annotations

import ctypes
import math
import sys
from collections.abc import Callable
from types import FunctionType

from morrow.jit import install

CAPACITY = 32
"""Functions on trial at once; more wait for a place, interpreted."""

SHORT = 4000
"""Nanoseconds of a call below which only every eighth is timed: asking the clock takes a few hundred itself."""

CALLS = 30
"""Calls of each kind before there is a verdict."""

LONG = 20_000_000
"""Nanoseconds of each kind for which a few calls are enough."""

ENOUGH = 400_000_000
"""Nanoseconds of each kind after which there is a verdict, however much the calls differ."""

LEAST_GAIN = 1.05
"""How many times faster a call must be for the compiled code to stay."""

SURE = 3.0
"""Standard errors that a verdict must be away from `LEAST_GAIN`: it is looked for again and again, which is many chances to err."""

LEAST_SPREAD = 0.02, 0.1
"""What is added to the measured square of the relative spread of calls: to all, and once per measurement (few calls know little of it)."""

STOCK_EXTRA = 28
"""Nanoseconds that a stock call takes longer here than where the interpreter makes it itself (13 to 64, mostly 23 to 35, measured on 3.11, 3.12 and 3.13)."""

_WORDS = 16
_FUNCTION, _ENTRY, _WHICH, _CALLS, _TIME, _SQUARES, _NESTED, _OVERHEAD, _MASK, _COUNT, _DICE, _SHARE, _TOSSES = 0, 1, 2, 3, 5, 7, 9, 10, 11, 12, 13, 14, 15
Load = Callable[[str, dict[str, int], tuple[str, ...]], dict[str, int]]


class Trial:
    """One function on trial.

    Attributes:
        row: address of its row of the table.
        entry: its compiled entry.
    """

    __slots__ = ("row", "entry")

    def __init__(self, row: int, entry: int) -> None:
        self.row, self.entry = row, entry

    def calls(self, which: int) -> int:
        """Return the calls timed so far of one kind: 0 stock, 1 compiled."""
        return ctypes.c_int64.from_address(self.row + 8 * (_CALLS + which)).value

    def nanoseconds(self, which: int) -> float:
        """Return the CPU time of one call of one kind, without what measuring takes."""
        overhead = ctypes.c_int64.from_address(self.row + 8 * _OVERHEAD).value + (0 if which else STOCK_EXTRA)
        return max(1.0, self._mean(which) - overhead)

    def _mean(self, which: int) -> float:
        return ctypes.c_double.from_address(self.row + 8 * (_TIME + which)).value / max(1, self.calls(which))

    def spread(self, which: int) -> float:
        """Return the square of the standard error of one kind's time, as a part of that time."""
        calls = self.calls(which)
        mean = self._mean(which)
        variance = max(0.0, ctypes.c_double.from_address(self.row + 8 * (_SQUARES + which)).value / calls - mean * mean)
        return (variance / self.nanoseconds(which) ** 2 + LEAST_SPREAD[0] + LEAST_SPREAD[1] / calls) / calls

    def verdict(self) -> float:
        """Return how many times faster a compiled call is, at least if that is not quite known; 0 while it may be either."""
        calls = [self.calls(which) for which in (0, 1)]
        if min(calls) < 2:
            return 0.0
        times = [self.nanoseconds(which) for which in (0, 1)]
        ctypes.c_int64.from_address(self.row + 8 * _MASK).value = 7 if min(times) < SHORT else 0
        used = [a * b for a, b in zip(calls, times, strict=True)]
        if min(used) < LONG and min(calls) < CALLS:
            return 0.0
        gain = times[0] / times[1]
        error = math.sqrt(self.spread(0) + self.spread(1))
        if abs(math.log(gain / LEAST_GAIN)) > SURE * error:
            return gain
        return gain * math.exp(-error) if min(used) > ENOUGH else 0.0

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

    def has_room(self) -> bool:
        """Return whether one more can be put on trial."""
        return bool(self._free)

    def begin(self, function: FunctionType, entry: int, stock: float = 0.5) -> Trial | None:
        """Put a function on trial, so large a part of its calls stock; None if there is no place, or somebody else has a hand on it."""
        if not self._free:
            return None
        row = self._free.pop()
        words = {_ENTRY: entry, _OVERHEAD: self._overhead, _DICE: entry ^ id(function), _SHARE: int(stock * (1 << 32)), _FUNCTION: id(function)}
        for word in (*range(1, _WORDS), _FUNCTION):  # the function last: a row without one is nobody's
            ctypes.c_uint64.from_address(row + 8 * word).value = words.get(word, 0)
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


def _at(name: str, word: int) -> str:
    return f"  %{name}_at = getelementptr i64, ptr %row, i64 {word}\n"


# The coin is Knuth's linear congruential generator (MMIX), of which the high half is used.
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
{_at("compiled", _ENTRY)}  %compiled = load ptr, ptr %compiled_at
{_at("nested", _NESTED)}  %nested = load i64, ptr %nested_at
  %outermost = icmp eq i64 %nested, 0
{_at("which", _WHICH)}  br i1 %outermost, label %toss, label %chosen
toss:
{_at("dice", _DICE)}  %dice = load i64, ptr %dice_at
  %dice_times = mul i64 %dice, 6364136223846793005
  %dice_next = add i64 %dice_times, 1442695040888963407
  store i64 %dice_next, ptr %dice_at
  %high = lshr i64 %dice_next, 32
{_at("share", _SHARE)}  %share = load i64, ptr %share_at
  %is_tossed = icmp uge i64 %high, %share
  %coin = zext i1 %is_tossed to i64
{_at("tosses", _TOSSES)}  %tosses = load i64, ptr %tosses_at
  %tosses_more = add i64 %tosses, 1
  store i64 %tosses_more, ptr %tosses_at
  %parity = and i64 %tosses, 1
  %is_second = icmp ne i64 %parity, 0
  %is_fair = icmp eq i64 %share, {1 << 31}
  %is_other = and i1 %is_second, %is_fair
  %before = load i64, ptr %which_at
  %other_one = sub i64 1, %before
  %tossed = select i1 %is_other, i64 %other_one, i64 %coin
  store i64 %tossed, ptr %which_at
  br label %chosen
chosen:
  %which = load i64, ptr %which_at
  %is_compiled = icmp ne i64 %which, 0
  %entry_point = select i1 %is_compiled, ptr %compiled, ptr @morrow_stock
{_at("mask", _MASK)}  %mask = load i64, ptr %mask_at
{_at("count", _COUNT)}  %count = load i64, ptr %count_at
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
  %calls_place = add i64 %which, {_CALLS}
  %calls_at = getelementptr i64, ptr %row, i64 %calls_place
  %calls = load i64, ptr %calls_at
  %more_calls = add i64 %calls, 1
  store i64 %more_calls, ptr %calls_at
  %took_real = sitofp i64 %took to double
  %time_place = add i64 %which, {_TIME}
  %time_at = getelementptr i64, ptr %row, i64 %time_place
  %time = load double, ptr %time_at
  %more_time = fadd double %time, %took_real
  store double %more_time, ptr %time_at
  %square = fmul double %took_real, %took_real
  %squares_place = add i64 %which, {_SQUARES}
  %squares_at = getelementptr i64, ptr %row, i64 %squares_place
  %squares = load double, ptr %squares_at
  %more_squares = fadd double %squares, %square
  store double %more_squares, ptr %squares_at
  ret ptr %result
}}
"""
