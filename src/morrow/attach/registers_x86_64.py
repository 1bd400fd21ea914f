"""x86-64: see `registers`. Run on the builds named in docs/design/attach.md.

The instructions act as a signal handler would: they keep every register, the flags, the vector state and errno, stay
clear of the red zone (System V ABI, 3.2.2), and hand the interrupted system call back to the kernel as if nothing had
been there. From the moment the thread goes on, no tracer is needed.
"""

from __future__ import annotations

import os
import struct

from morrow.attach.registers import Interrupted, Table
from morrow.attach.stop_linux import get_register_set, set_register_set

TYPE_CHECKING = False
if TYPE_CHECKING:
    from morrow.attach.target import Target

INTERRUPTS_RUNNING = True
_NT_PRSTATUS, _NT_X86_XSTATE = 1, 0x202
# struct user_regs_struct, in words
_RAX, _RDI, _ORIG_RAX, _RIP, _RSP = 10, 14, 15, 16, 19
_WORDS = 27
_MASK = 2**64 - 1

# linux/errno.h (kernel only) and asm/unistd_64.h
_EINTR, _ERESTARTSYS, _ERESTARTNOINTR, _ERESTARTNOHAND, _ERESTART_RESTARTBLOCK = 4, 512, 513, 514, 516
_SYS_FUTEX, _SYS_RESTART = 202, 219
_RED_ZONE = 256
STACK_NEEDED = 64 * 1024  # bytes: the vector state, and room for the functions called

_LISTING = """
    9c                       0  pushf                             ; save everything
    50                       1  push rax
    51                       2  push rcx
    52                       3  push rdx
    53                       4  push rbx
    55                       5  push rbp
    56                       6  push rsi
    57                       7  push rdi
    4150                     8  push r8
    4151                     a  push r9
    4152                     c  push r10
    4153                     e  push r11
    4154                    10  push r12
    4155                    12  push r13
    4156                    14  push r14
    4157                    16  push r15
    4889e5                  18  mov rbp,rsp
    fc                      1b  cld                               ; a signal handler may find the direction flag set
    4881ec00100000          1c  sub rsp,0x1000                    ; room for the vector state
    4883e4c0                23  and rsp,0xffffffffffffffc0
    488dbc2400020000        27  lea rdi,[rsp+0x200]               ; its header must be zero
    31c0                    2f  xor eax,eax
    b908000000              31  mov ecx,0x8
    f348ab                  36  rep stosq
    b8e7000000              39  mov eax,0xe7                      ; x87, SSE, AVX, AVX-512
    31d2                    3e  xor edx,edx
    480fae2424              40  xsave64 [rsp]
    4c8b35fc000000          45  mov r14,[rip+0xfc]                ; table: flags
    ff15fe000000            4c  call [rip+0xfe]                   ; table: errno_location: errno is saved, too
    4989c5                  52  mov r13,rax
    448b20                  55  mov r12d,[rax]
    48833df800000000        58  cmp [rip+0xf8],0x0                ; table: add_pending_call: queue, or run?
    7420                    60  je 82 <run>
    488d3da3000000          62  lea rdi,[rip+0xa3]                ; what the queue is to call
    31f6                    69  xor esi,esi
    ff15e7000000            6b  call [rip+0xe7]                   ; table: add_pending_call: queue, or run?
    b901000000              71  mov ecx,0x1
    85c0                    76  test eax,eax
    7402                    78  je 7c <boot+0x7c>
    ffc1                    7a  inc ecx
    41894e04                7c  mov [r14+0x4],ecx                 ; QUEUED = IS_QUEUED or QUEUE_FULL
    eb42                    80  jmp c4 <done>
    ff15d8000000            82  call [rip+0xd8]                   ; table: current_thread: attached to the interpreter?
    4885c0                  88  test rax,rax
    7418                    8b  je a5 <go>
    4889c3                  8d  mov rbx,rax
    48833dd000000000        90  cmp [rip+0xd0],0x0                ; table: this_thread: is it this one?
    7422                    98  je bc <attached>
    ff15c8000000            9a  call [rip+0xc8]                   ; table: this_thread: is it this one?
    4839d8                  a0  cmp rax,rbx
    7417                    a3  je bc <attached>
    ff15c5000000            a5  call [rip+0xc5]                   ; table: ensure
    89c3                    ab  mov ebx,eax
    e85a000000              ad  call 10c <callback>
    89df                    b2  mov edi,ebx
    ff15be000000            b4  call [rip+0xbe]                   ; table: release
    eb08                    ba  jmp c4 <done>
    41c7460403000000        bc  mov [r14+0x4],0x3                 ; WAS_ATTACHED: nothing was run
    45896500                c4  mov [r13+0x0],r12d
    48c74424f800000000      c8  mov [rsp-0x8],0x0                 ; leave no address of ours on the stack
    b8e7000000              d1  mov eax,0xe7                      ; x87, SSE, AVX, AVX-512
    31d2                    d6  xor edx,edx
    480fae2c24              d8  xrstor64 [rsp]
    4889ec                  dd  mov rsp,rbp
    41c70602000000          e0  mov [r14],0x2                     ; STATE = LEFT
    415f                    e7  pop r15
    415e                    e9  pop r14
    415d                    eb  pop r13
    415c                    ed  pop r12
    415b                    ef  pop r11
    415a                    f1  pop r10
    4159                    f3  pop r9
    4158                    f5  pop r8
    5f                      f7  pop rdi
    5e                      f8  pop rsi
    5d                      f9  pop rbp
    5b                      fa  pop rbx
    5a                      fb  pop rdx
    59                      fc  pop rcx
    58                      fd  pop rax
    9d                      fe  popf
    488b257a000000          ff  mov rsp,[rip+0x7a]                ; table: sp
    ff257c000000           106  jmp [rip+0x7c]                    ; table: pc
    53                     10c  push rbx
    488b1d34000000         10d  mov rbx,[rip+0x34]                ; table: flags
    f0ff4308               114  lock inc [rbx+0x8]                ; CALLS
    b801000000             118  mov eax,0x1
    87430c                 11d  xchg [rbx+0xc],eax                ; CLAIMED: only the first one runs the script
    85c0                   120  test eax,eax
    7516                   122  jne 13a <callback+0x2e>
    488d3d6d000000         124  lea rdi,[rip+0x6d]                ; the script
    ff155f000000           12b  call [rip+0x5f]                   ; table: run_string
    48c74424f800000000     131  mov [rsp-0x8],0x0                 ; leave no address of ours on the stack
    f0ff4310               13a  lock inc [rbx+0x10]               ; RETURNED
    31c0                   13e  xor eax,eax
    5b                     140  pop rbx
    c3                     141  ret
"""
_CODE = bytes.fromhex("".join(line[:27] for line in _LISTING.splitlines()))
_TABLE_AT = (len(_CODE) + 7) & -8
_AFTER_CALLS = tuple(
    int(after.split()[1], 16)
    for call, after in zip(_LISTING.splitlines()[1:], _LISTING.splitlines()[2:], strict=False)
    if call.split()[2] == "call"
)


def return_addresses(address: int) -> frozenset[int]:
    """Return what stands on a thread's stack while it is inside a call made by the slot at *address*."""
    return frozenset(address + offset for offset in _AFTER_CALLS)


def slot_size(script: bytes) -> int:
    """Return how many bytes a slot with this NUL-terminated script takes."""
    return _TABLE_AT + 80 + len(script)


def slot(table: Table, script: bytes) -> bytes:
    """Return the instructions, their table, and the script (NUL-terminated)."""
    return _CODE.ljust(_TABLE_AT, b"\xcc") + struct.pack("<10Q", *table.words()) + script


def read(thread: int) -> Interrupted:
    """Return what a stopped thread was doing, with the call it waits in, if any, put back as the kernel would.

    Rules: arch/x86/kernel/signal.c, arch_do_signal_or_restart(): what happens when no handler is to run.
    """
    words = list(struct.unpack(f"<{_WORDS}Q", get_register_set(thread, _NT_PRSTATUS, 8 * _WORDS)))
    result = words[_RAX] - 2**64 if words[_RAX] >> 63 else words[_RAX]
    number, first = words[_ORIG_RAX], words[_RDI]
    waiting = number < 2**31 and -result in (
        _ERESTARTSYS,
        _ERESTARTNOINTR,
        _ERESTARTNOHAND,
        _ERESTART_RESTARTBLOCK,
        _EINTR,
    )
    if waiting:
        if result == -_ERESTART_RESTARTBLOCK:
            words[_RIP] -= 2
            words[_RAX] = _SYS_RESTART
        elif result != -_EINTR:
            words[_RIP] -= 2
            words[_RAX] = number
        words[_ORIG_RAX] = _MASK  # nothing for the kernel to restart: it is done by hand
    futex = waiting and number in (_SYS_FUTEX, _SYS_RESTART)
    return Interrupted(
        words[_RIP], words[_RSP], number if waiting else None, first, futex, struct.pack(f"<{_WORDS}Q", *words)
    )


def enter(thread: int, interrupted: Interrupted, address: int) -> None:
    """Make the stopped thread run the slot at *address* first when it goes on. One system call: all or nothing.

    A system call that was not waited in (``interrupted.system_call is None``) has its registers untouched.
    """
    words = list(struct.unpack(f"<{_WORDS}Q", interrupted.raw))
    words[_RSP] = (words[_RSP] - _RED_ZONE) & -64
    words[_RIP] = address
    words[_ORIG_RAX] = _MASK
    set_register_set(thread, _NT_PRSTATUS, struct.pack(f"<{_WORDS}Q", *words))


_SIGNAL_RETURN = bytes.fromhex("48c7c00f0000000f05")  # mov rax, 15; syscall: rt_sigreturn


def signal_return_addresses(target: Target) -> frozenset[int]:
    """Return where handlers of signals return to, as the kernel puts it on the stack: the C library's own code."""
    if target.pid not in _signal_returns:
        found = set()
        for mapping in target.maps:
            if "x" in mapping.access and os.path.basename(mapping.path).startswith(("libc.so", "libc-")):
                code = target.memory.read(mapping.start, mapping.end - mapping.start)
                at = code.find(_SIGNAL_RETURN)
                while at >= 0:
                    found.add(mapping.start + at)
                    at = code.find(_SIGNAL_RETURN, at + 1)
        _signal_returns.clear()
        _signal_returns[target.pid] = frozenset(found)
    return _signal_returns[target.pid]


_signal_returns: dict[int, frozenset[int]] = {}


def can_save_vectors(thread: int) -> bool:
    """Return whether this machine has the XSAVE instructions the slot uses."""
    try:
        get_register_set(thread, _NT_X86_XSTATE, 16384)
    except OSError:
        return False
    return True
