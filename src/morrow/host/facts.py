"""`Facts`: everything that differs between hosts, by name.

Each ``cp3xx.py`` gives one `Facts` value, written as "the older one, except ...". Fields name an ability or a
behaviour, never a version, so that the code that asks reads as a question about Python, not about numbers.
"""

from __future__ import annotations

import sys


class NoFacts(LookupError):
    """Raised by `facts` for a Python this morrow has no table for.

    Attributes:
        version: the (major, minor) asked for.
        free_threaded: whether a free-threaded build was asked for.
    """

    def __init__(self, version: tuple[int, int], free_threaded: bool) -> None:
        self.version = version
        self.free_threaded = free_threaded
        super().__init__(
            f"no facts for Python {name_of(version, free_threaded)}: expected morrow.host.{module_of(version, free_threaded)}"
        )


class Facts:
    """What one version of CPython can do and how it does it. Frozen, printable, comparable.

    Written out rather than a dataclass: this module is imported at every start, and dataclasses would bring inspect,
    ast and dis along (10 ms, more than everything else morrow does at start).
    """

    version: tuple[int, int]
    free_threaded: bool

    # -- language: which grammar the host's own parser takes (each names the PEP) --------------------------------
    parses_type_parameters: bool  # PEP 695
    parses_type_defaults: bool  # PEP 696
    parses_nested_fstrings: bool  # PEP 701
    places_fstring_parts: bool  # the positions of nodes inside f-strings are those of 3.14
    reads_odd_fields: bool  # {x=}, specs with fields in them, specs in raw strings: read as by 3.14, in every patch release
    parses_except_lists: bool  # PEP 758: `except A, B:`
    parses_template_strings: bool  # PEP 750
    places_statement_parts: bool  # instructions of with, for and assert stand where their expressions do, as in 3.14
    inlines_comprehensions: bool  # PEP 709: list, set and dict comprehensions have no frame of their own
    shows_tracebacks: bool  # the traceback module shows exceptions as 3.14's does
    words_warnings: bool  # warnings about escapes, numbers and `finally` are 3.14's
    defers_annotations: bool  # PEP 649, PEP 749

    # -- interpreters: the private module that makes sub-interpreters ------------------------------------------------
    interpreters_module: str
    own_gil: bool  # PEP 684
    interpreters_face: str  # "objects": InterpreterID objects own what they name, text only; "numbers": plain ids, code objects too
    interpreters_in_library: bool  # PEP 734: concurrent.interpreters
    own_gil_breaks: tuple[str, ...]  # extension modules that corrupt memory when an interpreter with its own GIL loads them
    starves: bool  # a loop in an interpreter that shares the GIL never hands it over, unless it has a second thread
    ends_threads: bool  # destroying an interpreter waits for its threads; daemon threads and fork are refused in one
    parsers_list: int  # where in _PyRuntime the list of keyword parsers is that the end frees with the wrong allocator; 0: it does not
    frames_cross: int  # where PyThreadState.thread_id is, if sys._current_frames makes frames of other interpreters; 0: no harm done
    interpreters_head: int  # where in _PyRuntime the list of interpreters starts, the main one's address behind it; 0: not known
    passes_path0: bool  # sys.path[0] of the main interpreter is that of the others too

    # -- watching a running program -----------------------------------------------------------------------------------
    has_monitoring: bool  # PEP 669: sys.monitoring
    has_remote_exec: bool  # PEP 768: sys.remote_exec

    # -- launching -----------------------------------------------------------------------------------------------------
    hidden_start: bytes | None  # instructions to stand for RESUME in a function whose frame is hidden (host.frames)
    frame_link: tuple[int, ...] | None  # offsets, from PyThreadState on, of the link to the innermost frame (host.frames)
    hears_hidden_ends: bool  # a profile function is told when a hidden frame ends (host.hidden_ends)
    frame_code: int  # offset in a frame of the link to its code
    recursion_remaining: int | None  # offset of that count in PyThreadState, the limit behind it (host.recursion)
    counts_calls_of_c: bool  # calling a function written in C counts as a level of recursion
    shows_command_lines: bool  # tracebacks quote the text of -c
    awaits_in_context: bool  # -m asyncio: all blocks share one context, PYTHONSTARTUP and -q have their effect
    words_unknown_options_alike: bool  # "Unknown option: --x" as for "-x", and -J is one of them
    counts_c_calls: bool  # a call of a function written in C takes from the recursion limit while it runs
    interrupts_by_subclass: bool  # an unhandled subclass of KeyboardInterrupt ends the process by SIGINT too
    keeps_interrupts: bool  # one that a prompt has shown and gone on from counts in the exit status all the same
    # -- jit: how CPython keeps things, where the way differs and not only the offset (offsets: host.structs) ----------
    jit_supported: bool  # the jit knows this host's bytecode and structures
    long_size: str  # "ob_size": digit count and sign there; "lv_tag": count << 3 | sign (0 plus, 1 zero, 2 minus)
    instance_values: str  # "pointer" at MANAGED_VALUES_OFFSET; "tagged": the same + VALUES_BIAS, or a dict; "inline" behind the object
    immortal: str  # "none"; "all_ones": refcount 2**32-1, low half; "negative": low half seen as int32 is < 0
    eval_breaker: str  # "interpreter": an int in PyInterpreterState; "thread": a word in PyThreadState
    collects_when_checking_signals: bool  # PyErr_CheckSignals collects garbage that is due, and nothing else that C can call does
    current_frame: str  # "cframe": tstate.cframe->current_frame; "thread": tstate.current_frame
    stack_tags: bool  # values in frames carry tag bits (_PyStackRef)
    install: str  # "vectorcall": PyFunction_SetVectorcall is honoured; "type_clone": CALL inlines exact functions (3.11)
    adaptive_start: bytes  # the counter of an instruction in adaptive bytecode that was never executed
    has_watchers: bool  # PyDict_AddWatcher and friends
    pushes_locals: bool  # writes to frame.f_locals reach the frame (PEP 667); else PyFrame_LocalsToFast
    for_iter_pops: bool  # END_FOR is followed by an instruction that pops the iterator
    attr_can_load_methods: bool  # LOAD_ATTR's lowest argument bit says whether it loads a method to be called
    null_before_callable: bool  # a call's stack is NULL, callable, arguments; else callable, NULL, arguments
    clears_backwards: bool  # a frame that ends drops its stack from the top and then its locals from the last; else from the first up
    throws_behind: bool  # evaluating with an exception looks for handlers one code unit before the instruction pointer
    warns_late_of_forks: bool  # threads that a process has right after its fork hooks count as there while it forked (3.13.0, os_fork_impl)
    threading_finds_main: bool  # threading knows the main thread; else it takes the thread that imports it first for it
    error_indicator: str  # "triple": curexc_type/value/traceback; "one": current_exception

    def __init__(self, **values: object) -> None:
        if values.keys() != Facts.__annotations__.keys():
            raise TypeError(f"facts differ from the questions: {sorted(values.keys() ^ Facts.__annotations__.keys())}")
        self.__dict__.update(values)

    def but(self, **changed: object) -> Facts:
        """Return these facts with some of them changed: how a ``cp3xx.py`` says "the older one, except ..."."""
        return Facts(**{**self.__dict__, **changed})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"facts are frozen: cannot set {name!r}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Facts) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((self.version, self.free_threaded))

    def __repr__(self) -> str:
        return f"Facts({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"

    def __str__(self) -> str:
        return f"CPython {name_of(self.version, self.free_threaded)}"


def name_of(version: tuple[int, int], free_threaded: bool = False) -> str:
    """Return the version as people write it: ``3.13`` or ``3.13t``."""
    return f"{version[0]}.{version[1]}{'t' if free_threaded else ''}"


def module_of(version: tuple[int, int], free_threaded: bool = False) -> str:
    """Return the name of the module in this package that would hold the facts of *version*."""
    return f"cp{version[0]}{version[1]}{'t' if free_threaded else ''}"


def facts(version: tuple[int, int], free_threaded: bool = False) -> Facts:
    """Return the facts of any known CPython, which need not be the running one.

    Raises:
        NoFacts: this morrow has no table for that version.
    """
    name = module_of(version, free_threaded)
    try:
        # __import__ rather than importlib.import_module: importlib may not be loaded yet, and brings warnings along.
        module = __import__(f"morrow.host.{name}", fromlist=[name])
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("morrow.host."):
            raise
        raise NoFacts(version, free_threaded) from None
    known: Facts = module.FACTS
    return known


def build() -> str:
    """Return what tells this very build from any other: compiled code is good for one of them only."""
    return f"{sys.hexversion:x} {sys.version}"


def is_free_threaded() -> bool:
    """Return whether the running build is a free-threaded one (PEP 703), whatever PYTHON_GIL says now."""
    # sys.abiflags carries the 't'; sysconfig would say the same for 10 ms more.
    return "t" in getattr(sys, "abiflags", "")


def _here() -> Facts | None:
    if sys.implementation.name != "cpython":
        return None
    try:
        return facts(sys.version_info[:2], is_free_threaded())
    except NoFacts:
        return None


HERE: Facts | None = _here()
"""The running host's facts, or None on a host this morrow does not know."""
