"""Object code in memory: what it refers to is joined by us where that is simple, and by LLVM elsewhere."""

import ctypes
import os
import subprocess
import sys

import pytest

pytest.importorskip("llvmlite", reason="object code is made with llvmlite")
from morrow.jit import link, llvm

TEXT = """
@outside = external global i8
@table = internal constant [3 x i64] [i64 5, i64 7, i64 11]
@places = internal constant [2 x ptr] [ptr @first, ptr @second]
@counter = global i64 40
declare i64 @helper(i64)

define internal i64 @first(i64 %n) {
  %at = getelementptr i64, ptr @table, i64 %n
  %value = load i64, ptr %at
  ret i64 %value
}
define internal i64 @second(i64 %n) {
  %more = call i64 @helper(i64 %n)
  ret i64 %more
}
define i64 @choose(i64 %which, i64 %n) {
  %at = getelementptr ptr, ptr @places, i64 %which
  %function = load ptr, ptr %at
  %answer = call i64 %function(i64 %n)
  %before = load i64, ptr @counter
  %after = add i64 %before, 1
  store i64 %after, ptr @counter
  ret i64 %answer
}
define ptr @where() {
  ret ptr @outside
}
"""
HELPER = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(lambda n: n * 1000)
IMPORTS = {"outside": 0x1234_5678_9ABC, "helper": ctypes.cast(HELPER, ctypes.c_void_p).value}
EXPORTS = ("choose", "where", "counter")


def made(text=TEXT, level=1):
    return llvm.emit_object(llvm.optimise(text, level), level)


def works(addresses):
    choose = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(addresses["choose"])
    where = ctypes.CFUNCTYPE(ctypes.c_uint64)(addresses["where"])
    counter = ctypes.c_int64.from_address(addresses["counter"])
    assert [choose(0, n) for n in range(3)] == [5, 7, 11]
    assert choose(1, 42) == 42000 and where() == 0x1234_5678_9ABC
    assert counter.value == 44


needs_elf = pytest.mark.skipif(sys.platform != "linux" or os.uname().machine != "x86_64", reason="this system's object code is LLVM's to link")


@needs_elf
@pytest.mark.parametrize("level", [0, 1, 2])
def test_it_is_joined_here(level):
    held, addresses = link._place(made(level=level), IMPORTS, EXPORTS)
    works(addresses)
    del held


def test_llvm_joins_what_is_not_understood(monkeypatch):
    def refuse(*_):
        raise link.Unlinkable("for the test")

    monkeypatch.setattr(link, "_place", refuse)
    loaded = link.Loaded("morrow.test_link", made(), IMPORTS, EXPORTS)
    works(loaded.addresses)


def test_two_of_the_same_do_not_share_their_data():
    code = made()
    one, other = (link.Loaded(f"morrow.test_link.{n}", code, IMPORTS, EXPORTS) for n in range(2))
    ctypes.c_int64.from_address(one.addresses["counter"]).value = 7
    assert ctypes.c_int64.from_address(other.addresses["counter"]).value == 40
    assert one.size == len(code)


@needs_elf
def test_what_a_compiler_calls_by_itself_is_found():
    text = """
    declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
    define void @clear(ptr %at, i64 %count) {
      call void @llvm.memset.p0.i64(ptr %at, i8 7, i64 %count, i1 false)
      ret void
    }"""
    _, addresses = held = link._place(made(text), {}, ("clear",))
    data = ctypes.create_string_buffer(100)
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(addresses["clear"])(ctypes.addressof(data), 90)
    assert data.raw == b"\7" * 90 + b"\0" * 10
    del held


@needs_elf
@pytest.mark.parametrize("imports, exports, why", [({"outside": 1}, EXPORTS, "relocation"), (IMPORTS, ("choose", "nothing"), "no nothing")])
def test_what_is_missing_is_said(imports, exports, why):
    with pytest.raises(link.Unlinkable, match=why):
        link._place(made(), imports, exports)


@needs_elf
def test_code_cannot_be_written_to():
    _, addresses = held = link._place(made(), IMPORTS, EXPORTS)
    with open("/proc/self/maps") as file:
        rows = [line.split() for line in file]
    rights = {name: next(row[1] for row in rows if int(row[0].split("-")[0], 16) <= addresses[name] < int(row[0].split("-")[1], 16)) for name in EXPORTS}
    assert rights == {"choose": "r-xp", "where": "r-xp", "counter": "rw-p"}
    del held


@needs_elf
def test_no_object_file_is_not_taken_for_one():
    for code in (b"\x7fELF\x02\x01" + bytes(100), b"MZ" + bytes(100)):
        with pytest.raises(link.Unlinkable):
            link._place(code, {}, ())


@pytest.mark.slow
def test_a_program_is_compiled_without_llvm_in_its_process(tmp_path):
    program = """
import sys, time, morrow.jit
morrow.jit.start(mode="on")
def work(n):
    total = 0
    for number in range(n):
        total += number * number % 7
    return total
until = time.monotonic() + 60
while time.monotonic() < until and not (morrow.jit._worker and any(d.compiled for d in list(morrow.jit._worker.decisions.values()))):
    work(3000)
print(work(3000), any(d.compiled for d in morrow.jit._worker.decisions.values()), sorted({"llvmlite", "inspect", "dataclasses"} & set(sys.modules)))
"""
    from morrow.host import copies

    if copies.find_reason_against():
        pytest.skip(copies.find_reason_against())
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MORROW_"))} | {"PYTHONPATH": "src", "MORROW_CACHE": str(tmp_path)}
    for _ in range(2):  # the first one finds nothing on disk
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, env=environment)
    assert done.stdout == "5999 True []\n", done.stdout + done.stderr
