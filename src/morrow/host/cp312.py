"""CPython 3.12: 3.11, except type parameters, f-strings in the grammar, sys.monitoring and one GIL per interpreter."""

from morrow.host.cp311 import FACTS as OLDER

FACTS = OLDER.but(
    version=(3, 12),
    parses_type_parameters=True,
    parses_nested_fstrings=True,
    places_fstring_parts=True,
    own_gil=True,
    has_monitoring=True,
    names_compared_literal=True,
    long_size="lv_tag",
    instance_values="tagged",
    immortal="all_ones",
    install="vectorcall",
    has_watchers=True,
    attr_can_load_methods=True,
    recursion_remaining=28,
    counts_calls_of_c=False,
    error_indicator="one",
)
