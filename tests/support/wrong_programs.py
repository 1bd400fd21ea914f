"""Wrong programs, by the thousand: where they come from, and how often we word their errors as 3.14 does.

    python -m tests.support.wrong_programs mutations --count 2000 --seed 1
    python -m tests.support.wrong_programs suite
    python -m tests.support.wrong_programs record          (tests/language/cases/syntax_errors.json anew)

"suite" takes every snippet that CPython 3.14's own tests compile and expect to fail: collected by running those test
modules in the real 3.14 with ``compile`` replaced by one that takes notes, so nothing of CPython's is kept here.
"mutations" deletes, inserts, replaces or swaps one token of a piece of the standard library.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import subprocess
import sys
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.support.hosts import find_real_314
from tests.support.oracle import Oracle, Verdict

SUITE = (
    "test_syntax test_exceptions test_fstring test_tstring test_eof test_positional_only_arg test_named_expressions"
    " test_type_params test_type_aliases test_patma test_except_star test_unpack_ex test_generators test_grammar"
    " test_string_literals test_future_stmt.test_future test_keywordonlyarg test_compile test_scope test_symtable"
    " test_type_annotations test_coroutines test_genexps test_listcomps test_dictcomps test_setcomps test_global"
    " test_unparse test_ast.test_ast test_codeop test_cmd_line_script test_traceback test_unicode_identifiers"
    " test_utf8source test_int_literal test_long test_complex test_flufl test_lambda test_extcall test_super"
).split()

_COLLECTOR = r"""
import builtins, io, json, sys, unittest, contextlib, warnings, doctest, importlib, faulthandler
seen = {}
real = builtins.compile
def noting(source, filename="<s>", mode="exec", flags=0, *args, **kwargs):
    try:
        return real(source, filename, mode, flags, *args, **kwargs)
    except SyntaxError:
        if isinstance(source, (str, bytes)) and mode in ("exec", "eval", "single") and len(source) < 20000 and not flags & 0x4200:
            text = source if isinstance(source, str) else ["bytes", list(source)]
            seen.setdefault(json.dumps([text, mode]), None)
        raise
builtins.compile = noting
def running(call):
    def run(source, *args, **kwargs):
        if isinstance(source, (str, bytes)):
            with contextlib.suppress(SyntaxError, ValueError, MemoryError), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                noting(source.lstrip(" \t") if call is eval and isinstance(source, str) else source, "<string>", "eval" if call is eval else "exec")
        return call(source, *args, **kwargs)
    return run
# exec and eval need their caller's frame when called without namespaces: note first, then let the test see the failure.
name = sys.argv[1]
module = importlib.import_module("test." + name)
class Namespace(dict): pass
import types
def wrap(call):
    def run(source, globals=None, locals=None, **kw):
        if isinstance(source, (str, bytes)):
            try: noting(source, "<string>", "eval" if call is eval else "exec")
            except Exception: pass
        if globals is None:
            frame = sys._getframe(1)
            globals, locals = frame.f_globals, frame.f_locals
        return call(source, globals, locals, **kw)
    return run
module.exec, module.eval, module.compile = wrap(exec), wrap(eval), noting
loader = unittest.defaultTestLoader
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    try:
        suite = loader.loadTestsFromModule(module)
        suite.run(unittest.TestResult())
    except BaseException as e:
        pass
sys.__stdout__.write("\n" + json.dumps([json.loads(k) for k in seen]))
sys.__stdout__.flush()
import os
os._exit(0)
"""


def from_suite(modules: tuple[str, ...] | list[str] = tuple(SUITE)) -> Iterator[tuple[str, str | bytes, str]]:
    """Yield (module, source, mode) for what CPython's own tests compile in vain."""
    python = find_real_314()
    for module in modules:
        done = subprocess.run(
            [str(python), "-c", _COLLECTOR, module], capture_output=True, text=True, encoding="utf-8", timeout=300, stdin=subprocess.DEVNULL
        )
        line = done.stdout.rpartition("\n")[2]
        if not line:
            print(f"{module}: nothing collected: {done.stderr[-200:]}", file=sys.stderr)
            continue
        for source, mode in json.loads(line):
            yield module, bytes(source[1]) if isinstance(source, list) else source, mode


def kept(file: Path | None, modules: tuple[str, ...] | list[str]) -> list[tuple[str, str | bytes, str]]:
    """Return what `from_suite` yields, read from *file* if it is there, written to it if not. Never commit the file."""
    if file is not None and file.exists():
        rows = json.loads(file.read_text("utf-8"))
        return [(module, bytes(text) if isinstance(text, list) else text, mode) for module, text, mode in rows]
    found = list(from_suite(modules))
    if file is not None:
        rows = [(module, list(text) if isinstance(text, bytes) else text, mode) for module, text, mode in found]
        file.write_text(json.dumps(rows), "utf-8")
    return found


def pieces(seed: int, largest: int = 60) -> Iterator[str]:
    """Yield pieces of the real 3.14's standard library: whole top-level statements, in random order."""
    python = find_real_314()
    assert python
    files = [path for path in python.parent.parent.glob("lib/python3.14/**/*.py") if "site-packages" not in path.parts]
    files.sort()
    choose = random.Random(seed)
    while True:
        path = choose.choice(files)
        try:
            lines = path.read_text("utf-8").splitlines(keepends=True)
        except UnicodeDecodeError:
            continue
        starts = [n for n, line in enumerate(lines) if re.match(r"[A-Za-z@]", line)]
        if not starts:
            continue
        start = choose.choice(starts)
        end = next((n for n in starts if n > start + choose.randrange(3, largest)), len(lines))
        yield "".join(lines[start : min(end, start + 4 * largest)])


_EXTRA = (
    "( ) [ ] { } , : ; . = == := -> + - * / ** @ ! $ ? \\ ' \" ''' f' f\" t' 1 0x 1_ 07 x if else elif for in while try except finally"
    " def class lambda return yield await async not and or is None True print match case type _ import from as with"
    " global nonlocal del raise pass break continue assert += <> ... \n \t é “"
).split(" ")


def mutate(text: str, choose: random.Random) -> str | None:
    """Return *text* with one token deleted, repeated, replaced, swapped or added; None if it cannot be cut into tokens."""
    try:
        tokens = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.string.strip()]
    except (tokenize.TokenError, SyntaxError):
        return None
    if not tokens:
        return None
    lines = text.splitlines(keepends=True)
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line))
    token = choose.choice(tokens)
    start = offsets[token.start[0] - 1] + token.start[1]
    end = offsets[token.end[0] - 1] + token.end[1]
    way = choose.randrange(8)
    other = choose.choice(_EXTRA if choose.random() < 0.7 else [t.string for t in tokens])
    if way in (0, 1, 2):
        return text[:start] + text[end:]
    if way in (3, 4):
        return text[:start] + other + text[end:]
    if way == 5:
        return text[:start] + other + " " + text[start:]
    if way == 6:
        return text[:end] + " " + token.string + text[end:]
    return text[:start] + text[start + 1 :] if end - start > 1 else text[:start] + " " + text[start:]


def mutations(count: int, seed: int) -> list[str]:
    """Return *count* wrong or right programs, the same ones for the same seed and standard library."""
    choose = random.Random(seed)
    found: list[str] = []
    for piece in pieces(seed):
        if len(found) >= count:
            return found
        for _ in range(3):
            mutant = mutate(piece, choose)
            if mutant is not None and mutant != piece and "\x00" not in mutant:
                found.append(mutant)
    return found


def agreement(rows: list[tuple[str | bytes, Verdict, object]], show: int) -> float:
    """Print how often mine is theirs, by 3.14's message; return the share of rows that agree exactly."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    shown: Counter[str] = Counter()
    for source, theirs, mine in rows:
        message = re.sub(r"\d+|'[^']*'", "N", theirs.message)
        counts[message][0] += 1
        if mine == theirs.error:
            counts[message][1] += 1
        elif shown.total() < show and shown[message] < 3:
            shown[message] += 1
            line = theirs.error[2] if theirs.error and isinstance(theirs.error[2], int) else 1
            text = source if isinstance(source, str) else source.decode("utf-8", "replace")
            context = "\n".join(f"    | {part}" for part in text.splitlines()[max(line - 3, 0) : line + 1])
            print(f"{context}\n  3.14: {theirs.error}\n  mine: {mine}")
    total = sum(row[0] for row in counts.values())
    right = sum(row[1] for row in counts.values())
    for message, (all_of_it, good) in sorted(counts.items(), key=lambda item: item[1][1] - item[1][0]):
        print(f"{good:6}/{all_of_it:<6} {message[:110]}")
    print(f"{right}/{total} = {right / max(total, 1):.2%} exact")
    return right / max(total, 1)


def through_the_pipeline(source: str | bytes, mode: str) -> object:
    """Return what compiling *source* under morrow raises, as `Verdict.error`."""
    import warnings

    from morrow import language

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            language.compile(source, "<oracle>", mode)
        except SyntaxError as e:
            return type(e).__name__, e.msg, e.lineno, e.offset, e.end_lineno, e.end_offset, e.text, e.filename
        except Exception as error:  # noqa: BLE001 - a crash is a disagreement to be shown like any other
            return repr(error)
    return None


TABLE = Path(__file__).parents[1] / "language" / "cases" / "syntax_errors.json"


def record(extra: Path | None) -> None:
    """Ask the real 3.14 about every snippet of the table, and of *extra* (a JSON list of texts); write the table anew."""
    rows = json.loads(TABLE.read_text("utf-8")) if TABLE.exists() else []
    sources = list(dict.fromkeys([row[0] for row in rows] + (json.loads(extra.read_text("utf-8")) if extra else [])))
    with Oracle() as oracle:
        verdicts = oracle.ask(sources)
    kept = [
        [source, list(theirs.error[:7]) if theirs.error else None, [[w[1], w[2]] for w in theirs.warnings]]
        for source, theirs in zip(sources, verdicts)
        if theirs.warnings or theirs.error and str(theirs.error[0]).endswith(("SyntaxError", "IndentationError", "TabError"))
    ]
    kept.sort(key=lambda row: ((row[1] or [""])[:2], row[2], len(row[0]), row[0]))
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in kept)
    TABLE.write_text(f"[\n{lines}\n]\n", "utf-8")
    print(f"{TABLE}: {len(kept)} rows, {len({row[1][1] for row in kept if row[1]})} messages")


def main() -> None:
    from morrow.language.syntax_errors import what_314_says

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["suite", "mutations", "record"])
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--snippets", type=Path, help="keep the collected snippets in this file")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=20)
    parser.add_argument("--parse-only", action="store_true")
    parser.add_argument("--pipeline", action="store_true", help="compile with morrow.language, as a program is")
    options = parser.parse_args()
    if options.what == "record":
        record(options.snippets)
        return
    jobs: dict[str, list[str | bytes]] = defaultdict(list)
    if options.what == "mutations":
        jobs["exec"] = list(mutations(options.count, options.seed))
    else:
        for _, source, mode in kept(options.snippets, options.modules or SUITE):
            if source not in jobs[mode]:
                jobs[mode].append(source)
    rows: list[tuple[str | bytes, Verdict, object]] = []
    with Oracle() as oracle:
        for mode, sources in jobs.items():
            verdicts = oracle.ask(sources, mode, parse_only=options.parse_only)
            for source, theirs in zip(sources, verdicts):
                if theirs.error and theirs.error[0] not in ("SyntaxError", "IndentationError", "TabError"):
                    continue
                if options.pipeline:
                    mine = through_the_pipeline(source, mode)
                    rows.append((source, theirs, mine))
                    continue
                try:
                    mine = what_314_says(source, "<oracle>", mode, parse_only=options.parse_only)
                except Exception as error:  # noqa: BLE001 - a crash is a disagreement to be shown like any other
                    mine = repr(error)
                rows.append((source, theirs, mine))
    agreement(rows, options.show)


if __name__ == "__main__":
    main()
