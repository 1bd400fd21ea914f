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
    "project-unknown": Message("morrow", "{path}: [tool.morrow] has no {name!r}; it is left out", "one of: {known}"),
    "project-value": Message(
        "morrow", "{path}: [tool.morrow] {name} = {value!r} is left out", "it should be {wanted}"
    ),
    "unknown-host": Message(
        "morrow",
        "this Python ({host}) is not one this morrow knows; these systems are off: {systems}",
        "programs run as under python; a newer morrow may know this host",
    ),
    # -- language ---------------------------------------------------------------------------------------------------
    "ahead-missing": Message("morrow --to", "{path} does not exist", "name a file or a folder"),
    "ahead-refused": Message(
        "morrow --to",
        "nothing was written to {output}: some files cannot be rewritten",
        "change the lines named above, or leave these files out",
    ),
    # -- annotations --------------------------------------------------------------------------------------------------
    "modernize-missing": Message("morrow --modernize", "{path} does not exist", "name a file or a folder"),
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
