"""CPython 3.13: 3.12, except type parameter defaults and the renamed private interpreters module."""

from morrow.host.cp312 import FACTS as OLDER

FACTS = OLDER.but(
    version=(3, 13),
    parses_type_defaults=True,
    places_statement_parts=True,
    interpreters_module="_interpreters",
    interpreters_face="numbers",
    own_gil_breaks=(),
    starves=False,
    frames_cross=152,
    interpreters_head=632,
    parsers_list=0,
    hidden_start=bytes((30, 0)),
    frame_link=(72,),
    recursion_remaining=44,
    shows_command_lines=True,
    instance_values="inline",
    eval_breaker="thread",
    collects_when_checking_signals=False,
    current_frame="thread",
    pushes_locals=True,
    warns_late_of_forks=True,
    threading_finds_main=True,
    for_iter_pops=True,
    null_before_callable=False,
    throws_behind=True,
)
