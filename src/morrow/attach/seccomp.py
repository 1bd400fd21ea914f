"""Would a process survive our system calls? Read its seccomp filters and ask them.

A filter may answer a call with an error, which our script survives, or by ending the process, which nothing survives.
PTRACE_SECCOMP_GET_FILTER hands the filters out (linux/filter.h, struct sock_filter); they are classic BPF programs
over struct seccomp_data, small enough to run here.
"""

from __future__ import annotations

import ctypes
import errno
import struct

from morrow.attach.stop_linux import Stopped, ptrace

_GET_FILTER = 0x420C
_KILLS = (0x80000000, 0x00000000, 0x00030000)  # KILL_PROCESS, KILL_THREAD, TRAP: SIGSYS
_AUDIT_X86_64, _AUDIT_AARCH64 = 0xC000003E, 0xC00000B7
# What the agent does besides what any Python does anyway.
_CALLS = {
    _AUDIT_X86_64: {
        "socketpair": 53,
        "bind": 49,
        "sendto": 44,
        "recvfrom": 45,
        "fcntl": 72,
        "poll": 7,
        "ioctl": 16,
        "close": 3,
    },
    _AUDIT_AARCH64: {
        "socketpair": 199,
        "bind": 200,
        "sendto": 206,
        "recvfrom": 207,
        "fcntl": 25,
        "ppoll": 73,
        "ioctl": 29,
        "close": 57,
    },
}


def forbidden(pid: int) -> str:
    """Return in words what speaks against running anything in a sandboxed process, or ""."""
    try:
        with Stopped(pid, [pid]):
            filters = _filters(pid)
    except PermissionError:
        return "its filter cannot be read: that takes CAP_SYS_ADMIN"
    except OSError as error:
        return f"its filter cannot be read: {error.strerror}"
    import os

    arch = _AUDIT_AARCH64 if os.uname().machine == "aarch64" else _AUDIT_X86_64
    bad = [name for name, number in _CALLS[arch].items() if any(kills(program, arch, number) for program in filters)]
    return f"its filter ends the process for {', '.join(bad)}" if bad else ""


def _filters(thread: int) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < 64:
        try:
            count = ptrace(_GET_FILTER, thread, len(found), 0)
        except OSError as error:
            if error.errno == errno.ENOENT:
                break
            if error.errno == errno.EACCES:
                raise PermissionError(error.errno, "seccomp filter") from None
            raise
        buffer = ctypes.create_string_buffer(8 * count)
        ptrace(_GET_FILTER, thread, len(found), ctypes.addressof(buffer))
        found.append(buffer.raw)
    return found


def kills(program: bytes, arch: int, number: int) -> bool:
    """Return whether a filter ends the process for a system call (with all arguments zero).

    In doubt (a program we cannot follow) the answer is yes.
    """
    result = run_filter(program, struct.pack("<iIQ6Q", number, arch, 0, *(0,) * 6))
    return result is None or result & 0xFFFF0000 in _KILLS


def run_filter(program: bytes, data: bytes) -> int | None:
    """Run a classic BPF program over *data*; None when it does something unknown."""
    instructions = list(struct.iter_unpack("<HBBI", program))
    a = x = at = 0
    memory = [0] * 16
    for _ in range(len(instructions) + 1):
        if at >= len(instructions):
            return None
        code, true, false, k = instructions[at]
        at += 1
        kind, source = code & 7, x if code & 8 else k
        if code == 0x20:  # ld [k]
            a = struct.unpack_from("<I", data, k)[0]
        elif code in (0x00, 0x01):
            a, x = (k, x) if code == 0 else (a, k)
        elif code in (0x60, 0x61):
            a, x = (memory[k], x) if code == 0x60 else (a, memory[k])
        elif code in (0x02, 0x03):
            memory[k] = a if code == 2 else x
        elif kind == 6:  # ret
            return a if code == 0x16 else k
        elif code in (0x07, 0x87):
            a, x = (a, a) if code == 0x07 else (x, x)
        elif kind == 5:  # jumps
            test = code & 0xF0
            if test == 0:
                at += k
                continue
            holds = {0x10: a == source, 0x20: a > source, 0x30: a >= source, 0x40: bool(a & source)}.get(test)
            if holds is None:
                return None
            at += true if holds else false
        elif kind == 4 and code & 0xF0 in (0, 0x10, 0x40, 0x50, 0x60, 0x70, 0x80, 0xA0):
            operation = code & 0xF0
            a = {
                0x00: a + source, 0x10: a - source, 0x40: a | source, 0x50: a & source,
                0x60: a << (source & 31), 0x70: a >> (source & 31), 0x80: -a, 0xA0: a ^ source,
            }[operation] & 0xFFFFFFFF  # fmt: skip
        else:
            return None
    return None
