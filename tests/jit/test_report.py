"""The report says what ran as machine code, and why the rest did not, in sentences."""

from morrow.jit import report_html
from morrow.jit.reasons import REASONS, sentence
from morrow.jit.report import Left, Report, Row, as_text

ROW = Row("Class.method", __file__, 3, 5, "compiled", 40, 1, 2, 31.5, 4096, (Left(4, "calls f", 12),), 12)
BAD = Row("other", "<string>", 1, 1, "interpreted", 9, 1, 0, 0.0, 0, (Left(1, "it is a <generator>"),))


def test_every_reason_is_a_sentence():
    for name, text in REASONS.items():
        assert name.isupper() and "\n" not in text and not text.endswith(".")
        assert "{" not in sentence(name, "detail")


def test_an_unknown_reason_stands_for_itself():
    assert sentence("TOO_ODD", "x") == "too odd (x)"


def test_off_is_said_in_one_line():
    assert as_text(Report("-X jit=off", 0.0)) == "jit: off: -X jit=off\n"


def test_the_text_names_place_time_and_exits():
    text = as_text(Report("", 3.2, 150.0, (ROW, BAD)))
    assert "compiled 1 of 2 hot functions, 4 KiB" in text
    assert "Class.method  32 ms, 2 loops entered while running, left 12 times" in text
    assert "line 4: calls f (12 times)" in text and "left to CPython" in text


def test_the_page_is_complete_and_escaped(tmp_path):
    path = tmp_path / "page.html"
    report_html.write(Report("", 3.2, 150.0, (ROW, BAD)), str(path))
    page = path.read_text(encoding="utf-8")
    assert "it is a &lt;generator&gt;" in page and "http" not in page
    assert page.count("class='l compiled'") == 3 and page.endswith("</html>\n")
