"""The instructions a thread is sent through: what they are, on both machines, and what they are told."""

from __future__ import annotations

import platform
import struct

import pytest

from morrow.attach import registers_aarch64, registers_x86_64
from morrow.attach.registers import Table

TABLE = Table(*range(0x1000, 0x100A))


def test_the_x86_64_table_is_read_where_it_stands():
    raw = registers_x86_64.slot(TABLE, b"script\0")
    assert raw.endswith(struct.pack("<10Q", *TABLE.words()) + b"script\0")
    start = len(raw) - len(b"script\0") - 80
    assert start == registers_x86_64._TABLE_AT
    # Every rip-relative operand that the listing says reads the table really points into it.
    checked = 0
    for line in registers_x86_64._LISTING.splitlines():
        if "; table: " not in line:
            continue
        code, offset = bytes.fromhex(line[:27]), int(line.split()[1], 16)
        names = (
            "flags",
            "errno_location",
            "add_pending_call",
            "current_thread",
            "this_thread",
            "ensure",
            "release",
            "sp",
            "pc",
            "run_string",
        )
        name = line.partition("; table: ")[2].partition(":")[0].strip()
        size = len(code)
        immediate = 1 if code[:2] == b"\x48\x83" else 0  # cmp qword [rip+x], imm8
        displacement = int.from_bytes(code[size - 4 - immediate : size - immediate], "little")
        assert offset + size + displacement == start + 8 * names.index(name), line
        checked += 1
    assert checked >= 10


def test_every_push_has_its_pop():
    words = [line.split()[2:4] for line in registers_x86_64._LISTING.splitlines() if line]
    boot = words[: next(i for i, word in enumerate(words) if word[0] == "jmp" and word[1].startswith("[rip"))]
    pushed = [word[1] for word in boot if word[0] == "push"]
    popped = [word[1] for word in boot if word[0] == "pop"]
    assert popped == pushed[::-1] and len(pushed) == 15


@pytest.mark.skipif(platform.machine() != "x86_64", reason="compares with this machine's own encoding")
def test_return_addresses_follow_calls():
    addresses = registers_x86_64.return_addresses(0x10000)
    assert len(addresses) == 8 and min(addresses) > 0x10000


# -- aarch64: decoded, since it cannot be run here (Arm Architecture Reference Manual, C4) ---------------------------


def _decode(word: int) -> str:
    """Name the few instructions the slot is made of, with the registers and offsets that matter."""
    register, base, second = word & 31, word >> 5 & 31, word >> 10 & 31
    pair_offset = (word >> 15 & 127) - (128 if word >> 21 & 1 else 0)
    if word >> 22 == 0b1010100100:
        return f"stp x{register} x{second} [{base}+{8 * pair_offset}]"
    if word >> 22 == 0b1010100101:
        return f"ldp x{register} x{second} [{base}+{8 * pair_offset}]"
    if word >> 22 == 0b1010110100:
        return f"stp q{register} q{second} [{base}+{16 * pair_offset}]"
    if word >> 22 == 0b1010110101:
        return f"ldp q{register} q{second} [{base}+{16 * pair_offset}]"
    if word >> 22 == 0b1111100101:
        return f"ldr x{register} [{base}+{8 * (word >> 10 & 0xFFF)}]"
    if word >> 24 == 0b01011000:
        return f"ldr x{register} pc+{4 * (word >> 5 & 0x7FFFF)}"
    if word & 0xFFFFFC1F == 0xD63F0000:
        return f"blr x{base}"
    if word & 0xFFFFFC1F == 0xD61F0000:
        return f"br x{base}"
    if word == 0xD65F03C0:
        return "ret"
    return "other"


def test_aarch64_restores_what_it_saved():
    raw = registers_aarch64._CODE
    decoded = [_decode(word) for (word,) in struct.iter_unpack("<I", raw)]
    end = decoded.index("br x16") + 1
    boot = decoded[:end]
    saved = {tuple(text.split()[1:]) for text in boot if text.startswith("stp")}
    loaded = {tuple(text.split()[1:]) for text in boot if text.startswith("ldp")}
    # x16 and x17 (scratch across any call, AAPCS64 6.1.1) are the one pair not loaded as a pair: x17 alone comes back.
    assert saved - loaded == {("x16", "x17", "[31+128]")}
    assert "ldr x17 [31+136]" in boot
    assert boot[-3].startswith("ldr x16 pc+") or boot[-2].startswith("ldr x16 pc+")
    assert decoded[-1] == "ret"


def test_aarch64_reads_its_table():
    raw = registers_aarch64.slot(TABLE, b"x\0")
    assert struct.unpack_from("<10Q", raw, registers_aarch64._TABLE_AT) == TABLE.words()
    for at, (word,) in enumerate(struct.iter_unpack("<I", registers_aarch64._CODE)):
        text = _decode(word)
        if text.startswith("ldr x16 pc+"):
            where = 4 * at + int(text.partition("+")[2])
            assert where in (registers_aarch64._TABLE_AT + 56, registers_aarch64._TABLE_AT + 64)


def test_aarch64_understands_registers():
    words = [0] * 34
    words[0], words[8], words[31], words[32] = 0xFEED, 98, 0x7FFF_0010, 0x40_0000
    waiting = registers_aarch64.interpret(tuple(words), 98)
    assert (waiting.system_call, waiting.first, waiting.futex) == (98, 0xFEED, True)
    assert registers_aarch64.interpret(tuple(words), -1).system_call is None
    sent = struct.unpack("<34Q", registers_aarch64.entered(waiting, 0x1234))
    assert sent[32] == 0x1234 and sent[31] % 16 == 0 and sent[31] <= 0x7FFF_0010 - 240
