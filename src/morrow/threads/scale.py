"""``morrow --scale``: run a program with 1..N threads, in turn, and say how much faster it gets and what holds it back.

Each run is a process of its own; the rounds alternate between the numbers of threads, and the fastest of each counts. What the
program prints is not shown, so that what is measured is not the terminal.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import Any

USAGE = """\
usage: morrow --scale [option] ... [-c cmd | -m mod | file] [arg] ...

Run the same program with different numbers of threads, and print how much faster it gets and what holds it back.
The program decides how many threads it makes: it follows os.cpu_count(), pools (ThreadPoolExecutor, ThreadPool), or the
environment variable MORROW_THREADS, which are set for each run. What it prints is not shown.

--threads 1,2,4    the numbers (default: 1, 2, 4, ... up to the number of CPUs)
--rounds NUMBER    how often to run it with each number; the fastest counts (default: 3)
--html FILE        write the result as a page with a plot
--json FILE        write everything that was measured
-X NAME=VALUE      a setting for these runs, e.g. -X jit=on
"""


class UsageError(Exception):
    """The options make no sense; the text says why."""


def main(arguments: list[str], main_file: str) -> int:
    """Run a program under ``--scale``; return the exit status: 0, 1 if the program fails, 2 for a wrong command line.

    Args:
        main_file: what a python is given to be morrow.
    """
    if arguments[:1] in (["--help"], ["-h"]):
        print(USAGE, end="")
        return 0
    try:
        options, rest = parse(arguments)
    except UsageError as error:
        sys.stderr.write(f"morrow --scale: {error}\n{USAGE.splitlines()[0]}\nTry `morrow --scale --help' for more information.\n")
        return 2
    runs: dict[int, list[dict[str, Any]]] = {number: [] for number in options["threads"]}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(options["rounds"]):
            for number, made in runs.items():
                _progress(f"scale: {number} thread{'s' * (number != 1)}, round {turn + 1} of {options['rounds']}")
                result = _run(rest, options["settings"], number, os.path.join(folder, "result.json"), main_file)
                if isinstance(result, str):
                    _progress("")
                    sys.stderr.write(result)
                    return 1
                made.append(result)
    _progress("")
    from morrow.threads import report, report_html

    best = {number: min(made, key=lambda result: result["seconds"]) for number, made in runs.items()}
    result = report.summarize(best, " ".join(rest))
    print(report.as_text(result), end="")
    for name, text in (("html", report_html.as_html), ("json", lambda result: json.dumps(result, indent=1) + "\n")):
        if options[name]:
            try:
                with open(options[name], "w", encoding="utf-8") as file:
                    file.write(text(result))
            except OSError as error:
                sys.stderr.write(f"morrow --scale: {options[name]} cannot be written: {error.strerror}\n")
                return 1
    return 0


def parse(arguments: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Take the options of ``--scale`` off a command line; return them and what is to be run.

    Raises:
        UsageError: an option is unknown, lacks its value or has a wrong one; nothing is to be run.
    """
    options: dict[str, Any] = {"threads": default_numbers(os.cpu_count() or 1), "rounds": 3, "html": "", "json": "", "settings": []}
    at = 0
    while at < len(arguments) and arguments[at].startswith("-") and arguments[at] not in ("--", "-", "-c", "-m"):
        word, equals, value = arguments[at].partition("=") if arguments[at].startswith("--") else (arguments[at], "", "")
        at += 1
        if word not in ("--threads", "--rounds", "--html", "--json", "-X"):
            raise UsageError(f"unknown option {word}")
        if not equals:
            if at == len(arguments):
                raise UsageError(f"{word} needs a value")
            value, at = arguments[at], at + 1
        if word == "-X":
            options["settings"] += ["-X", value]
        elif word in ("--html", "--json"):
            options[word[2:]] = value
        else:
            options[word[2:]] = _numbers(word, value)
    if isinstance(options["rounds"], list):
        if len(options["rounds"]) != 1:
            raise UsageError("--rounds is one number")
        options["rounds"] = options["rounds"][0]
    rest = arguments[at + (arguments[at : at + 1] == ["--"]) :]
    if not rest:
        raise UsageError("nothing to run")
    return options, rest


def _numbers(word: str, value: str) -> list[int]:
    parts = value.split(",")
    if not all(part.isdecimal() and 0 < int(part) <= 1024 for part in parts):
        raise UsageError(f"{word}: {value!r} is not a number, or numbers with commas, from 1 to 1024")
    return sorted({int(part) for part in parts})


def default_numbers(processors: int) -> list[int]:
    """Return 1, 2, 4, ... up to the number of processors, which is always the last."""
    numbers = [1]
    while numbers[-1] * 2 < processors:
        numbers.append(numbers[-1] * 2)
    return [*numbers, processors] if processors > 1 else [1, 2]


def _run(rest: list[str], given: list[str], number: int, path: str, main_file: str) -> dict[str, Any] | str:
    """Run the program once; return what was measured, or what to say when it failed."""
    if os.path.exists(path):
        os.unlink(path)
    command = [sys.executable, main_file, "-X", f"scale={number}:{path}", *given, *rest]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="backslashreplace")
    if done.returncode or not os.path.exists(path):
        return f"{done.stderr}morrow --scale: with {number} threads the program ended with status {done.returncode}; nothing was measured\n"
    with open(path, encoding="utf-8") as file:
        return json.load(file)  # type: ignore[no-any-return]


def _progress(text: str) -> None:
    if sys.stderr is not None and sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()
