"""CPython 3.13 free-threaded: 3.13, except that there is no GIL to rely on."""

from morrow.host.cp313 import FACTS as OLDER

FACTS = OLDER.but(free_threaded=True, jit_supported=False, recursion_remaining=None, frame_link=None, frames_cross=0, interpreters_head=0)
