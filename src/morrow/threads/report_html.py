"""The result of ``--scale`` as one page: a plot of the speed-up, the table, what was waited for. Nothing is loaded from elsewhere."""

from __future__ import annotations

import linecache
from html import escape
from typing import Any

from morrow.threads.report import short

_WIDTH, _HEIGHT, _LEFT, _TOP = 640, 360, 60, 20

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 860px; margin: 2em auto; padding: 0 1em; color: #1c2430; background: #fff }
h1 { font-size: 1.3em } h2 { font-size: 1.05em; margin-top: 2em }
table { border-collapse: collapse } td, th { padding: .3em 1em; text-align: right; border-bottom: 1px solid #dde3ea }
code, pre { font: 13px/1.5 ui-monospace, monospace } pre { background: #f4f6f9; padding: .6em 1em; overflow-x: auto; margin: .3em 0 }
.bar { fill: #c7d8ee } .line { stroke: #1f5fae; stroke-width: 2.5; fill: none } .ideal { stroke: #9aa5b1; stroke-dasharray: 5 5; fill: none }
.axis { stroke: #56606c } .grid { stroke: #e6eaef } text { font: 12px system-ui, sans-serif; fill: #3a4452 } .point { fill: #1f5fae }
.cause { margin: 0 0 1.2em } .seconds { color: #b3261e; font-weight: 600 } .advice { color: #46627f }
@media (prefers-color-scheme: dark) { body { background: #14181d; color: #dfe5ec } pre { background: #1f252c } text { fill: #b9c3ce }
  td, th { border-color: #313a44 } .grid { stroke: #252c34 } .advice { color: #9db8d6 } .seconds { color: #ff8a80 } }
"""


def as_html(result: dict[str, Any]) -> str:
    """Return the page."""
    rows = result["rows"]
    waits = "the GIL" if result["gil"] else "each other"
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>scale: {escape(result['command'])}</title><style>{_STYLE}</style>",
        f"<h1>How <code>{escape(result['command'])}</code> scales</h1>",
        _plot(rows),
        f"<table><tr><th>threads<th>seconds<th>speed-up<th>CPUs used<th>waiting for locks<th>for a CPU<th>for {waits}</tr>",
    ]
    for row in rows:
        cells = (row["threads"], f"{row['seconds']:.2f}", f"{row['speedup']:.2f}x", f"{row['cores']:.2f}", f"{row['locks']:.2f} s", f"{row['queue']:.2f} s", f"{row['gil']:.2f} s")
        parts.append("<tr>" + "".join(f"<td>{cell}" for cell in cells) + "</tr>")
    parts.append(f"</table><h2>What {rows[-1]['threads']} threads waited for, all together</h2>")
    for cause in result["causes"] or [{"seconds": 0.0, "what": "nothing that could be seen", "advice": "", "path": "", "line": 0, "times": 0}]:
        parts.append(_cause(cause))
    parts.append("<h2>Where the CPU time went</h2><table>")
    for path, line, function, seconds in result["lines"]:
        parts.append(f"<tr><td>{seconds:.2f} s<td style='text-align:left'><code>{escape(short(path))}:{line}</code> in {escape(function)}</tr>")
    parts.append("</table>")
    if result["shared"]:
        parts.append("<h2>Objects whose methods several threads ran</h2><ul>")
        parts += [f"<li>one {escape(kind)} in {escape(function)}, by {count} threads" for kind, function, count in result["shared"]]
        parts.append("</ul>")
    if result["uncompiled"]:
        parts.append("<h2>Left to CPython by the jit</h2><ul>")
        parts += [f"<li><code>{escape(short(path))}:{line}</code>: {escape(why)}" for path, line, why in result["uncompiled"]]
        parts.append("</ul>")
    return "\n".join(parts) + "</html>\n"


def _cause(cause: dict[str, Any]) -> str:
    times = f" ({cause['times']:,} times)" if cause["times"] else ""
    seconds = f'<span class="seconds">{cause["seconds"]:.2f} s</span>{times}: ' if cause["seconds"] else ""
    source = linecache.getline(cause["path"], cause["line"]).strip() if cause["path"] else ""
    shown = f"<pre>{escape(source)}</pre>" if source else ""
    advice = f'<div class="advice">to change: {escape(cause["advice"])}</div>' if cause["advice"] else ""
    return f'<div class="cause">{seconds}{escape(cause["what"])}{shown}{advice}</div>'


def _plot(rows: list[dict[str, Any]]) -> str:
    """Speed-up over the number of threads, with what would be ideal."""
    most = rows[-1]["threads"]
    top = max(float(most), *(row["speedup"] for row in rows))
    across = lambda threads: _LEFT + (threads / most) * (_WIDTH - _LEFT - 30)
    up = lambda speedup: _HEIGHT - 40 - speedup / top * (_HEIGHT - 40 - _TOP)
    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="speed-up by number of threads">']
    step = max(1, round(top / 6))
    for mark in range(0, int(top) + 1, step):
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - 30}" y1="{up(mark):.1f}" y2="{up(mark):.1f}"/>')
        parts.append(f'<text x="{_LEFT - 10}" y="{up(mark) + 4:.1f}" text-anchor="end">{mark}x</text>')
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - 30}" y1="{up(0)}" y2="{up(0)}"/>')
    parts.append(f'<line class="ideal" x1="{across(0)}" y1="{up(0)}" x2="{across(most):.1f}" y2="{up(most):.1f}"/>')
    parts.append(f'<text x="{across(most) - 8:.1f}" y="{up(most) + 4:.1f}" text-anchor="end">ideal</text>')
    points = " ".join(f"{across(row['threads']):.1f},{up(row['speedup']):.1f}" for row in rows)
    parts.append(f'<polyline class="line" points="{points}"/>')
    for row in rows:
        x, y = across(row["threads"]), up(row["speedup"])
        parts.append(f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
        parts.append(f'<text x="{x:.1f}" y="{y + 20:.1f}" text-anchor="middle">{row["speedup"]:.2f}x</text>')
        parts.append(f'<text x="{x:.1f}" y="{up(0) + 18:.1f}" text-anchor="middle">{row["threads"]}</text>')
    parts.append(f'<text x="{(_LEFT + _WIDTH) / 2}" y="{_HEIGHT - 4}" text-anchor="middle">threads</text></svg>')
    return "".join(parts)
