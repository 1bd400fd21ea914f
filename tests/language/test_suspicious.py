"""Which texts are read closely for warnings: all that may deserve one, and few others."""

import pytest

from morrow.language.syntax_errors.warned import suspicious


@pytest.mark.parametrize(
    "text",
    ["'a' is x", "x is 'a'", "not(1) is x", "(1, 2) is x", "() is x", "f'{x is 1}'", "'\\d'", "b'\\d'",
     "1if x else y", 'f"{d["a"] is 1}{d["b"]}"'],
)  # fmt: skip
def test_what_314_warns_about_is_read_closely(text):
    assert suspicious(text + "\n")


@pytest.mark.parametrize("text", ["f(x) is None", "f('a')(1) is None", "'''this is 'odd' '''", "r'\\d'", "# it is 'so'", "x['a'].f() is y"])
def test_what_314_says_nothing_about_is_not(text):
    assert not suspicious(text + "\n")
