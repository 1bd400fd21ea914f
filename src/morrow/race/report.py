"""Findings for people (text), for programs (JSON) and for code hosts and editors (SARIF 2.1.0)."""

from __future__ import annotations

import json
import linecache
import os
import sys
from collections.abc import Iterable

from morrow.race.findings import KINDS, LEVELS, Finding, Side
from morrow.race.sites import VERBS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def short(path: str) -> str:
    """Return a path as people write it: from here, or from the folder that modules are found in."""
    try:
        here = os.getcwd() + os.sep
    except OSError:  # the current folder is gone
        here = ""
    folders = [here, *(entry + os.sep for entry in sys.path if os.path.isabs(entry)), os.path.dirname(os.__file__) + os.sep]
    fitting = [folder for folder in folders if folder and path.startswith(folder)]
    return path[len(max(fitting, key=len)) :] if fitting else path


def as_text(finding: Finding) -> str:
    """Return a finding as printed while the program runs."""
    lines = [f"race: {finding.level}: {finding.kind.title}: {finding.variable}  [race-{finding.kind.name}]"]
    for side, again in ((finding.second, ""), (finding.first, "earlier, ")):
        lines += _side(side, again)
    lines.append(f"  {finding.kind.meaning}")
    if finding.kind.name == "lost-update":
        lines.append(f"  {finding.builds}")
    lines.append(f"  to order them: {finding.advice}")
    return "\n".join(lines) + "\n"


def _side(side: Side, again: str) -> list[str]:
    started = f", started at {short(side.started[0])}:{side.started[1]}," if side.started else ""
    lines = [f"  {again}thread {side.thread!r}{started} {VERBS[side.mode]} it, {_held(side)}"]
    for index, (path, line, function) in enumerate(side.frames[:6]):
        lines.append(f"    {'at' if not index else 'from'} {short(path)}:{line} in {function}")
        source = linecache.getline(path, line).strip()
        if source and not index:
            lines.append(f"        {source}")
    return lines


def _held(side: Side) -> str:
    return "holding " + " and ".join(side.locks) if side.locks else "holding no lock"


def summary(found: Iterable[Finding], level: str, forgotten: int) -> str:
    """Return the last line: how many there are, by level; '' when there is nothing to say."""
    counts = dict.fromkeys(LEVELS, 0)
    hidden = suppressed = 0
    for finding in found:
        if finding.suppressed:
            suppressed += 1
        elif is_shown(finding, level):
            counts[finding.level] += 1
        else:
            hidden += 1
    parts = [f"{counts[each]} {each}{'s' if counts[each] != 1 else ''}" for each in reversed(LEVELS) if counts[each]]
    text = f"race: {', '.join(parts) if parts else 'nothing found'}"
    if hidden:
        text += f"; {hidden} harmless on today's builds (--level note shows them)"
    if suppressed:
        text += f"; {suppressed} suppressed"
    if forgotten:
        text += f"; {forgotten} objects were forgotten to bound memory: races on them may be missing"
    return text + "\n"


def is_shown(finding: Finding, level: str) -> bool:
    """Whether a finding is of *level* or above, and not suppressed."""
    return not finding.suppressed and LEVELS.index(finding.level) >= LEVELS.index(level)


def as_data(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON has it."""
    return {
        "kind": finding.kind.name,
        "level": finding.level,
        "variable": finding.variable,
        "meaning": finding.kind.meaning,
        "builds": finding.builds,
        "advice": finding.advice,
        "times": finding.times,
        "suppressed": finding.suppressed or None,
        "accesses": [
            {
                "thread": side.thread,
                "started": {"path": side.started[0], "line": side.started[1]} if side.started else None,
                "does": VERBS[side.mode],
                "expression": side.site.text,
                "locks": list(side.locks),
                "stack": [{"path": path, "line": line, "function": function} for path, line, function in side.frames],
            }
            for side in (finding.first, finding.second)
        ],
    }


def as_json(found: Iterable[Finding]) -> str:
    """Return all findings as JSON."""
    return json.dumps({"version": 1, "findings": [as_data(finding) for finding in found]}, indent=1) + "\n"


def as_sarif(found: Iterable[Finding], version: str) -> str:
    """Return all findings as SARIF 2.1.0, which GitHub, GitLab and editors read."""
    rules = {}
    for kind in KINDS.values():
        rules.setdefault(
            kind.name,
            {"id": f"race-{kind.name}", "shortDescription": {"text": kind.title}, "fullDescription": {"text": kind.meaning}},
        )
    results = []
    for finding in found:
        result: dict[str, Any] = {
            "ruleId": f"race-{finding.kind.name}",
            "level": finding.level,
            "message": {"text": f"{finding.kind.title}: {finding.variable}: {finding.kind.meaning}; {finding.advice}"},
            "locations": [_location(finding.second)],
            "relatedLocations": [_location(finding.first)],
            "stacks": [
                {
                    "message": {"text": f"thread {side.thread}"},
                    "frames": [{"location": _physical(path, line, function)} for path, line, function in side.frames],
                }
                for side in (finding.second, finding.first)
            ],
        }
        if finding.suppressed:
            result["suppressions"] = [{"kind": "inSource" if finding.suppressed.startswith("#") else "external"}]
        results.append(result)
    tool = {"driver": {"name": "morrow --race", "version": version, "rules": list(rules.values())}}
    page = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": tool, "results": results}],
    }
    return json.dumps(page, indent=1) + "\n"


def _location(side: Side) -> dict[str, Any]:
    located = _physical(side.site.path, side.site.line, side.site.function)
    located["message"] = {"text": f"thread {side.thread} {VERBS[side.mode]} it, {_held(side)}"}
    return located


def _physical(path: str, line: int, function: str) -> dict[str, Any]:
    here = os.getcwd() + os.sep
    where = path.removeprefix(here)
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": where.replace(os.sep, "/") if not os.path.isabs(where) else "file://" + where},
            "region": {"startLine": line},
        },
        "logicalLocations": [{"fullyQualifiedName": function}],
    }
