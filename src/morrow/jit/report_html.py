"""The report as one self-contained page: a table, and the source coloured by how it ran."""

from __future__ import annotations

import linecache
from collections.abc import Iterator
from html import escape

from morrow.jit.report import Report, Row

_STYLE = """
:root { color-scheme: light dark; --bg: #fff; --fg: #1b1f24; --dim: #6b7280; --line: #e5e7eb;
        --compiled: #d7f5dd; --partly: #fdf0c4; --interpreted: #f9dcdc; }
@media (prefers-color-scheme: dark) { :root { --bg: #14171b; --fg: #e6e8eb; --dim: #9aa2ad; --line: #2b3038;
        --compiled: #173d22; --partly: #443a12; --interpreted: #482020; } }
* { box-sizing: border-box } body { margin: 0 auto; max-width: 78rem; padding: 1.5rem; background: var(--bg); color: var(--fg);
  font: 15px/1.5 system-ui, sans-serif } h1 { font-size: 1.4rem; margin: 0 0 .3rem } h2 { font-size: 1rem; margin: 2rem 0 .4rem; word-break: break-all }
p { margin: .2rem 0 1rem; color: var(--dim) } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top } td.n, th.n { text-align: right }
.key { display: inline-block; padding: 0 .5rem; white-space: nowrap; border-radius: .3rem } .compiled { background: var(--compiled) } .partly { background: var(--partly) }
.interpreted { background: var(--interpreted) } pre { margin: 0; overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem; padding: .4rem 0;
  font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace } pre span.l { display: block; padding: 0 .8rem; white-space: pre; min-width: max-content }
pre i { display: inline-block; width: 3.2rem; color: var(--dim); font-style: normal; user-select: none } pre em { color: var(--dim); font-style: normal }
pre em::before { content: "   \\2190  " } a { color: inherit }
"""


def write(report: Report, path: str) -> None:
    """Write the page.

    Raises:
        OSError: the file cannot be written.
    """
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(_page(report))


def _page(report: Report) -> Iterator[str]:
    yield "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width,initial-scale=1'>"
    yield f"<title>How the program ran</title><style>{_STYLE}</style><h1>How the program ran</h1>"
    if report.off:
        yield f"<p>The jit was off: {escape(report.off)}</p>"
    compiled = [row for row in report.rows if row.state != "interpreted"]
    yield (
        f"<p>{len(compiled)} of {len(report.rows)} hot functions compiled in {report.milliseconds:.0f} ms, "
        f"{sum(row.size for row in compiled) / 1024:.0f} KiB of machine code, {sum(row.from_disk for row in compiled)} times from the cache on "
        f"disk; {report.busy:.1f} s of CPU looked at.</p><p>"
        "<span class='key compiled'>machine code</span> <span class='key partly'>machine code, left often</span> "
        "<span class='key interpreted'>left to CPython</span> no colour: never hot</p>"
    )
    yield from (f"<p>{escape(note)}</p>" for note in report.notes)
    if report.rows:
        yield from _table(report.rows)
    files = sorted({row.file for row in report.rows})
    for file in files:
        yield from _source(file, [row for row in report.rows if row.file == file])
    yield "</html>\n"


def _table(rows: tuple[Row, ...]) -> Iterator[str]:
    yield "<table><tr><th>function<th>ran as<th class=n>a call, measured<th class=n>seen<th class=n>compiling<th class=n>code<th class=n>left<th>why left</tr>"
    for row in rows:
        where = f"{escape(row.file.rpartition('/')[2])}:{row.line}"
        gain = f"{row.gain:.1f}x as fast" if row.gain else ""
        why = "<br>".join(escape(str(left)) for left in row.left[:5])
        yield (
            f"<tr><td><a href='#{_anchor(row)}'>{escape(row.name)}</a> <small>{where}</small>"
            f"<td><span class='key {row.state}'>{_WORDS[row.state]}</span><td class=n>{gain}<td class=n>{row.samples}<td class=n>{row.milliseconds:.0f} ms"
            f"<td class=n>{row.size / 1024:.0f} KiB<td class=n>{row.exits:,}<td>{why}</tr>"
        )
    yield "</table>"


_WORDS = {"compiled": "machine code", "partly": "machine code, left often", "interpreted": "CPython"}


def _anchor(row: Row) -> str:
    return f"L{abs(hash(row.file)) % 10**8}-{row.line}"


def _source(file: str, rows: list[Row]) -> Iterator[str]:
    lines = linecache.getlines(file)
    if not lines:
        return  # code without a file: the table has said what there is to say
    states: dict[int, str] = {}
    notes: dict[int, list[str]] = {}
    for row in sorted(rows, key=lambda row: row.line):
        for number in range(row.line, row.last_line + 1):
            states[number] = row.state
        for left in row.left:
            notes.setdefault(left.line, []).append(f"{left.why}{f', {left.times:,} times' if left.times else ''}")
    first = max(1, min(states) - 2)
    last = min(len(lines), max(states) + 2)
    anchors = {row.line: _anchor(row) for row in rows}
    yield f"<h2>{escape(file)}</h2><pre>"
    for number in range(first, last + 1):
        anchor = f" id='{anchors[number]}'" if number in anchors else ""
        note = f"<em>{escape('; '.join(notes[number]))}</em>" if number in notes else ""
        text = escape(lines[number - 1].rstrip("\n"))
        yield f"<span class='l {states.get(number, '')}'{anchor}><i>{number}</i>{text}{note}</span>"
    yield "</pre>"
