"""What is worth compiling: counts of where threads were seen, and the rule that turns counts into candidates.

Fed by `hot_sampling` (a look at every thread each few milliseconds). Two kinds of candidate come out: a function whose
calls are seen again and again, and a loop in one frame that is not left. Counting costs the program nothing; the rule
errs on the side of waiting, because compiling takes a core for tens of milliseconds per function.

Nothing here imports ctypes, dis or llvmlite: a program with nothing hot never pays for them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType

HOT_SAMPLES = 6
"""How often a code must be seen before its function is a candidate."""

LOOP_SAMPLES = 8
"""How often in a row the same frame must be seen before its loop is a candidate."""

WINDOW = 200
"""Samples after which all counts are halved: what was hot long ago is not hot."""


class Seen:
    """What is known about one code object.

    Attributes:
        hits: times it was seen running, halved now and then.
        frame: identity of the frame last seen running it; compared, never followed.
        stays: times in a row that same frame was seen.
        asked, loops_asked: how often it was taken up as a candidate; the next time takes twice as long.
    """

    __slots__ = ("hits", "frame", "stays", "asked", "loops_asked")

    def __init__(self) -> None:
        self.hits = 0
        self.frame = 0
        self.stays = 0
        self.asked = 0
        self.loops_asked = 0


class Hot:
    """Counts samples; says when a code has become a candidate.

    Codes are kept by identity in a table that is halved away, so a program that makes code all day does not grow it.
    """

    def __init__(self) -> None:
        self.seen: dict[CodeType, Seen] = {}
        self.samples = 0

    def add(self, frame: FrameType) -> str:
        """Count one sight of a frame. Returns "function" or "loop" when it has just become a candidate, else ""."""
        code = frame.f_code
        seen = self.seen.get(code)
        if seen is None:
            seen = self.seen[code] = Seen()
        seen.hits += 1
        if seen.frame == id(frame):
            seen.stays += 1
        else:
            seen.frame, seen.stays = id(frame), 1
        self.samples += 1
        if self.samples % WINDOW == 0:
            self._halve()
        if seen.stays >= LOOP_SAMPLES << seen.loops_asked:
            return "loop"
        if seen.hits >= HOT_SAMPLES << seen.asked:
            return "function"
        return ""

    def took(self, code: CodeType, what: str) -> None:
        """Note that a candidate was taken up: the same code becomes one again after twice as many samples."""
        seen = self.seen.get(code)
        if seen is None:
            return
        if what == "loop":
            seen.loops_asked = min(seen.loops_asked + 1, 8)
            seen.stays = 0
        else:
            seen.asked = min(seen.asked + 1, 8)

    def _halve(self) -> None:
        for code, seen in list(self.seen.items()):
            seen.hits >>= 1
            if not seen.hits and not seen.asked:
                del self.seen[code]
