"""CPython 3.14 free-threaded: 3.14, except that there is no GIL to rely on."""

from morrow.host.cp314 import FACTS as OLDER

FACTS = OLDER.but(free_threaded=True, jit_supported=False, recursion_remaining=None, frame_link=None, interpreters_head=0)
