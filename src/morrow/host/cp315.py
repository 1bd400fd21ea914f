"""CPython 3.15: for the systems that need these facts, the same as 3.14."""

from morrow.host.cp314 import FACTS as OLDER

FACTS = OLDER.but(
    version=(3, 15),
    hidden_start=bytes((25, 0, 25, 0)),  # RESUME has a cache
    frame_link=None,
    interpreters_head=936,
    recursion_remaining=None,
    jit_supported=False,
)
