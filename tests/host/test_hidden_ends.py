"""Hidden functions whose code was rewritten to end unheard do what they did."""

from __future__ import annotations

import sys

import pytest

from morrow.host import HERE, frames

pytestmark = pytest.mark.skipif(HERE is None or not HERE.hears_hidden_ends, reason="this host's profile functions hear nothing of hidden frames")


@pytest.mark.parametrize("profile", [None, lambda frame, event, arg: None], ids=["alone", "profiled"])
def test_a_hidden_function_does_what_it_did(profile):
    def search(rows, wanted):
        looked = []
        for row in rows:
            try:
                if row == wanted:
                    return "found", looked
                1 / row
            except ZeroDivisionError as error:
                return type(error), looked
            except TypeError:
                raise ValueError(row)
            finally:
                looked.append(row)
        with open(__file__) as file:
            return [len(line) > 0 for line in file][0]

    function = frames.hide(search)
    cases = [([1, 2], 2), ([0], 1), ([], 1), ([3], 1)]
    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        got = [function(*case) for case in cases]
        with pytest.raises(ValueError, match="text"):
            function(["text"], 1)
    finally:
        sys.setprofile(before)
    assert got == [("found", [1, 2]), (ZeroDivisionError, [0]), True, True]


def test_every_return_of_a_long_function_gets_to_the_end():
    from morrow.host import hidden_ends

    lines = "\n".join(f"    if n == {i}: return {i}, f(n, n, n, n)" for i in range(90))
    names: dict = {"f": lambda *_: "called"}
    exec(f"def long(n):\n{lines}", names)
    frames.hide(names["long"])
    assert [names["long"](n) for n in (0, 40, 89, 90)] == [(0, "called"), (40, "called"), (89, "called"), None]
    assert names["long"].__code__.co_code.count(hidden_ends._RETURN) == 1
