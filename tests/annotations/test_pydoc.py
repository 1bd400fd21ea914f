"""Pages about classes: pydoc, help()."""

from __future__ import annotations

import sys

from tests.support.same import MORROW, run

PROGRAM = """\
import pydoc
class Point:
    x: int
    y: Later = 0
class Later: pass
for cls in (Point, Later):
    page = pydoc.plain(pydoc.render_doc(cls))
    print("__annot" in page, "x: int" in page, " y = 0" in page)
"""


def test_a_page_about_a_class_does_not_list_where_annotations_come_from(same):
    same.write({"app.py": PROGRAM})
    got = run([sys.executable, MORROW, "app.py"], cwd=same.folder)
    assert (got.out, got.err) == ("False False True\nFalse False False\n", "")
