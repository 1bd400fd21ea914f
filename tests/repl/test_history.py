"""History: nothing typed is lost, whoever else writes the same file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from morrow.repl.history import History, find_history_file


def test_a_block_is_one_entry(tmp_path):
    path = tmp_path / "history"
    history = History(path)
    history.append("x = 1")
    history.append("def f():\n    return 1\n")
    assert History(path).entries == ["x = 1", "def f():\n    return 1"]


def test_pythons_own_prompt_can_read_it(tmp_path):
    path = tmp_path / "history"
    History(path).append("def f():\n    return 1")
    assert path.read_bytes() == b"def f():\r\n    return 1\n"


def test_a_file_of_readlines_is_read(tmp_path):
    path = tmp_path / "history"
    path.write_text("import os\nos.getcwd()\n")
    assert History(path).entries == ["import os", "os.getcwd()"]


def test_a_file_of_libedits_stays_one(tmp_path):
    path = tmp_path / "history"
    path.write_text("_HiStOrY_V2_\nx\\040=\\0401\n")
    history = History(path)
    assert history.entries == ["x = 1"]
    history.append("a\\b\nc")
    assert path.read_text().splitlines()[-1] == "a\\134b\\012c"
    assert History(path).entries == ["x = 1", "a\\b\nc"]


def test_repetitions_and_blanks_are_left_out(tmp_path):
    history = History(tmp_path / "history")
    for entry in ("a", "a", "  ", "b", "a"):
        history.append(entry)
    assert history.entries == ["a", "b", "a"]


def test_bytes_that_are_no_text_survive(tmp_path):
    path = tmp_path / "history"
    path.write_bytes(b"x = '\xff'\n")
    history = History(path)
    history.append(history.entries[0] + " ")
    assert path.read_bytes() == b"x = '\xff'\nx = '\xff' \n"


def test_a_file_that_cannot_be_read_is_trouble_not_a_crash(tmp_path):
    history = History(tmp_path)
    assert isinstance(history.trouble, IsADirectoryError)
    history.append("x")
    assert history.entries == ["x"]


def test_a_file_that_cannot_be_written_is_trouble_not_a_crash(tmp_path):
    history = History(tmp_path / "no" / "such" / "folder")
    history.append("x")
    assert isinstance(history.trouble, FileNotFoundError)
    assert history.entries == ["x"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are Unix's")
def test_a_pipe_in_place_of_the_file_is_trouble_and_nothing_waits(tmp_path):
    os.mkfifo(tmp_path / "history")
    history = History(tmp_path / "history")
    history.append("x = 1")
    assert history.entries == ["x = 1"] and history.trouble is not None


def test_a_file_that_cannot_be_written_is_told_of_once(tmp_path):
    history = History(tmp_path / "no" / "history")
    history.append("x = 1")
    assert history.trouble is not None
    history.trouble = None  # it has been told
    history.append("x = 2")
    assert history.trouble is None and history.entries == ["x = 1", "x = 2"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_device_is_not_read_to_its_end(tmp_path):
    history = History(Path("/dev/full"))
    history.append("x = 1")
    assert history.entries == ["x = 1"] and history.trouble is not None


def test_the_file_stays_where_it_is_when_the_program_changes_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    history = History(Path("history"))
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    history.append("x = 1")
    assert (tmp_path / "history").read_text() == "x = 1\n"


def test_the_file_is_private(tmp_path):
    path = tmp_path / "history"
    History(path).append("x")
    assert path.stat().st_mode & 0o077 == 0


def test_python_history_names_the_file(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHON_HISTORY", str(tmp_path / "h"))
    assert find_history_file() == tmp_path / "h"


@pytest.mark.slow
def test_two_sessions_at_once_lose_nothing(tmp_path):
    path = tmp_path / "history"
    program = "import sys; from morrow.repl.history import History; h = History({!r})\nfor i in range(300): h.append(f'{{sys.argv[1]}} {{i}}\\nx')"
    command = [sys.executable, "-c", program.format(str(path)).replace("History('", "History(__import__('pathlib').Path('").replace("')\n", "'))\n")]
    running = [subprocess.Popen([*command, name]) for name in "ab"]
    assert [process.wait(60) for process in running] == [0, 0]
    entries = History(path).entries
    assert sorted(entries) == sorted(f"{name} {i}\nx" for name in "ab" for i in range(300))
