"""CPython 3.14: 3.13, except deferred annotations, template strings, except lists and sys.remote_exec."""

from morrow.host.cp313 import FACTS as OLDER

FACTS = OLDER.but(
    version=(3, 14),
    parses_except_lists=True,
    parses_template_strings=True,
    reads_odd_fields=True,
    defers_annotations=True,
    interpreters_in_library=True,
    frames_cross=0,
    interpreters_head=808,
    interrupts_by_subclass=True,
    awaits_in_context=True,
    keeps_interrupts=True,
    words_unknown_options_alike=True,
    has_remote_exec=True,
    warns_late_of_forks=False,
    hidden_start=bytes((27, 0)),
    shows_tracebacks=True,
    recursion_remaining=48,
    words_warnings=True,
    immortal="negative",
    stack_tags=True,
    clears_backwards=True,
)
