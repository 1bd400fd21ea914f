"""python -m morrow.language: each stage of a source, printed."""

from __future__ import annotations

import pytest

from morrow.host import HERE
from morrow.language.__main__ import STAGES, main, show

SOURCE = b"type X[T] = list[T]\ntry:\n    t'{a}'\nexcept A, B:\n    pass\n"


def test_tree_is_the_stage_shown_when_none_is_asked_for(tmp_path, capsys):
    path = tmp_path / "a.py"
    path.write_bytes(b"t'{a!r}'")
    assert main([str(path)]) == 0
    assert "values: Interpolation 1:2-1:7 str='a' conversion=114" in capsys.readouterr().out


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_shows_something(stage):
    assert all(isinstance(line, str) for line in show(SOURCE, "a.py", stage))


@pytest.mark.skipif(HERE is None or HERE.parses_type_parameters, reason="this host takes some of it")
def test_what_was_found_and_what_the_host_is_given():
    assert show(SOURCE, "a.py", "found") == [
        "1:0: type alias X[T]",
        "3:4: t-string up to 3:10",
        "4:0: except list of 2",
    ]
    assert show(SOURCE, "a.py", "blanked")[:4] == ["typ. X[0] : list[T]", "try:", "    '    '", "except [  ]:"]


def test_a_wrong_source_is_shown_as_python_shows_it(tmp_path, capsys):
    path = tmp_path / "a.py"
    path.write_text("x = = 1\n")
    assert main([str(path)]) == 1
    assert capsys.readouterr().err.endswith("    x = = 1\n        ^\nSyntaxError: invalid syntax\n")


def test_a_file_that_is_not_there_is_named(capsys):
    with pytest.raises(SystemExit) as left:
        main(["no-such-file.py"])
    assert left.value.code == 2
    assert "cannot read no-such-file.py" in capsys.readouterr().err
