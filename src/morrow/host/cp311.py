"""CPython 3.11: the oldest host, so every question is answered here in full."""

from morrow.host.facts import Facts

FACTS = Facts(
    version=(3, 11),
    free_threaded=False,
    parses_type_parameters=False,
    parses_type_defaults=False,
    parses_nested_fstrings=False,
    places_fstring_parts=False,
    reads_odd_fields=False,
    parses_except_lists=False,
    parses_template_strings=False,
    defers_annotations=False,
    interpreters_module="_xxsubinterpreters",
    own_gil=False,
    has_monitoring=False,
    has_remote_exec=False,
    hidden_start=bytes((9, 0)),  # NOP
    shows_command_lines=False,
    interrupts_by_subclass=False,
    jit_supported=True,
    long_size="ob_size",
    instance_values="pointer",
    immortal="none",
    eval_breaker="interpreter",
    current_frame="cframe",
    stack_tags=False,
    install="type_clone",
    has_watchers=False,
    pushes_locals=False,
    for_iter_pops=False,
    attr_can_load_methods=False,
    null_before_callable=True,
    throws_behind=False,
    error_indicator="triple",
    threading_finds_main=False,
)
