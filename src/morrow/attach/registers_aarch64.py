"""aarch64: see `registers`. Written from the architecture's and the kernel's rules; decoded by tests, NOT YET RUN.

Two things differ from x86-64. A thread's stack pointer and program counter cannot both be put back without losing a
register: x16 is lost, which no code expects to keep across a system call (AAPCS64, 6.1.1), so only threads that wait in
one are entered. And the kernel (arch/arm64/kernel/signal.c, do_signal()) has put a restartable call back before a
tracer sees it, except for timed ones, which then wait for their whole time again.
"""

from __future__ import annotations

import struct

from morrow.attach.registers import Interrupted, Table
from morrow.attach.stop_linux import get_register_set, set_register_set

INTERRUPTS_RUNNING = False
_NT_PRSTATUS, _NT_ARM_SYSTEM_CALL = 1, 0x404
_X0, _X8, _SP, _PC = 0, 8, 31, 32
_WORDS = 34
_SVC = 0xD4000001
_SYS_FUTEX, _SYS_RESTART = 98, 128
_EINTR = 4
STACK_NEEDED = 64 * 1024

_LISTING = """
    d11043ff   0  sub sp, sp, #0x410
    a90007e0   4  stp x0, x1, [sp]
    a9010fe2   8  stp x2, x3, [sp, #16]
    a90217e4   c  stp x4, x5, [sp, #32]
    a9031fe6  10  stp x6, x7, [sp, #48]
    a90427e8  14  stp x8, x9, [sp, #64]
    a9052fea  18  stp x10, x11, [sp, #80]
    a90637ec  1c  stp x12, x13, [sp, #96]
    a9073fee  20  stp x14, x15, [sp, #112]
    a90847f0  24  stp x16, x17, [sp, #128]
    a9094ff2  28  stp x18, x19, [sp, #144]
    a90a57f4  2c  stp x20, x21, [sp, #160]
    a90b5ff6  30  stp x22, x23, [sp, #176]
    a90c67f8  34  stp x24, x25, [sp, #192]
    a90d6ffa  38  stp x26, x27, [sp, #208]
    a90e77fc  3c  stp x28, x29, [sp, #224]
    d53b4200  40  mrs x0, nzcv
    a90f03fe  44  stp x30, x0, [sp, #240]
    d53b4420  48  mrs x0, fpsr
    d53b4401  4c  mrs x1, fpcr
    a91007e0  50  stp x0, x1, [sp, #256]
    910483e0  54  add x0, sp, #0x120
    ad000400  58  stp q0, q1, [x0]
    ad010c02  5c  stp q2, q3, [x0, #32]
    ad021404  60  stp q4, q5, [x0, #64]
    ad031c06  64  stp q6, q7, [x0, #96]
    ad042408  68  stp q8, q9, [x0, #128]
    ad052c0a  6c  stp q10, q11, [x0, #160]
    ad06340c  70  stp q12, q13, [x0, #192]
    ad073c0e  74  stp q14, q15, [x0, #224]
    ad084410  78  stp q16, q17, [x0, #256]
    ad094c12  7c  stp q18, q19, [x0, #288]
    ad0a5414  80  stp q20, q21, [x0, #320]
    ad0b5c16  84  stp q22, q23, [x0, #352]
    ad0c6418  88  stp q24, q25, [x0, #384]
    ad0d6c1a  8c  stp q26, q27, [x0, #416]
    ad0e741c  90  stp q28, q29, [x0, #448]
    ad0f7c1e  94  stp q30, q31, [x0, #480]
    910003fd  98  mov x29, sp
    10000db3  9c  adr x19, 250 <table>
    f9400274  a0  ldr x20, [x19]
    f9400669  a4  ldr x9, [x19, #8]
    d63f0120  a8  blr x9
    aa0003f5  ac  mov x21, x0
    b9400016  b0  ldr w22, [x0]
    f9400a69  b4  ldr x9, [x19, #16]
    b4000129  b8  cbz x9, dc <run>
    10000900  bc  adr x0, 1dc <callback>
    aa1303e1  c0  mov x1, x19
    d63f0120  c4  blr x9
    7100001f  c8  cmp w0, #0x0
    52800021  cc  mov w1, #0x1
    1a810421  d0  cinc w1, w1, ne
    b9000681  d4  str w1, [x20, #4]
    14000015  d8  b 12c <done>
    f9400e69  dc  ldr x9, [x19, #24]
    d63f0120  e0  blr x9
    b40000e0  e4  cbz x0, 100 <go>
    aa0003f7  e8  mov x23, x0
    f9401269  ec  ldr x9, [x19, #32]
    b40001a9  f0  cbz x9, 124 <attached>
    d63f0120  f4  blr x9
    eb17001f  f8  cmp x0, x23
    54000140  fc  b.eq 124 <attached>
    f9401669 100  ldr x9, [x19, #40]
    d63f0120 104  blr x9
    2a0003f7 108  mov w23, w0
    aa1303e0 10c  mov x0, x19
    94000033 110  bl 1dc <callback>
    2a1703e0 114  mov w0, w23
    f9401a69 118  ldr x9, [x19, #48]
    d63f0120 11c  blr x9
    14000003 120  b 12c <done>
    52800061 124  mov w1, #0x3
    b9000681 128  str w1, [x20, #4]
    b90002b6 12c  str w22, [x21]
    52800041 130  mov w1, #0x2
    b9000281 134  str w1, [x20]
    910483e0 138  add x0, sp, #0x120
    ad400400 13c  ldp q0, q1, [x0]
    ad410c02 140  ldp q2, q3, [x0, #32]
    ad421404 144  ldp q4, q5, [x0, #64]
    ad431c06 148  ldp q6, q7, [x0, #96]
    ad442408 14c  ldp q8, q9, [x0, #128]
    ad452c0a 150  ldp q10, q11, [x0, #160]
    ad46340c 154  ldp q12, q13, [x0, #192]
    ad473c0e 158  ldp q14, q15, [x0, #224]
    ad484410 15c  ldp q16, q17, [x0, #256]
    ad494c12 160  ldp q18, q19, [x0, #288]
    ad4a5414 164  ldp q20, q21, [x0, #320]
    ad4b5c16 168  ldp q22, q23, [x0, #352]
    ad4c6418 16c  ldp q24, q25, [x0, #384]
    ad4d6c1a 170  ldp q26, q27, [x0, #416]
    ad4e741c 174  ldp q28, q29, [x0, #448]
    ad4f7c1e 178  ldp q30, q31, [x0, #480]
    a95007e0 17c  ldp x0, x1, [sp, #256]
    d51b4420 180  msr fpsr, x0
    d51b4401 184  msr fpcr, x1
    a94f03fe 188  ldp x30, x0, [sp, #240]
    d51b4200 18c  msr nzcv, x0
    a94007e0 190  ldp x0, x1, [sp]
    a9410fe2 194  ldp x2, x3, [sp, #16]
    a94217e4 198  ldp x4, x5, [sp, #32]
    a9431fe6 19c  ldp x6, x7, [sp, #48]
    a94427e8 1a0  ldp x8, x9, [sp, #64]
    a9452fea 1a4  ldp x10, x11, [sp, #80]
    a94637ec 1a8  ldp x12, x13, [sp, #96]
    a9473fee 1ac  ldp x14, x15, [sp, #112]
    f94047f1 1b0  ldr x17, [sp, #136]
    a9494ff2 1b4  ldp x18, x19, [sp, #144]
    a94a57f4 1b8  ldp x20, x21, [sp, #160]
    a94b5ff6 1bc  ldp x22, x23, [sp, #176]
    a94c67f8 1c0  ldp x24, x25, [sp, #192]
    a94d6ffa 1c4  ldp x26, x27, [sp, #208]
    a94e77fc 1c8  ldp x28, x29, [sp, #224]
    580005f0 1cc  ldr x16, 288 <table+0x38>
    9100021f 1d0  mov sp, x16
    580005f0 1d4  ldr x16, 290 <table+0x40>
    d61f0200 1d8  br x16
    a9be7bfd 1dc  stp x29, x30, [sp, #-32]!
    a90153f3 1e0  stp x19, x20, [sp, #16]
    910003fd 1e4  mov x29, sp
    aa0003f3 1e8  mov x19, x0
    f9400014 1ec  ldr x20, [x0]
    91002282 1f0  add x2, x20, #0x8
    885ffc40 1f4  ldaxr w0, [x2]
    11000400 1f8  add w0, w0, #0x1
    8801fc40 1fc  stlxr w1, w0, [x2]
    35ffffa1 200  cbnz w1, 1f4 <callback+0x18>
    91003282 204  add x2, x20, #0xc
    52800023 208  mov w3, #0x1
    885ffc40 20c  ldaxr w0, [x2]
    8801fc43 210  stlxr w1, w3, [x2]
    35ffffc1 214  cbnz w1, 20c <callback+0x30>
    35000080 218  cbnz w0, 228 <callback+0x4c>
    10000420 21c  adr x0, 2a0 <script>
    f9402669 220  ldr x9, [x19, #72]
    d63f0120 224  blr x9
    91004282 228  add x2, x20, #0x10
    885ffc40 22c  ldaxr w0, [x2]
    11000400 230  add w0, w0, #0x1
    8801fc40 234  stlxr w1, w0, [x2]
    35ffffa1 238  cbnz w1, 22c <callback+0x50>
    52800000 23c  mov w0, #0x0
    a94153f3 240  ldp x19, x20, [sp, #16]
    a8c27bfd 244  ldp x29, x30, [sp], #32
    d65f03c0 248  ret
"""
_CODE = b"".join(bytes.fromhex(line[:12])[::-1] for line in _LISTING.splitlines() if line)
_TABLE_AT = 0x250
_AFTER_CALLS = tuple(
    int(line.split()[1], 16) + 4 for line in _LISTING.splitlines() if line and line.split()[2] in ("blr", "bl")
)


def return_addresses(address: int) -> frozenset[int]:
    """Return what stands on a thread's stack while it is inside a call made by the slot at *address*."""
    return frozenset(address + offset for offset in _AFTER_CALLS)


def slot_size(script: bytes) -> int:
    """Return how many bytes a slot with this NUL-terminated script takes."""
    return _TABLE_AT + 80 + len(script)


def slot(table: Table, script: bytes) -> bytes:
    """Return the instructions, their table, and the script (NUL-terminated)."""
    return _CODE.ljust(_TABLE_AT, b"\0") + struct.pack("<10Q", *table.words()) + script


def read(thread: int) -> Interrupted:
    """Return what a stopped thread was doing."""
    words = struct.unpack(f"<{_WORDS}Q", get_register_set(thread, _NT_PRSTATUS, 8 * _WORDS))
    number = struct.unpack("<i", get_register_set(thread, _NT_ARM_SYSTEM_CALL, 4))[0]
    return interpret(words, number)


def interpret(words: tuple[int, ...], number: int) -> Interrupted:
    """Return what these registers mean, for a thread stopped with this system call number (-1: in none)."""
    waiting = number >= 0
    futex = waiting and number in (_SYS_FUTEX, _SYS_RESTART)
    return Interrupted(
        words[_PC], words[_SP], number if waiting else None, words[_X0], futex, struct.pack(f"<{_WORDS}Q", *words)
    )


def entered(interrupted: Interrupted, address: int) -> bytes:
    """Return the registers that make a thread run the slot at *address*."""
    words = list(struct.unpack(f"<{_WORDS}Q", interrupted.raw))
    words[_SP] = (words[_SP] - 256) & -16
    words[_PC] = address
    return struct.pack(f"<{_WORDS}Q", *words)


def enter(thread: int, interrupted: Interrupted, address: int) -> None:
    """Make the stopped thread run the slot at *address* first when it goes on."""
    # With the number gone the kernel restarts nothing behind our back, whichever of the two calls it sees last.
    set_register_set(thread, _NT_ARM_SYSTEM_CALL, struct.pack("<i", -1))
    set_register_set(thread, _NT_PRSTATUS, entered(interrupted, address))


def can_save_vectors(thread: int) -> bool:
    """Return whether this machine has the vector registers the slot saves: every aarch64 does."""
    return True
