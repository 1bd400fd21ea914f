"""`python -m morrow.annotations`: three formats, what cannot be evaluated and why, JSON, exit status."""

from __future__ import annotations

import json

from tests.support.same import run_morrow

SHOP = """\
    class Shop:
        name: str
        boss: Boss

    def open_shop(name: str, at: list[Later]) -> Shop: ...

    class Boss: ...
    """


def _report(same, *arguments, **files):
    same.write({f"{name}.py": text for name, text in (files or {"shop": SHOP}).items()})
    return run_morrow(["-m", "morrow.annotations", *arguments], cwd=same.folder)


def test_every_annotation_is_shown_in_three_formats(same):
    got = _report(same, "shop")
    assert (got.err, got.status) == ("", 1)
    assert "shop.Shop\n    name: str\n        value       <class 'str'>\n        forwardref  <class 'str'>\n        string      'str'\n" in got.out
    assert "shop.open_shop\n    name: str\n        value       can be evaluated alone\n" in got.out
    assert "        value       cannot be evaluated: NameError: name 'Later' is not defined\n" in got.out
    assert got.out.endswith("    as a whole: NameError: name 'Later' is not defined\nshop: 1 annotations cannot be evaluated\n")


def test_only_problems(same):
    got = _report(same, "--problems", "shop")
    assert "shop.Shop" not in got.out.splitlines() and "shop.open_shop" in got.out.splitlines() and got.status == 1


def test_a_module_without_problems_ends_with_status_0(same):
    got = _report(same, "fine", fine="def f(x: int): ...\n")
    assert got.out.endswith("fine: every annotation can be evaluated\n") and got.status == 0


def test_json_says_the_same(same):
    got = _report(same, "--json", "shop")
    found = {each["where"]: each for each in json.loads(got.out)["shop"]}
    at = found["shop.open_shop"]["annotations"]["at"]
    assert at["string"] == "list[Later]" and at["value"] is None and at["problem"] == "NameError: name 'Later' is not defined"
    assert found["shop.Shop"]["annotations"]["boss"] == {
        "string": "Boss", "forwardref": "<class 'shop.Boss'>", "value": "<class 'shop.Boss'>", "problem": None
    }  # fmt: skip
    assert got.status == 1


def test_what_cannot_be_imported_is_said_and_the_others_are_reported(same):
    got = _report(same, "broken", "nowhere", "fine", broken="1 / 0\n", fine="x: int\n")
    assert "broken cannot be imported: ZeroDivisionError: division by zero" in got.err
    assert "nowhere cannot be imported: ModuleNotFoundError: No module named 'nowhere'" in got.err
    assert "fine: every annotation can be evaluated" in got.out and got.status == 2


def test_a_file_name_is_told_from_a_module_name(same):
    got = _report(same, "pkg/shop.py", shop=SHOP)
    assert "pkg/shop.py is a file" in got.err and "pkg.shop" in got.err and got.status == 2
