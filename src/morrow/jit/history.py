"""What is remembered about code objects between compiles: classes met, assumptions that failed, how often it was tried.

Like everything that a program's process imports for the jit it does without dataclasses, which bring inspect, ast and re.
"""

from __future__ import annotations

import weakref
from types import CodeType

MOST_COMPILES = 5
"""Times a function is compiled before it is left alone."""


class History:
    """What is remembered about a code object between compiles.

    Attributes:
        compiles: how often it was compiled.
        loose: whether nothing is to be assumed about its arguments' classes.
        failed: offset of an instruction -> the assumptions that failed there.
        met: offset -> classes met there.
    """

    __slots__ = ("compiles", "loose", "failed", "met")

    def __init__(self) -> None:
        self.compiles = 0
        self.loose = False
        self.failed: dict[int, set[str]] = {}
        self.met: dict[int, list[weakref.ref[type]]] = {}


def remember_class(code: CodeType, at: int, cls: type) -> bool:
    """Note that an instruction met a class; return whether that is news."""
    classes = history_of(code).met.setdefault(at, [])
    if any(reference() is cls for reference in classes):
        return False
    classes.append(weakref.ref(cls))
    if _news is not None:
        _news.append((code, at, cls))
    return True


_news: list[tuple[CodeType, int, type]] | None = None


def watch_classes() -> None:
    """From now on, keep a list of what `remember_class` is told; for a copy of the process, whose memory is not this one's."""
    global _news
    _news = []


def news_of_classes() -> list[tuple[CodeType, int, type]]:
    """Return code object, offset and class of each call of `remember_class` that was news, since `watch_classes`."""
    return list(_news or ())


def all_classes() -> list[type]:
    """Return every class there is."""
    found: list[type] = []
    seen: set[int] = set()
    pending: list[type] = [object]
    while pending:
        cls = pending.pop()
        if id(cls) not in seen:
            seen.add(id(cls))
            found.append(cls)
            pending.extend(type.__subclasses__(cls))
    return found


_histories: dict[int, tuple[weakref.ref[CodeType], History]] = {}


def history_of(code: CodeType) -> History:
    """Return what is remembered about this very code object (codes are equal by value, and that is not meant)."""
    key = id(code)
    found = _histories.get(key)
    if found is None or found[0]() is not code:
        found = _histories[key] = weakref.ref(code, lambda _: _histories.pop(key, None)), History()
    return found[1]


def count_compile(code: CodeType) -> None:
    """Count one more compile of a code object; `Compiled.review` asks for at most `MOST_COMPILES`."""
    history_of(code).compiles += 1
