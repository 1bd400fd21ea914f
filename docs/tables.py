"""Write docs/reference/settings.md and messages.md from the tables in the code: ``python docs/tables.py [--check]``."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "reference"


def settings_page() -> str:
    """Return docs/reference/settings.md."""
    from morrow.settings import SETTINGS

    lines = [
        "# Settings",
        "",
        "Given as `-X name=value`, as an environment variable, or in `[tool.morrow]` of the project's pyproject.toml; the",
        "first of the three wins. Written from `morrow/settings.py` by `docs/tables.py`.",
        "",
    ]
    for system in dict.fromkeys(row.system for row in SETTINGS.values()):
        lines += [f"## {system}", "", "| setting | variable | values | default | |", "| --- | --- | --- | --- | --- |"]
        for row in SETTINGS.values():
            if row.system == system:
                values = ", ".join(f"`{value}`" for value in row.values) or "any text"
                default = f"`{row.default}`" if row.default else "nothing"
                lines.append(f"| `{row.name}` | `{row.variable}` | {values} | {default} | {row.help.replace('|', chr(92) + '|')} |")
        lines.append("")
    return "\n".join(lines)


def messages_page() -> str:
    """Return docs/reference/messages.md."""
    from morrow.messages import MESSAGES

    lines = ["# Messages", "", "By the name in brackets at their end. Written from `morrow/messages.py` by `docs/tables.py`.", ""]
    for name, message in MESSAGES.items():
        lines += [f"## {name}", "", f"    {message.prefix}: " + message.text.replace("\n", "\n    "), ""]
        if message.advice:
            lines += [message.advice, ""]
    return "\n".join(lines)


def main() -> int:
    """Write the pages; with --check only say whether they are up to date."""
    stale = []
    for name, page in (("settings.md", settings_page()), ("messages.md", messages_page())):
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != page:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(page, encoding="utf-8")
    print("written:" if "--check" not in sys.argv else "not up to date:", ", ".join(stale) or "nothing")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
