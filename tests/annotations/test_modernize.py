"""`morrow --modernize`: what it changes, what it leaves, and why."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from morrow.annotations.modernize import main, modernize, write
from morrow.annotations.modernize_project import read_project


def changed(folder: Path, files: dict[str, str], **options: bool) -> tuple[dict[str, str], list[str]]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    project = read_project([folder])
    texts = {path.relative_to(folder).as_posix(): text for path, text in modernize(project, **options).items()}
    return texts, [why for module in project.modules.values() for _, why in module.kept]


def test_future_import_and_quotes_go(tmp_path):
    texts, kept = changed(tmp_path, {"a.py": 'from __future__ import annotations\n\nimport os\n\n\ndef f(a: "os.PathLike") -> "int": ...  # why\n'})
    assert texts["a.py"] == "import os\n\n\ndef f(a: os.PathLike) -> int: ...  # why\n"
    assert not kept


def test_a_guard_without_cycle_becomes_a_plain_import(tmp_path):
    texts, kept = changed(
        tmp_path,
        {
            "p/__init__.py": "",
            "p/a.py": """
                from typing import TYPE_CHECKING, Any

                if TYPE_CHECKING:
                    # the other
                    from p.b import B  # noqa

                def f(b: "B") -> Any: ...
                """,
            "p/b.py": "class B: ...\n",
        },
    )
    assert texts["p/a.py"] == (
        "\nfrom typing import Any\n\n# the other\nfrom p.b import B  # noqa\n\ndef f(b: B) -> Any: ...\n"
    )
    assert not kept


def test_a_guard_that_would_close_a_cycle_stays_with_the_reason(tmp_path):
    guarded = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.b import B\n\nclass A:\n    b: 'B'\n"
    texts, kept = changed(tmp_path, {"p/__init__.py": "", "p/a.py": guarded, "p/b.py": "from p.a import A\nclass B(A): ...\n"})
    assert texts == {}
    assert "a plain import would close the cycle p.a -> p.b -> p.a" in kept


def test_a_late_bindable_cycle_is_accepted_on_request(tmp_path):
    guarded = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.b import B\n\nclass A:\n    b: 'B'\n"
    files = {"p/__init__.py": "", "p/a.py": guarded, "p/b.py": "from p.a import A\nclass B(A): ...\n"}
    texts, _ = changed(tmp_path, files, accept_late=True)
    assert texts["p/a.py"] == "from p.b import B\n\nclass A:\n    b: B\n"


@pytest.mark.parametrize(
    "guard, why",
    [
        ("    import not_a_dependency", "may not be installed"),
        ("    from os import *", "may bind anything"),
        ("    Alias = int", "something else than imports"),
        ("    import os\nelse:\n    os = None", "has an else branch"),
    ],
)
def test_what_cannot_be_proven_stays(tmp_path, guard, why):
    texts, kept = changed(tmp_path, {"a.py": f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n{guard}\n"})
    assert texts == {}
    assert any(why in reason for reason in kept)


def test_future_import_stays_while_a_name_is_missing_at_run_time(tmp_path):
    source = "from __future__ import annotations\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import nowhere\ndef f(a: nowhere.X): ...\n"
    texts, kept = changed(tmp_path, {"a.py": source})
    assert texts == {}
    assert any("'nowhere', which is not bound when the program runs" in reason for reason in kept)


def test_a_method_called_list_does_not_hide_the_type(tmp_path):
    source = "from __future__ import annotations\nclass C:\n    def list(self) -> list[int]: ...\n"
    texts, _ = changed(tmp_path, {"a.py": source})
    assert texts["a.py"] == "import builtins\nclass C:\n    def list(self) -> builtins.list[int]: ...\n"


def test_literals_and_metadata_keep_their_quotes(tmp_path):
    source = 'from typing import Annotated, Literal\ndef f(a: Literal["x"], b: Annotated["int", "text"]): ...\n'
    texts, _ = changed(tmp_path, {"a.py": source})
    assert texts["a.py"] == 'from typing import Annotated, Literal\ndef f(a: Literal["x"], b: Annotated[int, "text"]): ...\n'


def test_a_name_that_only_stubs_declare_stays_in_its_guard(tmp_path):
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from hashlib import _Hash\n"
    texts, kept = changed(tmp_path, {"a.py": source})
    assert texts == {} and kept == ["hashlib has no '_Hash' when the program runs"]


def test_a_name_that_the_other_module_only_guards_stays(tmp_path):
    files = {
        "p/__init__.py": "",
        "p/a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.b import X\n",
        "p/b.py": "import sys\nif sys.platform == 'nowhere':\n    X = int\n",
    }
    texts, kept = changed(tmp_path, files)
    assert texts == {} and kept == ["p.b has no 'X' when the program runs"]


def test_names_bound_in_the_main_block_are_not_there_for_importers(tmp_path):
    source = "def f(a: 'Path'): ...\nif __name__ == '__main__':\n    from pathlib import Path\n"
    texts, kept = changed(tmp_path, {"a.py": source})
    assert texts == {} and kept == ["the annotation uses 'Path', which is not bound when the program runs"]


@pytest.mark.parametrize(
    "binding, is_sure",
    [
        ("try:\n    import json as X\nexcept ImportError:\n    X = None", True),
        ("try:\n    import json as X\nexcept ImportError:\n    raise", True),
        ("try:\n    import json as X\nexcept ImportError:\n    pass", False),
        ("if a:\n    X = 1\nelse:\n    X = 2", True),
        ("if a:\n    X = 1", False),
        ("with a as X: pass", True),
        ("for X in a: pass", False),
        ("X: int", False),
    ],
)
def test_only_names_that_are_bound_for_sure_are_used(tmp_path, binding, is_sure):
    texts, kept = changed(tmp_path, {"a.py": f"a = []\n{binding}\ndef f(x: 'X'): ...\n"})
    assert bool(texts) == is_sure == (not kept)


def test_a_literal_by_another_name_keeps_its_quotes(tmp_path):
    source = "import typing as t\nfrom typing import Literal as L\ndef f(a: L['open'], b: t.Literal['open'], c: t.List['int']): ...\n"
    texts, _ = changed(tmp_path, {"a.py": source})
    assert texts["a.py"] == source.replace("'int'", "int")


def test_text_in_brackets_that_may_be_no_hint_stays_with_the_reason(tmp_path):
    source = "from shapes import Float\ndef f(a: Float['int']): ...\n"
    texts, kept = changed(tmp_path, {"a.py": source})
    assert texts == {} and kept == ["text in Float[...] may mean something else than a hint"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_ends_encoding_and_form_feeds_survive(tmp_path, newline):
    text = "# -*- coding: latin-1 -*-\nfrom __future__ import annotations\n\x0c\n# \xe9\x1c\ndef f(a: 'int'): return '\xe9'  # why\n"
    path = tmp_path / "a.py"
    path.write_bytes(text.replace("\n", newline).encode("latin-1"))
    assert main([str(path)]) == 0
    expected = "# -*- coding: latin-1 -*-\n\x0c\n# \xe9\x1c\ndef f(a: int): return '\xe9'  # why\n"
    assert path.read_bytes() == expected.replace("\n", newline).encode("latin-1")


def test_a_byte_order_mark_survives(tmp_path):
    path = tmp_path / "a.py"
    path.write_bytes(b"\xef\xbb\xbffrom __future__ import annotations\nx: 'int' = 1\n")
    assert main([str(path)]) == 0
    assert path.read_bytes() == b"\xef\xbb\xbfx: int = 1\n"


@pytest.mark.parametrize(
    "before, after",
    [
        ('def f(a: "int # why", b: "int" = 1): pass', 'def f(a: "int # why", b: int = 1): pass'),
        ('def f(a: "int, str"): pass', "def f(a: (int, str)): pass"),
        ('def f(a: "(x := int)"): pass', 'def f(a: "(x := int)"): pass'),
        ('def f(a: "int"or None): pass', "def f(a: (int)or None): pass"),
        ('def f(a: list["int or None"]): pass', "def f(a: list[(int or None)]): pass"),
        ('def f(a: """\n  dict[str,\n   int]\n""" = 1): pass', "def f(a: dict[str,\n   int] = 1): pass"),
        ('def f(a: """int |\n   str""" = 1): pass', 'def f(a: """int |\n   str""" = 1): pass'),
        ('def f(a: "i\\x6et", b: "in" "t"): pass', 'def f(a: "i\\x6et", b: "in" "t"): pass'),
        ('x: \\\n  "int" = 1', "x: \\\n  int = 1"),
        ('def f(a: dict[  # keys\n  "str",  # why\n  # values\n  "int",\n] = {}) -> "int":  # out\n\tpass', "def f(a: dict[  # keys\n  str,  # why\n  # values\n  int,\n] = {}) -> int:  # out\n\tpass"),
        ('def f(a: "list[\'int\']"): pass', 'def f(a: "list[\'int\']"): pass'),
        ('def f(é: "int", b="日本", c: "int" = "𝒳"): pass', 'def f(é: int, b="日本", c: int = "𝒳"): pass'),
    ],
)
def test_what_stands_in_and_around_quotes_survives(tmp_path, before, after):
    (tmp_path / "a.py").write_text(f"y: 'int' = 1\n{before}\n", encoding="utf-8")
    project = read_project([tmp_path])
    assert modernize(project)[tmp_path / "a.py"] == f"y: int = 1\n{after}\n"


def test_either_every_file_is_written_or_none(tmp_path):
    (tmp_path / "a.py").write_text("x: 'int' = 1\n")
    with pytest.raises(OSError):
        write({tmp_path / "a.py": b"x: int = 1\n", tmp_path / "nowhere" / "b.py": b""})
    assert (tmp_path / "a.py").read_text() == "x: 'int' = 1\n" and [p.name for p in tmp_path.iterdir()] == ["a.py"]


def test_permissions_stay(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("#!/usr/bin/env python\nx: 'int' = 1\n")
    path.chmod(0o755)
    assert main([str(path)]) == 0
    assert path.stat().st_mode & 0o777 == 0o755 and path.read_text() == "#!/usr/bin/env python\nx: int = 1\n"


def test_check_tells_by_its_status(tmp_path, capsys):
    (tmp_path / "a.py").write_text("from __future__ import annotations\n")
    assert main(["--check", str(tmp_path)]) == 1
    assert "would be changed" in capsys.readouterr().out
    assert main([str(tmp_path)]) == 0
    assert main(["--check", str(tmp_path)]) == 0
    assert (tmp_path / "a.py").read_text() == ""


def test_a_missing_path_is_reported(tmp_path, capsys):
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "[modernize-missing]" in capsys.readouterr().err


@pytest.mark.slow
def test_verify_compares_what_readers_see(tmp_path, capsys):
    (tmp_path / "a.py").write_text("from __future__ import annotations\nclass A:\n    x: int\ndef f(a: 'A') -> None: ...\n")
    assert main(["--verify", "--diff", str(tmp_path)]) == 0
    assert "the same or more" in capsys.readouterr().out
