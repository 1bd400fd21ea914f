"""Machine code on disk: found again, never wrong, never too much."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from morrow.host import HERE
from morrow.jit import object_cache
from morrow.jit.object_cache import ObjectCache

ROOT = Path(__file__).parents[2]
needs_compiler = pytest.mark.skipif(HERE is None or not HERE.jit_supported, reason="the jit has not been taught this host")


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "jit")


def files(folder):
    return [Path(where, name) for where, _, names in os.walk(folder) for name in names]


def test_what_was_stored_is_found_by_another_process_of_the_same_kind(folder):
    first, second, other = ObjectCache(folder, "cpu"), ObjectCache(folder, "cpu"), ObjectCache(folder, "another cpu")
    first.store(first.key("text", 1), b"code")
    assert second.find(second.key("text", 1)) == b"code"
    assert second.find(second.key("text", 2)) is None and second.find(second.key("Text", 1)) is None
    assert other.find(other.key("text", 1)) is None
    assert (second.hits, second.misses) == (1, 2)


@pytest.mark.parametrize("spoil", [lambda b: b[:-1], lambda b: b + b"x", lambda b: b"", lambda b: b[:40] + b"?" + b[41:], lambda b: b[32:]])
def test_a_damaged_file_counts_as_absent_and_is_replaced(folder, spoil):
    cache = ObjectCache(folder, "")
    key = cache.key("text", 1)
    cache.store(key, b"code" * 20)
    (path,) = files(folder)
    path.write_bytes(spoil(path.read_bytes()))
    assert cache.find(key) is None
    cache.store(key, b"code" * 20)
    assert cache.find(key) == b"code" * 20


def test_the_longest_unused_go_when_there_is_too_much(folder, monkeypatch):
    monkeypatch.setattr(object_cache, "LIMIT", 1000)
    monkeypatch.setattr(object_cache, "LOOK_EVERY", 1)
    cache = ObjectCache(folder, "")
    keys = [cache.key(f"text {n}", 1) for n in range(12)]
    for n, key in enumerate(keys):
        cache.store(key, b"x" * 68)  # 100 bytes each
        path = Path(cache._path(key))
        if path.exists():
            os.utime(path, (n, n))
    assert sum(path.stat().st_size for path in files(folder)) <= 1000
    assert cache.find(keys[0]) is None and cache.find(keys[-1]) == b"x" * 68


def test_a_use_makes_code_younger(folder):
    cache = ObjectCache(folder, "")
    key = cache.key("text", 1)
    cache.store(key, b"code")
    (path,) = files(folder)
    os.utime(path, (0, 0))
    cache.find(key)
    assert path.stat().st_mtime > 1e9


def test_a_disk_that_cannot_be_written_costs_nothing_but_time(tmp_path):
    blocked = tmp_path / "jit"
    blocked.write_text("a file, not a folder")
    cache = ObjectCache(str(blocked), "")
    cache.store(cache.key("text", 1), b"code")
    assert cache.find(cache.key("text", 1)) is None


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of this system are others")
def test_a_folder_that_others_may_write_to_is_not_used(folder):
    cache = ObjectCache(folder, "")
    cache.store(cache.key("text", 1), b"code")
    os.chmod(folder, 0o777)
    assert ObjectCache(folder, "").find(cache.key("text", 1)) is None


def run(tmp_path, *options):
    program = """
        import sys, morrow.jit
        assert morrow.jit.start(mode="eager")
        morrow.jit._worker.only = "<string>"
        def work(n):
            total = 0
            for k in range(n):
                total += k * k % 7
            return total
        print([work(100) for _ in range(40)][-1])
        from morrow.jit import object_code
        print(object_code.disk().misses, sum(made.from_disk for d in list(morrow.jit._worker.decisions.values()) for made in d.compiled) > 0)
        print("from the cache on disk" in morrow.jit.explain())
        """
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MORROW_"))}
    environment |= {"PYTHONPATH": str(ROOT / "src"), "MORROW_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, *options, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@needs_compiler
@pytest.mark.slow
def test_the_second_process_compiles_nothing(tmp_path):
    pytest.importorskip("llvmlite")
    answer, misses, _ = run(tmp_path)
    assert not misses.startswith("0 ")
    assert run(tmp_path) == [answer, "0 True", "True"]
    for path in files(tmp_path / "jit"):
        path.write_bytes(b"damaged")
    assert run(tmp_path)[0] == answer
    assert run(tmp_path) == [answer, "0 True", "True"]


@needs_compiler
@pytest.mark.slow
def test_it_can_be_switched_off(tmp_path):
    pytest.importorskip("llvmlite")
    run(tmp_path, "-X", "jit_cache=0")
    assert not files(tmp_path / "jit")


@needs_compiler
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what tells processors apart is not read on this system")
def test_what_is_on_disk_is_found_without_llvm(tmp_path):
    pytest.importorskip("llvmlite")
    program = """
        import sys
        from morrow.jit import object_code
        text = "define i64 @one() {\\nentry:\\n  ret i64 1\\n}\\n"
        found = object_code.find(text, 1)
        print(found is not None, "llvmlite" in sys.modules, len(object_code.build(text, 1)) > 0, "llvmlite" in sys.modules)
        """
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MORROW_"))}
    environment |= {"PYTHONPATH": str(ROOT / "src"), "MORROW_CACHE": str(tmp_path)}
    for expected in ("False False True True", "True False True False"):
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=120, env=environment)
        assert done.stdout.strip() == expected, done.stderr
