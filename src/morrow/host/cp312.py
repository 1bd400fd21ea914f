"""CPython 3.12: 3.11, except type parameters, f-strings in the grammar, sys.monitoring and one GIL per interpreter."""

from morrow.host.cp311 import FACTS as OLDER

FACTS = OLDER.but(
    version=(3, 12),
    parses_type_parameters=True,
    parses_nested_fstrings=True,
    places_fstring_parts=True,
    own_gil=True,
    # Found by importing every extension module in two interpreters, one after the other, on 3.12.1: these abort the process.
    own_gil_breaks=("_asyncio", "_datetime", "_decimal", "_zoneinfo"),
    ends_threads=True,
    frames_cross=136,
    passes_path0=True,
    parsers_list=2584,
    has_monitoring=True,
    counts_c_calls=False,
    inlines_comprehensions=True,
    long_size="lv_tag",
    instance_values="tagged",
    immortal="all_ones",
    collects_when_checking_signals=True,
    install="vectorcall",
    adaptive_start=bytes((17, 0)),
    has_watchers=True,
    attr_can_load_methods=True,
    frame_link=(56, 0),
    frame_code=0,
    hears_hidden_ends=False,
    recursion_remaining=28,
    counts_calls_of_c=False,
    error_indicator="one",
)
