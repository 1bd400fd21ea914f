"""Every warning and error of our own that a user can meet: one table, short name -> what happened, what to do.

Where CPython has wording for the same error, ours is CPython's to the letter and needs no row here. A message prints as

    prefix: what happened, with the values
            Try: what to do                                             [short-name]

and the short name is a heading in docs/reference/messages.md. Imported only when there is something to say.
"""

from __future__ import annotations


class Message:
    """One row: a text with ``{values}``, and advice (which may be empty, and may use the same values)."""

    __slots__ = ("prefix", "text", "advice")

    def __init__(self, prefix: str, text: str, advice: str = "") -> None:
        self.prefix, self.text, self.advice = prefix, text, advice


MESSAGES: dict[str, Message] = {
    # -- launching ----------------------------------------------------------------------------------------------------
    "setting-value": Message(
        "morrow",
        "{source}: {value!r} is not one of {values}",
        "morrow --help-xoptions lists the settings and their values",
    ),
    "project-file": Message(
        "morrow",
        "{path}: cannot be read: {error}; its [tool.morrow] is left out",
        "repair the file: the program runs with the default settings meanwhile",
    ),
    "project-unknown": Message("morrow", "{path}: [tool.morrow] has no {key!r}; it is left out", "one of: {known}"),
    "project-value": Message(
        "morrow", "{path}: [tool.morrow] {key} = {value!r} is left out", "it should be {wanted}"
    ),
    "unknown-host": Message(
        "morrow",
        "this Python ({host}) is not one this morrow knows; these systems are off: {systems}",
        "programs run as under python; a newer morrow may know this host",
    ),
    # -- attaching ----------------------------------------------------------------------------------------------------
    "attach-gone": Message("attach", "there is no process {pid}", "morrow --ps lists the Python processes"),
    "attach-thread": Message("attach", "{pid} is a thread of process {process}", "morrow -m pdb --attach {process}"),
    "attach-zombie": Message("attach", "process {pid} ({program}) has ended; its parent has not collected it yet"),
    "attach-not-python": Message("attach", "process {pid} is no Python: {why}", "morrow --ps lists the Python processes"),
    "attach-unknown": Message(
        "attach",
        "process {pid} runs Python {version}; this morrow knows {known}",
        "a newer morrow may know it; py-spy reads the stacks of older ones",
    ),
    "attach-static": Message(
        "attach",
        "process {pid}: {exe} exports no symbols (static, or built without -rdynamic), so its interpreter cannot be found",
        "start the program with morrow -X attach=on: it then offers a channel that needs no symbols",
    ),
    "attach-machine": Message("attach", "process {pid} runs on {machine}, for which this morrow has no instructions"),
    "attach-musl": Message(
        "attach",
        "process {pid} uses the musl C library, where nothing can be run safely from outside",
        "morrow --dump {pid} works; start the program with morrow -X attach=on to attach without ptrace",
    ),
    "attach-no-room": Message(
        "attach",
        "process {pid} has no unused {needed} bytes behind any library; nothing was changed",
        "morrow --dump {pid} works",
    ),
    "attach-permission": Message(
        "attach",
        "process {pid} runs as user '{user}'; you are '{me}': attaching needs the same user or CAP_SYS_PTRACE",
        "sudo -u {user} morrow -m pdb --attach {pid}",
    ),
    "attach-yama": Message(
        "attach",
        "process {pid} is yours, but this kernel's Yama module (ptrace_scope {scope}) forbids attaching to it",
        "sudo morrow -m pdb --attach {pid}, or sudo sysctl kernel.yama.ptrace_scope=0 for as long as you need it",
    ),
    "attach-container": Message(
        "attach",
        "you are root here, but may not trace process {pid} (user '{user}'): this container lacks CAP_SYS_PTRACE",
        "docker run --cap-add SYS_PTRACE, attach from the host, or start the program with morrow -X attach=on",
    ),
    "attach-undumpable": Message(
        "attach",
        "process {pid} (user '{user}') has made itself untraceable: it changed its user, or asked the kernel for it",
        "sudo morrow -m pdb --attach {pid}",
    ),
    "attach-selinux": Message(
        "attach",
        "the system's security policy forbids changing code pages of process {pid} ({path}); nothing was changed",
        "morrow --dump {pid} works",
    ),
    "attach-seccomp": Message(
        "attach",
        "process {pid} is in a seccomp sandbox ({why}); a system call it forbids could end it, so nothing is run in it",
        "morrow --dump {pid} works; --sandboxed attaches anyway, if you know that the filter allows socketpair, bind,"
        " sendto and recvfrom",
    ),
    "attach-traced": Message(
        "attach",
        "process {pid} is traced by process {tracer} ({program}); a process has one tracer at a time",
        "end that one, or read the stacks with morrow --dump {pid}",
    ),
    "attach-stopped": Message(
        "attach",
        "process {pid} is stopped by a signal (SIGSTOP, Ctrl-Z); nothing can run in it",
        "kill -CONT {pid}, or read its stacks with morrow --dump {pid}",
    ),
    "attach-unstoppable": Message(
        "attach",
        "thread {thread} of process {pid} is deep in the kernel (a dead network disk, a child about to start) and does not stop",
        "morrow --dump {pid} works",
    ),
    "attach-busy": Message("attach", "nothing can be run in process {pid} now: {why}", "morrow --dump {pid} works"),
    "attach-queued": Message(
        "attach",
        "process {pid} has not started the debugger within {seconds} s: {why}",
        "its stacks are above; the request stays queued until the program next runs Python, and is then forgotten",
    ),
    "attach-finalizing": Message("attach", "process {pid} is shutting down: no Python can be run in it any more"),
    "attach-not-ready": Message("attach", "process {pid} cannot be attached to yet: {why}", "try again in a moment"),
    "attach-disabled": Message(
        "attach",
        "process {pid} has remote debugging switched off ({where})",
        "this is the program's own choice; morrow --dump {pid} reads its stacks without running anything in it",
    ),
    "attach-audit": Message("attach", "an audit hook of process {pid} forbids attaching: {error}"),
    "attach-taken": Message(
        "attach",
        "process {pid} is being debugged by process {other}",
        "end that session (detach), or look with morrow --dump {pid}",
    ),
    "attach-kernel": Message("attach", "process {pid}: this kernel refuses {call} ({error})", "Linux 5.6 or newer is needed"),
    "attach-lost": Message("attach", "process {pid} closed the channel: {why}"),
    "attach-layout": Message(
        "attach",
        "process {pid}: the structures of this build are not where they should be ({what}); nothing was changed",
        "report this with the output of morrow --ps",
    ),
    # -- interpreters -------------------------------------------------------------------------------------------------
    "interpreters-busy-at-exit": Message(
        "interpreters",
        "{number} interpreter(s) still run and do not stop; the process ends without closing them, with status 1",
        "end or interrupt what runs in them before the program ends",
    ),
    "interpreters-process": Message(
        "interpreters",
        "{module} does not load in an interpreter ({why}); its work goes to a process of its own",
        "backend='process' says so in advance; backend='own-gil' insists on an interpreter",
    ),
    # -- repl ---------------------------------------------------------------------------------------------------------
    "repl-theme": Message(
        "morrow",
        "the theme {theme!r} cannot be used: {reason}; the default one is",
        "-X theme=default, light or mono, or correct the file",
    ),
    "repl-history": Message(
        "morrow",
        "the history file {path} cannot be used: {reason}; this session keeps its history in memory",
        "make the file writable, or name another one with PYTHON_HISTORY",
    ),
    # -- language ---------------------------------------------------------------------------------------------------
    "ahead-missing": Message("morrow --to", "{path} does not exist", "name a file or a folder"),
    "ahead-refused": Message(
        "morrow --to",
        "nothing was written to {output}: some files cannot be rewritten",
        "change the lines named above, or leave these files out",
    ),
    # -- annotations --------------------------------------------------------------------------------------------------
    "annotations-file": Message("annotations", "{module} is a file", "name the module as in import: {guess}"),
    "annotations-import": Message("annotations", "{module} cannot be imported: {error}", "run it where `import {module}` works"),
    "modernize-missing": Message("morrow --modernize", "{path} does not exist", "name a file or a folder"),
    "modernize-unwritten": Message(
        "morrow --modernize", "{path} cannot be written: {error}; no file has been changed", "make it writable, or leave it out"
    ),
    "modernize-differs": Message(
        "morrow --modernize",
        "{number} hints or signatures differ after the change; nothing was written",
        "--diff shows the change; without --verify it is made all the same",
    ),
}


def say(name: str, **values: object) -> str:
    """Return the text of a message, ready to print.

    Raises:
        KeyError: no such message, or a value that its text needs is missing.
    """
    message = MESSAGES[name]
    indent = "\n" + " " * (len(message.prefix) + 2)
    lines = message.text.format(**values)
    if message.advice:
        lines += "\nTry: " + message.advice.format(**values)
    return f"{message.prefix}: {lines.replace(chr(10), indent)}  [{name}]"
