"""The messages between a session and pdb inside its target: one Python literal a line, over the attach channel.

target -> session
    {"stopped": why, "thread": ident}     a prompt is about to open: "attached", "interrupted" or "breakpoint"
    {"out": text}                         print this
    {"prompt": text}                      answer with {"line": ...}
    {"offers": [words]}                   answer to {"complete": ...}
    {"running": True}                     the prompt has closed, the program runs
    {"want": "interpreter", "number": n}  print the stacks of that interpreter, which only the session can read
    {"refused": short name, ...}          the attach was refused (messages.py)
    {"failed": traceback}                 a mistake of ours

session -> target
    {"line": text}                        what the user typed, without its newline
    {"complete": word, "text": line, "begin": n, "end": n}

Closing the socket detaches, at a prompt and while the program runs.
"""

from __future__ import annotations

FROM_TARGET = ("stopped", "out", "prompt", "offers", "running", "want", "refused", "failed")
TO_TARGET = ("line", "complete")


def kind_of(message: dict[str, object]) -> str:
    """Return which message this is.

    Raises:
        ValueError: none of those above.
    """
    for kind in (*FROM_TARGET, *TO_TARGET):
        if kind in message:
            return kind
    raise ValueError(f"not a message of the session's wire: {sorted(message)}")
